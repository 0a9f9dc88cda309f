package handlers

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"incidentledger/domain"
)

// folded is one aggregate as the desk knows it: its state and the orders that
// made it. It belongs to whoever holds the aggregate's lock.
type folded struct {
	state    domain.State
	seq      domain.Seq
	hash     domain.Hash
	recorded time.Time
	orders   map[domain.OrderID]domain.Seq
}

// add folds an entry in.
func (f *folded) add(kind *domain.Kind, en *domain.Entry) error {
	if en.Prev != f.seq {
		return fmt.Errorf("desk: %s: entry %d follows %d, but the last is %d", en.Ref(), en.Seq, en.Prev, f.seq)
	}
	state, err := kind.Evolve(f.state, *en)
	if err != nil {
		return fmt.Errorf("desk: %s: entry %d: %w", en.Ref(), en.Seq, err)
	}
	f.state, f.seq, f.hash, f.recorded = state, en.Seq, en.Hash, en.Recorded
	f.orders[en.ID] = en.Seq
	return nil
}

// fold gives an aggregate from the cache, brought up to date, or from its
// entries. The caller holds the aggregate's lock.
func (d *Desk) fold(ctx context.Context, kind *domain.Kind, ref domain.Ref) (*folded, error) {
	f, ok := d.folds.get(ref)
	if !ok {
		f = &folded{state: kind.New(), orders: map[domain.OrderID]domain.Seq{}}
	}
	for en, err := range d.c.Log.Load(ctx, ref, f.seq) {
		if err == nil {
			err = f.add(kind, en)
		}
		if err != nil {
			d.folds.drop(ref)
			return nil, err
		}
	}
	d.folds.put(ref, f)
	return f, nil
}

// State folds an aggregate for reading: its state and last sequence. ErrNotFound
// where it has no entries. The state is the caller's own.
func (d *Desk) State(ctx context.Context, ref domain.Ref, upTo domain.Seq) (domain.State, domain.Seq, error) {
	kind, ok := d.kinds[ref.Kind]
	if !ok {
		return nil, 0, fmt.Errorf("kind %s: %w", ref.Kind, domain.ErrNotFound)
	}
	f := &folded{state: kind.New(), orders: map[domain.OrderID]domain.Seq{}}
	for en, err := range d.c.Log.Load(ctx, ref, 0) {
		if err != nil {
			return nil, 0, err
		}
		if upTo > 0 && en.Seq > upTo {
			break
		}
		if err := f.add(kind, en); err != nil {
			return nil, 0, err
		}
	}
	if f.seq == 0 {
		return nil, 0, fmt.Errorf("%s: %w", ref, domain.ErrNotFound)
	}
	return f.state, f.seq, nil
}

// folds is a bounded cache of folded aggregates, least recently used out first.
type folds struct {
	mu    sync.Mutex
	max   int
	byRef map[domain.Ref]*list.Element
	order *list.List // of cached, most recent first
}

type cached struct {
	ref domain.Ref
	f   *folded
}

func newFolds(max int) *folds {
	return &folds{max: max, byRef: map[domain.Ref]*list.Element{}, order: list.New()}
}

func (c *folds) get(ref domain.Ref) (*folded, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byRef[ref]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(cached).f, true
}

func (c *folds) put(ref domain.Ref, f *folded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byRef[ref]; ok {
		e.Value = cached{ref, f}
		c.order.MoveToFront(e)
		return
	}
	c.byRef[ref] = c.order.PushFront(cached{ref, f})
	for c.order.Len() > c.max {
		e := c.order.Back()
		c.order.Remove(e)
		delete(c.byRef, e.Value.(cached).ref)
	}
}

func (c *folds) drop(ref domain.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byRef[ref]; ok {
		c.order.Remove(e)
		delete(c.byRef, ref)
	}
}

// keyLocks lets one order at a time work on an aggregate.
type keyLocks struct {
	mu   sync.Mutex
	held map[domain.Ref]*keyLock
}

type keyLock struct {
	mu    sync.Mutex
	users int
}

// lock waits for the aggregate and gives what lets go of it.
func (k *keyLocks) lock(ref domain.Ref) func() {
	k.mu.Lock()
	if k.held == nil {
		k.held = map[domain.Ref]*keyLock{}
	}
	l := k.held[ref]
	if l == nil {
		l = &keyLock{}
		k.held[ref] = l
	}
	l.users++
	k.mu.Unlock()
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		k.mu.Lock()
		if l.users--; l.users == 0 {
			delete(k.held, ref)
		}
		k.mu.Unlock()
	}
}
