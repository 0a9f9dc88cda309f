package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
)

// An Asked is one question of an authority's form with what the ledger answers.
type Asked struct {
	Code    domain.Code       `json:"code"`
	Label   map[string]string `json:"label"` // by language
	Values  []Fact            `json:"values"`
	Unknown bool              `json:"unknown"` // nothing in the ledger answers it yet
}

// A place is where the answer to a question is kept: fields of the last event of
// a type.
type place struct {
	event  string
	fields []string
}

// places tells where answers are found; of several the first that says anything.
// What an authority was told last stands in for what is found nowhere.
var places = map[domain.Code][]place{
	"nature":              {{"BreachAssessed", []string{"nature"}}},
	"subject-categories":  {{"BreachAssessed", []string{"groups"}}},
	"subjects-min":        {{"BreachAssessed", []string{"subjectsMin"}}},
	"subjects-max":        {{"BreachAssessed", []string{"subjectsMax"}}},
	"person-count":        {{"BreachAssessed", []string{"subjectsMin", "subjectsMax"}}},
	"records":             {{"BreachAssessed", []string{"records"}}},
	"record-categories":   {{"BreachAssessed", []string{"dataKinds"}}},
	"special-categories":  {{"BreachAssessed", []string{"specialCategories"}}},
	"personal-data-kinds": {{"BreachAssessed", []string{"dataKinds", "specialCategories"}}},
	"measures-before":     {{"BreachAssessed", []string{"measuresBefore"}}},
	"measures-taken":      {{"BreachAssessed", []string{"measuresTaken"}}, {"MeasureExecuted", []string{"text"}}, {"IncidentResolved", []string{"resolution"}}, {"AssetIsolated", []string{"asset", "method"}}},
	"measures-proposed":   {{"BreachAssessed", []string{"measuresProposed"}}, {"MeasurePlanned", []string{"text"}}},
	"measures-ongoing":    {{"MeasurePlanned", []string{"text"}}},
	"consequences":        {{"BreachAssessed", []string{"consequences"}}, {"AnalysisRecorded", []string{"damage", "course"}}},
	"started-at":          {{"BreachAssessed", []string{"from"}}, {"IncidentReported", []string{"started"}}},
	"ended-at":            {{"BreachAssessed", []string{"to"}}},
	"discovered-at":       {{"IncidentReported", []string{"discovered"}}},
	"description":         {{"IncidentReported", []string{"title", "description"}}},
	"kind-of-incident":    {{"IncidentReported", []string{"category"}}},
	"cause":               {{"AnalysisRecorded", []string{"cause"}}, {"IncidentResolved", []string{"cause"}}},
	"root-cause":          {{"AnalysisRecorded", []string{"cause"}}, {"IncidentResolved", []string{"cause"}}},
	"damage":              {{"DamageRecorded", []string{"kind", "amountEUR", "text"}}, {"AnalysisRecorded", []string{"damage"}}},
	"impact":              {{"AnalysisRecorded", []string{"extent", "damage"}}, {"PriorityAssessed", []string{"impact"}}},
	"update":              {{"ProgressReported", []string{"text"}}, {"AnalysisRecorded", []string{"course"}}},
	"initial-assessment":  {{"SignificanceAssessed", []string{"criteria", "reasons"}}},
	"subjects-informed":   {{"DataSubjectsInformed", []string{"group", "count", "at"}}},
	"delay-reasons":       {{"AuthorityNotified", []string{"lateReason"}}},
	"severity":            {{"SeverityAssessed", []string{"severity"}}},
}

// authority answers the questions of an authority's form, in its own order
// (COM-02, DBR-04).
func (s *Source) authority(b *book, form policy.Form) []Asked {
	out := make([]Asked, len(form.Fields))
	for i, f := range form.Fields {
		values := s.reckon(b, form, f.Code)
		for _, p := range places[f.Code] {
			if len(values) == 0 {
				values = b.kept(p)
			}
		}
		if len(values) == 0 {
			values = b.answered(form, f.Code)
		}
		out[i] = Asked{Code: f.Code, Label: f.Label, Values: append([]Fact{}, values...), Unknown: len(values) == 0}
	}
	return out
}

// reckon answers what follows from the incident as a whole.
func (s *Source) reckon(b *book, form policy.Form, code domain.Code) []Fact {
	st := b.state
	yes := func(known, yes bool) []Fact {
		if !known {
			return nil
		}
		return []Fact{{Field: string(code), Value: fmt.Sprint(yes), Code: true}}
	}
	words := func(said string) []Fact {
		if said == "" {
			return nil
		}
		return []Fact{{Field: string(code), Value: said}}
	}
	switch code {
	case "contact-point", "responsible-contact":
		return words(s.who(st.ContactPoint))
	case "reporter":
		return words(s.who(st.Owner))
	case "controller":
		return words(b.controller(s.Name))
	case "aware-at":
		of := incident.OfSignificant
		if form.Regime == incident.RegimeGDPR {
			of = incident.OfBreach
		}
		if at := st.AwareOf(of); !at.IsZero() {
			return []Fact{{Field: string(code), Value: at.Format(time.RFC3339), At: true}}
		}
	case "possible-breach":
		return yes(true, st.SuspectsLeak() && !st.Leak.Withdrawn)
	case "notifiable":
		return yes(b.notifiable())
	case "under-control":
		return yes(!st.Resolved.IsZero() || b.ongoing(), !st.Resolved.IsZero() && !b.ongoing())
	case "ongoing":
		return yes(len(st.Leak.Processings) > 0, b.ongoing())
	case "suspected-malicious":
		if e := st.Significance; e != nil && e.Malicious != nil {
			return yes(true, *e.Malicious)
		}
	case "cross-border", "cross-border-impact":
		if e := st.Significance; e != nil && e.CrossBorder != nil {
			return yes(true, *e.CrossBorder)
		}
	case "other-authorities":
		return b.others(form)
	case "earlier-number":
		return words(b.reference(form))
	}
	return nil
}

// kept gives what a place holds. Of a breach each processing says its own, by its
// name where there are several; of measures and damage each one counts.
func (b *book) kept(p place) []Fact {
	var out []Fact
	last := map[string][]Fact{}
	var order []string
	for _, o := range b.opened {
		if o.event.EventName() != p.event {
			continue
		}
		of := ""
		switch e := o.event.(type) {
		case incident.BreachAssessed:
			of = string(e.Processing)
		case incident.MeasurePlanned:
			if b.ended(e.Measure) {
				continue
			}
			of = fmt.Sprint(o.seq)
		case incident.MeasureExecuted, incident.DamageRecorded, incident.DataSubjectsInformed:
			of = fmt.Sprint(o.seq)
		}
		if _, ok := last[of]; !ok {
			order = append(order, of)
		}
		last[of] = b.corrected(o)
	}
	for _, of := range order {
		for _, f := range last[of] {
			name, _, _ := strings.Cut(f.Field, ".")
			if !slices.Contains(p.fields, name) {
				continue
			}
			if p.event == "BreachAssessed" && len(order) > 1 {
				f.Field = of
			}
			out = append(out, f)
		}
	}
	return out
}

// ended reports whether a measure was carried out or failed.
func (b *book) ended(measure domain.Key) bool {
	return slices.ContainsFunc(b.state.Measures.List, func(m incident.Measure) bool { return m.ID == measure && (m.Executed || m.Failed) })
}

// answered gives what an authority was last told in answer to a question, under
// the same law.
func (b *book) answered(form policy.Form, code domain.Code) []Fact {
	for _, o := range slices.Backward(b.opened) {
		e, ok := o.event.(incident.AuthorityNotified)
		if !ok || e.Foreign || e.Regime != form.Regime {
			continue
		}
		for _, f := range b.corrected(o) {
			if f.Field == "answers."+string(code)+".text" {
				return []Fact{f}
			}
		}
	}
	return nil
}

// controller names whose data they are, where that is another than the house.
func (b *book) controller(house string) string {
	var others []string
	for _, p := range b.state.Leak.Processings {
		if p.Controller != "" {
			others = append(others, string(p.Controller))
		}
	}
	if len(others) == 0 {
		return house
	}
	return strings.Join(others, ", ")
}

// ongoing reports whether the breach of any processing still lasts.
func (b *book) ongoing() bool {
	on := map[domain.Code]bool{}
	for _, o := range b.opened {
		if e, ok := o.event.(incident.BreachAssessed); ok {
			on[e.Processing] = slices.ContainsFunc(b.corrected(o), func(f Fact) bool { return f.Field == "ongoing" && f.Value == "true" })
		}
	}
	for _, lasts := range on {
		if lasts {
			return true
		}
	}
	return false
}

// notifiable tells whether a breach must be notified to the supervisor: a duty of
// article 33 stands. It is known once the breach was assessed, or the duty decided.
func (b *book) notifiable() (known, is bool) {
	st := b.state
	known = len(st.Leak.Processings) > 0 || st.Leak.Withdrawn
	for id, c := range st.Clocks {
		if c.Rule != "gdpr-33" || c.Cancelled {
			continue
		}
		d := st.Duties[domain.Code(id)]
		known = known || d != nil
		is = is || d == nil || d.Applicable
	}
	return known, is
}

// others names the authorities besides this one that were notified.
func (b *book) others(form policy.Form) []Fact {
	var out []Fact
	for _, n := range b.state.Notifications {
		seen := slices.ContainsFunc(out, func(f Fact) bool { return f.Value == string(n.Authority) })
		if !n.Withdrawn && !n.Foreign && !slices.Contains(form.Authority, n.Authority) && !seen {
			out = append(out, Fact{Field: "authority", Value: string(n.Authority), Code: true, List: "authorities"})
		}
	}
	return out
}

// reference gives the number that the authority gave to an earlier notification.
func (b *book) reference(form policy.Form) string {
	for _, o := range slices.Backward(b.opened) {
		e, ok := o.event.(incident.AuthorityNotified)
		if !ok || !slices.Contains(form.Authority, e.Authority) || e.Regime != form.Regime {
			continue
		}
		for _, f := range b.corrected(o) {
			if strings.HasPrefix(f.Field, "channels.") && strings.HasSuffix(f.Field, ".reference") {
				return f.Value
			}
		}
	}
	return ""
}

// formOf chooses the form of an authority: that of the regime and stage asked
// for, else that of the duty to it that is due first, else its first. domain.ErrNotFound
// where it has none.
func (s *Source) formOf(st *incident.Incident, authority, regime, stage domain.Code, now time.Time) (policy.Form, error) {
	basis := s.Law()
	set := basis.At(now)
	if set == nil {
		return policy.Form{}, fmt.Errorf("form %s: no policy is adopted: %w", authority, domain.ErrNotFound)
	}
	var found policy.Form
	var due time.Time
	for _, f := range set.Forms {
		if !slices.Contains(f.Authority, authority) || regime != "" && f.Regime != regime || stage != "" && f.Stage != stage {
			continue
		}
		if f, ok := set.FormOf(authority, f.Regime, f.Stage, now); ok {
			at := owedTo(st, authority, f.Stage)
			if found.ID == "" || !at.IsZero() && (due.IsZero() || at.Before(due)) {
				found, due = f, at
			}
		}
	}
	if found.ID == "" {
		return found, fmt.Errorf("form %s: %w", authority, domain.ErrNotFound)
	}
	return found, nil
}

// owedTo gives when a duty to an authority is due at a stage; zero: none is owed.
func owedTo(st *incident.Incident, authority, stage domain.Code) time.Time {
	var due time.Time
	for _, c := range st.Clocks {
		if c.Running() && c.Recipient == authority && c.Stage == stage && (due.IsZero() || c.Due.Before(due)) {
			due = c.Due
		}
	}
	return due
}

// Forms names the forms there are: the house's own and those of the authorities.
func (s *Source) Forms(now time.Time) []string {
	out := []string{"registration", "logbook"}
	basis := s.Law()
	if set := basis.At(now); set != nil {
		for _, f := range set.Forms {
			for _, a := range f.Authority {
				if !slices.Contains(out, string(a)) {
					out = append(out, string(a))
				}
			}
		}
	}
	return out
}
