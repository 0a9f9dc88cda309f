package projections_test

import (
	"fmt"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections/breaches"
	"incidentledger/projections/register"
)

// Every breach of the story stands in the register: suspected, assessed, notified
// or not, and those that proved to be none.
//
// requirements: DBR-06
func TestBreachesOfTheStory(t *testing.T) {
	s := tellStory(t)
	r := s.reader(breaches.New())
	golden(s, "breaches", r, breaches.Find(r, breaches.Query{}))

	suspected := map[string]bool{}
	for name, key := range s.cases {
		for b := range breaches.Find(r, breaches.Query{Incident: key}) {
			suspected[name] = true
			if b.Key != key {
				t.Errorf("%s: %+v", name, b)
			}
		}
	}
	for name, want := range map[string]bool{"ransomware": true, "letters": true, "mislaid": true, "registry-down": false, "weak-spot": false} {
		if suspected[name] != want {
			t.Errorf("%s is in the register: %v", name, suspected[name])
		}
	}
	for b := range breaches.Find(r, breaches.Query{Unknown: true}) {
		if !b.Notified.IsZero() {
			t.Errorf("%+v", b)
		}
	}
	for q, want := range map[breaches.Query]int{{From: storyNow}: 9, {To: storyNow}: 0, {From: storyNow.Add(time.Hour)}: 0, {To: storyNow.Add(time.Hour)}: 9, {Risk: "high-risk"}: 2} {
		n := 0
		for range breaches.Find(r, q) {
			n++
		}
		if n != want {
			t.Errorf("%+v gives %d, want %d", q, n, want)
		}
	}
}

// A breach that need not be notified stays in the register with its reasons; an
// incident that is corrected to be a breach comes into it, and the last
// assessment holds.
//
// requirements: DBR-06
func TestBreachesFollowWhatIsTold(t *testing.T) {
	s := tellStory(t)
	key := s.cases["registry-down"]
	find := func() (out []breaches.Breach) {
		r := s.reader(breaches.New())
		for b := range breaches.Find(r, breaches.Query{Incident: key}) {
			out = append(out, b)
		}
		listed := 0
		for b := range breaches.Find(r, breaches.Query{}) {
			if b.Key == key {
				listed++
			}
		}
		if listed != len(out) {
			t.Fatalf("the list has %d of the %d breaches", listed, len(out))
		}
		return out
	}
	if got := find(); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
	st := s.reported(key)
	s.give(incident.Name, key, "security-officer", 0, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"suspectedDataLeak":true},"reason":"It was said."}`, st))
	if got := find(); len(got) != 1 || got[0].Processing != "" || got[0].PersonalData != "suspected" {
		t.Fatalf("%+v", got)
	}
	const assess = `{"processing":"registry","role":"controller","personalData":"%s","nature":["availability"],"risk":"%s","reasons":"Nothing could be read for two hours.","consequences":"None."}`
	s.give(incident.Name, key, "dpo", time.Minute, "AssessBreach", fmt.Sprintf(assess, "suspected", "undetermined"))
	last := s.give(incident.Name, key, "dpo", 0, "AssessBreach", fmt.Sprintf(assess, "confirmed", "unlikely"))
	got := find()
	if len(got) != 1 || got[0].Risk != "unlikely" || !got[0].Notified.IsZero() || len(got[0].Assessments) != 2 || got[0].Assessments[1] != last.Seq || got[0].Role != "dpo" {
		t.Fatalf("%+v", got)
	}
}

// A report that was withdrawn waits for nothing, unless something was owed by law:
// then an authority may have been told of it.
//
// requirements: REG-10
func TestFalseAlarmsWaitWhereAnAuthorityMayKnow(t *testing.T) {
	s := tellStory(t)
	withdrawn := func(leak bool) domain.Key {
		key := s.give(incident.Name, domain.Key{}, "help-desk", time.Hour, "ReportIncident", fmt.Sprintf(
			`{"kind":"incident","title":"Stick","description":"It is gone.","category":"lost-device","channel":"phone","suspectedDataLeak":%t}`, leak)).Key
		s.give(incident.Name, key, "security-officer", 0, "WithdrawReport", `{"grounds":"It was found."}`)
		return key
	}
	fault, leak := withdrawn(false), withdrawn(true)
	g, err := register.In(s.snapshot(register.New(time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := g.List(register.Query{Waiting: true, Keys: []domain.Key{fault, leak}, Limit: 9})
	if err != nil || len(rows) != 1 || rows[0].Key != leak {
		t.Errorf("%+v, %v", rows, err)
	}
}
