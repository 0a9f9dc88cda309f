package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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
	"incidentledger/handlers/policyfile"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/logbook"
	"incidentledger/projections/register"
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
		register.New(zone), logbook.New(), deadlines.New(zone), audit.New())
	must(err)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := views.Run(ctx, l); err != nil {
			t.Errorf("views: %v", err)
		}
	}()
	h.ledger = l
	h.office = &Office{Org: testOrg, Name: "Gemeente Nuth", Country: "NL", Zone: zone, Desk: desk, Log: l, Follow: l, Ledger: l,
		Opener: opener{h, v, bare}, Views: views, Law: law, Broken: func() error { h.mu.Lock(); defer h.mu.Unlock(); return h.broken }}
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
		must(views.Close())
		must(store.Close())
		must(v.Close())
		must(bare.Close())
	})
	return h
}

// An asked is a request's answer.
type asked struct {
	*http.Response
	raw  []byte
	body map[string]any
}

// ask sends a request over HTTP. Headers come as name, value, name, value …
func (h *house) ask(method, path, body string, headers ...string) asked {
	h.t.Helper()
	a, err := h.tryAsk(method, path, body, headers...)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) tryAsk(method, path, body string, headers ...string) (asked, error) {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, h.server.URL+path, in)
	if err != nil {
		return asked{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.server.Client().Do(r)
	if err != nil {
		return asked{}, err
	}
	defer resp.Body.Close()
	a := asked{Response: resp}
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") && len(a.raw) > 0 {
		_ = json.Unmarshal(a.raw, &a.body) // a list of lines stays raw
	}
	return a, nil
}

func (h *house) get(path string, headers ...string) asked {
	h.t.Helper()
	return h.ask("GET", path, "", headers...)
}

// must checks the status.
func (a asked) must(t testing.TB, status int) asked {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.raw)
	}
	if status >= 400 && a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s: status %d is no problem: %s", a.Request.URL.Path, status, a.raw)
	}
	return a
}

// at walks the answer's JSON: names and positions.
func (a asked) at(path ...any) any {
	var v any = a.body
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a asked) str(path ...any) string { s, _ := a.at(path...).(string); return s }
func (a asked) num(path ...any) int    { n, _ := a.at(path...).(float64); return int(n) }
func (a asked) items() []any           { l, _ := a.at("items").([]any); return l }

// laptop is the body of a report; more members go in front.
func laptop(more string) string {
	return `{` + more + `"kind":"incident","title":"Laptop left on the train","description":"With the files of the youth team.",` +
		`"category":"data-leak","channel":"phone","discovered":"2026-11-20T17:40:00+01:00","ict":true,` +
		`"securityRelevant":true,"suspectedDataLeak":true,` + order() + `}`
}

// order is the envelope every order of these tests has.
func order() string { return `"order":{"actor":{"id":"` + officer + `","role":"security-officer"}}` }

// report reports an incident and gives its key and the receipt.
func (h *house) report(headers ...string) (string, asked) {
	h.t.Helper()
	a := h.ask("POST", base+"/incidents", laptop(""), headers...).must(h.t, 201)
	return a.str("key"), a
}

// give gives an order to an incident.
func (h *house) give(key, command, members string, headers ...string) asked {
	h.t.Helper()
	if members != "" {
		members += ","
	}
	return h.ask("POST", base+"/incidents/"+key+"/commands/"+command, "{"+members+order()+"}", headers...)
}
