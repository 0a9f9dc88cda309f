package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"incidentledger/domain"
)

// A set is the lines that are advanced together: an entry is read and decoded
// once for all of them, and one batch commits what it changes in all of them.
type set struct {
	db      *DB
	lines   []*line
	pos     domain.Seq // last entry read
	entries int        // applied and not committed
	bytes   int
}

// How much one batch holds at most: large where the end is far, small where
// somebody waits for each entry.
const (
	farEntries  = 4096
	nearEntries = 512
	batchBytes  = 4 << 20 // stored bytes of the entries
)

func newSet(db *DB, lines ...*line) *set {
	s := &set{db: db}
	for _, l := range lines {
		s.add(l)
	}
	return s
}

// add takes in a line; the set's position becomes that of its furthest line.
func (s *set) add(l *line) {
	s.lines = append(s.lines, l)
	s.pos = max(s.pos, l.gen.seq)
}

// after gives the sequence behind which the hindmost line must read.
func (s *set) after() domain.Seq {
	after := s.pos
	for _, l := range s.lines {
		after = min(after, l.gen.seq)
	}
	return after
}

// A drive says how a set is advanced over a sequence of entries.
type drive struct {
	far      bool                     // commit full batches only, and at the end
	upto     domain.Seq               // stop after this entry; 0: at the end
	progress func(domain.Seq)         // told after each commit
	around   func(func() error) error // runs each batch; nil: as it is
}

// run advances the set over the entries of src until it ends, d.upto is reached
// or every line has stopped. Entries are decoded on a goroutine of their own.
func (s *set) run(ctx context.Context, src func(context.Context) iter.Seq2[*domain.Entry, error], d drive) error {
	ctx, cancel := context.WithCancel(ctx)
	q := newQueue()
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		q.feed(ctx, src(ctx))
	}()
	defer func() {
		cancel()
		<-fed
	}()
	for {
		items, end, err := q.take(ctx)
		batch := func() error {
			done, err := s.batch(ctx, items, d)
			end = end || done
			return err
		}
		around := d.around
		if around == nil {
			around = func(f func() error) error { return f() }
		}
		if berr := around(batch); berr != nil {
			return berr
		}
		if err != nil || end {
			return errors.Join(err, around(func() error { return s.commit(ctx, d.progress) }))
		}
	}
}

func (s *set) batch(ctx context.Context, items []*domain.Entry, d drive) (done bool, err error) {
	limit := nearEntries
	if d.far {
		limit = farEntries
	}
	for len(items) > 0 {
		n, full := s.room(items, limit)
		if at := slices.IndexFunc(items[:n], func(en *domain.Entry) bool { return d.upto > 0 && en.Seq >= d.upto }); at >= 0 {
			n, done = at+1, true
		}
		s.apply(items[:n]...)
		items = items[n:]
		if full || done {
			if err := s.commit(ctx, d.progress); err != nil {
				return false, err
			}
		}
		if done {
			return true, nil
		}
	}
	if !d.far {
		return false, s.commit(ctx, d.progress)
	}
	return !slices.ContainsFunc(s.lines, func(l *line) bool { return !l.stopped }), nil
}

// room tells how many of some entries the batch at hand still takes, and whether
// it is full then.
func (s *set) room(items []*domain.Entry, limit int) (n int, full bool) {
	entries, bytes := s.entries, s.bytes
	for n < len(items) && !full {
		entries, bytes = entries+1, bytes+items[n].Size
		full = entries >= limit || bytes >= batchBytes
		n++
	}
	return n, full
}

// apply brings every line that is not there yet to the last of some entries.
func (s *set) apply(entries ...*domain.Entry) {
	s.each(len(entries), func(l *line) {
		for _, en := range entries {
			if l.stopped {
				return
			}
			if l.gen.seq < en.Seq {
				l.apply(en)
			}
		}
	})
	for _, en := range entries {
		s.pos = max(s.pos, en.Seq)
		s.entries++
		s.bytes += en.Size
	}
}

// From so many entries on it pays to let lines work side by side.
const manyEntries = 64

// each does something with every line for a number of entries. Lines know nothing
// of each other, so with many entries they do it side by side.
func (s *set) each(entries int, do func(*line)) {
	if entries < manyEntries || len(s.lines) == 1 {
		for _, l := range s.lines {
			do(l)
		}
		return
	}
	var wg sync.WaitGroup
	for _, l := range s.lines {
		wg.Go(func() { do(l) })
	}
	wg.Wait()
}

// commit writes what has been applied, rows and sequences in one batch.
func (s *set) commit(ctx context.Context, progress func(domain.Seq)) error {
	if s.entries == 0 {
		return nil
	}
	s.each(s.entries, func(l *line) { l.tx.sort() })
	b := s.db.pebble.NewBatch(pebble.WithMaxRetainedSizeBytes(2 * batchBytes))
	for _, l := range s.lines {
		if err := l.write(b); err != nil {
			return errors.Join(fmt.Errorf("projections: view %s: %w", l.slot.view.Name(), err), b.Close())
		}
	}
	if err := s.db.commit(ctx, b); err != nil {
		s.db.giveUp(err)
		return err
	}
	for _, l := range s.lines {
		l.tx.written()
	}
	s.entries, s.bytes = 0, 0
	s.db.arrived(s.lines)
	if progress != nil {
		progress(s.pos)
	}
	return nil
}

func (l *line) write(b *pebble.Batch) error {
	if err := l.tx.write(b); err != nil {
		return err
	}
	return b.Set(seqKey(l.gen.id), KeySeq(nil, l.gen.seq), nil)
}

// arrived makes known how far some lines have come.
func (db *DB) arrived(lines []*line) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, l := range lines {
		switch l.gen.id {
		case l.slot.live.id:
			l.slot.live.seq = l.gen.seq
		case l.slot.building.id:
			l.slot.building.seq = l.gen.seq
		}
	}
	db.wake()
}

// giveUp notes that what is in memory and what is in the store may differ, so
// that nothing more may be written before the store is opened again.
func (db *DB) giveUp(err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.dead == nil {
		db.dead = fmt.Errorf("projections: the store must be opened again: %w", err)
	}
}

// alive reports why nothing more may be written, if so.
func (db *DB) alive() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return ErrClosed
	}
	return db.dead
}

// commit applies a batch, and waits while the disk is full. After an error it is
// not known whether the batch will still be written; nothing else may be.
func (db *DB) commit(ctx context.Context, b *pebble.Batch) error {
	for {
		changed, broken, fault := db.disk.state()
		if fault == nil {
			break
		}
		if broken {
			return fault
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(fault, ctx.Err())
		}
	}
	done := make(chan error, 1)
	go func() {
		err := errors.New("projections: pebble ended the commit")
		defer func() { done <- err }()
		if err = b.Commit(pebble.NoSync); err == nil {
			err = b.Close()
		}
	}()
	for {
		changed, _, _ := db.disk.state()
		select {
		case err := <-done:
			return err
		default:
		}
		select {
		case err := <-done:
			return err
		case <-changed:
		}
		if _, broken, fault := db.disk.state(); broken {
			return fault
		} else if fault != nil && ctx.Err() != nil {
			return errors.Join(fault, ctx.Err())
		}
	}
}
