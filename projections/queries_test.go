package projections_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/logbook"
	"incidentledger/projections/register"
)

const many = 3000

// built gives a snapshot of all views over a course, its entries, and which
// incidents are of the integrity track.
func built(t *testing.T) (*projections.Snapshot, []*domain.Entry, map[domain.Key]bool) {
	t.Helper()
	db := open(t, projections.Config{}, views()...)
	catchUp(t, db, course{many, 40}, many)
	s, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	var entries []*domain.Entry
	secret := map[domain.Key]bool{}
	for en := range (course{many, 40}).ReadAll(context.Background(), 0) {
		entries = append(entries, en)
		if e, ok := en.Events[0].Event.(incident.IncidentReported); ok {
			secret[en.Key] = e.Track == incident.TrackIntegrity
		}
	}
	return s, entries, secret
}

func plain(c projections.Class) bool { return c.Track != incident.TrackIntegrity }

// Whatever is asked of the audit, paging gives exactly the lines a look through
// all entries gives, newest first.
func TestAuditFindsExactly(t *testing.T) {
	s, entries, secret := built(t)
	rapid.Check(t, func(rt *rapid.T) {
		pick := func(name string) *domain.Entry {
			if !rapid.Bool().Draw(rt, name) {
				return nil
			}
			return entries[rapid.IntRange(0, many-1).Draw(rt, name+"At")]
		}
		var q audit.Query
		if en := pick("actor"); en != nil {
			q.Actor = en.Actor.ID
		}
		if en := pick("key"); en != nil {
			q.Kind, q.Key = en.Kind, en.Key
		}
		if en := pick("for"); en != nil {
			q.For = en.Actor.For
		}
		if en := pick("command"); en != nil {
			q.Command = en.Command
		}
		if en := pick("from"); en != nil {
			q.From = en.Recorded
		}
		if en := pick("to"); en != nil {
			q.To = en.Recorded
		}
		all := rapid.Bool().Draw(rt, "all")
		if !all {
			q.Allow = plain
		}
		q.Limit = rapid.IntRange(1, 2000).Draw(rt, "limit")
		var want, got []domain.Seq
		for _, en := range slices.Backward(entries) {
			if (q.Actor.IsZero() || en.Actor.ID == q.Actor) && (q.Key.IsZero() || en.Key == q.Key) && (q.For == "" || en.Actor.For == q.For) &&
				(q.Command == "" || en.Command == q.Command) && (q.From.IsZero() || !en.Recorded.Before(q.From)) &&
				(q.To.IsZero() || en.Recorded.Before(q.To)) && (all || !secret[en.Key]) {
				want = append(want, en.Seq)
			}
		}
		a, err := audit.In(s)
		if err != nil {
			rt.Fatal(err)
		}
		for {
			p, err := a.Find(q)
			if err != nil {
				rt.Fatal(err)
			}
			for _, r := range p.Rows {
				got = append(got, r.Seq)
				if en := entries[r.Seq-1]; r.Command != en.Command || r.Actor != en.Actor.ID || !r.Recorded.Equal(en.Recorded) || r.Key != en.Key {
					rt.Fatalf("line %+v is not entry %+v", r, en)
				}
			}
			if p.Next == 0 {
				break
			}
			q.Before = p.Next
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%+v: %d lines, want %d", q, len(got), len(want))
		}
	})
}

func TestWatchIsInOrderOfRecording(t *testing.T) {
	s, entries, secret := built(t)
	l, err := logbook.In(s)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []domain.Seq
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b *domain.Entry) int { return a.Recorded.Compare(b.Recorded) })
	span := logbook.Span{From: entries[200].Recorded, To: entries[2500].Recorded, Newest: true, Limit: 333, Allow: plain}
	for _, en := range slices.Backward(sorted) {
		if !en.Recorded.Before(span.From) && en.Recorded.Before(span.To) && !secret[en.Key] {
			want = append(want, en.Seq)
		}
	}
	for {
		rows, next, err := l.Watch(span)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			got = append(got, r.Seq)
		}
		if next.Seq == 0 {
			break
		}
		span.After = next
	}
	if !slices.Equal(got, want) {
		t.Errorf("the watch has %d lines, want %d, or in another order", len(got), len(want))
	}
	for key, hidden := range secret {
		if !hidden {
			continue
		}
		if rows, total, err := l.OfIncident(key, logbook.Query{Allow: plain}); len(rows) != 0 || total != 0 || err != nil {
			t.Fatalf("a logbook that may not be shown has %d of %d lines, %v", len(rows), total, err)
		}
	}
}

// Who asks for incidents by their keys, as a search does, gets of these the ones
// that may be shown, and no others are counted or paged over.
func TestIncidentsOfKeysAreFilteredAsAnyOthers(t *testing.T) {
	s, _, secret := built(t)
	g, err := register.In(s)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := g.List(register.Query{Limit: many})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		keys := []domain.Key{{}} // one that the register does not know
		var want []domain.Key
		withheld := 0
		for _, r := range all {
			if !rapid.Bool().Draw(rt, "asked") {
				continue
			}
			keys = append(keys, r.Key)
			if secret[r.Key] {
				withheld++
			} else {
				want = append(want, r.Key)
			}
		}
		var got []domain.Key
		for len(got) < len(want) || len(got) == 0 {
			rows, total, err := g.List(register.Query{Keys: keys, Allow: plain, Skip: len(got), Limit: 7})
			if err != nil || total != len(want) {
				rt.Fatalf("%d in all, not %d (%d withheld): %v", total, len(want), withheld, err)
			}
			for _, r := range rows {
				got = append(got, r.Key)
			}
			if len(rows) == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%v, not %v", got, want)
		}
	})
}
