package policy

import (
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

func processing(n int, data domain.Code, aware time.Time) Item {
	it := Item{N: n, Code: map[Path]domain.Code{BreachPersonalData: data}}
	if !aware.IsZero() {
		it.At = map[Path]time.Time{BreachAware: aware}
	}
	return it
}

// Two processings of one incident have terms of their own: what is known of the
// one is not taken for known of the other.
func TestEachProcessingHasItsOwnTerm(t *testing.T) {
	b, f := dutch(mustSet(t, several())), story(t)
	aware := at(t, "2026-11-21T12:00:00+01:00")
	f.Code[BreachPersonalData], f.At[BreachAware] = "confirmed", aware // as the incident as a whole tells
	if got := derive(t, f, b); len(got) != 0 {
		t.Fatalf("no processing is known, but %v", got)
	}
	f.Each = map[domain.Code][]Item{EachProcessing: {processing(1, "confirmed", aware), processing(2, "suspected", time.Time{}), processing(3, "none", time.Time{})}}
	got := derive(t, f, b)
	first, second := got["gdpr-33/ap/initial/1"], got["gdpr-33/ap/initial/2"]
	if len(got) != 2 || first.Provisional || !first.Due.Equal(aware.Add(72*time.Hour)) || first.N != 1 {
		t.Errorf("the first: %+v of %d", first, len(got))
	}
	if !second.Provisional || second.AnchorPath != IncidentDiscovered || second.N != 2 {
		t.Errorf("of the second nobody is aware yet: %+v", second)
	}
	for id, c := range got {
		f.Bound[id] = c.Policy
	}
	f.Each[EachProcessing][0].At[BreachNotified("ap")] = aware.Add(time.Hour)
	f.Each[EachProcessing] = f.Each[EachProcessing][:1]
	got = derive(t, f, b)
	if c := got["gdpr-33/ap/initial/1"]; c.Met.IsZero() {
		t.Errorf("notified: %+v", c)
	}
	if c := got["gdpr-33/ap/initial/2"]; !c.Cancelled || !c.Anchor.IsZero() {
		t.Errorf("corrected away: %+v", c)
	}
}

func TestWhatSomebodySetIsDueThen(t *testing.T) {
	b, f := dutch(mustSet(t, several())), story(t)
	received, by := at(t, "2026-11-21T10:00:00+01:00"), at(t, "2026-11-25T12:00:00+01:00")
	f.Each = map[domain.Code][]Item{EachRequest: {
		{N: 1, At: map[Path]time.Time{RequestReceived: received, RequestAnswerBy: by}, Code: map[Path]domain.Code{RequestFrom: "ap"}},
		{N: 2, At: map[Path]time.Time{RequestReceived: received}, Code: map[Path]domain.Code{RequestFrom: "auditor"}},
		{N: 3, At: map[Path]time.Time{RequestReceived: received}},
	}}
	got := derive(t, f, b)
	if c := got["answer/ap/initial/1"]; len(got) != 3 || !c.Due.Equal(by) || len(c.Warn) != 1 || !c.Anchor.Equal(received) {
		t.Errorf("a term that was set: %+v of %v", c, got)
	}
	if c, ok := got["answer/auditor/initial/2"]; !ok || !c.Due.IsZero() || !c.Running() {
		t.Errorf("no term was set, but it is owed: %+v", c)
	}
	if _, ok := got["answer/desk/initial/3"]; !ok {
		t.Error("who asked is not known")
	}
	for id, c := range got {
		f.Bound[id] = c.Policy
	}
	f.Flag[IncidentDropped] = true
	for id, c := range derive(t, f, b) {
		if !c.Cancelled {
			t.Errorf("%s is owed although the report was dropped", id)
		}
	}
}

func TestAsManyMinutesAsAFactSays(t *testing.T) {
	b, f := dutch(mustSet(t, several())), story(t)
	from := at(t, "2026-10-25T02:30:00+02:00")
	for minutes, want := range map[int64]time.Duration{30: 30 * time.Minute, 240: 4 * time.Hour, 0: 48 * time.Hour, -5: 48 * time.Hour, 1 << 50: 48 * time.Hour, 3000: 48 * time.Hour} {
		f.Each = map[domain.Code][]Item{EachDowntime: {{N: 1, At: map[Path]time.Time{DowntimeFrom: from}, Num: map[Path]int64{DowntimeRTO: minutes}}}}
		got := derive(t, f, b)
		if c := got["rto/own/initial/1"]; !c.Due.Equal(from.Add(want)) {
			t.Errorf("%d minutes: due %s after %s, want %s", minutes, c.Due, c.Due.Sub(from), want)
		}
		if c := got["look/own/initial/1"]; !c.Due.Equal(from.Add(want+time.Hour)) || !c.Provisional {
			t.Errorf("an hour after that: %+v", c)
		}
	}
	for _, rule := range []domain.Code{"answer", "rto"} {
		due, ok, lines, err := DueOf(b.Current, rule, from, "")
		if want := rule == "rto"; ok != want || err != nil {
			t.Errorf("%s without an incident: %s %t %v\n%s", rule, due, ok, err, strings.Join(lines, "\n"))
		}
	}
}

func TestExplainTellsOfWhichThing(t *testing.T) {
	b, f := dutch(mustSet(t, several())), story(t)
	received := at(t, "2026-11-21T10:00:00+01:00")
	f.Each = map[domain.Code][]Item{
		EachRequest:    {{N: 1, At: map[Path]time.Time{RequestReceived: received, RequestAnswered: received}}, {N: 2, At: map[Path]time.Time{RequestReceived: received, RequestAnswerBy: received.Add(time.Hour)}}},
		EachDowntime:   {{N: 1, Code: map[Path]domain.Code{DowntimeService: "mail"}, At: map[Path]time.Time{DowntimeFrom: received}, Num: map[Path]int64{DowntimeRTO: 90}}},
		EachProcessing: {processing(4, "suspected", time.Time{})},
	}
	f.Each[EachProcessing][0].Code[BreachProcessing] = "youth-care"
	for id, want := range map[ClockID][]string{
		"answer/desk/initial/2": {"of each request by itself: this is number 2", "anchor: request.received = 2026-11-21T10:00:00+01:00", "term: as given by request.answerBy",
			"due as given by request.answerBy: 2026-11-21T11:00:00+01:00", "another value of request.answerBy would move it", "request.answered would meet it"},
		"answer/desk/initial/1": {"no fixed term while request.answerBy is not known", "due: no fixed term", "done at 2026-11-21T10:00:00+01:00"},
		"rto/own/initial/1":     {"this is number 1, mail", "+ 90 minutes, as downtime.rto says = 2026-11-21T11:30:00+01:00", "the earliest of these: 2026-11-21T11:30:00+01:00", "another value of downtime.rto"},
		"gdpr-33/ap/initial/4":  {"breach.personalData = suspected", "breach.withdrawn = not known", "this is number 4, youth-care"},
	} {
		lines, err := Explain(f, b, id)
		text := strings.Join(lines, "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in (%v)\n%s", id, w, err, text)
			}
		}
	}
}

func TestFaultsOfRulesForEach(t *testing.T) {
	for _, c := range []struct {
		why   string
		spoil func(*Set)
		want  string
	}{
		{"a kind that is none", func(s *Set) { s.Rules[4].Each = "requests" }, `rules.4.each: there are no items "requests"`},
		{"a fact of an item without each", func(s *Set) { s.Rules[4].Each = "" }, "the rule needs each: request"},
		{"a given that is no instant", func(s *Set) { s.Rules[4].Due.Given = RequestFrom }, `rules.4.due: no aggregate tells an instant at "request.from"`},
		{"minutes that are none", func(s *Set) { s.Rules[5].Due.EarliestOf[0].MinutesOf = "downtime.rpo" }, `no aggregate tells a number at "downtime.rpo"`},
		{"due of each by a rule without", func(s *Set) { s.Rules[6].Each = "" }, "this rule must have each: downtime, too"},
		{"a service term for each", func(s *Set) { s.Rules[5].Service = true }, "rules.5.each: a rule with each is no service term"},
		{"two terms at once", func(s *Set) { s.Rules[4].Due.None = true }, "several kinds of term at once"},
	} {
		s := several()
		c.spoil(&s)
		var all []string
		for _, err := range s.Lint() {
			all = append(all, err.Error())
		}
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%s: no %q in %q", c.why, c.want, all)
		}
	}
	if s := several(); len(s.Lint()) > 0 {
		t.Errorf("a sound set: %v", s.Lint())
	}
}

// Moving what is not yet decided never moves what is.
func TestAProvisionalAnchorNeverMovesADecidedOne(t *testing.T) {
	b := dutch(mustSet(t, several()))
	rapid.Check(t, func(rt *rapid.T) {
		f := story(t)
		f.Code[BreachPersonalData], f.Flag[IncidentSignificant] = "suspected", true
		aware := anyInstant().Filter(func(x time.Time) bool { return x.Year() > 2018 }).Draw(rt, "aware")
		f.Each = map[domain.Code][]Item{EachProcessing: {processing(1, "suspected", aware), processing(2, "suspected", time.Time{})}}
		before := derive(t, f, b)
		f.At = maps.Clone(f.At)
		f.At[IncidentDiscovered] = anyInstant().Draw(rt, "discovered")
		f.At[IncidentRecorded] = anyInstant().Draw(rt, "recorded")
		after := derive(t, f, b)
		for id, c := range before {
			if !c.Provisional && !c.Due.Equal(after[id].Due) {
				rt.Fatalf("%s moved from %s to %s", id, c.Due, after[id].Due)
			}
		}
		if c := after["gdpr-33/ap/initial/1"]; c.Due.Sub(c.Anchor) != 72*time.Hour || !c.Anchor.Equal(aware) {
			rt.Fatalf("decided: %+v", c)
		}
	})
}
