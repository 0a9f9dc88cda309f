package alerts

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/micro"
)

const org domain.OrgID = "nuth"

const law = `{"format":"incident-policy/1","id":"test","version":"1","zone":"Europe/Amsterdam",
 "sources":{"gdpr":{"ref":"Reg. (EU) 2016/679"},"local":{"ref":"own decision"}},
 "codes":{"roles":["security-officer","help-desk","secretary","board","operator","representative"],"categories":["data-leak"]},
 "authorities":[{"id":"ap","name":"Autoriteit Persoonsgegevens","source":"gdpr"}],
 "rules":[{"id":"gdpr-33","source":"gdpr","anchor":[{"path":"breach.aware"}],"to":{"all":["ap"]},"due":{"elapsed":"PT72H"},"met":"breach.notified.{recipient}","warn":["PT24H"],"statutory":true}]}`

// An office is an organisation's desk on a real ledger.
type office struct {
	t     testing.TB
	store *eventstore.Store
	log   *eventstore.Ledger
	keys  *vault.Vault
	desk  *handlers.Desk
	set   *policy.Set
	bus   *bus

	stopPublishing func()

	mu     sync.Mutex
	begins map[string]domain.Seq // where places in the stream begin
}

// begin keeps what the last entry was when it was asked first.
func (o *office) begin(place string) (domain.Seq, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.begins[place]; !ok {
		o.begins[place] = o.log.Last()
	}
	return o.begins[place], nil
}

func open(t testing.TB) *office {
	t.Helper()
	o := &office{t: t, begins: map[string]domain.Seq{}}
	var err error
	if o.set, err = policy.Parse([]byte(law)); err != nil {
		t.Fatal(err)
	}
	basis := incident.Basis{Basis: policy.Basis{Current: o.set}, Refs: []domain.Basis{{Kind: "policy", Seq: 1, Hash: o.set.Hash()}}}
	kinds := []domain.Kind{ledger.Kind(), incident.Kind(func() incident.Basis { return basis })}
	dir := t.TempDir()
	if o.store, err = eventstore.Open(t.Context(), eventstore.Config{Dir: filepath.Join(dir, "data"), Kinds: kinds}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.store.Close() })
	master, err := vault.ParseMasterKey("incidentledger-master-key-1 " + strings.Repeat("QkJC", 10) + "QkI")
	if err != nil {
		t.Fatal(err)
	}
	if o.keys, err = vault.Create(vault.Config{Dir: filepath.Join(dir, "keys"), Org: org, Master: master}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.keys.Close() })
	if o.log, err = o.store.Found(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	o.desk = handlers.NewDesk(handlers.Config{Org: org, Log: o.log, Sealer: o.keys, Kinds: kinds,
		Version: func(name string) int { return max(kinds[0].EventVersion(name), kinds[1].EventVersion(name)) }})
	o.give(domain.Order{ID: handlers.NewOrderID(), Kind: ledger.Name, Key: ledger.Key(org), Actor: domain.Actor{Role: "operator", Proof: "system"}, Command: &ledger.FoundLedger{
		Origin: "test/nuth", LogKey: "key", Country: "NL", Zone: "Europe/Amsterdam", Formats: []domain.Code{"incidentledger/entry/1"}, Name: "Gemeente Geheim"}})
	if err := o.store.Founded(org); err != nil {
		t.Fatal(err)
	}
	o.bus = startBus(t)
	o.publish()
	t.Cleanup(func() { o.stopPublishing() })
	return o
}

func (o *office) publish() {
	o.t.Helper()
	p, err := micro.NewPublisher(micro.PublisherConfig{Org: org, Ledger: o.log, Conn: o.bus.connect(), Log: quiet()})
	if err != nil {
		o.t.Fatal(err)
	}
	o.stopPublishing = background(o.t, p.Run)
}

// restart starts the server of the stream anew, as a restart of the program does.
// What meanwhile happens is recorded while nobody can publish it.
func (o *office) restart(meanwhile func()) {
	o.t.Helper()
	o.stopPublishing()
	o.bus.stop()
	if meanwhile != nil {
		meanwhile()
	}
	o.bus.start()
	o.publish()
}

func (o *office) give(order domain.Order) domain.Receipt {
	o.t.Helper()
	r, err := o.desk.Give(context.Background(), order)
	if err != nil {
		o.t.Fatalf("%s: %v", order.Command.CommandName(), err)
	}
	return r
}

func (o *office) do(key domain.Key, c domain.Command) domain.Receipt {
	o.t.Helper()
	return o.give(domain.Order{ID: handlers.NewOrderID(), Kind: incident.Name, Key: key, Command: c,
		Actor: domain.Actor{Role: "security-officer", For: org, Door: "cli", Proof: "stated"}})
}

// report reports a leak: IncidentReported, RecipientsDetermined and
// IncidentRegistered in one entry.
func (o *office) report() domain.Key {
	o.t.Helper()
	return o.do(domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: "Titel Geheim", Description: "Tekst Geheim", Category: "data-leak", Channel: "phone",
		Location: "Plaats Geheim", Reporter: "Mevrouw Geheim", OwnReference: "Nummer Geheim", SuspectedDataLeak: true}).Key
}

// A bus is a JetStream server with the stream of events, which can be stopped and
// started again.
type bus struct {
	t   testing.TB
	dir string
	srv *server.Server
}

func startBus(t testing.TB) *bus {
	t.Helper()
	b := &bus{t: t, dir: t.TempDir()}
	b.start()
	t.Cleanup(b.stop)
	js, err := jetstream.New(b.connect())
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "EVENTS_nuth", Subjects: []string{"events.nuth.>"}, Storage: jetstream.FileStorage, DenyDelete: true, DenyPurge: true, AllowDirect: true,
		Duplicates: 2 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bus) start() {
	b.t.Helper()
	var err error
	if b.srv, err = server.NewServer(&server.Options{ServerName: "test", DontListen: true, JetStream: true, StoreDir: b.dir, NoSigs: true, NoLog: true}); err != nil {
		b.t.Fatal(err)
	}
	b.srv.Start()
	if !b.srv.ReadyForConnections(10 * time.Second) {
		b.t.Fatal("the server is not ready")
	}
}

func (b *bus) stop() {
	b.srv.Shutdown()
	b.srv.WaitForShutdown()
}

func (b *bus) connect() *nats.Conn {
	b.t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(b.srv), nats.MaxReconnects(-1))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(nc.Close)
	return nc
}

// forget loses places in the stream.
func (b *bus) forget(names ...string) {
	b.t.Helper()
	js, err := jetstream.New(b.connect())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range names {
		if err := js.DeleteConsumer(b.t.Context(), "EVENTS_nuth", name); err != nil {
			b.t.Fatal(err)
		}
	}
}

// waitConsumer waits until a consumer is there.
func (b *bus) waitConsumer(name string) {
	b.t.Helper()
	b.wait(name, func(*jetstream.ConsumerInfo) bool { return true })
}

// waitDone waits until nothing waits in a consumer any more.
func (b *bus) waitDone(name string) {
	b.t.Helper()
	b.wait(name, func(i *jetstream.ConsumerInfo) bool { return i.NumPending == 0 && i.NumAckPending == 0 })
}

func (b *bus) wait(name string, enough func(*jetstream.ConsumerInfo) bool) {
	b.t.Helper()
	js, err := jetstream.New(b.connect())
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer stop()
	for ctx.Err() == nil {
		if c, err := js.Consumer(ctx, "EVENTS_nuth", name); err == nil && enough(c.CachedInfo()) {
			return
		}
	}
	b.t.Fatalf("%s does not come so far", name)
}

// background runs f until the returned function is called.
func background(t testing.TB, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("it does not end")
		}
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func (o *office) escalate(key domain.Key) domain.Seq {
	o.t.Helper()
	return o.do(key, &incident.Escalate{To: "security-officer", Kind: "hierarchical", Level: 1, Because: "manual", Reason: "Geheim"}).Seq
}

func (o *office) system(key domain.Key, c domain.Command) {
	o.t.Helper()
	o.give(domain.Order{ID: handlers.NewOrderID(), Kind: incident.Name, Key: key, Command: c, Actor: domain.Actor{Role: "operator", Door: "system", Proof: "system"}})
}

// wantDeliveries waits until an incident has as many deliveries as wanted and
// holds that they are these, in any order. Each has an alert, a channel and an
// attempt of its own.
func (o *office) wantDeliveries(key domain.Key, want ...string) {
	o.t.Helper()
	slices.Sort(want)
	o.wantTold(key, func(e domain.Event) (string, bool) {
		switch e := e.(type) {
		case incident.AlertDelivered:
			return strings.TrimSpace(fmt.Sprintf("%s %d delivered %d %s", e.Channel, e.Attempt, e.Status, e.Clock)), true
		case incident.AlertFailed:
			return strings.TrimSpace(fmt.Sprintf("%s %d failed %d %s", e.Channel, e.Attempt, e.Status, e.Clock)), true
		}
		return "", false
	}, func(got []string) { slices.Sort(got) }, want)
}

// wantTold waits until as much is told of an incident as wanted, and holds that
// it is this. show puts an event into words, if it is heeded; order
// puts what came into the order of want.
func (o *office) wantTold(key domain.Key, show func(domain.Event) (string, bool), order func([]string), want []string) {
	o.t.Helper()
	ctx, stop := context.WithTimeout(o.t.Context(), 15*time.Second)
	defer stop()
	for {
		seq := o.log.Last()
		var got []string
		for en, err := range o.log.Load(ctx, domain.Ref{Kind: incident.Name, Key: key}, 0) {
			if err != nil {
				o.t.Fatal(err)
			}
			for _, r := range en.Events {
				if s, ok := show(r.Event); ok {
					got = append(got, s)
				}
			}
		}
		enough := len(got) >= len(want)
		if enough {
			order(got)
		}
		if enough && slices.Equal(got, want) {
			return
		}
		if enough || o.log.WaitFor(ctx, seq+1) != nil {
			o.t.Fatalf("told\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
}
