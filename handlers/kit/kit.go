package kit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers"
)

const (
	// settle is how long after a change the kit is made, and longestSettle how long
	// at most while one change follows the other.
	settle, longestSettle = time.Second, 20 * time.Second

	// nightly is the hour at which it is made anew.
	nightly = 3

	// longest is how long the room sleeps at most: the wall clock may be set
	// meanwhile.
	longest = 10 * time.Minute

	// firstPause is how long it waits after a failure; it doubles up to longPause.
	firstPause, longPause = 30 * time.Second, time.Hour
)

// A Config says what is kept, and where.
type Config struct {
	Ledger  handlers.Follower
	After   domain.Seq                      // what came up to then needs no making anew
	Changes func(kind domain.KindName) bool // whether an entry of a kind can change the kit
	Make    func(ctx context.Context, now time.Time) (domain.Seq, error)
	Zone    *time.Location
	Health  *Health

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: slog.Default
}

// Health tells how the last making went. It may be used by many at once.
type Health struct {
	mu sync.Mutex
	State
}

// A State is how a kit stands.
type State struct {
	Made  time.Time  // last; zero: not yet
	Seq   domain.Seq // of the last entry that it rests on
	Error string     // why it could not be made again since; empty: nothing is wrong
}

// Get gives the state as it is now.
func (h *Health) Get() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.State
}

func (h *Health) set(change func(*State)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.State)
}

// Run keeps a kit until ctx ends, which is no error. A kit that cannot be made is
// an alarm in the log and stands in the health until it is made again, which is
// tried after half a minute and then more and more seldom. It returns an error
// when the ledger cannot be followed.
func Run(ctx context.Context, c Config) error {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	ctx, stop := context.WithCancel(ctx)
	changed, failed := make(chan struct{}, 1), make(chan error, 1)
	var following sync.WaitGroup
	defer func() { stop(); following.Wait() }()
	following.Go(func() {
		for en, err := range c.Ledger.Follow(ctx, c.After) {
			if err != nil {
				failed <- err
				return
			}
			if c.Changes(en.Kind) {
				select {
				case changed <- struct{}{}:
				default: // one is to be made already
				}
			}
		}
	})
	pause := firstPause
	for {
		due := night(c.Now().In(c.Zone))
		if err := c.once(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("the offline kit could not be made; the one before it stays", "alarm", true, "again in", pause, "err", err)
			due, pause = c.Now().Add(pause), min(2*pause, longPause)
		} else {
			pause = firstPause
		}
		if err := c.wait(ctx, due, changed, failed); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// once makes the kit. Whatever goes wrong in it ends nothing but this making.
func (c *Config) once(ctx context.Context) (err error) {
	now := c.Now()
	var seq domain.Seq
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("kit: %v", r)
		}
		c.Health.set(func(s *State) {
			if err != nil {
				s.Error = err.Error()
				return
			}
			*s = State{Made: now, Seq: seq}
		})
	}()
	seq, err = c.Make(ctx, now)
	return err
}

// wait returns when the kit is to be made: at an instant, or when changes have
// settled.
func (c *Config) wait(ctx context.Context, due time.Time, changed <-chan struct{}, failed <-chan error) error {
	var settled, late <-chan time.Time // nil: nothing has changed
	for {
		left := due.Sub(c.Now())
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("kit: %w", err)
		case <-changed:
			settled = time.After(settle)
			if late == nil {
				late = time.After(longestSettle)
			}
		case <-settled:
			return nil
		case <-late:
			return nil
		case <-time.After(min(left, longest)):
		}
	}
}

// night is the next time that it is the hour of making.
func night(now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), nightly, 0, 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, nightly, 0, 0, 0, now.Location())
	}
	return at
}
