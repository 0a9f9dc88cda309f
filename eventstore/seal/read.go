package seal

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

// Head gives the newest signed head; the zero Head while nothing is sealed.
func (l *Log) Head() Head {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.head
}

// Next gives a channel that is closed when a head is signed, or said again. Take
// it before looking at the head.
func (l *Log) Next() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.moved
}

// WaitFor waits until a head covers seq and gives the newest one.
func (l *Log) WaitFor(ctx context.Context, seq domain.Seq) (Head, error) {
	for {
		next := l.Next()
		if head := l.Head(); head.Size >= seq {
			return head, nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return Head{}, fmt.Errorf("log %s: waiting for the seal of entry %d: %w", l.cfg.Origin, seq, ctx.Err())
		}
	}
}

// Covering gives the first head that covers an entry, or [ErrNotSealed].
func (l *Log) Covering(seq domain.Seq) (Head, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	p, ok := l.points.covering(seq)
	if !ok {
		return Head{}, fmt.Errorf("log %s: entry %d: %w", l.cfg.Origin, seq, ErrNotSealed)
	}
	return l.points.head(p, l.read)
}

// Inclusion proves that an entry stands at its place in the tree of a head.
func (l *Log) Inclusion(seq, size domain.Seq) (tlog.RecordProof, error) {
	if err := l.sealed(size); err != nil {
		return nil, err
	}
	if seq == 0 || seq > size {
		return nil, fmt.Errorf("log %s: entry %d is not among the first %d", l.cfg.Origin, seq, size)
	}
	return tlog.ProveRecord(int64(size), int64(seq)-1, l.levels)
}

// Consistency proves that the tree of the first old entries is a part of that of
// the first size ones.
func (l *Log) Consistency(old, size domain.Seq) (tlog.TreeProof, error) {
	if err := l.sealed(size); err != nil {
		return nil, err
	}
	if old == 0 || old > size {
		return nil, fmt.Errorf("log %s: there is no proof from %d to %d entries", l.cfg.Origin, old, size)
	}
	return tlog.ProveTree(int64(size), int64(old), l.levels)
}

// Tile gives a tile as c2sp.org/tlog-tiles has it: of level 0 to 63, whole or
// as wide as the head allows.
func (l *Log) Tile(t tlog.Tile) ([]byte, error) {
	have := int64(0)
	if t.L >= 0 && t.L < 64/tileHeight {
		have = int64(l.Head().Size) >> (tileHeight * t.L)
	}
	if t.H != tileHeight || t.N < 0 || t.W < 1 || t.W > tileWidth || t.N > have/tileWidth || t.N*tileWidth+int64(t.W) > have {
		return nil, fmt.Errorf("log %s: tile %d of level %d with %d hashes: %w", l.cfg.Origin, t.N, t.L, t.W, ErrNotSealed)
	}
	return l.levels.tile(t)
}

// sealed refuses what no head covers: nothing is proved of it yet.
func (l *Log) sealed(size domain.Seq) error {
	if head := l.Head(); size > head.Size {
		return fmt.Errorf("log %s: %d entries: %w", l.cfg.Origin, size, ErrNotSealed)
	}
	return nil
}
