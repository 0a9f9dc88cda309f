package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/catalogue"
)

// Document writes an evaluation out in a language.
func (e *Evaluation) Document(w *catalogue.Words) *Document {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		zone = time.UTC
	}
	s := shower{w, zone}
	d := &Document{
		Lang: w.Lang, Title: w.Say("evaluation.title", "number", s.number(e.Number)),
		Subtitle: e.Title + "\n" + e.Name,
		Foot:     w.Say("evaluation.foot", "number", s.number(e.Number), "seq", e.Seq, "made", w.Instant(e.Made, zone)),
	}
	if e.Drill {
		d.Notes = append(d.Notes, w.Say("report.exercise"))
	}
	if e.Erased > 0 {
		d.Notes = append(d.Notes, w.Say("report.erased", "n", e.Erased))
	}
	if n := len(e.Overridden); n > 0 {
		d.Notes = append(d.Notes, w.Say("evaluation.overridden", "n", n))
	}
	if n := len(e.Against); n > 0 {
		d.Notes = append(d.Notes, w.Say("evaluation.against", "n", n))
	}
	add := func(key string, sec Section) {
		sec.Heading = w.Say("evaluation." + key)
		if len(sec.Pairs) == 0 && (sec.Table == nil || len(sec.Table.Rows) == 0) {
			sec.Table, sec.Text = nil, append(sec.Text, w.Say("report.nothing"))
		}
		d.Sections = append(d.Sections, sec)
	}
	add("facts", Section{Pairs: append([][2]string{
		{w.Say("report.state"), w.Code("state", string(e.State))}, {w.Say("report.key"), e.Key.String()},
	}, s.pairs(e.Facts)...)})
	add("times", Section{Pairs: s.times(e.Times)})
	add("terms", Section{Table: s.terms(e.Terms)})
	add("derivations", Section{Pairs: s.derivations(e.Terms)})
	add("overrides", Section{Table: s.lines(append(e.Overridden[:len(e.Overridden):len(e.Overridden)], e.Against...))})
	add("decisions", Section{Table: s.lines(e.Decisions)})
	add("notified", Section{Table: s.lines(e.Notified)})
	add("evidence", Section{Table: s.lines(e.Evidence)})
	add("measures", Section{Table: s.lines(e.Measures)})
	add("learned", Section{Table: s.gaps(e.Learned)})
	add("findings", Section{Table: s.lines(e.Findings)})
	add("lessons", Section{Table: s.lines(e.Lessons)})
	add("improvements", Section{Table: s.follows(e.Followed)})
	add("timeline", Section{Table: s.lines(e.Timeline)})
	add("recorded", Section{Table: s.lines(e.Recorded)})
	return d
}

// A shower writes values in one language and zone.
type shower struct {
	w    *catalogue.Words
	zone *time.Location
}

func (s shower) number(n string) string {
	if n == "" {
		return s.w.Say("report.unnumbered")
	}
	return n
}

// pairs names what each fact says; a list says everything at once.
func (s shower) pairs(facts []Fact) [][2]string {
	var out [][2]string
	last := ""
	for _, f := range facts {
		path, isList := f.Field, false
		if i := strings.LastIndexByte(path, '.'); i >= 0 && isIndex(path[i+1:]) {
			path, isList = path[:i], true
		}
		if isList && path == last {
			out[len(out)-1][1] += ", " + s.value(f)
			continue
		}
		last = path
		if f.At && (path == "to" || strings.HasSuffix(path, ".to")) {
			path = strings.TrimSuffix(path, "to") + "until"
		}
		out = append(out, [2]string{s.field(path), s.value(f)})
	}
	return out
}

func (s shower) says(what, said string) string {
	return s.w.Say("report.says", "what", what, "said", said)
}

// field names a path: of channels.0.kind the words for channels, 1 and kind.
func (s shower) field(path string) string {
	said := ""
	parts := strings.Split(path, ".")
	for i, p := range parts {
		switch {
		case isIndex(p):
			n, _ := strconv.Atoi(p)
			said += " " + strconv.Itoa(n+1)
			continue
		case i > 0 && parts[i-1] == "answers":
			p = s.w.Code("answers", p)
		case i > 0 && i == len(parts)-1 && (p == "person" || p == "text") && !strings.HasPrefix(path, "channel"):
			continue // who or what it is goes without saying
		default:
			p = s.w.Field(p)
		}
		if i > 0 {
			said += ", "
		}
		said += p
	}
	return said
}

func isIndex(part string) bool { return part != "" && part[0] >= '0' && part[0] <= '9' }

func (s shower) value(f Fact) string {
	switch {
	case f.Erased:
		return s.w.Say("report.gone")
	case f.At:
		if t, err := time.Parse(time.RFC3339, f.Value); err == nil {
			return s.w.Instant(t, s.zone)
		}
	case f.Code && f.Value == "true":
		return s.w.Say("report.yes")
	case f.Code && f.Value == "false":
		return s.w.Say("report.no")
	case f.Code && f.Value == "null":
		return s.w.Say("report.taken-back")
	case f.Code && f.Field == "event":
		return s.w.Event(f.Value)
	case f.List != "":
		codes := strings.Split(f.Value, ", ")
		for i, c := range codes {
			codes[i] = s.code(f.List, c)
		}
		return strings.Join(codes, ", ")
	}
	return f.Value
}

// code names a code of a list. What stood open is a term, or a thing with its id.
func (s shower) code(list, c string) string {
	what, id, isThing := strings.Cut(c, "/")
	switch {
	case list == "clocks", list == "open" && isThing && !s.w.Has("code.open."+what):
		return s.clock(c)
	case list == "open" && isThing:
		return s.w.Code(list, what) + " (" + id + ")"
	}
	return s.w.Code(list, c)
}

// clock names a term by its rule and gives its id, which the ledger knows it by.
func (s shower) clock(id string) string {
	rule, _, _ := strings.Cut(id, "/")
	if said := s.w.Code("rules", rule); said != rule {
		return said + " (" + id + ")"
	}
	return id
}

// recipient names who a term is owed to: an authority, a role, or a party that the
// policy names.
func (s shower) recipient(c domain.Code) string {
	for _, list := range []string{"recipients", "authorities", "roles"} {
		if s.w.Has("code." + list + "." + string(c)) {
			return s.w.Code(list, string(c))
		}
	}
	return string(c)
}

func (s shower) times(times []Took) [][2]string {
	var out [][2]string
	for _, t := range times {
		said := s.w.Say("report.unknown")
		if t.Seconds != nil {
			said = s.w.Say("report.from-to", "span", s.w.Span(time.Duration(*t.Seconds)*time.Second),
				"from", s.w.Instant(t.From, s.zone), "to", s.w.Instant(t.To, s.zone))
		}
		if t.Corrected {
			said += "\n" + s.w.Say("report.first-told", "from", s.instant(t.WasFrom), "to", s.instant(t.WasTo))
		}
		label := s.w.Say("took." + t.What)
		if t.Leg > 0 {
			label = s.w.Say("report.leg", "took", label, "leg", strconv.Itoa(t.Leg))
		}
		out = append(out, [2]string{label, said})
	}
	return out
}

// instant writes an instant that may not be known.
func (s shower) instant(at time.Time) string {
	return cmp.Or(s.w.Instant(at, s.zone), s.w.Say("report.not-known"))
}

func (s shower) terms(terms []Term) *Table {
	t := &Table{Head: s.heads("term", "recipient", "due", "met", "outcome")}
	for _, c := range terms {
		due, outcome := s.w.Say("report.no-term"), s.w.Say("outcome."+c.Outcome)
		if !c.Due.IsZero() {
			due = s.w.Instant(c.Due, s.zone)
		}
		if c.LateSeconds > 0 {
			outcome += "\n" + s.w.Say("report.late-by", "span", s.w.Span(time.Duration(c.LateSeconds)*time.Second))
		}
		if c.Provisional {
			outcome += "\n" + s.w.Say("report.provisional")
		}
		if !c.Statutory {
			outcome += "\n" + s.w.Say("report.local")
		}
		t.Rows = append(t.Rows, []string{s.clock(c.ID), s.recipient(c.Recipient), due, s.w.Instant(c.Met, s.zone), outcome})
	}
	return t
}

func (s shower) derivations(terms []Term) [][2]string {
	var out [][2]string
	for _, c := range terms {
		out = append(out, [2]string{s.clock(c.ID), strings.Join(c.Derivation, "\n")})
	}
	return out
}

func (s shower) lines(lines []Happening) *Table {
	t := &Table{Head: s.heads("entry", "happened", "recorded", "who", "what")}
	for _, l := range lines {
		t.Rows = append(t.Rows, s.line(l))
	}
	return t
}

func (s shower) line(l Happening) []string {
	who := l.Who
	if who == "" {
		who = s.w.Say("report.nobody")
	}
	who += "\n" + s.w.Code("roles", string(l.Role))
	if l.By != "" {
		who += "\n" + s.w.Say("report.on-word", "who", l.By) + " (" + s.w.Code("media", string(l.Medium)) + ")"
	}
	what := s.w.Event(l.Event)
	for _, p := range s.pairs(l.Facts) {
		what += "\n" + s.says(p[0], p[1])
	}
	for _, seq := range l.Corrected {
		what += "\n" + s.w.Say("report.corrected", "seq", seq)
	}
	happened := s.w.Instant(l.Occurred, s.zone)
	if l.Precision != "" && l.Precision != "second" {
		happened += "\n" + s.w.Say("precision."+string(l.Precision))
	}
	return []string{fmt.Sprint(l.Seq), happened, s.w.Instant(l.Recorded, s.zone), who, what}
}

func (s shower) gaps(gaps []Gap) *Table {
	t := s.lines(nil)
	t.Head = append(t.Head, s.w.Say("head.later"))
	for _, g := range gaps {
		t.Rows = append(t.Rows, append(s.line(g.Happening), s.w.Span(time.Duration(g.Seconds)*time.Second)))
	}
	return t
}

func (s shower) follows(follows []Follow) *Table {
	t := &Table{Head: s.heads("what", "owner", "due", "phase")}
	for _, f := range follows {
		t.Rows = append(t.Rows, []string{f.Title, f.Owner, s.w.Instant(f.Due, s.zone), s.w.Code("phase", string(f.Phase))})
	}
	return t
}

func (s shower) heads(keys ...string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = s.w.Say("head." + k)
	}
	return out
}
