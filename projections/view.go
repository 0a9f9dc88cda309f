package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"incidentledger/domain"
)

// A View makes rows of entries.
type View interface {
	// Name names the view and its rows for ever: letters, digits and hyphens.
	Name() string
	// Shape is the version of the rows and of what Apply makes of an entry. A
	// change of either must raise it, which rebuilds the view.
	Shape() uint32
	// Apply writes what an entry changes. It depends on tx and the entry alone:
	// no clock, no randomness, nothing kept between calls. It keeps neither. An
	// error, or a panic, stops the view before this entry.
	Apply(tx *Tx, en *domain.Entry) error
}

// A Ledger gives durable entries in order of their sequence.
type Ledger interface {
	// ReadAll gives the entries after a sequence and stops at the end.
	ReadAll(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error]
	// Follow gives the entries after a sequence and waits for more until ctx
	// ends.
	Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error]
}

var (
	// ErrNoView says that no view of that name was given to Open.
	ErrNoView = errors.New("no such view")

	// ErrNotBuilt says that a view has no rows of the shape that is asked for:
	// it is being built, or the store is open for reading only and was never
	// caught up.
	ErrNotBuilt = errors.New("the view is not built yet")

	// ErrStopped says that a view has stopped at an entry it cannot apply.
	ErrStopped = errors.New("the view has stopped")

	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the views are closed")
)

// A generation is one set of rows of a view, and how far it has come.
type generation struct {
	id    uint32 // 0: none
	shape uint32
	seq   domain.Seq
}

// A line is a generation that is being written.
type line struct {
	slot    *slot
	gen     generation // seq: the last entry applied, committed or not
	tx      *Tx
	stopped bool
	private bool  // its failing is told to whoever began it, not as the view's
	err     error // why it stopped
}

func newLine(db *DB, s *slot, g generation) *line {
	return &line{slot: s, gen: g, tx: newTx(db.pebble, g.id)}
}

// apply brings the line one entry further. A failure undoes what the view did
// for this entry and stops the line before it.
func (l *line) apply(en *domain.Entry) {
	l.tx.begin()
	err := l.run(en)
	if err == nil {
		err = l.tx.err
	}
	if err != nil {
		l.tx.undo()
		l.stopped = true
		l.err = fmt.Errorf("projections: view %s: entry %d: %w", l.slot.view.Name(), en.Seq, err)
		if !l.private {
			l.slot.fail(l.err)
		}
		return
	}
	l.gen.seq = en.Seq
}

func (l *line) run(en *domain.Entry) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return l.slot.view.Apply(l.tx, en)
}
