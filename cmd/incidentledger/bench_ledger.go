package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// benchLedger is a large ledger that lies in a data folder nobody has open. Its
// entries are what the desk decides and the vault seals.
type benchLedger struct {
	data   string
	master string
	zone   *time.Location
	last   domain.Seq
	long   domain.Key // an incident with longLog entries
	shown  bool       // its views are built up to last
}

const (
	longLog  = 200
	perDay   = 1000 // entries a day in the ledger's own time
	inFlight = 2    // incidents that a writer works on at a time
)

// large gives the large ledger, made when it is first asked for.
func (b *bench) large(ctx context.Context) (_ *benchLedger, err error) {
	if b.ledger != nil {
		return b.ledger, nil
	}
	begun := time.Now()
	h, o, err := b.house(ctx, "large")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	o.quiet()
	w := &writing{
		office: o, kinds: kinds(o.law), version: h.store.Codec().Version,
		from: begun.AddDate(0, 0, -(b.entries/perDay + 1)), to: begun.Add(-time.Minute),
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go b.tell(ctx, "making a ledger", &w.done, b.entries)
	var long domain.Key
	err = eachCaller(func(caller int) (err error) {
		if caller == 0 {
			if long, err = w.writeLong(ctx); err != nil {
				return err
			}
		}
		return w.write(ctx, caller, (b.entries-longLog+manyCallers-1)/manyCallers)
	})
	if err != nil {
		return nil, err
	}
	b.ledger = &benchLedger{data: h.dir, master: h.master, zone: o.zone, last: o.ledger.Last(), long: long}
	b.say("made a ledger of %d entries in %s", b.ledger.last, time.Since(begun).Round(time.Second))
	return b.ledger, nil
}

// tell says now and then how far something is.
func (b *bench) tell(ctx context.Context, what string, done *atomic.Int64, of int) {
	for tick := time.NewTicker(5 * time.Second); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			b.say("%s: %d of %d", what, done.Load(), of)
		}
	}
}

// eachCaller runs f for every caller at once and gives the first error.
func eachCaller(f func(caller int) error) error {
	errs := make([]error, manyCallers)
	var wg sync.WaitGroup
	for caller := range manyCallers {
		wg.Go(func() { errs[caller] = f(caller) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// writing makes a large ledger with many writers, each at a desk with a clock of
// its own, so that the entries spread over the days that so many would take.
type writing struct {
	office   *office
	kinds    []domain.Kind
	version  func(string) int
	from, to time.Time
	done     atomic.Int64
}

// write gives one writer's orders, of one usual incident behind the other.
func (w *writing) write(ctx context.Context, writer, orders int) error {
	var work [inFlight]course
	begun := 0
	return w.give(ctx, writer, orders, func(i int, now time.Time) (*course, domain.Code, domain.Command) {
		c := &work[i%inFlight]
		role, command := c.next(now)
		if command == nil {
			begun++
			// The numbers differ, so that incidents are at different places when
			// the ledger ends.
			*c = course{n: writer + begun, lines: 1 + (writer+begun)%5}
			role, command = c.next(now)
		}
		return c, role, command
	})
}

// writeLong gives the orders of one incident with longLog entries.
func (w *writing) writeLong(ctx context.Context) (domain.Key, error) {
	c := &course{n: 1, lines: longLog - 7}
	err := w.give(ctx, manyCallers, longLog, func(_ int, now time.Time) (*course, domain.Code, domain.Command) {
		role, command := c.next(now)
		return c, role, command
	})
	return c.key, err
}

// give gives orders at a desk whose clock goes from one end of the ledger's time
// to the other.
func (w *writing) give(ctx context.Context, writer, orders int, next func(i int, now time.Time) (*course, domain.Code, domain.Command)) error {
	now := w.from
	desk := handlers.NewDesk(handlers.Config{
		Org: benchOrg, Log: w.office.ledger, Sealer: w.office.vault, Kinds: w.kinds, Version: w.version,
		Now: func() time.Time { return now }, Cached: 2 * inFlight,
	})
	for i := range orders {
		now = w.from.Add(time.Duration(float64(w.to.Sub(w.from)) * float64(i) / float64(orders)))
		c, role, command := next(i, now)
		r, err := desk.Give(ctx, benchOrder((writer+c.steps)%40, role, c.key, command))
		if err != nil {
			return fmt.Errorf("order %d of writer %d: %s: %w", i, writer, command.CommandName(), err)
		}
		c.key, c.steps = r.Key, c.steps+1
		w.done.Add(1)
	}
	return nil
}

// A course is an incident on its way: seven usual orders and some log lines. The
// zero course is over.
type course struct {
	key   domain.Key
	n     int // decides its category, its priority and whom it belongs to
	lines int // log lines before it is resolved
	steps int // orders given for it
}

// next gives a course's next order and who gives it; nil when it is over.
func (c *course) next(now time.Time) (domain.Code, domain.Command) {
	levels := []domain.Code{"high", "medium", "low"}
	switch step := c.steps; {
	case c.lines == 0:
		return "", nil
	case step == 0:
		return "employee", benchReport(c.n)
	case step == 1:
		return "help-desk", &incident.VerifyReport{Verdict: "confirmed", Grounds: "The mail was seen and its headers were read."}
	case step == 2:
		return "coordinator", &incident.AssessPriority{Urgency: levels[c.n%3], Impact: levels[c.n/3%3]}
	case step == 3:
		return "coordinator", &incident.AssignOwner{Person: domain.PersonID{UUID: counted(uint64(c.n%40), 3)}}
	case step == 4:
		return "resolver", &incident.AcknowledgeIncident{}
	case step < 5+c.lines:
		return "resolver", &incident.AddLogEntry{Text: domain.Text(fmt.Sprintf("Step %d: looked at the logs of the mail server, nothing else was delivered.", step))}
	case step == 5+c.lines:
		return "resolver", &incident.ResolveIncident{
			Cause: "A mail of an unknown sender.", Resolution: "The mail was removed from all boxes and its sender blocked.", RestoredAt: now,
		}
	case step == 6+c.lines:
		return "coordinator", &incident.CloseIncident{Override: &incident.Override{Reason: "Evaluated with others of its kind."}}
	}
	return "", nil
}
