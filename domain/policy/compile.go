package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

var errNotMade = errors.New("policy set: made neither by Parse nor by New")

// A Fault is something wrong in a set and where.
type Fault struct {
	Path string // such as rules.3.due or calendars.nl-atw; the fourth rule is rules.3
	Text string
	Hard bool // no term could be reckoned: Parse and New refuse it
}

// Error implements error.
func (f *Fault) Error() string {
	if f.Path == "" {
		return f.Text
	}
	return f.Path + ": " + f.Text
}

func asErrors(faults []*Fault, hard bool) []error {
	var out []error
	for _, f := range faults {
		if f.Hard || !hard {
			out = append(out, f)
		}
	}
	return out
}

type compiler struct {
	s      *Set
	faults []*Fault
	cals   map[domain.Code]*calendar
	loc    *time.Location
	law    *law
}

func (c *compiler) hard(path, format string, args ...any) {
	c.faults = append(c.faults, &Fault{path, fmt.Sprintf(format, args...), true})
}

func (c *compiler) soft(path, format string, args ...any) {
	c.faults = append(c.faults, &Fault{path, fmt.Sprintf(format, args...), false})
}

// A listed rule is a rule as it stands in the file, or as a service level gives
// it, and where.
type listed struct {
	Rule
	path string
}

// compile readies the law of a set and gathers everything that is wrong.
func compile(s *Set) (*law, []*Fault) {
	c := &compiler{s: s, cals: map[domain.Code]*calendar{}, law: &law{rules: map[domain.Code][]*rule{}}}
	if s.Format != Format {
		c.hard("format", "%q is not a format this program reads; write %s", s.Format, Format)
	}
	if s.ID == "" {
		c.hard("", "the set has no id")
	}
	var err error
	if c.loc, err = location(s.Zone); err != nil {
		c.hard("zone", "%v", err)
		return nil, c.faults
	}
	if c.law.valid, err = validity(s.ValidFrom, s.ValidTo, c.loc); err != nil {
		c.hard("validFrom", "%v", err)
	}
	if s.Tolerance != "" {
		if s.tolerance, err = elapsedSpan(s.Tolerance); err != nil || s.tolerance%time.Second != 0 {
			c.hard("tolerance", "%v", err)
		}
	}
	for name, cal := range s.Calendars {
		if c.cals[name], err = cal.compile(); err != nil {
			c.hard("calendars."+string(name), "%v", err)
			delete(c.cals, name)
		}
	}
	list := c.list()
	for _, l := range list {
		if r := c.rule(l, list); r != nil {
			c.law.rules[r.src.ID] = append(c.law.rules[r.src.ID], r)
		}
	}
	for _, versions := range c.law.rules {
		slices.SortStableFunc(versions, func(a, b *rule) int { return a.valid.from.Compare(b.valid.from) })
		c.law.order = append(c.law.order, versions)
	}
	slices.SortFunc(c.law.order, func(a, b []*rule) int { return cmp.Compare(a[0].src.ID, b[0].src.ID) })
	c.procedure()
	c.checkDueOf(list)
	c.lint(list)
	slices.SortStableFunc(c.faults, func(a, b *Fault) int { return cmp.Compare(a.Path, b.Path) })
	return c.law, c.faults
}

// list gives the rules as listed and, of the service levels, those that no
// listed rule replaces.
func (c *compiler) list() []listed {
	var out []listed
	named := map[domain.Code]bool{}
	for i, r := range c.s.Rules {
		named[r.ID] = true
		out = append(out, listed{r, fmt.Sprintf("rules.%d", i)})
	}
	for i, l := range c.s.ServiceLevels {
		for j, st := range l.Stages {
			for k, t := range st.Terms {
				r := l.rule(st, t)
				if !named[r.ID] {
					out = append(out, listed{r, fmt.Sprintf("serviceLevels.%d.stages.%d.terms.%d", i, j, k)})
				}
			}
		}
	}
	return out
}

// rule is the rule that one cell of a service level stands for.
func (l ServiceLevel) rule(st LevelStage, t LevelTerm) Rule {
	when := Cond{Eq: &Compare{Path: IncidentPriority, Num: new(int64(t.Priority))}}
	if l.When != nil {
		when = Cond{All: []Cond{when, *l.When}}
	}
	return Rule{
		ID:     domain.Code(fmt.Sprintf("%s-p%d-%s", l.ID, t.Priority, st.Stage)),
		Source: l.Source, ValidFrom: l.ValidFrom, ValidTo: l.ValidTo, Zone: l.Zone,
		When: &when, Stage: st.Stage, Anchor: l.Anchor, LaterLegs: l.LaterLegs, Due: t.Due, Met: st.Met,
		Cancelled: l.Cancelled, Warn: t.Warn, Service: true, Dormant: l.Dormant,
	}
}

// rule readies one rule; nil where it is too broken.
func (c *compiler) rule(l listed, list []listed) *rule {
	faults := len(c.faults)
	src, ok := c.resolve(l, list)
	if !ok {
		return nil
	}
	if src.ID == "" || strings.ContainsAny(string(src.ID), "/ ") {
		c.hard(l.path+".id", "%q is not an id; write a word such as gdpr-33", src.ID)
	}
	if src.Each != "" && (src.Service || src.LaterLegs != "") {
		c.hard(l.path+".each", "a rule with each is no service term: its clocks are numbered by item, not by leg")
	}
	r := &rule{src: src, path: l.path, law: c.law, source: c.s.Sources[src.Source], stage: cmp.Or(src.Stage, "initial"), fixedZone: src.Zone != ""}
	var err error
	if r.loc, err = location(cmp.Or(src.Zone, c.s.Zone)); err != nil {
		c.hard(l.path+".zone", "%v", err)
		return nil
	}
	if r.valid, err = validity(src.ValidFrom, src.ValidTo, r.loc); err != nil {
		c.hard(l.path+".validFrom", "%v", err)
	}
	if v, err := validity(r.source.ValidFrom, r.source.ValidTo, r.loc); err != nil {
		c.hard("sources."+string(src.Source)+".validFrom", "%v", err)
	} else {
		r.valid = r.valid.within(v).within(c.law.valid)
	}
	if src.When != nil {
		if r.when, err = src.When.compile(); err != nil {
			c.hard(l.path+".when", "%v", err)
		}
	}
	if src.Cancelled != nil {
		if r.cancelled, err = src.Cancelled.compile(); err != nil {
			c.hard(l.path+".cancelled", "%v", err)
		}
	}
	if r.due, err = src.Due.compile(c.cals); err != nil {
		c.hard(l.path+".due", "%v", err)
	} else if src.Due.Immediate {
		r.tolerance = c.s.tolerance
	}
	if !src.Target.IsZero() {
		if r.local, err = src.Target.compile(c.cals); err != nil {
			c.hard(l.path+".localTarget", "%v", err)
		}
	}
	for i, w := range src.Warn {
		d, err := elapsedSpan(w)
		if err != nil {
			c.hard(fmt.Sprintf("%s.warn.%d", l.path, i), "%v", err)
		}
		r.warn = append(r.warn, d)
	}
	slices.SortFunc(r.warn, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	c.recipients(r)
	if slices.ContainsFunc(c.faults[faults:], func(f *Fault) bool { return f.Hard }) {
		return nil
	}
	return r
}

func (c *compiler) recipients(r *rule) {
	r.targets = map[domain.Code]*target{}
	one := func(recipient domain.Code) *target {
		if r.targets[recipient] == nil {
			r.targets[recipient] = r.newTarget(recipient)
		}
		return r.targets[recipient]
	}
	to := r.src.To
	if to.IsZero() {
		to.All = []domain.Code{Own}
	}
	for _, code := range to.All {
		r.all = append(r.all, one(code))
	}
	if len(to.ByCountry) > 0 {
		r.byCountry = map[domain.Code][]*target{}
	}
	for country, codes := range to.ByCountry {
		for _, code := range codes {
			r.byCountry[country] = append(r.byCountry[country], one(code))
		}
	}
	if to.Else != "" {
		one(to.Else)
	}
	if to.Resolve != "" { // whoever it may be is readied once
		for _, a := range c.s.Authorities {
			one(a.ID)
		}
	}
}
