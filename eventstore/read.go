package eventstore

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"incidentledger/domain"
)

// Entry reads one durable entry. ErrNotFound: there is none yet; *LostError:
// its place holds a lost marker.
func (l *Ledger) Entry(seq domain.Seq) (*domain.Entry, error) {
	stored, err := l.Stored(seq)
	if err != nil {
		return nil, err
	}
	return l.codec.Decode(seq, stored)
}

// Stored gives the stored bytes of one durable entry.
func (l *Ledger) Stored(seq domain.Seq) ([]byte, error) {
	if seq > l.Last() {
		return nil, fmt.Errorf("eventstore: entry %d: %w", seq, domain.ErrNotFound)
	}
	b, err := l.journal.read(seq)
	if err != nil {
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	return b, nil
}

// Head is the sequence of an aggregate's last entry, 0 where it has none. The
// entry may not be durable yet.
func (l *Ledger) Head(ref domain.Ref) domain.Seq { return l.headOf(aggOf(ref)) }

// Load gives the entries of one aggregate behind after, oldest first. It walks
// the chain of prev back from the last entry, checks each prevHash on the way,
// and waits until the last is durable: nothing is derived from what could still
// be lost.
func (l *Ledger) Load(ctx context.Context, ref domain.Ref, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		head := l.Head(ref)
		if err := l.WaitFor(ctx, head); err != nil {
			yield(nil, err)
			return
		}
		var chain []*domain.Entry
		var next *domain.Entry
		for seq := head; seq > after; {
			en, err := l.Entry(seq)
			if err != nil {
				yield(nil, fmt.Errorf("eventstore: %s: %w", ref, err))
				return
			}
			if en.Ref() != ref || en.Org != l.org || en.Prev >= seq || next != nil && next.PrevHash != en.Hash {
				yield(nil, fmt.Errorf("eventstore: %s: entry %d does not belong to its chain", ref, seq))
				return
			}
			chain, next, seq = append(chain, en), en, en.Prev
		}
		for i := len(chain) - 1; i >= 0; i-- {
			if !yield(chain[i], nil) {
				return
			}
		}
	}
}

// ReadAll gives every durable entry behind after and stops at the watermark as
// it is when the reading gets there.
func (l *Ledger) ReadAll(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return l.read(ctx, after, false)
}

// Follow gives every durable entry behind after and waits for more until the
// context ends or the ledger fails; it then yields that error.
func (l *Ledger) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return l.read(ctx, after, true)
}

// decoded is a stretch of entries, and why it ends.
type decoded struct {
	entries []*domain.Entry
	err     error
}

// read decodes ahead on a goroutine of its own, so that whoever consumes the
// entries works at the same time.
func (l *Ledger) read(ctx context.Context, after domain.Seq, follow bool) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		ahead := make(chan decoded, 4)
		go l.decodeAhead(ctx, after, follow, ahead)
		for d := range ahead {
			for _, en := range d.entries {
				if !yield(en, nil) {
					return
				}
			}
			if d.err != nil {
				yield(nil, d.err)
				return
			}
		}
	}
}

const decodeBatch = 256

func (l *Ledger) decodeAhead(ctx context.Context, after domain.Seq, follow bool, out chan<- decoded) {
	defer close(out)
	send := func(d decoded) bool {
		select {
		case out <- d:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		moved := l.journal.moved.next()
		to := l.Last()
		for after < to {
			stored, err := l.journal.chunk(after, to)
			if err != nil {
				send(decoded{err: fmt.Errorf("eventstore: %w", err)})
				return
			}
			for len(stored) > 0 {
				n := min(decodeBatch, len(stored))
				d := l.decodeBatch(after, stored[:n])
				if !send(d) || d.err != nil {
					return
				}
				after += domain.Seq(n)
				stored = stored[n:]
			}
		}
		if !follow {
			return
		}
		if err := l.broken(); err != nil {
			send(decoded{err: err})
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			// The consumer sees the end of its own context.
			select {
			case out <- decoded{err: ctx.Err()}:
			default:
			}
			return
		}
	}
}

func (l *Ledger) decodeBatch(after domain.Seq, stored [][]byte) decoded {
	d := decoded{entries: make([]*domain.Entry, 0, len(stored))}
	for i, b := range stored {
		en, err := l.codec.Decode(after+domain.Seq(i)+1, b)
		var lost *LostError
		if errors.As(err, &lost) {
			en, err = &domain.Entry{Seq: lost.Seq, Org: l.org, Kind: LostKind}, nil
		}
		if err != nil {
			d.err = err
			return d
		}
		d.entries = append(d.entries, en)
	}
	return d
}

// LostKind is the kind of the empty entry that ReadAll and Follow give in the
// place of a lost marker. It has no events.
const LostKind domain.KindName = "lost"
