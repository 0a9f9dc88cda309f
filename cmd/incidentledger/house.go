package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
)

// A house is an open data folder: the store, and an office for each
// organisation that has a ledger in it.
type house struct {
	dir    string
	master string // path of the master key file
	log    *slog.Logger
	store  *eventstore.Store

	alerting *alerting
	filing   filing
	docs     func() (map[domain.KindName]map[string]string, error) // what commands are for, read once

	ctx    context.Context // ends when the house closes
	cancel context.CancelFunc

	mu      sync.Mutex
	offices map[domain.OrgID]*office
}

// houseConfig says which data folder to open and how.
type houseConfig struct {
	Dir    string
	Master string            // path of the master key file
	Listen eventstore.Listen // NATS listener
	Log    *slog.Logger
	Fail   func(error) // told when the process must end; nil: nobody

	Alerting *alerting // nil: nobody is told of anything
	Filing   filing

	SyncInterval time.Duration // of JetStream's own syncing; 0: the store's default
}

// openHouse opens a data folder. The start-up gate of every ledger has passed
// when it returns; views catch up in the background.
func openHouse(ctx context.Context, c houseConfig) (_ *house, err error) {
	h := &house{dir: c.Dir, master: c.Master, log: c.Log, alerting: c.Alerting, filing: c.Filing, docs: sync.OnceValues(docsOfKinds), offices: map[domain.OrgID]*office{}}
	if h.alerting == nil {
		h.alerting = &alerting{}
	}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.store, err = eventstore.Open(ctx, eventstore.Config{
		Dir: c.Dir, Kinds: storeKinds(), Listen: c.Listen, Log: c.Log,
		Alarm:     func(msg string) { c.Log.Error("the embedded server complains", "alarm", true, "msg", msg) },
		OnFailure: c.Fail, SyncInterval: c.SyncInterval,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	for _, org := range h.store.Orgs() {
		if err := h.open(ctx, org); err != nil {
			return nil, fmt.Errorf("organisation %s: %w", org, err)
		}
	}
	return h, nil
}

// open sets up the office of an organisation whose ledger is founded.
func (h *house) open(ctx context.Context, org domain.OrgID) error {
	l, err := h.store.Ledger(org)
	if err != nil {
		return err
	}
	master, err := vault.ReadMasterKey(h.master)
	if err != nil {
		return err
	}
	v, err := h.openVault(ctx, l, vault.Config{Dir: h.vaultDir(org), Org: org, Master: master})
	if err != nil {
		return err
	}
	o := &office{org: org, ledger: l, vault: v, law: newLaw(l, h.store.Dir(org)), ran: make(chan struct{})}
	if err := o.law.load(ctx); err != nil {
		return errors.Join(err, v.Close())
	}
	return h.staff(o)
}

func (h *house) vaultDir(org domain.OrgID) string { return filepath.Join(h.dir, "vault", string(org)) }
func (h *house) viewsDir(org domain.OrgID) string { return filepath.Join(h.dir, "views", string(org)) }

// office finds an organisation's office.
func (h *house) office(org domain.OrgID) (*office, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := h.offices[org]
	if o == nil {
		return nil, fmt.Errorf("organisation %s has no ledger here: %w", org, domain.ErrNotFound)
	}
	return o, nil
}

// orgs lists the organisations in order of their id.
func (h *house) orgs() []domain.OrgID {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]domain.OrgID, 0, len(h.offices))
	for org := range h.offices {
		out = append(out, org)
	}
	slices.Sort(out)
	return out
}

// close stops everything in reverse and marks the stop as clean.
func (h *house) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancel()
	var errs []error
	for _, o := range h.offices {
		o.stop()
		<-o.ran
		o.finding.Wait()
		errs = append(errs, o.views.Close(), o.closeSeal())
	}
	// A ledger that was stopped in order has a vault that was: the vault first.
	for _, o := range h.offices {
		errs = append(errs, o.vault.Close())
	}
	errs = append(errs, h.store.Close())
	h.offices = map[domain.OrgID]*office{}
	return errors.Join(errs...)
}
