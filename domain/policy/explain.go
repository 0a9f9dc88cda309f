package policy

import (
	"fmt"
	"slices"
	"strings"

	"incidentledger/domain"
)

// Explain tells how a clock came to stand as it does, line by line: rule,
// source, the facts of its condition, anchor, arithmetic with the days skipped
// and the pauses, warnings, how it stands and what would move it. A clock that
// the facts do not give is domain.ErrNotFound.
func Explain(f Facts, b Basis, id ClockID) ([]string, error) {
	clocks, err := Derive(f, b)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(clocks, func(c Clock) bool { return c.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("clock %s: %w", id, domain.ErrNotFound)
	}
	c := clocks[i]
	s, err := b.set(c.Policy)
	if err != nil {
		return nil, fmt.Errorf("clock %s: %w", id, err)
	}
	d := newDeriver(&f, &b)
	lines := []string{
		fmt.Sprintf("clock %s", c.ID),
		fmt.Sprintf("rule %s of policy %s %s, sha256 %s", c.Rule, s.ID, s.Version, s.hash),
	}
	if _, earlier := f.Earlier[id]; earlier {
		tr := &trace{loc: s.law.rules[c.Rule][0].zoneFor(c.TZ)}
		tr.lines = append(lines, fmt.Sprintf("it belongs to leg %d, which ended when the incident was reopened: it stays as it stood then", c.N))
		tr.stand(c)
		return tr.lines, nil
	}
	p, err := d.place(s, id)
	if err != nil {
		return nil, fmt.Errorf("clock %s: %w", id, err)
	}
	v := p.rule
	tr := &trace{loc: v.zoneFor(d.zone), lines: append(lines, v.sourceLine())}
	tr.add("in force %s", tr.span(v.valid))
	if v.src.Each != "" {
		line := fmt.Sprintf("of each %s by itself: this is number %d", v.src.Each, p.n)
		if name, ok := d.known.code(named[v.src.Each], false); ok {
			line += ", " + string(name)
		}
		tr.lines = append(tr.lines, line)
	}
	tr.condition("applies while", v.when, &d.known)
	tr.condition("cancelled once", v.cancelled, &d.known)
	if d.excused(p) {
		tr.add("it was decided with grounds that this is not owed")
	}
	if c.Cancelled {
		tr.stand(c)
		return tr.lines, nil
	}
	tr.add("anchor: %s = %s", c.AnchorPath, tr.at(c.Anchor))
	if c.Provisional {
		tr.add("provisional: it rests on %s, which is not the deciding fact", c.AnchorPath)
	}
	term := v.src.Due
	if p.local {
		term = v.src.Target
	}
	tr.add("term: %s, in %s", term, tr.loc)
	d.reckon(p, tr)
	for _, w := range c.Warn {
		tr.add("warning at %s", tr.at(w))
	}
	tr.stand(c)
	tr.movers(c, p)
	return tr.lines, nil
}

// sourceLine tells what a rule rests on.
func (v *rule) sourceLine() string {
	s := "source: " + v.source.Ref
	if v.source.Ref == "" {
		s += string(v.src.Source)
	}
	if v.src.Article != "" {
		s += ", " + v.src.Article
	}
	if v.src.Statutory {
		return s + " (statutory)"
	}
	return s + " (the organisation's own term)"
}

// condition tells each fact that a condition reads and what is known of it.
func (tr *trace) condition(what string, c *cond, k *known) {
	var facts []string
	c.each(func(a *cond) {
		facts = append(facts, fmt.Sprintf("%s = %s", a.path, k.show(a)))
	})
	if len(facts) == 0 {
		return
	}
	slices.Sort(facts)
	holds := "does not hold"
	if c.holds(k) {
		holds = "holds"
	}
	tr.add("%s its condition holds; it %s: %s", what, holds, strings.Join(slices.Compact(facts), ", "))
}

func (k *known) show(a *cond) string {
	if v, ok := k.flag(a.path, a.org); ok {
		return fmt.Sprint(v)
	}
	if v, ok := k.code(a.path, a.org); ok {
		return string(v)
	}
	if v, ok := k.num(a.path); ok {
		return fmt.Sprint(v)
	}
	if v := k.codes(a.path); len(v) > 0 {
		return fmt.Sprint(v)
	}
	if k.exists(a.path) {
		return "known"
	}
	return "not known"
}

// stand tells how a clock stands.
func (tr *trace) stand(c Clock) {
	switch {
	case c.Cancelled:
		tr.add("cancelled: nothing is owed any more")
		return
	case c.Due.IsZero():
		tr.add("due: no fixed term")
	case c.Tolerance > 0:
		tr.add("due: %s; overdue after a local tolerance of %s", tr.at(c.Due), hours(c.Tolerance))
	default:
		tr.add("due: %s", tr.at(c.Due))
	}
	switch {
	case !c.Met.IsZero() && c.Due.IsZero():
		tr.add("done at %s", tr.at(c.Met))
	case !c.Met.IsZero() && c.OnTime():
		tr.add("met at %s: on time", tr.at(c.Met))
	case !c.Met.IsZero():
		tr.add("met at %s: late by %s", tr.at(c.Met), hours(c.Met.Sub(c.Due)))
	case c.Paused:
		tr.add("on hold: it stands still, and due is as it was when the hold began")
	default:
		tr.add("running")
	}
}

// movers tells which facts would move, meet or cancel a clock.
func (tr *trace) movers(c Clock, p place) {
	if p.rule.src.Service && p.n > 1 && p.rule.src.LaterLegs == c.AnchorPath {
		tr.add("a correction of %s would move it", c.AnchorPath)
	} else {
		for _, a := range p.target.anchors {
			path := a.Path
			if a.DueOf != "" {
				path = Path("due." + a.DueOf)
			}
			if path == c.AnchorPath {
				tr.add("a correction of %s would move it", path)
				break
			}
			tr.add("%s, once known, would move it", path)
		}
	}
	term := p.rule.due
	if p.local {
		term = p.rule.local
	}
	for path := range term.facts {
		tr.add("another value of %s would move it", path)
	}
	if p.rule.src.Service {
		tr.add("a hold would move it by its length")
	} else {
		tr.add("a hold would not move it")
	}
	if p.target.met != "" && c.Met.IsZero() {
		tr.add("%s would meet it", p.target.met)
	}
}
