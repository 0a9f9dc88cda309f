package projections

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"incidentledger/domain"
)

// A queue holds decoded entries that wait to be applied. One goroutine feeds
// it, another takes all there is at once.
type queue struct {
	mu    sync.Mutex
	items []*domain.Entry
	bytes int
	ended bool
	err   error
	some  chan struct{} // has an element while there may be something to take
	room  chan struct{} // has an element after something was taken
}

// How much waits at most.
const (
	queueEntries = 2048
	queueBytes   = 4 << 20
)

func newQueue() *queue {
	return &queue{some: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// feed puts in entries until src or ctx ends. They must come in order.
func (q *queue) feed(ctx context.Context, src iter.Seq2[*domain.Entry, error]) {
	var last domain.Seq
	err := error(nil)
	for en, e := range src {
		if e != nil {
			err = fmt.Errorf("projections: reading the ledger after entry %d: %w", last, e)
			break
		}
		if en.Seq <= last {
			err = fmt.Errorf("projections: the ledger gives entry %d after entry %d", en.Seq, last)
			break
		}
		last = en.Seq
		if !q.put(ctx, en) {
			break
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	q.mu.Lock()
	q.ended, q.err = true, err
	q.mu.Unlock()
	signal(q.some)
}

func (q *queue) put(ctx context.Context, en *domain.Entry) bool {
	for {
		q.mu.Lock()
		if len(q.items) < queueEntries && (q.bytes < queueBytes || len(q.items) == 0) {
			q.items = append(q.items, en)
			q.bytes += en.Size
			q.mu.Unlock()
			signal(q.some)
			return true
		}
		q.mu.Unlock()
		select {
		case <-q.room:
		case <-ctx.Done():
			return false
		}
	}
}

// take waits until there is something and gives all of it. After the last entry
// it says so, with the error that ended the reading, if any.
func (q *queue) take(ctx context.Context) (items []*domain.Entry, end bool, err error) {
	for {
		q.mu.Lock()
		items, q.items, q.bytes = q.items, nil, 0
		end, err = q.ended, q.err
		q.mu.Unlock()
		if len(items) > 0 || end {
			signal(q.room)
			return items, end, err
		}
		select {
		case <-q.some:
		case <-ctx.Done():
			return nil, true, ctx.Err()
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
