package overdue

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/handlers"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
)

// openReal opens an office on a data folder with everything real, and gives what
// closes it. The first time it founds the ledger.
func openReal(t *testing.T, dir string) (*office, func()) {
	t.Helper()
	ks := kinds(t, func() (domain.Seq, policy.Profile) { return 0, policy.Profile{} })
	store, err := eventstore.Open(t.Context(), eventstore.Config{Dir: filepath.Join(dir, "data"), Kinds: ks})
	if err != nil {
		t.Fatal(err)
	}
	keys := newVault(t, filepath.Join(dir, "keys"))
	l, err := store.Ledger(org)
	fresh := errors.Is(err, domain.ErrNotFound)
	if fresh {
		l, err = store.Found(t.Context(), org)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, log: l, now: time.Now}
	o.desk = handlers.NewDesk(handlers.Config{Org: org, Log: l, Sealer: keys, Kinds: ks, Version: version(ks)})
	if fresh {
		o.found()
		if err := store.Founded(org); err != nil {
			t.Fatal(err)
		}
	}
	if o.views, err = projections.Open(projections.Config{Dir: filepath.Join(dir, "views"), Logger: quiet()}, deadlines.New(time.UTC)); err != nil {
		t.Fatal(err)
	}
	stop := o.view()
	return o, func() {
		t.Helper()
		stop()
		if err := errors.Join(o.views.Close(), store.Close(), keys.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestOnTheRealLedgerARestartSaysNothingAgain(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithTimeout(t.Context(), 15*time.Second)
	defer stop()
	o, closeAll := openReal(t, dir)
	stopKeeper := o.keep()
	key := o.report()
	o.do(key, &incident.AcknowledgeIncident{})
	seq := o.do(key, &incident.EstablishAwareness{AwareAt: time.Now().Add(-80 * time.Hour), Basis: "It was known."}).Seq
	if err := o.log.(*eventstore.Ledger).WaitFor(ctx, seq+2); err != nil {
		t.Fatalf("said %q: %v", o.said(), err)
	}
	stopKeeper()
	if got := len(o.said()); got != 2 {
		t.Fatalf("said %q, want a warning and overdue", o.said())
	}
	closeAll()

	o, closeAll = openReal(t, dir)
	defer closeAll()
	before := o.log.Last()
	stopKeeper = o.keep()
	other := o.report()
	o.do(other, &incident.AcknowledgeIncident{})
	seq = o.do(other, &incident.EstablishAwareness{AwareAt: time.Now().Add(-80 * time.Hour), Basis: "It was known."}).Seq
	if err := o.log.(*eventstore.Ledger).WaitFor(ctx, seq+2); err != nil {
		t.Fatalf("said %q: %v", o.said(), err)
	}
	stopKeeper()
	if got := o.log.Last(); got != before+5 {
		t.Errorf("%d entries after the restart, want those of the second incident: 3 and 2", got-before)
	}
}
