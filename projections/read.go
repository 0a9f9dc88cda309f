package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"incidentledger/domain"
)

// A Snapshot shows all views as they stood at one moment. It is for one
// goroutine, is meant to be short, and must be closed.
//
// It holds an iterator of Pebble, not a snapshot of Pebble: closing one of those
// may wait for the disk.
type Snapshot struct {
	base *pebble.Iterator // where the others are cloned from; also reads single keys
	free *pebble.Iterator // for the next scan; nil: it needs one of its own

	words *words
}

// Snapshot takes a snapshot. Views that advance together stand at the same entry
// in it.
func (db *DB) Snapshot() (*Snapshot, error) {
	it, err := db.pebble.NewIter(&pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		return nil, fmt.Errorf("projections: snapshot: %w", damage(err))
	}
	return &Snapshot{base: it, words: wordsFree.Get().(*words)}, nil
}

// Close lets go of the snapshot. No reader of it may be used any more.
func (s *Snapshot) Close() error {
	wordsFree.Put(s.words)
	s.words = nil
	err := s.base.Close()
	if s.free != nil {
		err = errors.Join(err, s.free.Close())
	}
	if err != nil {
		return fmt.Errorf("projections: snapshot: %w", damage(err))
	}
	return nil
}

func (s *Snapshot) get(key []byte) ([]byte, error) {
	if !s.base.SeekPrefixGE(key) {
		return nil, damage(s.base.Error())
	}
	return append([]byte{}, s.base.Value()...), nil
}

// iterator gives an iterator within bounds. Many scans are short and come one
// after the other, and setting bounds costs much less than a new iterator.
func (s *Snapshot) iterator(o *pebble.IterOptions) (*pebble.Iterator, error) {
	if it := s.free; it != nil {
		s.free = nil
		it.SetBounds(o.LowerBound, o.UpperBound)
		return it, nil
	}
	return s.base.Clone(pebble.CloneOptions{IterOptions: o})
}

// done takes an iterator back.
func (s *Snapshot) done(it *pebble.Iterator) error {
	if err := it.Error(); err != nil || s.free != nil {
		return errors.Join(err, it.Close())
	}
	s.free = it
	return nil
}

// Read gives the rows of a view of a given shape. ErrNotBuilt says that the live
// rows have another shape, or that there are none.
func (s *Snapshot) Read(view string, shape uint32) (*Reader, error) {
	g, err := readGeneration(s.get, "live/", view)
	if err != nil {
		return nil, err
	}
	if g.id == 0 || g.shape != shape {
		return nil, fmt.Errorf("projections: view %s shape %d: %w", view, shape, ErrNotBuilt)
	}
	return &Reader{s: s, view: view, gen: g, prefix: rowPrefix(g.id)}, nil
}

// A Reader reads the rows of one view in one snapshot. It is for one goroutine.
// An error of the store is kept: after one, reads find nothing, and Err tells.
type Reader struct {
	s      *Snapshot
	view   string
	gen    generation
	prefix [5]byte
	key    []byte
	err    error
}

// Seq is the last entry that the rows know of.
func (r *Reader) Seq() domain.Seq { return r.gen.seq }

// Err gives the first error of the store or, by Fail, of a row.
func (r *Reader) Err() error { return r.err }

// Fail notes an error met while reading a row; the first is kept.
func (r *Reader) Fail(err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("projections: view %s: %w", r.view, damage(err))
	}
}

// Dec reads a value that Get, Scan or ScanBack gave.
func (r *Reader) Dec(val []byte) Dec { return Dec{b: val, words: r.s.words} }

// Get reads one row; the value is the caller's own.
func (r *Reader) Get(key []byte) (val []byte, found bool) {
	if r.err != nil {
		return nil, false
	}
	r.key = append(append(r.key[:0], r.prefix[:]...), key...)
	val, err := r.s.get(r.key)
	r.Fail(err)
	return val, val != nil
}

// Scan gives the rows from lo up to but without hi in key order; hi nil: to the
// end. Key and value hold until the next step.
func (r *Reader) Scan(lo, hi []byte) iter.Seq2[[]byte, []byte] {
	return r.scan(lo, hi, (*pebble.Iterator).First, (*pebble.Iterator).Next)
}

// ScanBack gives the same rows as Scan, from the last to the first.
func (r *Reader) ScanBack(lo, hi []byte) iter.Seq2[[]byte, []byte] {
	return r.scan(lo, hi, (*pebble.Iterator).Last, (*pebble.Iterator).Prev)
}

func (r *Reader) scan(lo, hi []byte, first, next func(*pebble.Iterator) bool) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		if r.err != nil {
			return
		}
		it, err := r.s.iterator(bounds(r.prefix, lo, hi))
		if err != nil {
			r.Fail(err)
			return
		}
		defer func() { r.Fail(r.s.done(it)) }()
		for ok := first(it); ok; ok = next(it) {
			if !yield(it.Key()[len(r.prefix):], it.Value()) {
				return
			}
		}
	}
}

// A Status tells where a view stands.
type Status struct {
	View     string
	Shape    uint32     // of the rows that are served
	Seq      domain.Seq // last entry they know of
	Building *Building  // nil: nothing is being built beside them
	Err      error      // why the view does not advance; nil: it does
}

// A Building tells how far a build has come.
type Building struct {
	Shape uint32
	Seq   domain.Seq
}

// Status tells where each view stands, in the order given to Open.
func (db *DB) Status() []Status {
	_, _, fault := db.disk.state()
	db.mu.Lock()
	defer db.mu.Unlock()
	out := make([]Status, len(db.slots))
	for i, s := range db.slots {
		out[i] = Status{View: s.view.Name(), Shape: s.live.shape, Seq: s.live.seq, Err: s.err}
		if s.building.id != 0 {
			out[i].Building = &Building{s.building.shape, s.building.seq}
		}
		if out[i].Err == nil {
			out[i].Err = fault
		}
	}
	return out
}

// WaitFor waits until readers of a view see an entry. It gives ErrStopped with
// the reason at once where the view has stopped before that entry.
func (db *DB) WaitFor(ctx context.Context, view string, seq domain.Seq) error {
	s, err := db.slot(view)
	if err != nil {
		return err
	}
	for {
		db.mu.Lock()
		at, stopped, changed, closed := s.live.seq, s.err, db.changed, db.closed
		ready := s.live.shape == s.view.Shape()
		db.mu.Unlock()
		switch {
		case ready && at >= seq:
			return nil
		case stopped != nil:
			return fmt.Errorf("%w: %w", ErrStopped, stopped)
		case closed:
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("projections: view %s: waiting for entry %d: %w", view, seq, ctx.Err())
		}
	}
}
