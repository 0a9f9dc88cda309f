package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/catalogue"
)

// A Form is one of the standard forms, filled in from the ledger: the
// registration form (REG-02), the logbook (LOG-02), and those of the authorities
// (COM-02).
type Form struct {
	Org    domain.OrgID `json:"org"`
	Name   string       `json:"name"`
	Form   string       `json:"form"`
	Number string       `json:"number,omitempty"`
	Key    domain.Key   `json:"key"`
	Seq    domain.Seq   `json:"seq"`
	Made   time.Time    `json:"made"`
	Zone   string       `json:"zone"`
	Drill  bool         `json:"exercise"`
	Fields []Fact       `json:"fields"` // of the registration form
	Lines  []Happening  `json:"lines"`  // of the logbook, in order of happening

	Regime domain.Code `json:"regime,omitempty"` // of an authority's form
	Stage  domain.Code `json:"stage,omitempty"`
	Asked  []Asked     `json:"asked,omitempty"` // in the authority's order
}

// Form fills in a standard form for an incident as of now: registration, logbook,
// or that of an authority by its code, for which regime and stage say which, where
// it has several.
func (s *Source) Form(ctx context.Context, key domain.Key, form string, regime, stage domain.Code, now time.Time) (*Form, error) {
	b, err := s.read(ctx, key)
	if err != nil {
		return nil, err
	}
	f := &Form{Org: s.Org, Name: s.Name, Form: form, Key: key, Seq: b.state.Seq, Made: now.In(s.Zone), Zone: s.Zone.String(),
		Drill: b.state.Report.Exercise, Fields: []Fact{}, Lines: []Happening{}}
	if s.Number != nil {
		f.Number = s.Number(key)
	}
	switch form {
	case "logbook":
		f.Lines = slices.Clone(b.lines)
		slices.SortStableFunc(f.Lines, func(a, b Happening) int { return a.Occurred.Compare(b.Occurred) })
	case "registration":
		f.Fields = s.registration(b)
	default:
		asked, err := s.formOf(b.state, domain.Code(form), regime, stage, now)
		if err != nil {
			return nil, err
		}
		f.Regime, f.Stage, f.Asked = asked.Regime, asked.Stage, s.authority(b, asked)
	}
	return f, nil
}

// registration gives what the registration form asks, in its order: who, when,
// where, what, how heavy, whose.
func (s *Source) registration(b *book) []Fact {
	st := b.state
	first := b.lines[0]
	reported := b.report()
	var out []Fact
	put := func(field, value string) { out = append(out, Fact{Field: field, Value: value}) }
	at := func(field string, t time.Time) {
		f := Fact{Field: field, At: true}
		if !t.IsZero() {
			f.Value = t.Format(time.RFC3339)
		}
		out = append(out, f)
	}
	code := func(field, list, c string) { out = append(out, Fact{Field: field, Value: c, Code: true, List: list}) }
	from := func(field string) {
		for _, f := range reported {
			if f.Field == field {
				out = append(out, f)
				return
			}
		}
		put(field, "")
	}
	put("recorder", first.Who)
	from("reporter")
	from("channel")
	at("started", st.Report.Started)
	at("discovered", st.Report.Discovered)
	at("reported", st.Report.Reported)
	at("recorded", st.Recorded)
	put("delay", "")
	if !st.Report.Discovered.IsZero() {
		out[len(out)-1].Value = st.Report.Reported.Sub(st.Report.Discovered).String()
	}
	for _, field := range []string{"kind", "category", "title", "description", "location", "department", "ownReference", "suspected", "suspectedDataLeak", "ict", "securityRelevant"} {
		from(field)
	}
	code("verdict", "verdict", string(st.Verdict))
	at("registered", st.Registered)
	put("priority", "")
	if p := st.Priority(); p != 0 {
		out[len(out)-1].Value = fmt.Sprint(p)
	}
	put("owner", s.who(st.Owner))
	put("contactPoint", s.who(st.ContactPoint))
	words := make([]string, len(st.Recipients))
	for i, r := range st.Recipients {
		words[i] = string(r)
	}
	code("recipients", "roles", strings.Join(words, ", "))
	return out
}

// Document writes a form out in a language. What is not known stands as a line to
// be filled in by hand.
func (f *Form) Document(w *catalogue.Words) *Document {
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		zone = time.UTC
	}
	s := shower{w, zone}
	title := "form." + f.Form
	if len(f.Asked) > 0 {
		title = "form.authority"
	}
	d := &Document{
		Lang: w.Lang, Title: w.Say(title, "number", s.number(f.Number), "authority", w.Code("authorities", f.Form)), Subtitle: f.Name,
		Foot: w.Say("evaluation.foot", "number", s.number(f.Number), "seq", f.Seq, "made", w.Instant(f.Made, zone)),
	}
	if f.Drill {
		d.Notes = append(d.Notes, w.Say("report.exercise"))
	}
	if f.Form == "logbook" {
		d.Sections = []Section{{Heading: w.Say("form.lines"), Table: s.lines(f.Lines)}}
		return d
	}
	if len(f.Asked) > 0 {
		d.Sections = []Section{s.asked(f)}
		return d
	}
	sec := Section{Heading: w.Say("form.fields")}
	for _, fact := range f.Fields {
		value := byHand
		if fact.Value != "" {
			value = s.value(fact)
		}
		if d, err := time.ParseDuration(fact.Value); err == nil && fact.Field == "delay" {
			value = w.Span(d)
		}
		sec.Pairs = append(sec.Pairs, [2]string{s.field(fact.Field), value})
	}
	d.Sections = []Section{sec, {Heading: w.Say("form.signature"), Pairs: s.signature()}}
	return d
}

// asked writes the questions of an authority, ready to be copied into its own
// form.
func (s shower) asked(f *Form) Section {
	sec := Section{Heading: s.w.Say("form.asked", "regime", s.w.Code("regimes", string(f.Regime)), "stage", s.w.Code("stages", string(f.Stage)))}
	for _, a := range f.Asked {
		label := s.label(Question{a.Code, a.Label})
		said := s.w.Say("form.unknown")
		if !a.Unknown {
			lines := make([]string, len(a.Values))
			for i, v := range a.Values {
				lines[i] = s.value(v)
			}
			said = strings.Join(lines, "\n")
		}
		sec.Pairs = append(sec.Pairs, [2]string{label, said})
	}
	return sec
}
