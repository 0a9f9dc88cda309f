package api

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/find"
	"incidentledger/handlers/policyfile"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/breaches"
	"incidentledger/projections/contacts"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/duties"
	"incidentledger/projections/evidence"
	"incidentledger/projections/improvements"
	"incidentledger/projections/informed"
	"incidentledger/projections/logbook"
	"incidentledger/projections/obligations"
	"incidentledger/projections/register"
	"incidentledger/projections/suppliers"
)

const (
	testOrg = "nuth"
	base    = Root + "/organisations/" + testOrg
	officer = "0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"
)

// A house is a whole ledger behind the API, as the program wires it.
type house struct {
	t      testing.TB
	office *Office
	ledger *eventstore.Ledger
	api    http.Handler
	server *httptest.Server
	log    *lockedBuffer

	mu     sync.Mutex
	now    time.Time
	broken error
	erased map[domain.Seq]bool // entries whose keys are gone
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) setClock(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = t
}

// An opener opens entries with the house's vault, and those whose keys are said
// to be gone with a vault that has none of them.
type opener struct {
	h           *house
	vault, bare *vault.Vault
}

// Open implements handlers.Opener.
func (o opener) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	o.h.mu.Lock()
	v := o.vault
	if o.h.erased[en.Seq] {
		v = o.bare
	}
	o.h.mu.Unlock()
	out, err := v.Open(en)
	return out.Events, out.By, out.Erased, err
}

func newHouse(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{t: t, log: &lockedBuffer{}, erased: map[domain.Seq]bool{}, now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	set, err := policyfile.Shipped()
	must(err)
	law := func() incident.Basis {
		return incident.Basis{Basis: policy.Basis{Current: set, Sets: map[domain.Hash]*policy.Set{set.Hash(): set},
			Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}}}
	}
	kinds := []domain.Kind{ledger.Kind(), incident.Kind(law)}
	ctx, cancel := context.WithCancel(context.Background())
	store, err := eventstore.Open(ctx, eventstore.Config{Dir: dir, Kinds: kinds, SegmentSize: 1 << 20})
	must(err)
	master, err := vault.NewMasterKey(filepath.Join(t.TempDir(), "master.key"))
	must(err)
	l, err := store.Found(ctx, testOrg)
	must(err)
	v, err := vault.Create(vault.Config{Dir: filepath.Join(dir, "vault"), Org: testOrg, Master: master})
	must(err)
	bare, err := vault.Create(vault.Config{Dir: filepath.Join(dir, "bare"), Org: testOrg, Master: master})
	must(err)
	desk := handlers.NewDesk(handlers.Config{Org: testOrg, Log: l, Sealer: v, Kinds: kinds, Version: store.Codec().Version, Now: h.clock})
	_, err = desk.Give(ctx, domain.Order{ID: handlers.NewOrderID(), Kind: ledger.Name, Key: ledger.Key(testOrg),
		Actor: domain.Actor{Role: "operator", For: testOrg, Door: "system", Proof: "system"},
		Command: &ledger.FoundLedger{Origin: "incidentledger/nuth/000000", LogKey: "AAAA", Country: "NL", Zone: "Europe/Amsterdam",
			Formats: []domain.Code{eventstore.EntryFormat}, Name: "Gemeente Nuth"}})
	must(err)
	must(store.Founded(testOrg))
	zone, err := time.LoadLocation("Europe/Amsterdam")
	must(err)
	views, err := projections.Open(projections.Config{Dir: filepath.Join(dir, "views"), CacheBytes: 1 << 20, Logger: log},
		register.New(zone), logbook.New(), deadlines.New(zone), audit.New(), duties.New(), breaches.New(), informed.New(), evidence.New(), obligations.New(), suppliers.New(), improvements.New(), contacts.New())
	must(err)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := views.Run(ctx, l); err != nil {
			t.Errorf("views: %v", err)
		}
	}()
	texts := find.New(find.Config{Ledger: l, Opener: opener{h, v, bare}, Log: log})
	read := make(chan struct{})
	go func() { defer close(read); _ = texts.Run(ctx) }()
	h.ledger = l
	h.office = &Office{Org: testOrg, Name: "Gemeente Nuth", Country: "NL", Zone: zone, Desk: desk, Log: l, Follow: l, Ledger: l,
		Opener: opener{h, v, bare}, Find: func() Finder { return texts }, Views: views, Law: law, Broken: func() error { h.mu.Lock(); defer h.mu.Unlock(); return h.broken }}
	docs, err := incident.Docs()
	must(err)
	c := Config{Offices: func() []*Office { return []*Office{h.office} }, Version: "0.1.0", Kinds: kinds,
		Docs: map[domain.KindName]map[string]string{incident.Name: docs}, Overlay: policyfile.Overlay, Now: h.clock, Log: log}
	for _, f := range change {
		f(&c)
	}
	h.api, err = New(c)
	must(err)
	h.server = httptest.NewServer(h.api)
	t.Cleanup(func() {
		h.server.Close()
		cancel()
		<-ran
		<-read
		must(views.Close())
		must(store.Close())
		must(v.Close())
		must(bare.Close())
	})
	return h
}
