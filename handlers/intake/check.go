package intake

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"incidentledger/domain"
)

// check holds a mapping against itself and against the commands it gives, and
// prepares it for use.
func (m *Mapping) check(kinds func(domain.KindName) (*domain.Kind, bool)) error {
	head := place{1}
	switch {
	case m.Format.s == "":
		return head.errorf("format is missing; write format: %s", Format)
	case m.Format.s != Format:
		return m.Format.errorf("format is %q; this program reads %s", m.Format.s, Format)
	case m.ID.s == "":
		return head.errorf("id is missing; it stands in the ids of orders")
	case len(m.Rules) == 0:
		return head.errorf("rules are missing")
	}
	name := domain.KindName(cmp.Or(m.Kind.s, "incident"))
	kind, ok := kinds(name)
	if !ok {
		return m.Kind.errorf("there is no kind of aggregate %q", name)
	}
	m.kind = kind
	for _, step := range []func() error{m.checkInput, m.checkTime, m.checkNotes, m.checkRules} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func oneOf(w word, allowed ...string) error {
	if w.s == "" || slices.Contains(allowed, w.s) {
		return nil
	}
	return w.errorf("%q is not known here; write %s", w.s, strings.Join(allowed, " or "))
}

func (m *Mapping) checkInput() error {
	in := &m.Input
	p := place{max(in.line, 1)}
	if in.Format.s == "" {
		return p.errorf("input.format is missing; write csv or jsonl")
	}
	if m.Group.s == "" {
		return p.errorf("group is missing: which column makes rows one %s?", m.kind.Name)
	}
	m.columns = append(m.columns, m.Group)
	m.columns = append(m.columns, m.Identity...)
	for _, w := range []word{in.Delimiter, in.Quote} {
		if w.s != "" && (len(w.s) != 1 || w.s == "\n" || w.s == "\r") {
			return w.errorf("%q must be one ASCII sign", w.s)
		}
	}
	if in.Format.s == "jsonl" && (in.Delimiter.s != "" || in.Quote.s != "" || in.Columns != nil) {
		return p.errorf("delimiter, quote and columns belong to csv")
	}
	if d, q := cmp.Or(in.Delimiter.s, ","), cmp.Or(in.Quote.s, `"`); d == q {
		return p.errorf("delimiter and quote are the same")
	}
	if in.Encoding.s != "" {
		if _, err := htmlindex.Get(in.Encoding.s); err != nil {
			return in.Encoding.errorf("encoding %q is not known; utf-8, utf-16, windows-1252 and iso-8859-1 are among those that are", in.Encoding.s)
		}
	}
	seen := map[string]bool{}
	for _, c := range in.Columns {
		if seen[c.s] {
			return c.errorf("column %q is named twice", c.s)
		}
		seen[c.s] = true
	}
	for _, err := range []error{oneOf(in.Format, "csv", "jsonl"), oneOf(m.Order, "file", "time"), oneOf(m.Identical, "repeated", "distinct")} {
		if err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Tables)) {
		t := m.Tables[name]
		if t == nil || len(t.Values) == 0 && t.Otherwise == nil {
			return p.errorf("table %q is empty", name)
		}
	}
	return nil
}

func (m *Mapping) checkTime() error {
	t := &m.Time
	if t.Column.s == "" {
		return place{max(t.line, 1)}.errorf("time.column is missing: when did a row happen?")
	}
	m.columns = append(m.columns, t.Column)
	for _, err := range []error{oneOf(t.Repeated, "earlier", "later", "refuse"), oneOf(t.Missing, "shift", "refuse"),
		oneOf(t.Precision, "second", "minute", "hour", "day", "about")} {
		if err != nil {
			return err
		}
	}
	m.clock = clock{precision: domain.Precision(t.Precision.s), repeated: t.Repeated.s, missing: t.Missing.s}
	if t.Zone.s != "" {
		loc, err := time.LoadLocation(t.Zone.s)
		if err != nil || t.Zone.s == "Local" {
			return t.Zone.errorf("zone %q is not known; give a name such as Europe/Amsterdam", t.Zone.s)
		}
		m.clock.zone = loc
	}
	for _, w := range t.Layouts {
		l, err := newLayout(w)
		if err != nil {
			return err
		}
		if !l.offset && m.clock.zone == nil {
			return w.errorf("layout %q has no offset (XXX), so time.zone must say where it is", w.s)
		}
		m.clock.layouts = append(m.clock.layouts, l)
	}
	if len(m.clock.layouts) == 0 {
		return t.errorf("time.layouts is missing")
	}
	return nil
}

// checkNotes gives every note a place in a group's memory.
func (m *Mapping) checkNotes() error {
	m.notes = map[string]int{}
	add := func(notes map[string]value) error {
		for _, name := range slices.Sorted(maps.Keys(notes)) {
			v := notes[name]
			if v.list != nil || v.object != nil {
				return v.errorf("a note is one text")
			}
			if _, ok := v.constant.(string); v.source == nil && !ok {
				return v.errorf("a note is a text; put it in quotes")
			}
			if _, ok := m.notes[name]; !ok {
				m.notes[name] = len(m.notes)
			}
			if err := m.checkValue(&v); err != nil {
				return err
			}
		}
		return nil
	}
	for _, r := range m.Rules {
		if err := add(r.Note); err != nil {
			return err
		}
		for _, o := range r.Orders {
			if err := add(o.Note); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkColumns holds the columns a mapping reads against those a log has.
func (m *Mapping) checkColumns(have []string) error {
	for _, c := range m.columns {
		if !slices.Contains(have, c.s) {
			e := c.errorf("the log has no column %q; it has %s", c.s, shorten(strings.Join(have, ", "), 500))
			e.File = m.file
			return e
		}
	}
	return nil
}

func oneByte(w word, otherwise byte) byte {
	if r, n := utf8.DecodeRuneInString(w.s); n == 1 {
		return byte(r)
	}
	return otherwise
}
