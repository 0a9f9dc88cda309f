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

// The law of a set: its rules ready for judging.
type law struct {
	rules map[domain.Code][]*rule // versions in order of validity
	order [][]*rule               // the same, by name
	valid valid                   // of the set
}

// A rule is one version of a Rule ready for judging.
type rule struct {
	src       Rule
	path      string // where it stands in the set
	law       *law
	policy    domain.Hash
	source    Source
	loc       *time.Location
	fixedZone bool // the rule names its zone itself
	valid     valid
	when      *cond
	cancelled *cond
	due       *term
	local     *term // the local target, or nil
	warn      []time.Duration
	tolerance time.Duration
	stage     domain.Code
	targets   map[domain.Code]*target // every recipient that the rule names
	all       []*target
	byCountry map[domain.Code][]*target
}

// A target is one recipient of a rule with its paths.
type target struct {
	recipient domain.Code
	id        ClockID // of the first leg
	localID   ClockID // of the first leg of the local target
	met       Path
	anchors   []Anchor
}

func (r *rule) newTarget(recipient domain.Code) *target {
	fill := func(p Path) Path {
		return Path(strings.ReplaceAll(string(p), "{recipient}", string(recipient)))
	}
	t := &target{recipient: recipient, met: fill(r.src.Met)}
	for _, a := range r.src.Anchor {
		a.Path = fill(a.Path)
		t.anchors = append(t.anchors, a)
	}
	t.id = clockID(r.src.ID, recipient, r.stage, 1)
	t.localID = clockID(r.src.ID, recipient, r.stage+targetSuffix, 1)
	return t
}

// targetSuffix ends the stage of a clock that is the organisation's own target.
const targetSuffix = "-target"

func clockID(rule, recipient, stage domain.Code, n int) ClockID {
	return ClockID(fmt.Sprintf("%s/%s/%s/%d", rule, recipient, stage, n))
}

func (r *rule) zoneFor(org string) *time.Location {
	if org != "" && !r.fixedZone {
		if l, err := location(org); err == nil {
			return l
		}
	}
	return r.loc
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

// resolve works a rule's bases in.
func (c *compiler) resolve(l listed, list []listed) (Rule, bool) {
	r := l.Rule
	seen := map[domain.Code]bool{r.ID: true}
	by := r.ID
	for base := r.Extends; base != ""; {
		if seen[base] {
			c.hard(l.path+".extends", "rule %s extends itself: by way of %s it leads back to %s", r.ID, by, base)
			return r, false
		}
		seen[base] = true
		i := slices.IndexFunc(list, func(o listed) bool { return o.ID == base })
		if i < 0 {
			c.hard(l.path+".extends", "rule %s is unknown", base)
			return r, false
		}
		r = r.Over(list[i].Rule)
		by, base = base, list[i].Extends
	}
	return r, true
}

// Over gives r with what it leaves out taken from a base.
func (r Rule) Over(base Rule) Rule {
	r.Source = cmp.Or(r.Source, base.Source)
	r.Zone = cmp.Or(r.Zone, base.Zone)
	r.Stage = cmp.Or(r.Stage, base.Stage)
	r.LaterLegs = cmp.Or(r.LaterLegs, base.LaterLegs)
	r.Met = cmp.Or(r.Met, base.Met)
	r.When = cmp.Or(r.When, base.When)
	r.Cancelled = cmp.Or(r.Cancelled, base.Cancelled)
	r.ValidFrom = cmp.Or(r.ValidFrom, base.ValidFrom)
	r.ValidTo = cmp.Or(r.ValidTo, base.ValidTo)
	if r.To.IsZero() {
		r.To = base.To
	}
	if r.Anchor == nil {
		r.Anchor = base.Anchor
	}
	if r.Due.IsZero() {
		r.Due = base.Due
	}
	if r.Target.IsZero() {
		r.Target = base.Target
	}
	if r.Warn == nil {
		r.Warn = base.Warn
	}
	if r.Answers == nil {
		r.Answers = base.Answers
	}
	if r.LateAnswers == nil {
		r.LateAnswers = base.LateAnswers
	}
	if r.Exemptions == nil {
		r.Exemptions = base.Exemptions
	}
	r.Service = r.Service || base.Service
	r.Statutory = r.Statutory || base.Statutory
	r.Dormant = r.Dormant || base.Dormant
	return r
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

// checkDueOf refuses anchors on rules that are unknown or lead back.
func (c *compiler) checkDueOf(list []listed) {
	var leads func(id domain.Code, seen []domain.Code) bool
	leads = func(id domain.Code, seen []domain.Code) bool {
		if slices.Contains(seen, id) {
			return true
		}
		for _, r := range c.law.rules[id] {
			for _, a := range r.src.Anchor {
				if a.DueOf != "" && leads(a.DueOf, append(seen, id)) {
					return true
				}
			}
		}
		return false
	}
	for _, l := range list {
		for i, a := range l.Anchor {
			path := fmt.Sprintf("%s.anchor.%d", l.path, i)
			switch {
			case (a.Path == "") == (a.DueOf == ""):
				c.hard(path, "give either path (a fact) or dueOf (a rule)")
			case a.DueOf != "" && len(c.law.rules[a.DueOf]) == 0:
				c.hard(path, "rule %s is unknown", a.DueOf)
			case a.DueOf != "" && leads(l.ID, nil):
				c.hard(path, "the anchor of rule %s leads back to itself", l.ID)
			}
		}
	}
}
