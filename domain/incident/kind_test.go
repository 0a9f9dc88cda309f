package incident

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

func TestKindIsSound(t *testing.T) {
	basis := newWorld(t, storyPolicy(t)).basis
	k := Kind(func() Basis { return basis })
	if err := k.Validate(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, storyPolicy(t))
	d, err := k.Decide(k.New(), w.order("employee", decode(t, "ReportIncident", k.Commands[0].Example)))
	if err != nil || len(d.Events) == 0 || !reflect.DeepEqual(d.Basis, basis.Refs) {
		t.Errorf("a first report: %v %v", d, err)
	}
	if _, err := k.Evolve("no incident", domain.Entry{}); err == nil {
		t.Error("a state of another kind was folded")
	}
}

// What a door shows of a command is written once: every command and every field
// has its doc comment, and every example fits its command.
func TestEveryCommandIsExplained(t *testing.T) {
	docs, err := Docs()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range CommandTypes() {
		ct := reflect.TypeOf(c.New()).Elem()
		if docs[ct.Name()] == "" {
			t.Errorf("%s has no doc comment", ct.Name())
		}
		for i := range ct.NumField() {
			if name := ct.Name() + "." + ct.Field(i).Name; docs[name] == "" {
				t.Errorf("%s has no doc comment", name)
			}
		}
		decode(t, c.Name(), c.Example)
		if b, err := json.Marshal(domain.Schema(c, storyPolicy(t), docs)); err != nil || len(b) == 0 {
			t.Errorf("%s has no schema: %v", c.Name(), err)
		}
	}
}

// Whatever is sealed comes back where it was, and nothing sealed stays open.
func TestSealedFieldsRoundTrip(t *testing.T) {
	id := domain.OrderIDFor(org, domain.PersonID{}, "seal")
	for _, et := range EventTypes() {
		e := et.Up(filled(reflect.TypeOf(et.New()).Elem()).Addr().Interface())
		open, sealed := domain.SetApart(e, domain.Ref{Kind: Name, Key: domain.NewKey(org, id)}, id)
		fields := map[string]string{}
		for _, s := range sealed {
			fields[s.Path] = s.Value
			if !strings.Contains(strings.Join(s.Scopes, " "), "incident/") {
				t.Errorf("%s.%s is not sealed under the incident: %v", et.Name, s.Path, s.Scopes)
			}
		}
		if again, more := domain.SetApart(open, domain.Ref{}, id); len(more) > 0 || !reflect.DeepEqual(again, open) {
			t.Errorf("%s: %d fields stay open", et.Name, len(more))
		}
		back, err := domain.PutBack(open, fields)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s: %v\nwas  %+v\nback %+v", et.Name, err, e, back)
		}
	}
}

// Every event that can be corrected can be read from its own JSON.
func TestCorrectableEventsReread(t *testing.T) {
	for _, r := range events {
		if r.Decode == nil {
			continue
		}
		e := r.Up(filled(reflect.TypeOf(r.New()).Elem()).Addr().Interface())
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := r.Decode(b)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%s: %v\n%+v\n%+v", r.Name, err, e, back)
		}
	}
}

func TestNumber(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	newYear := time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC) // midnight in Amsterdam
	for _, c := range []struct {
		report   IncidentReported
		recorded time.Time
		n        int
		want     string
	}{
		{IncidentReported{Track: TrackNormal}, newYear.Add(-time.Nanosecond), 42, "2026-0042"},
		{IncidentReported{Track: TrackNormal}, newYear, 1, "2027-0001"},
		{IncidentReported{Track: TrackIntegrity}, newYear, 12345, "2027-I-12345"},
		{IncidentReported{Track: TrackNormal, Exercise: true}, newYear, 1, ""},
	} {
		s, counted := SeriesOf(c.report, c.recorded, zone)
		if counted != (c.want != "") {
			t.Errorf("%v counted: %t", c.report, counted)
		}
		if !counted {
			continue
		}
		if got := s.Number(c.n); got != c.want {
			t.Errorf("number %s, want %s", got, c.want)
		}
		if back, n, ok := ParseNumber(c.want); !ok || back != s || n != c.n {
			t.Errorf("%s reads back as %v %d %t", c.want, back, n, ok)
		}
	}
	for _, bad := range []string{"", "2026", "2026-", "2026-42", "2026-0000", "2026-I-", "2026-i-0001", "26-0001", "2026--001", "2026-+042", "2026-0042 "} {
		if _, _, ok := ParseNumber(bad); ok {
			t.Errorf("%q was read as a number", bad)
		}
	}
}

func TestFoldRefusesWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t, storyPolicy(t))
	o := w.order("employee", decode(t, "AddLogEntry", `{"text":"x"}`))
	var seven Value
	if err := seven.UnmarshalJSON([]byte("7")); err != nil {
		t.Fatal(err)
	}
	for _, e := range []domain.Event{
		strange{}, FactCorrected{Corrects: 9, Event: "IncidentReported"}, FactCorrected{Corrects: 1, Event: "ClockArmed"},
		FactCorrected{Corrects: 1, Event: "IncidentReported", Fields: map[domain.Code]Value{"ict": seven}},
	} {
		s, err := Evolve(new(Incident), entry(t, o, 1, []domain.Event{IncidentReported{}}, false))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Evolve(s, entry(t, o, 2, []domain.Event{e}, false)); err == nil {
			t.Errorf("%s %+v was folded", e.EventName(), e)
		}
	}
}

// Two states that come from one and go on each by itself do not write in each
// other's lists.
func TestClonesGoApart(t *testing.T) {
	base := new(Incident)
	id := domain.KeyNamed(org, "notification", "x")
	for _, e := range []domain.Event{
		IncidentReported{}, AuthorityNotified{Notification: id, Channels: make([]Channel, 1, 8)}, IncidentEscalated{Escalation: id},
	} {
		if err := base.apply(&posting{seq: 1}, e); err != nil {
			t.Fatal(err)
		}
	}
	a, b := base.Clone(), base.Clone()
	for _, c := range []struct {
		s    *Incident
		kind domain.Code
	}{{a, "phone"}, {b, "letter"}} {
		if err := c.s.apply(&posting{seq: 2}, NotificationChannelAdded{Notification: id, Channel: Channel{Kind: c.kind}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.Notifications[0].Channels[1].Kind; got != "phone" {
		t.Errorf("one clone's channel became %s through the other", got)
	}
	if n := len(base.Notifications[0].Channels); n != 1 {
		t.Errorf("the first state has %d channels", n)
	}
}

type strange struct{}

func (strange) EventName() string { return "Strange" }

func BenchmarkDecide(b *testing.B) {
	w := newWorld(b, storyPolicy(b))
	w.now = t0.Add(48 * time.Hour)
	give := func(name, args string) {
		if _, err := w.give(w.order("security-officer", decode(b, name, args))); err != nil {
			b.Fatal(err)
		}
	}
	give("ReportIncident", byName["ReportIncident"].Example)
	give("AssessPriority", byName["AssessPriority"].Example)
	give("NotifyAuthority", byName["NotifyAuthority"].Example)
	for range 97 {
		give("AddLogEntry", `{"text":"x"}`)
	}
	o := w.order("security-officer", decode(b, "OverridePriority", `{"priority":4,"reason":"x"}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decide(w.s, o, w.basis); err != nil {
			b.Fatal(err)
		}
	}
}
