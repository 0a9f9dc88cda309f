package intake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// A group is what the mapping knows of one incident while it reads: small, and
// made by the rows alone.
type group struct {
	base  domain.OrderID // its orders' ids follow from this one
	key   domain.Key
	rows  int
	notes []string
	was   []string // the watched columns in the row before
}

func (m *Mapping) newGroup(org domain.OrgID, name string) *group {
	g := &group{
		base:  domain.OrderIDFor(org, domain.PersonID{}, "import\x00"+m.ID.s+"\x00"+name),
		notes: make([]string, len(m.notes)), was: make([]string, len(m.watched)),
	}
	g.key = domain.NewKey(org, g.begin())
	return g
}

// begin is the id of the order that begins the group's incident. It does not
// depend on the row: one group never makes two incidents.
func (g *group) begin() domain.OrderID { return g.base.Follow("begin") }

// A verdict is what the rules make of a row.
type verdict struct {
	skip  string // reason
	steps []step // none, and no reason to skip: no rule fits
}

// A step is one order of a row, or why it cannot be made.
type step struct {
	command string
	order   domain.Order
	fault   *fault
	stop    bool // nothing of the row is given behind it when it is refused
}

// judge takes a row through the rules. It moves the group on. row is the row's
// identity, which makes the ids of its orders.
func (m *Mapping) judge(r *row, g *group, identity string, actor domain.Actor) verdict {
	var v verdict
	for _, rule := range m.Rules {
		if !m.holds(rule.When, r, g) {
			continue
		}
		v.skip = rule.Skip.s
		for i, o := range rule.Orders {
			if !m.holds(o.When, r, g) {
				continue
			}
			s := step{command: o.Command.s, stop: rule.StopOnRefusal}
			s.order, s.fault = m.order(o, r, actor)
			if o.begins {
				s.order.ID, s.order.Key = g.begin(), g.key
			} else {
				s.order.ID, s.order.Key = g.base.Follow(fmt.Sprintf("%s/%s.%d", identity, rule.Name.s, i)), g.key
			}
			v.steps = append(v.steps, s)
			m.note(o.Note, r, g)
		}
		m.note(rule.Note, r, g)
		if !rule.GoOn {
			break
		}
	}
	g.rows++
	for i, c := range m.watched {
		g.was[i] = strings.Clone(r.get(c))
	}
	return v
}

func (m *Mapping) note(notes map[string]value, r *row, g *group) {
	for name, v := range notes {
		// A table that does not have the value leaves the note empty.
		x, _ := v.eval(r, m.Tables)
		s, _ := x.(string)
		g.notes[m.notes[name]] = strings.Clone(s)
	}
}

// holds reports whether all conditions hold of a row.
func (m *Mapping) holds(cs conditions, r *row, g *group) bool {
	for _, c := range cs {
		if !m.holdsOne(c, r, g) {
			return false
		}
	}
	return true
}

func (m *Mapping) holdsOne(c *condition, r *row, g *group) bool {
	switch {
	case c.First != nil:
		return *c.First == (g.rows == 0)
	case c.Changed != nil:
		return g.rows > 0 && g.was[slices.Index(m.watched, c.Changed.s)] != r.get(c.Changed.s)
	case c.Any != nil:
		return slices.ContainsFunc(c.Any, func(e *condition) bool { return m.holdsOne(e, r, g) })
	case c.Not != nil:
		return !m.holds(c.Not, r, g)
	}
	var s string
	if c.Column != nil {
		s = r.get(c.Column.s)
	} else {
		s = g.notes[m.notes[c.Note.s]]
	}
	is := func(w word) bool { return w.s == s }
	return (c.Eq == nil || c.Eq.s == s) && (c.NotEq == nil || c.NotEq.s != s) &&
		(c.In == nil || slices.ContainsFunc(c.In, is)) && (c.NotIn == nil || !slices.ContainsFunc(c.NotIn, is)) &&
		(c.Empty == nil || *c.Empty == (s == "")) &&
		(c.Prefix == nil || strings.HasPrefix(s, c.Prefix.s)) && (c.Suffix == nil || strings.HasSuffix(s, c.Suffix.s)) &&
		(c.Contains == nil || strings.Contains(s, c.Contains.s)) &&
		(c.Same == nil || r.get(c.Same.s) == s) && (c.Differs == nil || r.get(c.Differs.s) != s)
}

// order makes an order of a row, all but its id and key.
func (m *Mapping) order(o *order, r *row, actor domain.Actor) (domain.Order, *fault) {
	out := domain.Order{Kind: m.kind.Name, Actor: actor, Happened: domain.Text(m.Happened.s)}
	if o.Happened.s != "" {
		out.Happened = domain.Text(o.Happened.s)
	}
	switch {
	case o.Role != nil:
		role, f := m.text(o.Role, r)
		if f != nil {
			return out, f
		}
		out.Actor.Role = domain.Code(role)
	case m.Role.s != "":
		out.Actor.Role = domain.Code(m.Role.s)
	}
	when := r.when
	if o.Occurred != nil {
		var f *fault
		if when, f = m.clock.read(r.get(o.Occurred.s)); f != nil {
			return out, &fault{f.code, o.Occurred.s + ": " + f.reason}
		}
	}
	out.Occurred = domain.Moment{Time: when.at, Precision: when.precision}
	var f *fault
	said := o.By
	if said == nil {
		said = m.By
	}
	if out.By, f = m.word(said, r); f != nil {
		return out, f
	}
	out.Command, f = m.command(o, r)
	return out, f
}

// command makes the command itself, through its declaration.
func (m *Mapping) command(o *order, r *row) (domain.Command, *fault) {
	ct, _ := m.kind.CommandNamed(o.Command.s)
	given := make(map[string]any, len(o.Fields))
	for name, v := range o.Fields {
		x, f := v.eval(r, m.Tables)
		if f != nil {
			return nil, &fault{f.code, name + ": " + f.reason}
		}
		if x != nil {
			given[name] = x
		}
	}
	members, f := convertObject(typeOf(ct), given, "", &m.clock)
	if f != nil {
		return nil, f
	}
	body, err := json.Marshal(members)
	if err != nil {
		return nil, faultf("bad_value", "%v", err)
	}
	c, err := handlers.DecodeCommand(m.kind, o.Command.s, body, nil)
	if err != nil {
		return nil, faultf("bad_value", "%v", err)
	}
	return c, nil
}

func (m *Mapping) text(v *value, r *row) (string, *fault) {
	x, f := v.eval(r, m.Tables)
	s, _ := x.(string)
	return s, f
}

// word gives on whose word the order stands; nil where the row names nobody.
func (m *Mapping) word(b *by, r *row) (*domain.By, *fault) {
	if b == nil {
		return nil, nil
	}
	medium, f := m.text(&b.Medium, r)
	if f != nil {
		return nil, f
	}
	out := &domain.By{Medium: domain.Code(medium)}
	named := false
	for _, p := range []struct {
		v   *value
		set func(string) error
	}{
		{b.Text, func(s string) error { out.Text = domain.Text(s); return nil }},
		{b.Person, func(s string) error { return out.Person.UnmarshalText([]byte(s)) }},
		{b.Contact, func(s string) error { return out.Contact.UnmarshalText([]byte(s)) }},
	} {
		if p.v == nil {
			continue
		}
		s, f := m.text(p.v, r)
		if f != nil {
			return nil, f
		}
		if s == "" {
			continue
		}
		if err := p.set(s); err != nil {
			return nil, faultf("bad_value", "by: %q is no id", shorten(s, 80))
		}
		named = true
	}
	if !named {
		return nil, nil
	}
	return out, nil
}
