package policy

import (
	"fmt"
	"slices"
	"strings"

	"incidentledger/domain"
)

// Lint reports everything wrong in a set, each a *Fault: what Parse and New
// refuse, and besides a rule without a source, an unknown source, recipient,
// path or code, an undated source, versions of a rule or authority that overlap
// or leave a gap, and an incomplete matrix. It also judges a set that was made
// neither by Parse nor by New.
func (s *Set) Lint() []error {
	cp := *s
	_, faults := compile(&cp)
	return asErrors(faults, false)
}

func (c *compiler) lint(list []listed) {
	c.lintSources()
	for name, codes := range c.s.Codes {
		for i, code := range codes {
			if slices.Index(codes, code) != i {
				c.soft(fmt.Sprintf("codes.%s.%d", name, i), "%s stands twice in the list %s", code, name)
			}
		}
	}
	for name, cal := range c.s.Calendars {
		c.cites("calendars."+string(name), cal.Source)
	}
	if c.s.Priority.Matrix != nil {
		c.lintPriority()
	}
	for _, l := range list {
		c.lintRule(l)
	}
	for _, versions := range c.law.rules {
		for i := 1; i < len(versions); i++ {
			c.versions(versions[i].path, string(versions[i].src.ID), versions[i-1].valid, versions[i].valid)
		}
	}
	c.lintProcedure()
	last := map[domain.Code]valid{}
	for i, a := range c.s.Authorities {
		path := fmt.Sprintf("authorities.%d", i)
		c.cites(path, a.Source)
		v, err := validity(a.ValidFrom, a.ValidTo, c.loc)
		if err != nil {
			c.hard(path+".validFrom", "%v", err)
			continue
		}
		if before, ok := last[a.ID]; ok {
			c.versions(path, string(a.ID), before, v)
		}
		last[a.ID] = v
		for j, ch := range a.Channels {
			c.inList(fmt.Sprintf("%s.channels.%d.kind", path, j), "channelKinds", ch.Kind)
		}
	}
}

func (c *compiler) lintSources() {
	for id, src := range c.s.Sources {
		path := "sources." + string(id)
		if src.Ref == "" {
			c.soft(path, "the source does not say how to cite it; give ref")
		}
		if src.ValidFrom == "" && src.Dated == "" {
			c.soft(path, "the source is undated; give validFrom, or dated for the text that was read")
		}
		if src.Dated != "" {
			if _, err := src.Dated.at(c.loc); err != nil {
				c.hard(path+".dated", "%v", err)
			}
		}
	}
}

// cites checks that something names a source that there is.
func (c *compiler) cites(path string, source domain.Code) {
	if source == "" {
		c.soft(path, "names no source; where no statute stands behind it write source: local")
	} else if _, ok := c.s.Sources[source]; !ok {
		c.soft(path, "source %q is unknown; add it under sources", source)
	}
}

func (c *compiler) inList(path, list string, code domain.Code) {
	if codes := c.s.Codes[list]; codes != nil && !slices.Contains(codes, code) {
		c.soft(path, "%q is not in the code list %s", code, list)
	}
}

func (c *compiler) versions(path, id string, a, b valid) {
	switch {
	case a.to.IsZero() || b.from.Before(a.to):
		c.soft(path, "versions of %s overlap; end the earlier with validTo where the later begins", id)
	case b.from.After(a.to):
		c.soft(path, "between two versions of %s there is a gap in which none is in force", id)
	}
}

func (c *compiler) lintPriority() {
	c.cites("priority", c.s.Priority.Source)
	levels := []domain.Code{"high", "medium", "low"}
	for _, u := range levels {
		for _, i := range levels {
			if p := c.s.Priority.Matrix[u][i]; p < 1 || p > 5 {
				c.soft("priority.matrix", "urgency %s and impact %s give no priority from 1 to 5", u, i)
			}
		}
	}
	for i := 1; i < len(c.s.Priority.Floors); i++ {
		if c.s.Priority.Floors[i].FromEUR >= c.s.Priority.Floors[i-1].FromEUR {
			c.soft(fmt.Sprintf("priority.floors.%d", i), "floors stand highest first")
		}
	}
}

func (c *compiler) lintRule(l listed) {
	r := l.Rule
	if l.Extends != "" {
		var ok bool
		if r, ok = c.resolved(l); !ok {
			return // its base is unknown, which is told elsewhere
		}
	}
	c.cites(l.path, r.Source)
	if len(r.Anchor) == 0 && !r.Dormant {
		c.soft(l.path, "names no anchor, so it never arms a clock; give anchor, or dormant: true")
	}
	for i, a := range r.Anchor {
		c.instant(fmt.Sprintf("%s.anchor.%d", l.path, i), a.Path, r.Each)
		if a.DueOf != "" && c.eachOf(a.DueOf) != "" && c.eachOf(a.DueOf) != r.Each {
			c.soft(fmt.Sprintf("%s.anchor.%d", l.path, i), "rule %s has a due instant for each %s; this rule must have each: %[2]s, too", a.DueOf, c.eachOf(a.DueOf))
		}
	}
	c.instant(l.path+".met", r.Met, r.Each)
	c.instant(l.path+".laterLegs", r.LaterLegs, r.Each)
	for _, cd := range []*Cond{r.When, r.Cancelled} {
		if cd == nil {
			continue
		}
		if compiled, err := cd.compile(); err == nil {
			compiled.each(func(atom *cond) { c.atom(l.path+".when", atom, r.Each) })
		}
	}
	if _, ok := prefixes[r.Each]; r.Each != "" && !ok {
		c.soft(l.path+".each", "there are no items %q; write one of %s", r.Each, strings.Join(itemKinds(), ", "))
	}
	c.lintTerm(l.path+".due", r.Due, r.Each)
	c.lintTerm(l.path+".localTarget", r.Target, r.Each)
	c.lintRecipients(l.path+".to", r.To)
	for i, e := range r.Exemptions {
		c.inList(fmt.Sprintf("%s.exemptions.%d", l.path, i), "exemptions", e)
	}
	if r.Stage != "" {
		c.inList(l.path+".stage", "stages", r.Stage)
	}
}

// resolved finds the rule as compiled, its bases worked in.
func (c *compiler) resolved(l listed) (Rule, bool) {
	for _, v := range c.law.rules[l.ID] {
		if v.src.ValidFrom == l.ValidFrom || l.ValidFrom == "" {
			return v.src, true
		}
	}
	return Rule{}, false
}

func (c *compiler) eachOf(rule domain.Code) domain.Code {
	if vs := c.law.rules[rule]; len(vs) > 0 {
		return vs[0].src.Each
	}
	return ""
}

func itemKinds() []string {
	var out []string
	for each := range prefixes {
		out = append(out, string(each))
	}
	slices.Sort(out)
	return out
}

// lintTerm checks the facts that a term reads.
func (c *compiler) lintTerm(path string, t Term, each domain.Code) {
	compiled, err := t.compile(nil)
	if err != nil {
		return // told elsewhere, or there is none
	}
	for p, kind := range compiled.facts {
		c.within(path, p, each)
		if factOf(p) != kind {
			c.soft(path, "no aggregate tells %s at %q", map[kindOfFact]string{atFact: "an instant", numFact: "a number"}[kind], p)
		}
	}
}

// within checks that a fact of items is read by a rule for each of them. What is
// known of breaches is told of the incident as a whole, too.
func (c *compiler) within(path string, p Path, each domain.Code) {
	if of := kindOfItem(p); of != "" && of != EachProcessing && of != each {
		c.soft(path, "%s is a fact of one %s among several; the rule needs each: %[2]s", p, of)
	}
}

// instant checks that a path is one at which aggregates tell an instant.
func (c *compiler) instant(path string, p Path, each domain.Code) {
	if p == "" {
		return
	}
	c.within(path, p, each)
	if factOf(Path(strings.ReplaceAll(string(p), "{recipient}", "x"))) != atFact {
		c.soft(path, "no aggregate tells an instant %q", p)
	}
}

func (c *compiler) atom(path string, a *cond, each domain.Code) {
	c.within(path, a.path, each)
	kind := factOf(a.path)
	switch {
	case kind == unknownFact:
		c.soft(path, "no aggregate tells a fact %q", a.path)
	case a.op != existsOp && kind != a.kind && !(kind == codesFact && a.kind == codeFact):
		c.soft(path, "%s is compared with another kind of value than it has", a.path)
	}
}

func (c *compiler) lintRecipients(path string, to Recipients) {
	known := func(code domain.Code) {
		if code == Own || c.s.HasCode("authorities", code) || slices.Contains(c.s.Codes["roles"], code) ||
			slices.Contains(c.s.Codes["recipients"], code) {
			return
		}
		c.soft(path, "recipient %q is neither an authority nor a role", code)
	}
	for _, code := range to.All {
		known(code)
	}
	for _, codes := range to.ByCountry {
		for _, code := range codes {
			known(code)
		}
	}
	if to.Else != "" {
		known(to.Else)
	}
	if to.Resolve != "" && factOf(to.Resolve) != codeFact {
		c.soft(path, "nobody tells a code %q", to.Resolve)
	}
}
