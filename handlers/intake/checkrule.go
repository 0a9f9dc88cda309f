package intake

import (
	"maps"
	"reflect"
	"slices"
)

// checkRules holds the rules against the commands they give.
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
