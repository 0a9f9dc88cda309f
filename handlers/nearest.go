package handlers

import (
	"fmt"
	"strings"

	"incidentledger/domain"
)

// NoCommand tells that a kind has no such command, and what may have been meant:
// the command of another kind, or the name that is spelt most alike.
func NoCommand(kind *domain.Kind, name string, all []domain.Kind) *domain.Refusal {
	r := domain.Refuse(domain.CodeMalformed, "contract 3", "%s has no command %q; `incidentledger commands` lists them", kind.Name, clip(name))
	for i := range all {
		for _, c := range all[i].Commands {
			if c.Name() == name || domain.Kebab(c.Name()) == name {
				r.Text = fmt.Sprintf("%s is a command of the kind %s, not of %s (--kind %[2]s)", c.Name(), all[i].Name, kind.Name)
				r.Allowed = []string{c.Name()}
				return r
			}
		}
	}
	if like, ok := nearest(name, kind.Commands); ok {
		r.Text += "; did you mean " + like + "?"
		r.Allowed = []string{like}
	}
	return r
}

// nearest finds the command whose name is spelt most like a word: at most a third
// of its letters differ.
func nearest(word string, commands []domain.CommandType) (like string, ok bool) {
	word = strings.ToLower(clip(word))
	least := len(word)/3 + 1
	for _, c := range commands {
		if c.System {
			continue
		}
		name := strings.ToLower(c.Name())
		if n := min(distance(word, name), distance(word, domain.Kebab(c.Name()))); n < least {
			like, least, ok = c.Name(), n, true
		}
	}
	return like, ok
}

// distance counts the letters to be put in, taken out or exchanged to make one
// word of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
