package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/catalogue"
)

// Document writes the report on a period out in a language, with the parts that
// its audience reads.
func (p *Periodic) Document(w *catalogue.Words) *Document {
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		zone = time.UTC
	}
	s := shower{w, zone}
	d := &Document{
		Lang: w.Lang, Title: w.Say("periodic.title", "period", p.Figures.Period.Name), Subtitle: p.Name + "\n" + w.Say("audience."+p.For),
		Notes: []string{w.Say("periodic.counted")},
		Foot:  w.Say("periodic.foot", "period", p.Figures.Period.Name, "made", w.Instant(p.Made, zone)),
	}
	if n := len(p.Against); n > 0 {
		d.Notes = append(d.Notes, w.Say("periodic.exceptions", "n", n))
	}
	of := map[string]func() Section{
		"counts":       func() Section { return Section{Pairs: s.counts(p)} },
		"groups":       func() Section { return Section{Table: s.groups(p.Figures.Groups)} },
		"terms":        func() Section { return Section{Table: s.termCounts(p.Terms)} },
		"late":         func() Section { return Section{Table: s.late(p.Late)} },
		"breaches":     func() Section { return Section{Table: s.breaches(p.Breaches)} },
		"suppliers":    func() Section { return Section{Table: s.served(p.Suppliers)} },
		"levels":       func() Section { return Section{Table: s.levels(p.Levels)} },
		"outages":      func() Section { return Section{Table: s.outages(p.Outages)} },
		"recovery":     func() Section { return Section{Table: s.mentions(p.Unreviewed)} },
		"improved":     func() Section { return Section{Table: s.stands(p.PDCA)} },
		"improvements": func() Section { return Section{Table: s.follows(p.Improvements)} },
		"against":      func() Section { return Section{Table: s.mentions(p.Against)} },
	}
	for _, part := range p.Parts {
		sec := of[part]()
		sec.Heading = w.Say("periodic." + part)
		if len(sec.Pairs) == 0 && (sec.Table == nil || len(sec.Table.Rows) == 0) {
			sec.Table, sec.Text = nil, []string{w.Say("report.nothing")}
		}
		d.Sections = append(d.Sections, sec)
	}
	return d
}

func (s shower) counts(p *Periodic) [][2]string {
	a := p.Figures.All
	out := [][2]string{
		{s.w.Say("count.incidents"), fmt.Sprint(a.Incidents)},
		{s.w.Say("count.open"), fmt.Sprint(a.Open)},
		{s.w.Say("count.open-at-end"), fmt.Sprint(p.Figures.OpenAtEnd)},
		{s.w.Say("count.met"), fmt.Sprint(a.Met)},
		{s.w.Say("count.missed"), fmt.Sprint(a.Missed)},
		{s.w.Say("count.breaches"), fmt.Sprint(len(p.Breaches))},
		{s.w.Say("count.evaluated"), fmt.Sprint(p.Evaluated)},
	}
	for _, t := range []struct {
		took string
		of   Spread
	}{{"detect", a.Detect}, {"react", a.React}, {"notify", a.Notify}, {"restore", a.Restore}} {
		out = append(out, [2]string{s.w.Say("took." + t.took), s.spread(t.of)})
	}
	return out
}

func (s shower) spread(t Spread) string {
	if t.N == 0 {
		return "–"
	}
	span := func(n *int64) string { return s.w.Span(time.Duration(*n) * time.Second) }
	return s.w.Say("periodic.spread", "median", span(t.Median), "p90", span(t.P90), "of", t.N)
}

func (s shower) groups(list []Group) *Table {
	t := &Table{Head: s.heads("group", "incidents", "open", "terms-met", "terms-missed", "restored")}
	for _, g := range list {
		if g.Of == "0" {
			g.Of = "unknown" // no priority yet
		}
		t.Rows = append(t.Rows, []string{s.says(s.w.Field(string(g.By)), s.value(Fact{Value: string(g.Of), List: grouped[g.By]})),
			fmt.Sprint(g.Incidents), fmt.Sprint(g.Open), fmt.Sprint(g.Met), fmt.Sprint(g.Missed), s.spread(g.Restore)})
	}
	return t
}

// grouped names the list of codes that incidents are grouped by; what the house names
// itself has none.
var grouped = map[domain.Code]string{"priority": "priorities", "category": "categories", "severity": "severities"}

func (s shower) termCounts(list []TermCount) *Table {
	t := &Table{Head: s.heads("term", "terms-met", "terms-late", "terms-missed", "terms-done", "terms-running")}
	for _, n := range list {
		name := s.w.Code("rules", string(n.Rule))
		if !n.Statutory {
			name += "\n" + s.w.Say("report.local")
		}
		t.Rows = append(t.Rows, []string{name, fmt.Sprint(n.Met), fmt.Sprint(n.Late), fmt.Sprint(n.Missed), fmt.Sprint(n.Done), fmt.Sprint(n.Running)})
	}
	return t
}

func (s shower) late(list []LateTerm) *Table {
	t := &Table{Head: s.heads("incident", "term", "recipient", "due", "met", "outcome")}
	for _, l := range list {
		t.Rows = append(t.Rows, []string{s.number(l.Number), s.clock(l.ID), s.recipient(l.Recipient), s.w.Instant(l.Due, s.zone), s.w.Instant(l.Met, s.zone),
			s.w.Say("outcome."+l.Outcome) + "\n" + s.w.Say("report.late-by", "span", s.w.Span(time.Duration(l.LateSeconds)*time.Second))})
	}
	return t
}

func (s shower) breaches(list []Breach) *Table {
	t := &Table{Head: s.heads("incident", "processing", "risk", "aware", "notified")}
	for _, b := range list {
		risk := s.w.Code("risks", string(b.Risk))
		if b.Withdrawn {
			risk = s.w.Say("periodic.withdrawn")
		}
		t.Rows = append(t.Rows, []string{s.number(b.Number), string(b.Processing), risk, s.w.Instant(b.Aware, s.zone), s.w.Instant(b.Notified, s.zone)})
	}
	return t
}

func (s shower) served(list []Served) *Table {
	t := &Table{Head: s.heads("supplier", "incidents", "notices", "terms-met", "terms-late", "unjudged")}
	for _, v := range list {
		t.Rows = append(t.Rows, []string{string(v.Supplier), fmt.Sprint(v.Incidents), fmt.Sprint(v.Notices), fmt.Sprint(v.OnTime), fmt.Sprint(v.Late), fmt.Sprint(v.Unjudged)})
	}
	return t
}

func (s shower) levels(list []ServiceLevel) *Table {
	t := &Table{Head: s.heads("supplier", "service", "span", "uptime", "agreed", "outcome", "credit", "claimed", "notices")}
	for _, l := range list {
		outcome := "kept"
		if l.Breach {
			outcome = "breach"
		}
		t.Rows = append(t.Rows, []string{
			string(l.Supplier) + "\n" + string(l.Contract), string(l.Service),
			s.w.Day(l.From.In(s.zone)) + " – " + s.w.Day(l.To.Add(-1).In(s.zone)),
			s.decimal("percent", l.Uptime, 1000),
			s.decimal("percent", l.Agreed, 1000) + "\n" + s.w.Say("periodic.margin", "margin", s.decimal("percent", l.Margin, 1000)),
			s.w.Say("periodic." + outcome), s.decimal("euro", l.CreditCents, 100), s.decimal("euro", l.ClaimedEUR*100, 100),
			s.w.Say("periodic.notices", "all", l.Notices, "late", l.LateNotices),
		})
	}
	return t
}

// decimal writes a number of parts of a unit, such as cents.
func (s shower) decimal(unit string, n, parts int64) string {
	digits := len(fmt.Sprint(parts)) - 1
	return s.w.Say("periodic."+unit, "whole", n/parts, "part", fmt.Sprintf("%0*d", digits, n%parts))
}

func (s shower) outages(list []Outage) *Table {
	t := &Table{Head: s.heads("incident", "service", "happened", "lasted", "objective", "outcome")}
	for _, o := range list {
		objective, outcome := "–", s.w.Say("periodic.lasts")
		if o.RTOMinutes > 0 {
			objective = s.w.Span(time.Duration(o.RTOMinutes) * time.Minute)
		}
		switch {
		case o.Exceeded:
			outcome = s.w.Say("periodic.exceeded")
		case !o.To.IsZero():
			outcome = s.w.Say("periodic.within")
		}
		t.Rows = append(t.Rows, []string{s.number(o.Number), string(o.Service), s.w.Instant(o.From, s.zone), s.w.Span(time.Duration(o.Minutes) * time.Minute), objective, outcome})
	}
	return t
}

func (s shower) mentions(list []Mention) *Table {
	t := &Table{Head: s.heads("incident", "what")}
	for _, m := range list {
		pairs := []any{"priority", m.N, "instead", m.Instead, "open", s.value(Fact{Value: strings.Join(m.Open, ", "), List: "open"})}
		if m.What == "deviations" {
			pairs = append(pairs, "n", m.N)
		}
		t.Rows = append(t.Rows, []string{s.number(m.Number), s.w.Say("mention."+string(m.What), pairs...)})
	}
	return t
}

func (s shower) stands(list []Stand) *Table {
	t := &Table{Head: s.heads("phase", "number", "terms-late")}
	for _, n := range slices.DeleteFunc(slices.Clone(list), func(n Stand) bool { return n.N == 0 }) {
		t.Rows = append(t.Rows, []string{s.w.Say("pdca." + string(n.Of)), fmt.Sprint(n.N), fmt.Sprint(n.Late)})
	}
	return t
}
