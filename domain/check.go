package domain

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Rule tags. A field of a command says in its rule tag what a door may send; a
// comma list of
//
//	required      must be given
//	max=N         at most N characters (text), elements (list) or N (number)
//	min=N         at least N elements or N
//	oneof=a|b     one of these codes, fixed by the contract
//	codes=LIST    one of the codes of that list in the adopted policy set
//	past          an instant that has been: at most five minutes ahead of the desk
//	future        an instant that is still to come
//	incident      the id of an incident; doors take its number, too. incident=FIELD:
//	              unless that field says that it is another organisation's
//
// Without max a text may have DefaultTextMax characters and a list 100
// elements. Instants lie in the years 1900 to 2199.
const (
	DefaultTextMax = 4000
	DefaultListMax = 100

	// ClockTolerance is how far ahead of the desk an instant of the past may
	// lie: two people's clocks never agree to the second.
	ClockTolerance = 5 * time.Minute
)

// Codes answers whether a code is in a list of the adopted policy set.
type Codes interface {
	HasCode(list string, code Code) bool
	CodesOf(list string) []Code
}

// Check judges a command against its own declaration at an instant. It returns
// a *Refusal that names the field and the rule, or nil.
func Check(c Command, now time.Time, codes Codes) error {
	v := reflect.ValueOf(c)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return checkValue(v, "", rules{}, now, codes)
}

// CheckText refuses text that cannot be shown or stored faithfully.
func CheckText(field string, s string, max int) error {
	switch {
	case !utf8.ValidString(s):
		return invalid(field, "is not valid UTF-8")
	case utf8.RuneCountInString(s) > max:
		return invalid(field, "has %d characters; at most %d are allowed", utf8.RuneCountInString(s), max)
	}
	for _, r := range s {
		switch {
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return invalid(field, "holds the control character U+%04X; leave it out", r)
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return invalid(field, "holds the text direction control U+%04X, which makes text read otherwise than it is stored; leave it out", r)
		}
	}
	return nil
}

// CheckInstant refuses an instant outside the years 1900 to 2199, or further
// ahead of now than ClockTolerance where it must lie in the past.
func CheckInstant(field string, t, now time.Time, past bool) error {
	switch {
	case t.Year() < 1900 || t.Year() > 2199:
		return invalid(field, "lies in the year %d; give an instant between 1900 and 2199", t.Year())
	case past && t.After(now.Add(ClockTolerance)):
		return invalid(field, "lies in the future (%s, now %s); give when it happened", t.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return nil
}

func invalid(field, format string, args ...any) *Refusal {
	return &Refusal{Code: CodeInvalid, Field: field, Text: field + " " + fmt.Sprintf(format, args...), Requirement: "contract 3"}
}

var timeType = reflect.TypeFor[time.Time]()

func checkValue(v reflect.Value, path string, r rules, now time.Time, codes Codes) error {
	if v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		if r.required {
			return &Refusal{Code: CodeInvalid, Field: path, Text: path + " is required", Requirement: "contract 3"}
		}
		if v.Kind() != reflect.Struct || v.Type() == timeType {
			return nil
		}
	}
	switch x := v.Interface().(type) {
	case time.Time:
		if err := CheckInstant(path, x, now, r.past); err != nil {
			return err
		}
		if r.future && !x.After(now) {
			return invalid(path, "has already passed; give an instant to come")
		}
		return nil
	case Text:
		if r.required && strings.TrimSpace(string(x)) == "" {
			return invalid(path, "is required, and holds only spaces")
		}
		return CheckText(path, string(x), limit(r.max, DefaultTextMax))
	case Code:
		return checkCode(string(x), path, r, codes)
	case uuid.UUID, PersonID, Key, OrderID, Seq:
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.Elem().CanInt() { // given, even where it is zero
			return checkNumber(float64(v.Elem().Int()), path, r)
		}
		r.required = false
		return checkValue(v.Elem(), path, r, now, codes)
	case reflect.String:
		return checkCode(v.String(), path, r, codes)
	case reflect.Struct:
		for _, f := range ruledFields(v.Type()) {
			if f.err != nil {
				return f.err
			}
			at := f.name
			if path != "" {
				at = path + "." + f.name
			}
			if err := checkValue(v.Field(f.index), at, f.rules, now, codes); err != nil {
				return err
			}
		}
	case reflect.Slice:
		if n := limit(r.max, DefaultListMax); v.Len() > n {
			return invalid(path, "has %d elements; at most %d are allowed", v.Len(), n)
		}
		if r.min != nil && v.Len() < int(*r.min) {
			return invalid(path, "has %d elements; at least %d are needed", v.Len(), int(*r.min))
		}
		er := r
		er.required, er.min, er.max = false, nil, nil
		for i := range v.Len() {
			elem := v.Index(i)
			if elem.IsZero() && elem.Kind() != reflect.Struct && !elem.CanInt() && !elem.CanUint() {
				return invalid(join(path, strconv.Itoa(i)), "is empty; fill it in or leave the element out")
			}
			if err := checkValue(elem, join(path, strconv.Itoa(i)), er, now, codes); err != nil {
				return err
			}
		}
	case reflect.Map:
		if n := limit(r.max, DefaultListMax); v.Len() > n {
			return invalid(path, "has %d members; at most %d are allowed", v.Len(), n)
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			if err := checkCode(k.String(), join(path, k.String()), rules{}, codes); err != nil {
				return err
			}
			if err := checkValue(v.MapIndex(k), join(path, k.String()), rules{}, now, codes); err != nil {
				return err
			}
		}
	case reflect.Int, reflect.Int64:
		return checkNumber(float64(v.Int()), path, r)
	case reflect.Uint64:
		return checkNumber(float64(v.Uint()), path, r)
	}
	return nil
}

func limit(max *float64, def int) int {
	if max != nil {
		return int(*max)
	}
	return def
}

func checkNumber(n float64, path string, r rules) error {
	if r.min != nil && n < *r.min {
		return invalid(path, "is %v; at least %v is needed", n, *r.min)
	}
	if r.max != nil && n > *r.max {
		return invalid(path, "is %v; at most %v is allowed", n, *r.max)
	}
	return nil
}

// CheckWord refuses what cannot be a code: more than 100 characters, or others
// than printable ASCII without spaces, quotes and angle brackets.
func CheckWord(path, s string) error {
	if len(s) > 100 {
		return invalid(path, "is a code of %d characters; at most 100 are allowed", len(s))
	}
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' {
			return invalid(path, "is not a code: a code has letters, digits and - . _ : / only")
		}
	}
	return nil
}

func checkCode(s, path string, r rules, codes Codes) error {
	if err := CheckWord(path, s); err != nil {
		return err
	}
	if len(r.oneof) > 0 && !slices.Contains(r.oneof, s) {
		return invalid(path, "is %q; choose one of %s", s, strings.Join(r.oneof, ", "))
	}
	if r.list != "" && codes != nil && !codes.HasCode(r.list, Code(s)) {
		return invalid(path, "is %q, which is not in the list %s of the adopted policy set; `incidentledger codes %s` prints it", s, r.list, r.list)
	}
	return nil
}
