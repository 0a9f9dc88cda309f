package projections_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections/duties"
)

// Every duty of the story: to whom, by when, what was decided of it, what was
// sent and what is missing; open ones first.
//
// requirements: NOT-13
func TestDutiesOfTheStory(t *testing.T) {
	s := tellStory(t)
	r := s.reader(duties.New())
	golden(s, "duties", r, duties.Find(r, duties.Query{}))

	for name, key := range s.cases {
		st, _, err := s.desk.State(t.Context(), domain.Ref{Kind: incident.Name, Key: key}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []policy.ClockID
		for id := range st.(*incident.Incident).Clocks {
			if id.Owed() {
				want = append(want, id)
			}
		}
		for d := range duties.Find(r, duties.Query{Incident: key}) {
			got = append(got, d.ID)
			if c := st.(*incident.Incident).Clocks[d.ID]; d.Open() != c.Running() || !d.Due.Equal(c.Due) || !d.Met.Equal(c.Met) {
				t.Errorf("%s: %+v, its clock is %+v", name, d, c)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: duties %s, want %s", name, got, want)
		}
	}
	count := func(q duties.Query) (n int) {
		for range duties.Find(r, q) {
			n++
		}
		return n
	}
	for what, c := range map[string]struct {
		q    duties.Query
		want int
	}{
		"open":           {duties.Query{Open: true}, 7},
		"overdue now":    {duties.Query{Overdue: storyNow}, 1},
		"overdue later":  {duties.Query{Overdue: storyNow.Add(48 * time.Hour)}, 2},
		"to subjects":    {duties.Query{Recipient: "data-subjects"}, 2},
		"due this month": {duties.Query{From: storyNow.AddDate(0, 0, -20), To: storyNow.AddDate(0, 0, 10)}, 7},
	} {
		if got := count(c.q); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
}

// What is left open of a notification shows until it is told or delivered, and a
// correction shows as if it had been told so from the start.
//
// requirements: DBR-03 DBR-04
func TestDutiesShowWhatIsMissing(t *testing.T) {
	s := tellStory(t)
	key := s.cases["wrong-address"]
	find := func() (out duties.Duty) {
		r := s.reader(duties.New())
		for d := range duties.Find(r, duties.Query{Incident: key, Recipient: "ap"}) {
			out = d
		}
		return out
	}
	s.give(incident.Name, key, "dpo", time.Minute, "NotifyAuthority", `{"authority":"ap","regime":"gdpr","stage":"initial","submitted":"2026-11-21T10:00:00+01:00",
		"channels":[{"kind":"webform","at":"2026-11-21T10:00:00+01:00","outcome":"failed"}],"answers":{"records":{"unknown":true},"nature":{"text":"A letter."}}}`)
	d := find()
	if !d.Open() || !slices.Equal(d.MissingChannels, []domain.Code{"webform"}) || !slices.Contains(d.MissingAnswers, "records") || slices.Contains(d.MissingAnswers, "nature") {
		t.Fatalf("%+v", d)
	}
	seq := s.ledger.Last()
	s.give(incident.Name, key, "dpo", 0, "CorrectFact", `{"corrects":`+fmt.Sprint(seq)+`,"fields":{"channels":[{"kind":"webform","at":"2026-11-21T10:00:00+01:00","outcome":"delivered"}]},"reason":"It had arrived."}`)
	d = find()
	if d.State != "on-time" || d.MissingChannels != nil || len(d.Sent) != 1 || d.Sent[0].Complete.IsZero() || d.Sent[0].Role != "dpo" {
		t.Fatalf("%+v", d)
	}
}
