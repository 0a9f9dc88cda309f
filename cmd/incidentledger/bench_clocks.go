package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
)

// clocks measures what terms cost: recomputing them, deciding an order with
// them, and finding what is due among very many.
func (b *bench) clocks(ctx context.Context) error {
	set, err := policyfile.Shipped()
	if err != nil {
		return err
	}
	f, err := newClockFile(set)
	if err != nil {
		return err
	}
	book, err := b.openBook(ctx)
	if err != nil {
		return err
	}
	var allocs float64
	got, err := b.contest(ctx, "clocks",
		contestant{"recompute", true, f.recompute},
		contestant{"decide", true, func(ctx context.Context, d time.Duration) (m measured, err error) {
			m, allocs, err = f.decide(ctx, d)
			return m, err
		}},
		contestant{"due", true, book.due})
	if err = errors.Join(err, book.close()); err != nil {
		return err
	}
	per := float64(len(f.incident.Clocks))
	b.add(benchRow{Name: "clocks", What: "one core: clocks recomputed, as verify does", Unit: "clocks/s", Rounds: b.rounds,
		Value: per * medianOf(got["recompute"], rateOf), Note: fmt.Sprintf("%.0f clocks an incident", per)}.valueAtLeast(200_000))
	b.add(benchRow{Name: "clocks", What: fmt.Sprintf("one order decided with its clocks, on an incident of %d entries", clockEntries), Unit: "µs", Rounds: b.rounds,
		Value: medianOf(got["decide"], p50Of), Note: "p99 " + figure(medianOf(got["decide"], p99Of)) + " µs"}.valueBelow(50))
	b.add(benchRow{Name: "clocks", What: "the same order", Unit: "allocations", Rounds: b.rounds, Value: allocs}.valueBelow(200))
	b.add(benchRow{Name: "clocks", What: fmt.Sprintf("what is due among %d clocks", b.entries), Unit: "µs", Rounds: b.rounds,
		Value: medianOf(got["due"], p50Of), Note: fmt.Sprintf("%d are due; p99 %s µs", dueNow, figure(medianOf(got["due"], p99Of)))}.valueBelow(1000))
	return nil
}

const (
	clockEntries = 100 // of the incident that is decided about
	dueNow       = 50  // clocks that are due when it is asked
	perIncident  = 5   // clocks of one incident in the book
)

// A clockFile is one incident with every kind of duty, and the order that comes
// next.
type clockFile struct {
	basis    incident.Basis
	incident *incident.Incident
	next     domain.Order
}

func newClockFile(set *policy.Set) (*clockFile, error) {
	f := &clockFile{incident: new(incident.Incident), basis: incident.Basis{Basis: policy.Basis{Current: set,
		Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL", policy.OrgSuwiParty: "true"}}}}
	now := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	order := func(c domain.Command) domain.Order {
		now = now.Add(time.Minute)
		return domain.Order{ID: domain.OrderIDFor(benchOrg, domain.PersonID{}, now.String()), Org: benchOrg, Kind: incident.Name, Key: domain.KeyNamed(benchOrg, incident.Name, "one"),
			Actor: domain.Actor{Role: "security-officer", For: benchOrg, Door: "cli", Proof: "stated"}, Recorded: now, Command: c}
	}
	orders := []domain.Command{
		&incident.ReportIncident{Kind: "incident", Title: "A laptop", Description: "Left on the train.", Category: "data-leak", Channel: "phone",
			SuspectedDataLeak: true, ICT: true, SecurityRelevant: true, Chain: "suwi"},
		&incident.AssessPriority{Urgency: "high", Impact: "high"},
	}
	for i := len(orders); i < clockEntries; i++ {
		orders = append(orders, &incident.AddLogEntry{Text: domain.Text(fmt.Sprintf("Line %d of the logbook.", i))})
	}
	for _, c := range orders {
		o := order(c)
		d, err := incident.Decide(f.incident, o, f.basis)
		if err != nil {
			return nil, err
		}
		if f.incident, err = incident.Evolve(f.incident, entryOf(o, f.incident.Seq+1, d.Events)); err != nil {
			return nil, err
		}
	}
	f.next = order(&incident.EstablishAwareness{Of: incident.OfBreach, AwareAt: now.Add(-time.Hour), Basis: "The owner confirmed it."})
	return f, nil
}

func entryOf(o domain.Order, seq domain.Seq, events []domain.Event) domain.Entry {
	en := domain.Entry{Seq: seq, ID: o.ID, Org: o.Org, Kind: o.Kind, Key: o.Key, Actor: o.Actor, Recorded: o.Recorded}
	for _, e := range events {
		en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: e})
	}
	return en
}

func (f *clockFile) recompute(ctx context.Context, d time.Duration) (measured, error) {
	return callers(ctx, 1, d, func(context.Context, int) error {
		want, err := policy.Derive(incident.Facts(f.incident), f.basis.Basis)
		if diff := policy.Diff(f.incident.Clocks, want); err == nil && len(diff) > 0 {
			err = fmt.Errorf("%d clocks stand otherwise than they should", len(diff))
		}
		return err
	})
}

// decide measures the order's decision, and how often it allocates.
func (f *clockFile) decide(ctx context.Context, d time.Duration) (measured, float64, error) {
	one := func(context.Context, int) error { _, err := incident.Decide(f.incident, f.next, f.basis); return err }
	m, err := callers(ctx, 1, d, one)
	if err != nil {
		return m, 0, err
	}
	const times = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if err := one(ctx, 0); err != nil {
			return m, 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return m, float64(after.Mallocs-before.Mallocs) / times, nil
}

// A dueBook is a deadlines view of very many clocks, due one after another.
type dueBook struct {
	db    *projections.DB
	first time.Time // when the first is due
	dir   string
}

// openBook fills the view from entries that are made on the way.
func (b *bench) openBook(ctx context.Context) (_ *dueBook, err error) {
	k := &dueBook{dir: filepath.Join(b.dir, "clocks"), first: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	if k.db, err = projections.Open(projections.Config{Dir: k.dir, Bulk: true, Logger: b.app.logger()}, deadlines.New(time.UTC)); err != nil {
		return nil, err
	}
	n := (b.entries + perIncident - 1) / perIncident
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- k.db.Run(ctx, armed{k.first, n}) }()
	err = k.db.WaitFor(ctx, deadlines.Name, domain.Seq(n))
	stop()
	if ran := <-done; err == nil && !errors.Is(ran, context.Canceled) {
		err = ran
	}
	if err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

func (k *dueBook) close() error { return errors.Join(k.db.Close(), os.RemoveAll(k.dir)) }

// due asks what the overdue room asks: what must be said now, and when next.
func (k *dueBook) due(ctx context.Context, d time.Duration) (measured, error) {
	until := k.first.Add((dueNow - 1) * time.Second)
	return callers(ctx, 1, d, func(context.Context, int) error {
		snap, err := k.db.Snapshot()
		if err != nil {
			return err
		}
		defer snap.Close()
		v, err := deadlines.In(snap)
		if err != nil {
			return err
		}
		actions, more, err := v.Actions(until)
		if err == nil && (len(actions) != dueNow || more.IsZero()) {
			err = fmt.Errorf("%d clocks are due, where %d should be", len(actions), dueNow)
		}
		return err
	})
}

// armed is a ledger of incidents whose clocks are due a second apart.
type armed struct {
	first time.Time
	n     int
}

// ReadAll implements projections.Ledger.
func (a armed) ReadAll(_ context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for i := int(after); i < a.n; i++ {
			if !yield(a.entry(i), nil) {
				return
			}
		}
	}
}

// Follow implements projections.Ledger.
func (a armed) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for en := range a.ReadAll(ctx, after) {
			if !yield(en, nil) {
				return
			}
		}
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

func (a armed) entry(i int) *domain.Entry {
	at := a.first.Add(-72 * time.Hour)
	events := []domain.Event{incident.IncidentReported{Kind: "incident", Category: "data-leak", Channel: "phone", Reported: at, Track: "normal"}}
	for c := range perIncident {
		due := a.first.Add(time.Duration(i*perIncident+c) * time.Second)
		events = append(events, policy.ClockArmed{Clock: domain.Code(fmt.Sprintf("gdpr-33/ap/initial/%d", c+1)), Due: due, Statutory: true,
			Origin: policy.Origin{Rule: "gdpr-33", Recipient: "ap", Stage: "initial", N: c + 1, Engine: policy.Engine, Anchor: due.Add(-72 * time.Hour)}})
	}
	o := domain.Order{Org: benchOrg, Kind: incident.Name, Key: domain.KeyNamed(benchOrg, incident.Name, fmt.Sprint(i)), Recorded: at}
	en := entryOf(o, domain.Seq(i+1), events)
	return &en
}
