package report

import (
	"cmp"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// Audiences are those to whom an organisation accounts, each in its own way
// (GOV-05): the council every year, the college every quarter, the management by
// a dashboard, the controller for planning and control.
func Audiences() []string { return []string{"council", "college", "management", "controller"} }

// parts tells which audience reads what. Deviations and overrides are for all.
var parts = map[string][]string{
	"council":    {"counts", "terms", "breaches", "improved", "against"},
	"college":    {"counts", "terms", "late", "breaches", "suppliers", "levels", "improved", "improvements", "against"},
	"management": {"counts", "groups", "terms", "late", "breaches", "outages", "suppliers", "levels", "recovery", "improved", "improvements", "against"},
	"controller": {"counts", "groups", "terms", "late", "suppliers", "levels", "outages", "recovery", "improved", "improvements", "against"},
}

// A Periodic is the report on a period of one organisation (EVA-06, EVA-09).
type Periodic struct {
	Org   domain.OrgID `json:"org"`
	Name  string       `json:"name"`
	For   string       `json:"for"`
	Parts []string     `json:"parts"` // that this audience reads, in order
	Made  time.Time    `json:"made"`
	Zone  string       `json:"zone"`

	Figures      Figures        `json:"figures"`
	Terms        []TermCount    `json:"terms"`
	Late         []LateTerm     `json:"late"` // what law or agreement asked and was not done in time (NOT-13)
	Breaches     []Breach       `json:"breaches"`
	Suppliers    []Served       `json:"suppliers"`
	Levels       []ServiceLevel `json:"levels"` // what suppliers agreed for the period, and kept
	Outages      []Outage       `json:"outages"`
	Unreviewed   []Mention      `json:"unreviewed"` // recovery work that nobody reviewed (MEA-09)
	Evaluated    int            `json:"evaluated"`  // incidents with an approved evaluation
	PDCA         []Stand        `json:"pdca"`       // improvements by where they stand
	Improvements []Follow       `json:"improvements"`
	Against      []Mention      `json:"against"` // every deviation and override
}

// A Mention names an incident, and says why.
type Mention struct {
	Key     domain.Key  `json:"key"`
	Number  string      `json:"number,omitempty"`
	What    domain.Code `json:"what"`              // deviations, closed-open, priority-overridden, recovery
	N       int         `json:"n,omitempty"`       // how many, or the priority that was put in place
	Open    []string    `json:"open,omitempty"`    // what stood open when it was closed
	Instead int         `json:"instead,omitempty"` // the priority that the matrix gave
}

// A TermCount tells how the terms of one rule ended.
type TermCount struct {
	Rule      domain.Code `json:"rule"`
	Statutory bool        `json:"statutory"`
	Met       int         `json:"met"`
	Late      int         `json:"late"`   // done too late
	Missed    int         `json:"missed"` // not done, and past due
	Done      int         `json:"done"`   // done, where there is no fixed term to keep
	Running   int         `json:"running"`
}

// A LateTerm is one that was not met in time.
type LateTerm struct {
	Key    domain.Key `json:"key"`
	Number string     `json:"number,omitempty"`
	Term
}

// A Breach is one breach of one processing of personal data.
type Breach struct {
	Key          domain.Key  `json:"key"`
	Number       string      `json:"number,omitempty"`
	Processing   domain.Code `json:"processing,omitempty"` // absent: none was assessed yet
	PersonalData domain.Code `json:"personalData"`
	Risk         domain.Code `json:"risk"`
	Aware        time.Time   `json:"aware,omitzero"`
	Notified     time.Time   `json:"notified,omitzero"` // the supervisor, first
	Withdrawn    bool        `json:"withdrawn,omitempty"`
}

// Served tells how a supplier kept what was agreed (SUP-09).
type Served struct {
	Supplier  domain.Code `json:"supplier"`
	Incidents int         `json:"incidents"`
	Notices   int         `json:"notices"`
	OnTime    int         `json:"onTime"`
	Late      int         `json:"late"`
	Unjudged  int         `json:"unjudged"` // no contract gives a term, or when the supplier knew is not known
}

// A ServiceLevel tells how a supplier kept the uptime that a contract agrees, for one
// service and one period of the contract (EVA-09, SUP-05). Shares are thousandths
// of a percent. What is given back and what was claimed is told once for each
// contract and period, with the service that did worst.
type ServiceLevel struct {
	Supplier    domain.Code `json:"supplier"`
	Contract    domain.Code `json:"contract"`
	Service     domain.Code `json:"service"`
	From        time.Time   `json:"from"`
	To          time.Time   `json:"to"`
	Agreed      int64       `json:"agreed"`
	Margin      int64       `json:"margin"`
	Uptime      int64       `json:"uptime"`
	DownSeconds int64       `json:"downSeconds"`
	Outages     int         `json:"outages"`
	Breach      bool        `json:"breach"`
	Credit      int64       `json:"credit"` // of the fee
	CreditCents int64       `json:"creditCents"`
	ClaimedEUR  int64       `json:"claimedEUR"`
	Notices     int         `json:"notices"`
	LateNotices int         `json:"lateNotices"`
}

// An Outage is one time that a service was down, beside its recovery objective.
type Outage struct {
	Key        domain.Key    `json:"key"`
	Number     string        `json:"number,omitempty"`
	Service    domain.Code   `json:"service"`
	From       time.Time     `json:"from"`
	To         time.Time     `json:"to,omitzero"` // absent: it lasts
	Minutes    int64         `json:"minutes"`
	RTOMinutes int64         `json:"rtoMinutes,omitempty"`
	Exceeded   bool          `json:"exceeded"`
	Contracts  []domain.Code `json:"contracts,omitempty"`
}

// A Stand is how many improvements stand somewhere.
type Stand struct {
	Of   domain.Code `json:"of"` // plan, do, check, act, done, dropped
	N    int         `json:"n"`
	Late int         `json:"late,omitempty"`
}

// Account makes the report on a period for an audience, of the incidents that were
// recorded in it, and of what suppliers agreed for it.
func (s *Source) Account(p Period, audience string, list []Counted, levels []ServiceLevel, openAtEnd int, now time.Time) *Periodic {
	out := &Periodic{
		Org: s.Org, Name: s.Name, For: audience, Parts: parts[audience], Made: now.In(s.Zone), Zone: s.Zone.String(),
		Figures: Reckon(p, list, openAtEnd, now), Terms: []TermCount{}, Late: []LateTerm{}, Breaches: []Breach{}, Suppliers: []Served{}, Levels: append([]ServiceLevel{}, levels...),
		Outages: []Outage{}, Unreviewed: []Mention{}, Improvements: []Follow{}, Against: []Mention{},
	}
	for i := range list {
		c := &list[i]
		out.terms(c, now)
		out.breaches(c)
		out.served(c)
		out.outages(c, now)
		out.exceptions(c)
		if !c.State.Evaluation.Approved.IsZero() {
			out.Evaluated++
		}
	}
	slices.SortFunc(out.Terms, func(a, b TermCount) int { return cmp.Compare(a.Rule, b.Rule) })
	slices.SortFunc(out.Suppliers, func(a, b Served) int { return cmp.Compare(a.Supplier, b.Supplier) })
	slices.SortStableFunc(out.Late, func(a, b LateTerm) int { return a.Due.Compare(b.Due) })
	out.improvements(s.follows(domain.Key{}), p, now)
	return out
}

// entryOf gives the thing of a list that is called so, making it where there is none.
func entryOf[T any](list *[]T, is func(*T) bool, fresh T) *T {
	for i := range *list {
		if is(&(*list)[i]) {
			return &(*list)[i]
		}
	}
	*list = append(*list, fresh)
	return &(*list)[len(*list)-1]
}

func (p *Periodic) terms(c *Counted, now time.Time) {
	for _, t := range judged(c.State, now) {
		n := entryOf(&p.Terms, func(n *TermCount) bool { return n.Rule == t.Rule }, TermCount{Rule: t.Rule, Statutory: t.Statutory})
		switch t.Outcome {
		case "met":
			n.Met++
		case "met-late":
			n.Late++
		case "missed":
			n.Missed++
		case "done":
			n.Done++
		default:
			n.Running++
		}
		if t.Statutory && t.LateSeconds > 0 {
			p.Late = append(p.Late, LateTerm{c.Key, c.Number, t})
		}
	}
}

func (p *Periodic) breaches(c *Counted) {
	st := c.State
	if !st.SuspectsLeak() {
		return
	}
	b := Breach{Key: c.Key, Number: c.Number, PersonalData: "suspected", Risk: "undetermined", Aware: st.AwareOf(incident.OfBreach), Withdrawn: st.Leak.Withdrawn}
	for i := range st.Notifications {
		n := &st.Notifications[i]
		at, missing := n.Complete()
		if n.Regime == incident.RegimeGDPR && !n.Withdrawn && !n.Foreign && len(missing) == 0 && (b.Notified.IsZero() || at.Before(b.Notified)) {
			b.Notified = at
		}
	}
	for _, of := range st.Leak.Processings {
		b.Processing, b.PersonalData, b.Risk, b.Aware = of.Code, of.PersonalData, of.Risk, st.AwareIn(of.Code)
		p.Breaches = append(p.Breaches, b)
	}
	if len(st.Leak.Processings) == 0 {
		p.Breaches = append(p.Breaches, b)
	}
}

func (p *Periodic) served(c *Counted) {
	of := func(code domain.Code) *Served {
		return entryOf(&p.Suppliers, func(s *Served) bool { return s.Supplier == code }, Served{Supplier: code})
	}
	stands := c.State.Stands()
	for _, code := range stands.Suppliers() {
		of(code).Incidents++
	}
	for _, n := range stands.Notices {
		s := of(n.Supplier)
		s.Notices++
		switch {
		case n.LateMinutes == nil:
			s.Unjudged++
		case *n.LateMinutes > 0:
			s.Late++
		default:
			s.OnTime++
		}
	}
}

func (p *Periodic) outages(c *Counted, now time.Time) {
	for _, d := range c.State.Stands().Downtimes {
		end := d.To
		if end.IsZero() {
			end = now
		}
		lasted := int64(end.Sub(d.From) / time.Minute)
		p.Outages = append(p.Outages, Outage{Key: c.Key, Number: c.Number, Service: d.Service, From: d.From, To: d.To, Minutes: lasted,
			RTOMinutes: d.RTOMinutes, Exceeded: d.RTOMinutes > 0 && end.Sub(d.From) > time.Duration(d.RTOMinutes)*time.Minute, Contracts: d.Contracts})
	}
}

// exceptions mention what went against a rule or was left open.
func (p *Periodic) exceptions(c *Counted) {
	st := c.State
	about := Mention{Key: c.Key, Number: c.Number}
	if st.Deviations > 0 {
		m := about
		m.What, m.N = "deviations", st.Deviations
		p.Against = append(p.Against, m)
	}
	if len(st.ClosedOpen) > 0 {
		m := about
		m.What = "closed-open"
		for _, open := range st.ClosedOpen {
			m.Open = append(m.Open, string(open))
		}
		p.Against = append(p.Against, m)
	}
	if st.Overridden != 0 {
		m := about
		m.What, m.N = "priority-overridden", st.Overridden
		if st.Assessed != nil {
			m.Instead = st.Assessed.Computed
		}
		p.Against = append(p.Against, m)
	}
	recovered := slices.ContainsFunc(st.Measures.List, func(m incident.Measure) bool { return m.Kind == "recover" && m.Executed })
	if recovered && !st.Measures.Reviewed {
		m := about
		m.What = "recovery"
		p.Unreviewed = append(p.Unreviewed, m)
	}
}

// improvements counts those that were proposed before the period ended, and tells
// of those that are not done or were completed in it.
func (p *Periodic) improvements(all []Follow, period Period, now time.Time) {
	for _, of := range []domain.Code{"plan", "do", "check", "act", "done", "dropped"} {
		p.PDCA = append(p.PDCA, Stand{Of: of})
	}
	for _, f := range all {
		if !f.Proposed.Before(period.To) {
			continue
		}
		of, open := f.PDCA, f.Next() != ""
		switch {
		case f.Phase == "dropped":
			of = "dropped"
		case !open:
			of = "done"
		}
		n := entryOf(&p.PDCA, func(n *Stand) bool { return n.Of == of }, Stand{Of: of})
		n.N++
		if f.Late(now) {
			n.Late++
		}
		if open || !f.Completed.IsZero() && !f.Completed.Before(period.From) && f.Completed.Before(period.To) {
			p.Improvements = append(p.Improvements, f)
		}
	}
}
