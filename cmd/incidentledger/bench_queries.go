package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/logbook"
)

// A query is asked of the views and must give so many rows.
type query struct {
	what  string
	rows  int
	limit time.Duration // target for its p99
	ask   func(s *projections.Snapshot) (int, error)
}

func (l *benchLedger) queries() []query {
	return []query{
		{"next 50 due deadlines", 50, 200 * time.Microsecond, func(s *projections.Snapshot) (int, error) {
			d, err := deadlines.In(s)
			if err != nil {
				return 0, err
			}
			rows, err := d.Next(50, everybody)
			return len(rows), err
		}},
		{"newest 50 audit lines", 50, 200 * time.Microsecond, func(s *projections.Snapshot) (int, error) {
			a, err := audit.In(s)
			if err != nil {
				return 0, err
			}
			p, err := a.Find(audit.Query{Limit: 50, Allow: everybody})
			return len(p.Rows), err
		}},
		{fmt.Sprintf("logbook of %d rows", longLog), longLog, 3 * time.Millisecond, func(s *projections.Snapshot) (int, error) {
			b, err := logbook.In(s)
			if err != nil {
				return 0, err
			}
			rows, _, err := b.OfIncident(l.long, logbook.Query{Order: logbook.ByOccurred, Allow: everybody})
			return len(rows), err
		}},
	}
}

// queries measures single questions to the views, from taking a snapshot to the
// rows, by one reader.
func (b *bench) queries(ctx context.Context) (err error) {
	l, err := b.largeShown(ctx)
	if err != nil {
		return err
	}
	db, err := l.openViews(b, false, viewsOf(l.zone)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	qs := l.queries()
	var cs []contestant
	for _, q := range qs {
		cs = append(cs, contestant{q.what, false, func(ctx context.Context, d time.Duration) (measured, error) {
			return callers(ctx, 1, d, func(context.Context, int) error { return q.put(db) })
		}})
	}
	got, err := b.contest(ctx, "queries", cs...)
	if err != nil {
		return err
	}
	for _, q := range qs {
		rounds := got[q.what]
		r := benchRow{Name: "queries", What: fmt.Sprintf("%s, at %d entries, p99", q.what, l.last), Unit: "µs", Rounds: len(rounds),
			Value: medianOf(rounds, p99Of), Note: "p50 " + figure(medianOf(rounds, p50Of)) + " µs"}
		b.add(r.valueBelow(micros(q.limit)))
	}
	return nil
}

// put asks once.
func (q query) put(db *projections.DB) error {
	s, err := db.Snapshot()
	if err != nil {
		return err
	}
	n, err := q.ask(s)
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	if n != q.rows {
		return fmt.Errorf("%s: %d rows, where %d should be", q.what, n, q.rows)
	}
	return nil
}
