package overdue

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/organisation"
	"incidentledger/domain/policy"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
)

const org domain.OrgID = "nuth"

// law has one term that acknowledging meets, one that counts from awareness, and
// one that an essential entity alone has.
const law = `{"format":"incident-policy/1","id":"test","version":"1","zone":"Europe/Amsterdam",
 "sources":{"gdpr":{"ref":"Reg. (EU) 2016/679"},"local":{"ref":"own decision"}},
 "codes":{"roles":["security-officer","help-desk"],"categories":["data-leak"],"cbwClasses":["essential","important"]},
 "authorities":[{"id":"ap","name":"Autoriteit Persoonsgegevens","source":"gdpr"}],
 "rules":[
  {"id":"reaction","source":"local","anchor":[{"path":"incident.reported"}],"due":{"elapsed":"PT4H"},"met":"incident.acknowledged","warn":["PT1H"],"service":true},
  {"id":"gdpr-33","source":"gdpr","anchor":[{"path":"breach.aware"}],"to":{"all":["ap"]},"due":{"elapsed":"PT72H"},"met":"breach.notified.{recipient}","warn":["PT24H"],"statutory":true},
  {"id":"cbw","source":"local","anchor":[{"path":"incident.reported"}],"when":{"eq":["org.cbwClass","essential"]},"due":{"elapsed":"PT72H"},"met":"incident.handled","statutory":true}]}`

// kinds are those of a ledger; profile gives the profile that holds for ever,
// with its entry.
func kinds(t testing.TB, profile func() (domain.Seq, policy.Profile)) []domain.Kind {
	t.Helper()
	set, err := policy.Parse([]byte(law))
	if err != nil {
		t.Fatal(err)
	}
	basis := func() incident.Basis {
		b := incident.Basis{Basis: policy.Basis{Current: set}, Refs: []domain.Basis{{Kind: policy.AdoptionKind, Seq: 1, Hash: set.Hash()}}}
		if seq, p := profile(); seq != 0 {
			b.Dated, b.Refs = []policy.Profile{p}, append(b.Refs, domain.Basis{Kind: organisation.Name, Seq: seq})
		}
		return b
	}
	codes := func() (domain.Codes, []domain.Basis) { return set, nil }
	return []domain.Kind{ledger.Kind(), organisation.Kind(codes), incident.Kind(basis)}
}

func version(kinds []domain.Kind) func(string) int {
	return func(name string) int {
		v := 0
		for i := range kinds {
			v = max(v, kinds[i].EventVersion(name))
		}
		return v
	}
}

// An office is an organisation's desk with what stands behind it.
type office struct {
	t     testing.TB
	desk  *handlers.Desk
	log   store
	views *projections.DB
	now   func() time.Time
	n     int
}

// store is the ledger that an office works on.
type store interface {
	handlers.Log
	projections.Ledger
	Last() domain.Seq
}

func newVault(t testing.TB, dir string) *vault.Vault {
	t.Helper()
	master, err := vault.ParseMasterKey("incidentledger-master-key-1 " + strings.Repeat("QkJC", 10) + "QkI")
	if err != nil {
		t.Fatal(err)
	}
	c := vault.Config{Dir: dir, Org: org, Master: master}
	open := vault.OpenVault
	if found, err := vault.Exists(dir); err != nil {
		t.Fatal(err)
	} else if !found {
		open = vault.Create
	}
	v, err := open(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// bubble plays a story in a bubble of synthetic time, on a ledger in memory.
func bubble(t *testing.T, story func(o *office, l *slice)) {
	synctest.Test(t, func(t *testing.T) {
		l := &slice{moved: make(chan struct{})}
		o := &office{t: t, log: l, now: time.Now}
		keys := newVault(t, t.TempDir())
		ks := kinds(t, l.profile)
		o.desk = handlers.NewDesk(handlers.Config{Org: org, Log: l, Sealer: keys, Kinds: ks, Version: version(ks), Now: func() time.Time { return o.now() }})
		var err error
		o.views, err = projections.Open(projections.Config{Dir: "views", FS: vfs.NewMem(), Logger: quiet()}, deadlines.New(time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		o.found()
		story(o, l)
		synctest.Wait()
		if err := o.views.Close(); err != nil {
			t.Error(err)
		}
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
	})
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// background runs f until the returned function is called.
func (o *office) background(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- f(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			o.t.Error(err)
		}
	}
}

func (o *office) view() (stop func()) {
	return o.background(func(ctx context.Context) error { return o.views.Run(ctx, o.log) })
}

func (o *office) keep() (stop func()) {
	return o.background(func(ctx context.Context) error {
		return Run(ctx, Config{Desk: o.desk, View: View(o.views), Now: func() time.Time { return o.now() }, Log: quiet()})
	})
}

// pass lets time go by in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (o *office) give(kind domain.KindName, key domain.Key, actor domain.Actor, c domain.Command) domain.Receipt {
	o.t.Helper()
	o.n++
	id := domain.OrderID{UUID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, c.CommandName(), o.n, o.log.Last()))}
	r, err := o.desk.Give(context.Background(), domain.Order{ID: id, Org: org, Kind: kind, Key: key, Actor: actor, Command: c})
	if err != nil {
		o.t.Fatalf("%s: %v", c.CommandName(), err)
	}
	return r
}

func (o *office) found() {
	o.give(ledger.Name, ledger.Key(org), domain.Actor{Role: "operator", Door: "system", Proof: "system"}, &ledger.FoundLedger{
		Origin: "test/nuth", LogKey: "key", Country: "NL", Zone: "Europe/Amsterdam", Formats: []domain.Code{"incidentledger/entry/1"}, Name: "Nuth"})
}

func (o *office) do(key domain.Key, c domain.Command) domain.Receipt {
	o.t.Helper()
	return o.give(incident.Name, key, domain.Actor{Role: "security-officer", For: org, Door: "cli", Proof: "stated"}, c)
}

func (o *office) report() domain.Key {
	o.t.Helper()
	return o.do(domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: "Laptop lost", Description: "On the train.", Category: "data-leak", Channel: "phone", SuspectedDataLeak: true}).Key
}

// become says what the organisation is, and always was.
func (o *office) become(class domain.Code) {
	o.t.Helper()
	o.give(organisation.Name, domain.Key{}, domain.Actor{Role: "security-officer", For: org, Door: "cli", Proof: "stated"},
		&organisation.SetOrganisationProfile{Country: "NL", CbwClass: class, ValidFrom: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), Approver: domain.PersonID{UUID: uuid.Max}})
}

// armed lists the incidents in which a term of a rule began to run, in order.
func (o *office) armed(rule domain.Code) []domain.Key {
	o.t.Helper()
	var out []domain.Key
	for en, err := range o.log.ReadAll(context.Background(), 0) {
		if err != nil {
			o.t.Fatal(err)
		}
		for _, r := range en.Events {
			if e, ok := r.Event.(policy.ClockArmed); ok && e.Origin.Rule == rule {
				out = append(out, en.Key)
			}
		}
	}
	return out
}

// said lists what the program itself has said, with the instant of each in
// RFC 3339 in UTC.
func (o *office) said() []string {
	o.t.Helper()
	var out []string
	for en, err := range o.log.ReadAll(context.Background(), 0) {
		if err != nil {
			o.t.Fatal(err)
		}
		for _, r := range en.Events {
			at := en.Recorded.Format("02T15:04:05")
			switch e := r.Event.(type) {
			case policy.ClockDueSoon:
				out = append(out, fmt.Sprintf("%s %s %s", at, e.Clock, e.Stage))
			case policy.ClockOverdue:
				out = append(out, fmt.Sprintf("%s %s overdue", at, e.Clock))
			case ledger.ClockStepped:
				out = append(out, fmt.Sprintf("%s stepped %s", at, e.After.Sub(e.Before).Round(time.Second)))
			}
		}
	}
	return out
}

func (o *office) wantSaid(want ...string) {
	o.t.Helper()
	if got := o.said(); !slices.Equal(got, want) {
		o.t.Errorf("said\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// A slice is a ledger in memory that can refuse to take entries.
type slice struct {
	mu      sync.Mutex
	entries []*domain.Entry
	moved   chan struct{}
	shut    error // why it takes none
	tries   int   // appends while it was shut
}

func (l *slice) Append(_ context.Context, en *domain.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut != nil {
		l.tries++
		return l.shut
	}
	var last domain.Seq
	for _, e := range l.entries {
		if e.Ref() == en.Ref() {
			last = e.Seq
		}
	}
	if last != en.Prev {
		return domain.ErrConflict
	}
	en.Seq = domain.Seq(len(l.entries) + 1)
	en.Hash, en.Size = domain.LeafHash([]byte(en.ID.String())), 1
	l.entries = append(l.entries, en)
	close(l.moved)
	l.moved = make(chan struct{})
	return nil
}

// profile is what the organisation was said to be last.
func (l *slice) profile() (seq domain.Seq, p policy.Profile) {
	for en := range l.ReadAll(context.Background(), 0) {
		for _, r := range en.Events {
			if e, ok := r.Event.(organisation.OrganisationProfileSet); ok {
				seq, p = en.Seq, policy.Profile{From: e.ValidFrom, Fields: e.Fields()}
			}
		}
	}
	return seq, p
}

func (l *slice) close(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = err
}

func (l *slice) Last() domain.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return domain.Seq(len(l.entries))
}

func (l *slice) Entry(seq domain.Seq) (*domain.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq == 0 || int(seq) > len(l.entries) {
		return nil, domain.ErrNotFound
	}
	return l.entries[seq-1], nil
}

func (l *slice) Load(ctx context.Context, ref domain.Ref, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for en, err := range l.ReadAll(ctx, after) {
			if en.Ref() == ref && !yield(en, err) {
				return
			}
		}
	}
}

func (l *slice) ReadAll(_ context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for {
			en, err := l.Entry(after + 1)
			if err != nil || !yield(en, nil) {
				return
			}
			after++
		}
	}
}

func (l *slice) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for {
			l.mu.Lock()
			moved := l.moved
			l.mu.Unlock()
			for en := range l.ReadAll(ctx, after) {
				if after = en.Seq; !yield(en, nil) {
					return
				}
			}
			select {
			case <-moved:
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
		}
	}
}
