package projections_test

import (
	"fmt"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections/informed"
)

// Everybody who was told in the story: when, how and by whom; a correction of
// the instant moves it.
//
// requirements: COM-01 REG-08
func TestInformedOfTheStory(t *testing.T) {
	s := tellStory(t)
	r := s.reader(informed.New())
	golden(s, "informed", r, informed.Find(r, informed.Query{}))
	told := 0
	for en, err := range s.ledger.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range en.Events {
			switch rec.Event.(type) {
			case incident.PartyInformed, incident.DataSubjectsInformed, incident.CustomerInformed, incident.AuthorityNotified, incident.NotificationWithdrawn, incident.ControllerNotified:
				told++
			}
		}
	}
	listed := 0
	for row := range informed.Find(r, informed.Query{}) {
		listed++
		if row.Author.IsZero() || row.At.IsZero() || row.Recorded.IsZero() {
			t.Errorf("%+v", row)
		}
	}
	if listed != told || told < 8 {
		t.Errorf("%d of %d tellings are listed", listed, told)
	}

	key := s.cases["letters"]
	from := storyNow.Add(-3 * time.Hour)
	later := func() (out []informed.Telling) {
		r := s.reader(informed.New())
		for row := range informed.Find(r, informed.Query{From: from, Who: "party"}) {
			out = append(out, row)
		}
		return out
	}
	was := len(later())
	given := s.give(incident.Name, key, "communication", 26*time.Hour, "InformParty", `{"party":{"role":"board"},"medium":"phone","at":"2026-11-20T08:00:00+01:00","content":"What happened.","tlp":"amber"}`)
	if len(later()) != was {
		t.Fatal("what was told yesterday is told today")
	}
	s.give(incident.Name, key, "communication", 0, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"at":"2026-11-21T08:00:00+01:00"},"reason":"It was today."}`, given.Seq))
	if got := later(); len(got) != was+1 || got[len(got)-1].Code != domain.Code("board") {
		t.Fatalf("%+v", got)
	}
}
