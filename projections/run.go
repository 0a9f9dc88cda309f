package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"incidentledger/domain"
)

// Run keeps all views up to date with a ledger until ctx ends, which is no
// error. Views that stand at the same place advance together; those that are
// behind, and those whose shape was raised, catch up by themselves and then
// join. A view that cannot apply an entry stops alone (Status tells). Run
// returns with an error when the ledger cannot be read or the store not be
// written; only one Run or Rebuild of a view is meant to run at a time.
func (db *DB) Run(ctx context.Context, l Ledger) error {
	if db.cfg.ReadOnly {
		return errors.New("projections: the store is open for reading only")
	}
	if err := db.alive(); err != nil {
		return err
	}
	if !db.runs.CompareAndSwap(false, true) {
		return errors.New("projections: runs already")
	}
	defer db.runs.Store(false)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	var wg sync.WaitGroup
	for _, behind := range db.sortOut() {
		wg.Go(func() {
			if err := db.catchUp(ctx, l, behind); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	err := db.follow(ctx, l, func() {
		wg.Go(func() {
			// What fails of it is done by and by all the same.
			if err := db.Order(ctx); err != nil && ctx.Err() == nil {
				db.log.Warn("rows are not in order yet", "error", err)
			}
		})
	})
	wg.Wait()
	if cause := context.Cause(ctx); ctx.Err() != nil && !errors.Is(cause, context.Canceled) {
		if errors.Is(cause, context.DeadlineExceeded) {
			return nil
		}
		return cause
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sortOut leaves the furthest lines in head and gives the others in groups that
// stand at the same place.
func (db *DB) sortOut() map[domain.Seq]*set {
	db.turn.Lock()
	defer db.turn.Unlock()
	groups := map[domain.Seq]*set{}
	put := func(l *line) {
		if groups[l.gen.seq] == nil {
			groups[l.gen.seq] = newSet(db)
		}
		groups[l.gen.seq].add(l)
	}
	all := db.head.lines
	db.head.lines = nil
	db.head.pos, db.head.entries, db.head.bytes = 0, 0, 0
	for _, l := range all {
		db.head.pos = max(db.head.pos, l.gen.seq)
	}
	for _, l := range all {
		l.stopped = false
		l.slot.fail(nil)
		if l.gen.seq == db.head.pos {
			db.head.lines = append(db.head.lines, l)
		} else {
			put(l)
		}
	}
	for _, s := range db.slots {
		if s.building.id != 0 && s.live.shape != s.view.Shape() {
			put(newLine(db, s, s.building))
		}
	}
	return groups
}

// Order brings rows that were written in bulk into order, so that they are read
// as fast as others. Run does it by itself after catching up in bulk.
func (db *DB) Order(ctx context.Context) error {
	return damage(guarded(db.disk, func() error { return db.pebble.Compact(ctx, []byte{0}, []byte{0xff, 0xff}, false) }))
}

// follow advances the head: what is there in large batches, then every entry as
// it comes. caughtUp is called in between when there was much.
func (db *DB) follow(ctx context.Context, l Ledger, caughtUp func()) error {
	inTurn := func(f func() error) error {
		db.turn.Lock()
		defer db.turn.Unlock()
		return f()
	}
	after := db.headPos()
	err := db.head.run(ctx, func(ctx context.Context) iter.Seq2[*domain.Entry, error] { return l.ReadAll(ctx, after) },
		drive{far: true, around: inTurn})
	if err != nil {
		return err
	}
	if db.headPos() > after {
		if err := db.flush(ctx); err != nil {
			return err
		}
		if db.cfg.Bulk {
			caughtUp()
		}
	}
	after = db.headPos()
	err = db.head.run(ctx, func(ctx context.Context) iter.Seq2[*domain.Entry, error] { return l.Follow(ctx, after) },
		drive{around: inTurn})
	if err == nil && ctx.Err() == nil {
		err = errors.New("projections: following the ledger ended")
	}
	return err
}

func (db *DB) headPos() domain.Seq {
	db.turn.Lock()
	defer db.turn.Unlock()
	return db.head.pos
}

// catchUp advances lines beside the head and joins them to it.
func (db *DB) catchUp(ctx context.Context, l Ledger, s *set) error {
	after := s.after()
	err := s.run(ctx, func(ctx context.Context) iter.Seq2[*domain.Entry, error] { return l.ReadAll(ctx, after) }, drive{far: true})
	if err != nil {
		return err
	}
	return db.join(ctx, l, s, nil)
}

// join brings lines to where the head stands and makes them part of it. A line
// that was built beside the live generation takes its place.
func (db *DB) join(ctx context.Context, l Ledger, s *set, progress func(domain.Seq)) error {
	db.turn.Lock()
	defer db.turn.Unlock()
	if s.pos < db.head.pos {
		after := s.after()
		err := s.run(ctx, func(ctx context.Context) iter.Seq2[*domain.Entry, error] { return l.ReadAll(ctx, after) },
			drive{far: true, upto: db.head.pos, progress: progress})
		if err != nil {
			return err
		}
	}
	for _, line := range s.lines {
		if err := db.take(ctx, line); err != nil {
			return err
		}
	}
	return db.flush(ctx)
}

// fail notes that a view has stopped, or with nil that it goes on.
func (s *slot) fail(err error) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if s.err = err; err != nil {
		s.db.log.Error("a view has stopped", "view", s.view.Name(), "error", err)
	}
	s.db.wake()
}

// flush brings everything committed to disk.
func (db *DB) flush(ctx context.Context) error {
	done, err := db.pebble.AsyncFlush()
	if err != nil {
		return fmt.Errorf("projections: flush: %w", err)
	}
	for {
		changed, broken, fault := db.disk.state()
		if broken {
			return fault
		}
		select {
		case <-done:
			return nil
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
