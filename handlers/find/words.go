package find

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// longest is how many bytes of a word are told apart.
const longest = 64

// letters writes otherwise what few keyboards have and Unicode does not take apart.
var letters = strings.NewReplacer("œ", "oe", "æ", "ae", "ø", "o", "ł", "l", "đ", "d", "ı", "i")

// plain writes a word as it is compared: without case, accents and what cannot be
// seen.
func plain(word string) string {
	if ascii(word) {
		return strings.ToLower(word)
	}
	word = cases.Fold().String(norm.NFKD.String(word))
	return letters.Replace(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return r
	}, norm.NFKD.String(word)))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r)
}

func outside(r rune) bool { return !inWord(r) }

// wordsOf gives the words of a text. A reference number, such as SD-1, or an
// address is a word besides its parts, and so is the rest of it from each of them
// on: in nr.SD-1, too, SD-1 is found.
func wordsOf(text string, yield func(word string)) {
	for chunk := range strings.FieldsSeq(text) {
		chunk = plain(chunk)
		for whole := reference(chunk); whole != ""; {
			yield(clip(whole))
			whole = reference(strings.TrimLeftFunc(whole, inWord))
		}
		for part := range strings.FieldsFuncSeq(chunk, outside) {
			yield(clip(part))
		}
	}
}

// asked gives the words of a query: a reference number is one.
func asked(text string) []string {
	var out []string
	for chunk := range strings.FieldsSeq(text) {
		chunk = plain(chunk)
		if whole := reference(chunk); whole != "" {
			out = append(out, clip(whole))
			continue
		}
		for part := range strings.FieldsFuncSeq(chunk, outside) {
			out = append(out, clip(part))
		}
	}
	return out
}

// reference gives what stands between spaces without the punctuation around it,
// where signs within hold it together and it has a digit or an @; else nothing.
func reference(chunk string) string {
	whole := strings.TrimFunc(chunk, outside)
	if strings.ContainsFunc(whole, outside) &&
		strings.ContainsFunc(whole, func(r rune) bool { return r == '@' || unicode.IsNumber(r) }) {
		return whole
	}
	return ""
}

func clip(word string) string {
	if len(word) <= longest {
		return word
	}
	return strings.ToValidUTF8(word[:longest], "")
}
