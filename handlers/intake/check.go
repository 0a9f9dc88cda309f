package intake

import (
	"cmp"
	"maps"
	"reflect"
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

func (m *Mapping) checkRules() error {
	if err := m.checkBy(m.By); err != nil {
		return err
	}
	names := map[string]bool{}
	for _, r := range m.Rules {
		switch {
		case r.Name.s == "":
			return r.errorf("the rule has no name; it stands in the ids of orders")
		case names[r.Name.s]:
			return r.Name.errorf("a second rule %q", r.Name.s)
		case r.Skip.s != "" && len(r.Orders) > 0:
			return r.Skip.errorf("rule %s skips and gives orders", r.Name.s)
		case r.Skip.s != "" && r.GoOn:
			return r.Skip.errorf("rule %s skips and goes on", r.Name.s)
		case r.Skip.s == "" && len(r.Orders) == 0 && !r.GoOn:
			return r.errorf("rule %s neither gives orders nor skips", r.Name.s)
		}
		names[r.Name.s] = true
		if err := m.checkWhen(r.When); err != nil {
			return err
		}
		for _, o := range r.Orders {
			if err := m.checkOrder(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Mapping) checkOrder(o *order) error {
	ct, ok := m.kind.CommandNamed(o.Command.s)
	if !ok {
		return place{max(o.Command.line, o.line)}.errorf("%s has no command %q", m.kind.Name, o.Command.s)
	}
	o.begins = ct.Begins
	t := reflect.TypeOf(ct.New()).Elem()
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		v := o.Fields[name]
		mt, ok := memberType(t, name)
		if !ok {
			return v.errorf("%s has no member %s; it has %s", o.Command.s, name, members(t))
		}
		if err := m.checkMember(mt, &v, name); err != nil {
			return err
		}
	}
	if err := m.checkWhen(o.When); err != nil {
		return err
	}
	if o.Occurred != nil {
		m.columns = append(m.columns, *o.Occurred)
	}
	if o.Role != nil {
		if err := m.checkMember(reflect.TypeFor[string](), o.Role, "role"); err != nil {
			return err
		}
	}
	return m.checkBy(o.By)
}

func (m *Mapping) checkBy(b *by) error {
	if b == nil {
		return nil
	}
	if b.Medium.constant == nil && b.Medium.source == nil {
		return b.errorf("by.medium is missing; write oral, phone, paper or email")
	}
	for _, v := range []*value{&b.Medium, b.Text, b.Person, b.Contact} {
		if v == nil {
			continue
		}
		if err := m.checkMember(reflect.TypeFor[string](), v, "by"); err != nil {
			return err
		}
	}
	return nil
}

// checkMember checks a value and, as far as it is constant, whether it fits.
func (m *Mapping) checkMember(t reflect.Type, v *value, path string) error {
	if err := m.checkValue(v); err != nil {
		return err
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case v.source != nil:
		if v.source.Split != nil && t.Kind() != reflect.Slice && !readsItself(t) {
			return v.errorf("%s is no list, so nothing can be split for it", path)
		}
	case v.list != nil && t.Kind() == reflect.Slice:
		for i := range v.list {
			if err := m.checkMember(t.Elem(), &v.list[i], path); err != nil {
				return err
			}
		}
	case v.object != nil && !readsItself(t):
		for _, name := range slices.Sorted(maps.Keys(v.object)) {
			e := v.object[name]
			mt, ok := memberType(t, name)
			if !ok {
				return e.errorf("there is no member %s.%s", path, name)
			}
			if err := m.checkMember(mt, &e, path+"."+name); err != nil {
				return err
			}
		}
	case v.constant != nil:
		if _, f := convert(t, v.constant, path, nil); f != nil {
			return v.errorf("%s", f.reason)
		}
	default:
		return v.errorf("%s does not take a list", path)
	}
	return nil
}

// checkValue compiles what comes from a row and notes the columns it reads.
func (m *Mapping) checkValue(v *value) error {
	for i := range v.list {
		if err := m.checkValue(&v.list[i]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.object)) {
		e := v.object[name]
		if err := m.checkValue(&e); err != nil {
			return err
		}
	}
	if v.source == nil {
		return nil
	}
	v.source.parts = nil
	if err := v.source.compile(v.place, m.Tables); err != nil {
		return err
	}
	v.columns(func(c column) { m.columns = append(m.columns, c) })
	return nil
}

func (m *Mapping) checkWhen(cs conditions) error {
	for _, c := range cs {
		if c == nil {
			return place{1}.errorf("an empty condition")
		}
		subjects, tests := 0, 0
		for _, given := range []bool{c.Column != nil, c.Note != nil} {
			if given {
				subjects++
			}
		}
		alone := 0
		for _, given := range []bool{c.First != nil, c.Changed != nil, c.Any != nil, c.Not != nil} {
			if given {
				alone++
			}
		}
		for _, given := range []bool{c.Eq != nil, c.NotEq != nil, c.In != nil, c.NotIn != nil, c.Empty != nil,
			c.Prefix != nil, c.Suffix != nil, c.Contains != nil, c.Same != nil, c.Differs != nil} {
			if given {
				tests++
			}
		}
		switch {
		case alone == 1 && subjects == 0 && tests == 0:
		case alone == 0 && subjects == 1 && tests > 0:
		default:
			return c.errorf("a condition is a column or a note with a test (eq, notEq, in, notIn, empty, prefix, suffix, contains, same, differs), or one of first, changed, any, not")
		}
		for _, col := range []*column{c.Column, c.Changed, c.Same, c.Differs} {
			if col != nil {
				m.columns = append(m.columns, *col)
			}
		}
		if c.Changed != nil && !slices.Contains(m.watched, c.Changed.s) {
			m.watched = append(m.watched, c.Changed.s)
		}
		if c.Note != nil {
			if _, ok := m.notes[c.Note.s]; !ok {
				return c.Note.errorf("no rule or order sets a note %q", c.Note.s)
			}
		}
		if err := m.checkWhen(append(slices.Clip(c.Any), c.Not...)); err != nil {
			return err
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
