package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/projections"
)

// catchUp measures how fast the views of incidents are built from the first entry,
// beside an ordered consumer that only drains the same stream; then all views,
// which stay for the sections behind.
func (b *bench) catchUp(ctx context.Context) error {
	l, err := b.large(ctx)
	if err != nil {
		return err
	}
	most := min(b.rounds, 3) // each round reads the whole ledger
	var ours, theirs []measured
	for round := range most {
		b.say("catch-up: round %d of %d", round+1, most)
		drained, err := l.drain(ctx)
		if err != nil {
			return err
		}
		own := contestant{name: "catch-up", own: true}
		built, err := b.profiled(own, round == most-1, func() (measured, error) { return b.buildViews(ctx, l, viewsOfIncidents(l.zone)) })
		if err != nil {
			return err
		}
		theirs, ours = append(theirs, drained), append(ours, built)
	}
	b.add(versus(benchRow{Name: "catch-up", What: fmt.Sprintf("all four views from %d entries", l.last), Unit: "entries/s",
		Yardstick: "ordered consumer, draining the stream undecoded",
		Note:      fmt.Sprintf("%.1f s", float64(l.last)/medianOf(ours, rateOf))}, ours, theirs, rateOf).ratioAtLeast(0.3))
	b.say("catch-up: all views")
	all := viewsOf(l.zone)
	built, err := b.buildViews(ctx, l, all)
	if err != nil {
		return err
	}
	b.add(benchRow{Name: "catch-up", What: fmt.Sprintf("all %d views from %d entries", len(all), l.last), Unit: "entries/s", Value: built.rate, Rounds: 1,
		Note: fmt.Sprintf("%.1f s", float64(l.last)/built.rate)})
	l.shown = true
	return nil
}

// drain reads the whole stream through a raw ordered consumer and looks at
// nothing in it.
func (l *benchLedger) drain(ctx context.Context) (m measured, err error) {
	raw, err := startRaw(filepath.Join(l.data, "stream"), false)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, raw.close()) }()
	return raw.drain(ctx, eventstore.StreamName(benchOrg), int(l.last))
}

func (l *benchLedger) viewsDir() string { return filepath.Join(l.data, "views", string(benchOrg)) }

// buildViews builds views anew where the program will look for them. What
// opening the ledger costs does not count here; start tells.
func (b *bench) buildViews(ctx context.Context, l *benchLedger, views []projections.View) (m measured, err error) {
	l.shown = false
	if err := os.RemoveAll(l.viewsDir()); err != nil {
		return m, err
	}
	store, err := eventstore.Open(ctx, eventstore.Config{Dir: l.data, Kinds: storeKinds(), Log: b.app.logger()})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	ledger, err := store.Ledger(benchOrg)
	if err != nil {
		return m, err
	}
	begun := time.Now()
	db, err := l.openViews(b, true, views...)
	if err != nil {
		return m, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		stop(db.Run(ctx, ledger))
	}()
	for _, v := range db.Status() {
		if werr := db.WaitFor(ctx, v.View, ledger.Last()); werr != nil {
			err = errors.Join(err, fmt.Errorf("view %s: %w", v.View, werr), context.Cause(ctx))
		}
	}
	m.rate = float64(ledger.Last()) / time.Since(begun).Seconds()
	if oerr := db.Order(ctx); oerr != nil {
		err = errors.Join(err, oerr)
	}
	stop(nil)
	<-ran
	return m, errors.Join(err, db.Close())
}

// openViews opens the views as the program does: in bulk where they are to be
// built.
func (l *benchLedger) openViews(b *bench, bulk bool, views ...projections.View) (*projections.DB, error) {
	if err := os.MkdirAll(filepath.Dir(l.viewsDir()), 0o700); err != nil {
		return nil, err
	}
	return projections.Open(projections.Config{Dir: l.viewsDir(), Logger: b.app.logger(), Bulk: bulk}, views...)
}

// largeShown gives the large ledger with its views built.
func (b *bench) largeShown(ctx context.Context) (*benchLedger, error) {
	l, err := b.large(ctx)
	if err != nil || l.shown {
		return l, err
	}
	if _, err = b.buildViews(ctx, l, viewsOf(l.zone)); err == nil {
		l.shown = true
	}
	return l, err
}

// everybody is a reader who may see the usual incidents, and is asked.
func everybody(c projections.Class) bool { return c.Track == domain.Code("normal") }
