package projections_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/register"
)

// Clocks and what must be said of them are what the policy folds.
func TestDeadlinesAreWhatThePolicyFolds(t *testing.T) {
	s, entries, secret := built(t)
	clocks := map[domain.Key]map[policy.ClockID]policy.Clock{}
	for _, en := range entries {
		if clocks[en.Key] == nil {
			clocks[en.Key] = map[policy.ClockID]policy.Clock{}
		}
		for _, r := range en.Events {
			policy.Apply(clocks[en.Key], r.Event)
		}
	}
	line := func(k domain.Key, id policy.ClockID, due time.Time) string { return fmt.Sprint(due.UTC(), k, id) }
	var want, got, first []string
	for key, held := range clocks {
		for id, c := range held {
			if c.Running() && !c.Paused && !secret[key] {
				want = append(want, line(key, id, c.Due))
			}
		}
	}
	d, err := deadlines.In(s)
	if err != nil {
		t.Fatal(err)
	}
	q := deadlines.Query{Limit: 37, Allow: plain}
	var last time.Time
	for {
		page, next, err := d.Find(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			if c.Due.Before(last) {
				t.Fatalf("%s comes after %s", c.Due, last)
			}
			last = c.Due
			got = append(got, line(c.Key, c.ID, c.Due))
		}
		if q.After = next; next.Key.IsZero() {
			break
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(got) == 0 {
		t.Errorf("%d clocks, want %d", len(got), len(want))
	}
	until := entries[many-1].Recorded.Add(time.Hour)
	actions, more, err := d.Actions(until)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range actions {
		c := clocks[a.Key][a.Clock]
		if a.At.After(until) || !a.Due.Equal(c.Due) || !c.Running() || c.Paused {
			t.Errorf("action %+v of clock %+v", a, c)
		}
		wanted := c.OverdueAt()
		if len(c.Warn) > 0 {
			wanted = c.Warn[0]
		}
		if !a.At.Equal(wanted) {
			t.Errorf("%s must be said at %s, want %s", a.Stage, a.At, wanted)
		}
		first = append(first, line(a.Key, a.Clock, a.Due))
	}
	if len(first) == 0 || !more.After(until) {
		t.Errorf("%d actions, more at %s", len(first), more)
	}
}

// The register's columns are what the incident itself folds, and its numbers are
// gapless in order of sequence.
func TestRegisterIsWhatIncidentsFold(t *testing.T) {
	s, entries, secret := built(t)
	states := map[domain.Key]*incident.Incident{}
	counts := map[incident.Series]int{}
	numbers := map[domain.Key]string{}
	for _, en := range entries {
		if states[en.Key] == nil {
			states[en.Key] = &incident.Incident{}
		}
		next, err := incident.Evolve(states[en.Key], *en)
		if err != nil {
			t.Fatal(err)
		}
		states[en.Key] = next
		if e, ok := en.Events[0].Event.(incident.IncidentReported); ok {
			if series, counted := incident.SeriesOf(e, en.Recorded, zone); counted {
				counts[series]++
				numbers[en.Key] = series.Number(counts[series])
			}
		}
	}
	g, err := register.In(s)
	if err != nil {
		t.Fatal(err)
	}
	for key, st := range states {
		r, err := g.ByKey(key, nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, r, st, numbers[key])
		if r.Number == "" {
			continue
		}
		found, err := g.ByNumber(r.Number, nil)
		if err != nil || found.Key != key {
			t.Fatalf("number %s is %v, %v", r.Number, found.Key, err)
		}
		if _, err := g.ByNumber(r.Number, plain); (err != nil) != secret[key] {
			t.Fatalf("number %s of a secret incident (%v): %v", r.Number, secret[key], err)
		}
	}
	for _, c := range register.Columns() {
		rows, total, err := g.List(register.Query{Sort: c, Newest: true, Skip: 5, Limit: 20, Allow: plain})
		want := 0
		for _, hidden := range secret {
			if !hidden {
				want++
			}
		}
		if err != nil || total != want || len(rows) != 20 {
			t.Errorf("sorted by %s: %d of %d rows, want 20 of %d: %v", c, len(rows), total, want, err)
		}
	}
	rows, _, err := g.List(register.Query{Phases: []domain.Code{incident.PhaseRegistered}, Sort: register.Number, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, st := range states {
		if st.Phase == incident.PhaseRegistered {
			want++
		}
	}
	if len(rows) != want || !slices.IsSortedFunc(rows, func(a, b register.Row) int { return cmp.Compare(len(a.Number), len(b.Number)) }) {
		t.Errorf("%d registered, want %d", len(rows), want)
	}
}

func same(t *testing.T, r register.Row, st *incident.Incident, number string) {
	t.Helper()
	type columns struct {
		Number                                                      string
		Last                                                        domain.Seq
		Kind, Category, Phase, RoutedTo, Verdict, Waiting           domain.Code
		Priority, Leg, Escalations                                  int
		Owner, Contact                                              domain.PersonID
		Reported, Recorded, Registered, Acknowledged, Resolved, End time.Time
		Exercise, Leak                                              bool
	}
	got := columns{r.Number, r.Last, r.Kind, r.Category, r.Phase, r.RoutedTo, r.Verdict, r.WaitingFor, r.Priority, r.Leg, r.Escalations,
		r.Owner, r.ContactPoint, r.Reported, r.Recorded, r.Registered, r.Acknowledged, r.Resolved, r.Closed, r.Exercise, r.SuspectedDataLeak}
	want := columns{number, st.Seq, st.Report.Kind, st.Report.Category, st.Phase, st.RoutedTo, st.Verdict, st.WaitingFor, st.Priority(), st.Leg,
		len(st.Escalations), st.Owner, st.ContactPoint, st.Report.Reported, st.Recorded, st.Registered, st.Acknowledged, st.Resolved, st.Closed,
		st.Report.Exercise, st.Report.SuspectedDataLeak}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("incident %s:\n%+v, it folds to\n%+v", r.Key, got, want)
	}
	for id, c := range st.Clocks {
		at := slices.IndexFunc(r.Clocks, func(h register.Clock) bool { return h.ID == domain.Code(id) })
		if at < 0 || r.Clocks[at].Running != c.Running() || r.Clocks[at].Paused != c.Paused || !r.Clocks[at].Due.Equal(c.Due) {
			t.Fatalf("incident %s: clock %s is %+v, it folds to %+v", r.Key, id, r.Clocks, c)
		}
	}
}
