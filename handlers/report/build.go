package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers"
)

// A Source is one organisation's ledger as reports read it.
type Source struct {
	Org    domain.OrgID
	Name   string
	Zone   *time.Location
	Desk   *handlers.Desk
	Log    handlers.Reader
	Opener handlers.Opener
	Law    func() incident.Basis

	Number       func(key domain.Key) string        // nil: incidents have none
	Who          func(id domain.PersonID) string    // nil, or empty: the id itself
	Improvements func(incident domain.Key) []Follow // nil: none

	Dossiers func(domain.KindName) ([]domain.Ref, error) // every one of a kind; a kit alone needs it
	OnCall   func(now time.Time) []Turn                  // besides those whom the ledger knows; nil: nobody
}

// lateFrom is how long after it happened a thing must be recorded to stand among
// what was known only later.
const lateFrom = 15 * time.Minute

// Evaluate makes the evaluation of an incident as of now. domain.ErrNotFound
// where there is no such incident.
func (s *Source) Evaluate(ctx context.Context, key domain.Key, now time.Time) (*Evaluation, error) {
	b, err := s.read(ctx, key)
	if err != nil {
		return nil, err
	}
	st := b.state
	e := &Evaluation{
		Org: s.Org, Name: s.Name, Key: key, Seq: st.Seq, Made: now.In(s.Zone), Zone: s.Zone.String(), State: st.Phase,
		Kind: st.Report.Kind, Drill: st.Report.Exercise, Erased: b.erased, Entries: b.entries, Timeline: b.lines,
		Times: b.times(), Decisions: b.of(decisions), Notified: b.of(told), Evidence: b.of(evidence), Measures: b.of(measures),
		Findings: b.of(findings), Lessons: b.of(lessons), Against: b.of(against), Overridden: b.overridden(), Facts: s.named(b.report()),
	}
	if s.Number != nil {
		e.Number = s.Number(key)
	}
	for _, f := range e.Facts {
		if f.Field == "title" {
			e.Title = f.Value
		}
	}
	if e.Terms, err = s.terms(st, now); err != nil {
		return nil, err
	}
	e.Recorded = slices.Clone(e.Timeline)
	slices.SortStableFunc(e.Timeline, func(a, b Happening) int {
		return cmp.Or(a.Occurred.Compare(b.Occurred), cmp.Compare(a.Seq, b.Seq))
	})
	for _, l := range e.Timeline {
		if gap := l.Recorded.Sub(l.Occurred); gap >= lateFrom {
			e.Learned = append(e.Learned, Gap{l, int64(gap / time.Second)})
		}
	}
	e.Followed = s.follows(key)
	return e, nil
}

// follows gives improvements with the names of their owners.
func (s *Source) follows(of domain.Key) []Follow {
	if s.Improvements == nil {
		return nil
	}
	out := s.Improvements(of)
	for i := range out {
		if f := &out[i]; f.Owner == "" && !f.Person.IsZero() {
			f.Owner = s.who(f.Person)
		}
	}
	return out
}

// terms gives every clock with its derivation.
func (s *Source) terms(st *incident.Incident, now time.Time) ([]Term, error) {
	facts, basis := incident.Facts(st), s.Law().Basis
	var out []Term
	for _, id := range slices.Sorted(maps.Keys(st.Clocks)) {
		c := st.Clocks[id]
		lines, err := policy.Explain(facts, basis, id)
		if err != nil {
			return nil, fmt.Errorf("report: clock %s: %w", id, err)
		}
		t := termOf(c, now)
		t.Derivation = lines
		out = append(out, t)
	}
	return out, nil
}

// termOf tells how a clock ended, or stands at an instant.
func termOf(c policy.Clock, now time.Time) Term {
	t := Term{ID: string(c.ID), Rule: c.Rule, Recipient: c.Recipient, Stage: c.Stage, Due: c.Due, Met: c.Met,
		Statutory: c.Statutory, Provisional: c.Provisional, Outcome: "running"}
	switch {
	case c.Cancelled:
		t.Outcome = "cancelled"
	case !c.Met.IsZero() && c.Due.IsZero():
		t.Outcome = "done"
	case !c.Met.IsZero() && c.OnTime():
		t.Outcome = "met"
	case !c.Met.IsZero():
		t.Outcome, t.LateSeconds = "met-late", int64(c.Met.Sub(c.Due)/time.Second)
	case !c.Due.IsZero() && !c.Paused && now.After(c.OverdueAt()):
		t.Outcome, t.LateSeconds = "missed", int64(now.Sub(c.Due)/time.Second)
	}
	return t
}

// times are the spans that an incident is judged by, as its facts stand, beside
// what was told before anything was corrected.
func (b *book) times() []Took {
	out := tookOf(b.state)
	for i, was := range tookOf(b.first) {
		if t := &out[i]; !t.From.Equal(was.From) || !t.To.Equal(was.To) {
			t.Corrected, t.WasFrom, t.WasTo = true, was.From, was.To
		}
	}
	return out
}

// tookOf gives the spans of an incident as it stands. Who took it up first counts;
// each leg is restored by itself, and one that goes on is not.
func tookOf(st *incident.Incident) []Took {
	r := &st.Report
	var notified time.Time
	for i := range st.Notifications {
		n := &st.Notifications[i]
		if at, missing := n.Complete(); !n.Withdrawn && len(missing) == 0 && (notified.IsZero() || at.Before(notified)) {
			notified = at
		}
	}
	aware := first(st.AwareOf(incident.OfBreach), st.AwareOf(incident.OfSignificant))
	out := []Took{
		{What: "detect", From: r.Started, To: r.Discovered},
		{What: "report", From: r.Discovered, To: r.Reported},
		{What: "register", From: r.Reported, To: st.Registered},
		{What: "react", From: r.Reported, To: st.TakenUp},
		{What: "notify", From: aware, To: notified},
	}
	legs := append(slices.Clip(st.Legs), incident.Leg{Began: st.Reopened, Restored: st.Resolved})
	for i, l := range legs {
		t := Took{What: "restore", From: l.Began, To: l.Restored}
		if i == 0 {
			t.From = r.Reported
		}
		if len(legs) > 1 {
			t.Leg = i + 1
		}
		out = append(out, t)
	}
	out = append(out, Took{What: "close", From: r.Reported, To: st.Closed})
	for i := range out {
		t := &out[i]
		if t.Leg <= 1 && t.From.Equal(r.Reported) && t.before() {
			t.From = first(r.Started, r.Discovered)
		}
		if !t.From.IsZero() && !t.To.IsZero() {
			n := max(0, int64(t.To.Sub(t.From)/time.Second))
			t.Seconds = &n
		}
	}
	return out
}

// before reports whether it ended before it began, as what was done about an
// incident before anybody reported it.
func (t *Took) before() bool { return !t.To.IsZero() && t.To.Before(t.From) }

// first is the earlier of two instants, of which either may not be known.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
