package overdue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/handlers"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
)

const (
	// longest is how long the door sleeps at most. The wall clock may be set
	// meanwhile, so it is read anew at least this often.
	longest = 30 * time.Second

	// firstPause is how long the door waits after the ledger could not take an
	// order; it doubles up to longest.
	firstPause = time.Second

	// grace lies between an instant and what is said of it: what happens at the
	// due instant itself is still on time.
	grace = time.Microsecond
)

// Config is what the door of one organisation works with.
type Config struct {
	Desk *handlers.Desk // must know the kinds incident and ledger
	View Deadlines

	Now func() time.Time // the wall clock; nil: time.Now. It should be the desk's
	Log *slog.Logger     // nil: slog.Default
}

// A keeper is one run of the door.
type keeper struct {
	c     Config
	watch *watch
	steps []ledger.RecordClockStep // not yet in the ledger
	held  map[saying]hold
	same  map[domain.Key]deadlines.Law // incidents of which that law has nothing new to say
	pause time.Duration                // 0: the ledger took the last order
}

// Run says what is due until ctx ends, which is no error. It wakes at the next
// instant, when the view moves, and every 30 seconds. While the ledger takes no
// orders it tries again, at first after a second, at last every 30 seconds.
//
// It returns an error when the views were closed. An order that is refused, or
// that fails for a reason of its own, is logged and holds up no other. Any number
// of runs, in any number of processes, may work on one ledger.
func Run(ctx context.Context, c Config) error {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("org", c.Desk.Org())
	k := &keeper{c: c, watch: newWatch(c.Now), held: map[saying]hold{}}
	for ctx.Err() == nil {
		seq, wait, err := k.round(ctx)
		if err != nil {
			return err
		}
		k.sleep(ctx, seq, wait)
	}
	return nil
}

// round says all that is due and tells as of which entry, and how long there is
// nothing to say unless the view moves.
func (k *keeper) round(ctx context.Context) (domain.Seq, time.Duration, error) {
	if s, stepped := k.watch.look(); stepped {
		k.c.Log.Warn("the machine's clock was set", "before", s.Before, "after", s.After)
		k.steps = append(k.steps, s)
	}
	if !k.sayStepped(ctx) {
		return 0, k.backOff(), nil
	}
	now := k.c.Now()
	agenda, err := k.c.View.Agenda(now.Add(-grace))
	switch {
	case errors.Is(err, projections.ErrNotBuilt):
		return 0, longest, nil
	case errors.Is(err, projections.ErrClosed):
		return 0, 0, fmt.Errorf("overdue: %w", err)
	case err != nil:
		k.c.Log.Error("the deadlines cannot be read", "error", err)
		return 0, k.backOff(), nil
	}
	if !k.reassess(ctx, agenda) || !k.sayAll(ctx, agenda) {
		return 0, k.backOff(), nil
	}
	k.pause = 0
	wait := longest
	if !agenda.Next.IsZero() {
		wait = min(wait, agenda.Next.Sub(now)+grace)
	}
	for _, h := range k.held {
		if left := time.Until(h.at); left > 0 {
			wait = min(wait, left)
		}
	}
	return agenda.Seq, max(wait, 0), nil
}

// backOff tells how long to leave the ledger in peace.
func (k *keeper) backOff() time.Duration {
	if k.pause == 0 {
		k.pause = firstPause
	} else {
		k.pause = min(2*k.pause, longest)
	}
	return k.pause
}

// sleep waits, and no longer than until the view moves behind seq. While the door
// backs off the view wakes nobody.
func (k *keeper) sleep(ctx context.Context, seq domain.Seq, wait time.Duration) {
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	if k.pause == 0 && k.c.View.WaitFor(ctx, seq+1) == nil {
		return
	}
	<-ctx.Done() // a view that has stopped: only time brings anything new
}
