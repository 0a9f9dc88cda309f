package api

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// A param is one query parameter of an operation.
type param struct {
	name  string
	kind  paramKind
	oneof []string
	doc   string
}

type paramKind int

const (
	word     paramKind = iota // a code, a number of an incident, free of spaces
	list                      // words, with commas between
	number                    // a whole number from 0
	flag                      // true or false
	instant                   // RFC 3339 with offset
	duration                  // PT24H, P2D, 24h, 2d
	id                        // UUID
	cursor                    // of a list's page, as an answer gave it
	phrase                    // words as people write them
)

// common parameters of lists.
var (
	limitParam  = param{name: "limit", kind: number, doc: "at most so many, 1 to 1000; without it 50, and of a table all"}
	searchParam = param{name: "q", kind: phrase, doc: "a number or its beginning, a key, a code of category, department, chain or route, " +
		"or words of any text, whole reference numbers among them; all words must be there, the last one by its beginning"}
	cursorParam = param{name: "cursor", kind: cursor, doc: "the next page: what the last one gave as next"}
)

const (
	usualLimit = 50
	maxLimit   = 1000
	everything = 1 << 30 // a limit that no list reaches
)

// checkQuery refuses parameters that the operation does not know, repeats, or
// cannot read.
func (q *request) checkQuery() error {
	values, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return malformed("", "the query cannot be read: %v", clip(err.Error(), 100))
	}
	q.values = values
	for name, given := range values {
		i := slices.IndexFunc(q.op.query, func(p param) bool { return p.name == name })
		if i < 0 {
			p := malformed(clip(name, 60), "there is no parameter %s here", clip(name, 60))
			for _, known := range q.op.query {
				p.Allowed = append(p.Allowed, known.name)
			}
			return p
		}
		if len(given) > 1 {
			return malformed(name, "%s is given %d times", name, len(given))
		}
		if err := q.op.query[i].check(given[0]); err != nil {
			return err
		}
	}
	return nil
}

func (p param) check(text string) error {
	bad := func(want string) error {
		r := malformed(p.name, "%s is %q; give %s", p.name, clip(text, 60), want)
		r.Allowed = p.oneof
		return r
	}
	var err error
	switch p.kind {
	case word:
		if len(text) > 100 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return bad("one word of at most 100 characters")
		}
		if len(p.oneof) > 0 && !slices.Contains(p.oneof, text) {
			return bad("one of " + strings.Join(p.oneof, ", "))
		}
	case phrase:
		if domain.CheckText(p.name, text, 200) != nil {
			return bad("words, of at most 200 characters")
		}
	case list:
		for _, w := range strings.Split(text, ",") {
			if err := (param{name: p.name, oneof: p.oneof}).check(w); err != nil {
				return err
			}
		}
	case number:
		if _, err = strconv.ParseUint(text, 10, 62); err != nil {
			return bad("a whole number")
		}
	case flag:
		if text != "true" && text != "false" {
			return bad("true or false")
		}
	case instant:
		_, err = handlers.ParseInstant(p.name, text)
	case duration:
		if _, ok := parseDuration(text); !ok {
			return bad("a duration such as PT72H, P30D, 24h or 2d")
		}
	case id:
		if _, ok := parseUUID(text); !ok {
			return bad("an id: a UUID in lower case")
		}
	case cursor:
		if _, err := base64.RawURLEncoding.DecodeString(text); err != nil || len(text) > 400 {
			return bad("what the last page gave as next")
		}
	}
	return err
}

// What follows reads parameters that check let pass; absent ones are zero.

func (q *request) has(name string) bool         { return q.values.Has(name) }
func (q *request) text(name string) string      { return q.values.Get(name) }
func (q *request) isSet(name string) bool       { return q.values.Get(name) == "true" }
func (q *request) code(name string) domain.Code { return domain.Code(q.values.Get(name)) }

func (q *request) codes(name string) []domain.Code {
	if !q.has(name) {
		return nil
	}
	var out []domain.Code
	for _, w := range strings.Split(q.text(name), ",") {
		out = append(out, domain.Code(w))
	}
	return out
}

func (q *request) number(name string) uint64 {
	n, _ := strconv.ParseUint(q.text(name), 10, 62)
	return n
}

func (q *request) instant(name string) time.Time {
	if !q.has(name) {
		return time.Time{}
	}
	t, _ := handlers.ParseInstant(name, q.text(name))
	return t
}

func (q *request) uuid(name string) uuid.UUID {
	u, _ := parseUUID(q.text(name))
	return u
}

// limit is how many a list may give; usual, where nobody says. A table that ends
// early would pass for the whole, so without a limit it has every row.
func (q *request) limit(usual int) (int, error) {
	switch {
	case q.has("limit"):
	case q.asTable():
		return everything, nil
	default:
		return usual, nil
	}
	n := q.number("limit")
	if n < 1 || n > maxLimit {
		return 0, malformed("limit", "limit is %d; give 1 to %d", n, maxLimit)
	}
	return int(n), nil
}

// at reads a cursor into what makeCursor was given.
func (q *request) at(into any) error {
	if !q.has("cursor") {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.text("cursor"))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return malformed("cursor", "cursor is none that this list gave")
	}
	return nil
}

func makeCursor(v any) (string, error) {
	b, err := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b), err
}

func parseUUID(text string) (uuid.UUID, bool) {
	u, err := uuid.Parse(text)
	return u, err == nil && u.String() == text
}

var isoDuration = regexp.MustCompile(`^P(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`)

// parseDuration reads PT36H, P2DT12H, 36h, 1h30m or 2d. A day is 24 hours.
func parseDuration(text string) (time.Duration, bool) {
	if m := isoDuration.FindStringSubmatch(text); m != nil && text != "P" && !strings.HasSuffix(text, "T") {
		var d time.Duration
		for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
			n, _ := strconv.Atoi(m[i+1]) // digits, or empty and so 0
			d += time.Duration(n) * unit
		}
		return d, true
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
