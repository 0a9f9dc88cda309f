package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers"
	"incidentledger/handlers/catalogue"
)

// KitMark stands in every kit, so that one can be told from any other file.
const KitMark = "incidentledger/kit/1"

const (
	byHand = "……………………………………………"          // a line to write on
	answer = "\u00a0\n" + byHand + byHand // the same, with room above it
	box    = "□"
)

// room is three lines in a cell to write in, so many letters wide.
func room(wide int) string {
	return strings.Repeat("\u00a0", wide) + "\n\u00a0\n\u00a0"
}

// Document writes a kit out in a language. How old it may be stands first, then
// what is needed first; each form has a page of its own.
func (k *Kit) Document(w *catalogue.Words) *Document {
	s := shower{w, k.Made.Location()}
	made := w.Instant(k.Made, s.zone)
	d := &Document{
		Lang: w.Lang, Mark: KitMark, Contents: w.Say("kit.contents"), Title: w.Say("kit.title"), Subtitle: k.Name,
		Notes: []string{w.Say("kit.age", "made", made, "seq", k.Seq), w.Say("kit.stale", "until", w.Instant(k.Made.AddDate(0, 0, 1), s.zone)), w.Say("kit.confidential")},
		Foot:  w.Say("kit.foot", "name", k.Name, "seq", k.Seq, "made", made),
	}
	if k.Erased > 0 {
		d.Notes = append(d.Notes, w.Say("report.erased", "n", k.Erased))
	}
	add := func(key string, sec Section) {
		sec.Heading = w.Say("kit." + key)
		if len(sec.Pairs) == 0 && (sec.Table == nil || len(sec.Table.Rows) == 0) {
			sec.Table, sec.Text = nil, []string{w.Say("report.nothing")}
		}
		d.Sections = append(d.Sections, sec)
	}
	add("first-hour", Section{Table: s.firstHour(k.FirstHour)})
	add("on-call", Section{Pairs: s.duties(k.OnCall)})
	add("ladder", Section{Pairs: s.ladder(k.Ladder)})
	add("contacts", Section{Pairs: s.directory(k.Contacts)})
	add("authorities", Section{Pairs: s.authorities(k.Authorities)})
	add("suppliers", Section{Pairs: s.suppliers(k.Suppliers)})
	add("services", Section{Table: s.services(k.Services)})
	add("papers", Section{Table: s.papers(k.Papers)})
	for _, p := range k.Papers {
		d.Sections = append(d.Sections, s.paper(p))
	}
	d.Sections = append(d.Sections, s.emptyForms(k)...)
	return d
}

// word writes a sealed text, or that it is erased.
func (s shower) word(w handlers.Word) string {
	switch {
	case w.Erased:
		return s.w.Say("report.gone")
	case w.Unsure:
		return s.w.Say("kit.unsure")
	}
	return w.Text
}

// joined puts lines under each other, without the empty ones.
func joined(lines ...string) string {
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n")
}

// told writes what a field says; nothing where it says nothing.
func (s shower) told(field, said string) string {
	if said == "" {
		return ""
	}
	return s.says(s.w.Field(field), said)
}

func (s shower) codes(list string, codes []domain.Code) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = s.w.Code(list, string(c))
	}
	return strings.Join(out, ", ")
}

// plain writes codes that the house made itself.
func plain(codes []domain.Code) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = string(c)
	}
	return strings.Join(out, ", ")
}

func (s shower) minutes(n int64) string {
	if n == 0 {
		return ""
	}
	return s.w.Span(time.Duration(n) * time.Minute)
}

// label names a question or an item in the language, else by its code.
func (s shower) label(f Question) string {
	if l := f.Label[s.w.Lang]; l != "" {
		return l
	}
	return string(f.Code)
}

func (s shower) firstHour(items []Question) *Table {
	t := &Table{Head: []string{"", s.w.Say("head.what"), s.w.Say("kit.time"), s.w.Say("head.who")}}
	for _, f := range items {
		t.Rows = append(t.Rows, []string{box, s.label(f), "…………………", "………………………"})
	}
	return t
}

func (s shower) ways(ways []Way) string {
	var out []string
	for _, way := range ways {
		line := s.says(s.w.Code("kind", string(way.Kind)), s.word(way.Address))
		if way.Safe {
			line += " (" + s.w.Field("safe") + ")"
		}
		if way.Fallback {
			line += " (" + s.w.Field("fallback") + ")"
		}
		if way.For != "" {
			line += " (" + s.told("for", string(way.For)) + ")"
		}
		out = append(out, line)
	}
	return joined(out...)
}

func (s shower) duties(list []Turn) [][2]string {
	var out [][2]string
	for _, d := range list {
		hours := s.hours(d.When)
		if d.Zone != "" {
			hours += " (" + d.Zone + ")"
		}
		now := ""
		if d.Now {
			now = s.w.Say("kit.now")
		}
		out = append(out, [2]string{s.word(d.Name), joined(s.ways(d.Ways), s.told("roles", s.codes("roles", d.Role)), hours, now)})
	}
	return out
}

var week = []domain.Code{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// hours writes weekly spans, days with the same hours together.
func (s shower) hours(spans []domain.Weekly) string {
	if len(spans) == 0 {
		return s.w.Say("kit.always")
	}
	var lines []string
	for i, w := range spans {
		same := func(o domain.Weekly) bool { return o.From == w.From && o.To == w.To }
		if slices.ContainsFunc(spans[:i], same) {
			continue
		}
		var days []domain.Code
		for _, day := range week {
			if slices.ContainsFunc(spans, func(o domain.Weekly) bool { return same(o) && o.Weekday == day }) {
				days = append(days, day)
			}
		}
		of := s.codes("weekday", days)
		if len(days) == len(week) {
			of = s.w.Say("kit.daily")
		}
		at := string(w.From + "–" + w.To)
		if from, to, _ := w.Minutes(); to-from == 24*60 {
			at = s.w.Say("kit.whole-day")
		}
		lines = append(lines, of+" "+at)
	}
	return strings.Join(lines, "\n")
}

func (s shower) ladder(steps []StepUp) [][2]string {
	var out [][2]string
	for _, st := range steps {
		after := s.w.Say("kit.at-once")
		if st.Seconds > 0 {
			after = s.w.Say("kit.after", "span", s.w.Span(time.Duration(st.Seconds)*time.Second))
		}
		var who []string
		for _, r := range st.Who {
			who = append(who, s.word(r.Name)+"\n"+s.ways(r.Ways))
		}
		if who == nil {
			who = []string{s.w.Say("kit.nobody")}
		}
		out = append(out, [2]string{fmt.Sprintf("%d. %s\n%s", st.Level, s.w.Code("roles", string(st.To)), after), joined(who...)})
	}
	return out
}

func (s shower) directory(list []Reachable) [][2]string {
	var out [][2]string
	for _, r := range list {
		checked := ""
		if !r.Checked.IsZero() {
			checked = s.w.Say("kit.checked", "on", s.w.Day(r.Checked.In(s.zone)))
		}
		if r.Stale {
			checked += " – " + s.w.Say("kit.check-again")
		}
		speaks := ""
		if r.Language != "" {
			speaks = s.told("language", s.w.Code("language", string(r.Language)))
		}
		out = append(out, [2]string{joined(s.word(r.Name), s.word(r.Organisation)), joined(s.ways(r.Ways),
			s.told("roles", s.codes("roles", r.Roles)), s.told("lists", s.codes("distributionLists", r.Lists)), speaks, checked)})
	}
	return out
}

func (s shower) authorities(list []Outside) [][2]string {
	var out [][2]string
	for _, a := range list {
		var lines []string
		for _, c := range a.Lines {
			line := s.w.Code("channelKinds", string(c.Kind))
			if c.Value != "" {
				line = s.says(line, c.Value)
			}
			if c.Hours != "" {
				line += " (" + c.Hours + ")"
			}
			if c.Mandatory {
				line += " – " + s.w.Say("kit.mandatory")
			}
			lines = append(lines, line)
		}
		if len(a.Lines) == 0 {
			lines = append(lines, s.w.Say("kit.no-channel"))
		}
		name := a.Name
		if a.Country != "" {
			name += " (" + string(a.Country) + ")"
		}
		out = append(out, [2]string{name, joined(append(lines, a.Note)...)})
	}
	return out
}

func (s shower) suppliers(list []Supplied) [][2]string {
	var out [][2]string
	for _, v := range list {
		involved := ""
		if v.Involved {
			involved = s.w.Field("mayBeInvolved")
		}
		lines := []string{s.told("contact", s.word(v.Contact)), s.told("phone", s.word(v.Phone)), s.told("email", s.word(v.Email)), involved}
		for _, c := range v.Contracts {
			lines = append(lines, s.says(s.w.Field("contract"), string(c.Code)+" ("+plain(c.Services)+")"),
				s.told("support", s.word(c.Support)), s.told("escalation", s.word(c.Escalation)))
			if c.Notice > 0 {
				lines = append(lines, s.w.Say("kit.notice", "span", s.minutes(c.Notice)))
			}
			if c.Update > 0 {
				lines = append(lines, s.w.Say("kit.update", "span", s.minutes(c.Update)))
			}
			for _, t := range c.Terms {
				lines = append(lines, s.says(fmt.Sprint(s.w.Field("priority"), " ", t.Priority), strings.Trim(
					s.term("kit.response", t.ResponseMinutes)+", "+s.term("kit.solution", t.ResolutionMinutes), ", ")))
			}
		}
		if len(v.Contracts) == 0 {
			lines = append(lines, s.w.Say("kit.no-contract"))
		}
		out = append(out, [2]string{joined(s.word(v.Name), string(v.Code), s.w.Code("kind", string(v.Kind))), joined(lines...)})
	}
	return out
}

func (s shower) term(key string, minutes int64) string {
	if minutes == 0 {
		return ""
	}
	return s.w.Say(key, "span", s.minutes(minutes))
}

func (s shower) services(list []Provided) *Table {
	t := &Table{Head: s.heads("service", "owner", "rto", "rpo", "rests-on")}
	for _, v := range list {
		what := joined(s.word(v.Name), string(v.Code), s.w.Code("sort", string(v.Sort)))
		if v.Critical {
			what += "\n" + s.w.Field("critical")
		}
		if v.Vital {
			what += "\n" + s.w.Field("vital")
		}
		owner := ""
		if v.Owner != "" {
			owner = s.w.Code("roles", string(v.Owner))
		}
		t.Rows = append(t.Rows, []string{what, owner, s.minutes(v.RTO), s.minutes(v.RPO),
			joined(s.told("services", plain(v.Services)), s.told("suppliers", plain(v.Suppliers)))})
	}
	return t
}

func (s shower) papers(list []Paper) *Table {
	t := &Table{Head: s.heads("kind", "title", "version", "approved", "review")}
	for _, p := range list {
		review := ""
		if !p.ReviewBy.IsZero() {
			review = s.w.Day(p.ReviewBy.In(s.zone))
		}
		t.Rows = append(t.Rows, []string{s.w.Code("kind", string(p.Kind)), s.word(p.Title), string(p.Version), s.w.Day(p.Approved.In(s.zone)), review})
	}
	return t
}

// paper writes a document out as far as the ledger has it.
func (s shower) paper(p Paper) Section {
	sec := Section{Heading: s.says(s.w.Code("kind", string(p.Kind)), s.word(p.Title))}
	if text := s.word(p.Body); text != "" {
		sec.Text = append(sec.Text, text)
	}
	if !p.File.IsZero() {
		sec.Text = append(sec.Text, s.w.Say("kit.elsewhere", "name", s.word(p.FileName), "hash", p.File.String()))
	}
	if len(p.Items) > 0 {
		sec.Table = &Table{Head: []string{"", s.w.Say("head.what"), s.w.Say("head.who"), s.w.Say("kit.time")}}
		for _, it := range p.Items {
			what, role := s.word(it.Text), ""
			if what == "" {
				what = string(it.Code)
			}
			if it.Role != "" {
				role = s.w.Code("roles", string(it.Role))
			}
			sec.Table.Rows = append(sec.Table.Rows, []string{box, what, role, "…………………"})
		}
	}
	return sec
}

// emptyForms gives the forms of the house and of the authorities, to be filled in
// by hand.
func (s shower) emptyForms(k *Kit) []Section {
	registration := Section{Heading: s.w.Say("kit.registration"), Page: true}
	for _, f := range k.Registered {
		registration.Pairs = append(registration.Pairs, [2]string{s.field(f.Field), answer})
	}
	registration.Pairs = append(registration.Pairs, s.signature()...)
	logbook := Section{Heading: s.w.Say("kit.logbook"), Page: true, Table: &Table{Head: append(s.heads("happened", "who", "what"), s.w.Say("form.signed"))}}
	for range 16 {
		logbook.Table.Rows = append(logbook.Table.Rows, []string{room(12), room(12), room(26), room(10)})
	}
	out := []Section{registration, logbook}
	for _, f := range k.Forms {
		sec := Section{Heading: s.w.Say("kit.form", "authority", s.codes("authorities", f.Authorities), "regime", s.w.Code("regimes", string(f.Regime)),
			"stage", s.w.Code("stages", string(f.Stage))), Page: true}
		for _, q := range f.Questions {
			sec.Pairs = append(sec.Pairs, [2]string{s.label(q), answer})
		}
		sec.Pairs = append(sec.Pairs, s.signature()...)
		out = append(out, sec)
	}
	return out
}

func (s shower) signature() [][2]string {
	return [][2]string{{s.w.Say("form.name"), byHand}, {s.w.Say("form.date"), byHand}, {s.w.Say("form.signed"), byHand}}
}
