package eventstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
)

// reader reads the envelope of an entry as the format says it stands: members in
// their order, no white space, words of printable ASCII without escapes. What
// stands otherwise is an error, so unknown, repeated and misplaced members are,
// too. The first error stays; what is read after it means nothing.
type reader struct {
	b   []byte
	off int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %w", r.off, fmt.Errorf(format, args...))
	}
}

// is reports whether s comes next, and passes over it if so.
func (r *reader) is(s string) bool {
	if r.err == nil && len(r.b)-r.off >= len(s) && string(r.b[r.off:r.off+len(s)]) == s {
		r.off += len(s)
		return true
	}
	return false
}

// want passes over s, which must come next.
func (r *reader) want(s string) {
	if !r.is(s) {
		r.fail("%s should stand here", s)
	}
}

// raw gives the word that comes next, without its quotes, as a part of b.
func (r *reader) raw() []byte {
	r.want(`"`)
	if r.err != nil {
		return nil
	}
	for i := r.off; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			w := r.b[r.off:i]
			r.off = i + 1
			return w
		case c < ' ' || c > '~' || c == '\\':
			r.off = i
			r.fail("a word holds the byte 0x%02x", c)
			return nil
		}
	}
	r.fail("a word does not end")
	return nil
}

func (r *reader) word() string { return string(r.raw()) }

// known gives the word that comes next, without a copy when it is one of a few.
func (r *reader) known(words map[string]string) string {
	w := r.raw()
	if s, ok := words[string(w)]; ok {
		return s
	}
	return string(w)
}

func (r *reader) uuid() (id uuid.UUID) {
	w := r.raw()
	if r.err != nil {
		return id
	}
	if len(w) != 36 {
		r.fail("a UUID has 36 characters, not %d", len(w))
		return id
	}
	for _, c := range w {
		if c >= 'A' && c <= 'F' {
			r.fail("a UUID is written in lower case")
			return id
		}
	}
	id, err := uuid.ParseBytes(w)
	if err != nil {
		r.fail("%w", err)
	}
	return id
}

func (r *reader) hash() (h domain.Hash) {
	if w := r.raw(); r.err == nil {
		if err := h.UnmarshalText(w); err != nil {
			r.fail("%w", err)
		}
	}
	return h
}

// number reads a whole number without sign, fraction, exponent or leading zero.
func (r *reader) number() uint64 {
	start, n := r.off, uint64(0)
	for ; r.err == nil && r.off < len(r.b) && r.b[r.off] >= '0' && r.b[r.off] <= '9'; r.off++ {
		if n > 1<<59 {
			r.fail("the number is too large")
		}
		n = n*10 + uint64(r.b[r.off]-'0')
	}
	if r.off == start || r.b[start] == '0' && r.off > start+1 {
		r.fail("a whole number should stand here")
	}
	return n
}

func (r *reader) instant(layout string) time.Time {
	w := r.raw()
	if r.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(layout, string(w))
	if err != nil {
		r.fail("%w", err)
	}
	return t
}

// list calls each for every element of the array that comes next.
func (r *reader) list(each func()) {
	r.want("[")
	if r.is("]") {
		r.fail("an empty list is left out")
	}
	for r.err == nil {
		each()
		if r.is("]") {
			return
		}
		r.want(",")
	}
}

func (r *reader) words() (out []string) {
	r.list(func() { out = append(out, r.word()) })
	return out
}

// object gives the JSON object that comes next, as a part of b. Only its extent
// is found; whoever reads it judges the rest.
func (r *reader) object() []byte {
	start, depth, inString := r.off, 0, false
	if r.err != nil || r.off >= len(r.b) || r.b[r.off] != '{' {
		r.fail("an object should stand here")
		return nil
	}
	for i := r.off; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				r.off = i + 1
				return r.b[start:r.off]
			}
		}
	}
	r.fail("an object does not end")
	return nil
}

var errTrailing = errors.New("bytes follow the entry")
