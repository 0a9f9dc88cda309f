package policy

import (
	"cmp"
	"fmt"
	"slices"

	"incidentledger/domain"
)

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
	r.Each = cmp.Or(r.Each, base.Each)
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
