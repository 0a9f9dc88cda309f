package seal

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"incidentledger/domain"
)

const origin = "incidentledger/nuth/0a1b2c3d4e5f"

func seed() []byte { return bytes.Repeat([]byte{7}, 32) }

// entries are entries of a ledger: the bytes of each.
type entries struct {
	mu    sync.Mutex
	bytes []string
	moved chan struct{}
}

func newEntries(n int) *entries {
	e := &entries{moved: make(chan struct{})}
	e.add(n)
	return e
}

func (e *entries) add(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range n {
		e.bytes = append(e.bytes, fmt.Sprintf("entry %d", len(e.bytes)+1))
	}
	close(e.moved)
	e.moved = make(chan struct{})
}

func (e *entries) Last() domain.Seq {
	e.mu.Lock()
	defer e.mu.Unlock()
	return domain.Seq(len(e.bytes))
}

func (e *entries) WaitFor(ctx context.Context, seq domain.Seq) error {
	for {
		e.mu.Lock()
		moved, last := e.moved, len(e.bytes)
		e.mu.Unlock()
		if domain.Seq(last) >= seq {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *entries) Leaves(after, to domain.Seq) iter.Seq2[domain.Hash, error] {
	return func(yield func(domain.Hash, error) bool) {
		for seq := after; seq < to; seq++ {
			e.mu.Lock()
			leaf := domain.LeafHash([]byte(e.bytes[seq]))
			e.mu.Unlock()
			if !yield(leaf, nil) {
				return
			}
		}
	}
}

// root is that of the first n entries, reckoned by another implementation.
func (e *entries) root(t testing.TB, n int) domain.Hash {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for _, b := range e.bytes[:n] {
		if err := r.Append(rfc6962.DefaultHasher.HashLeaf([]byte(b)), nil); err != nil {
			t.Fatal(err)
		}
	}
	h, err := r.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	return domain.Hash(h)
}

func open(t testing.TB, dir string, e *entries) *Log {
	t.Helper()
	l, err := Open(Config{Dir: dir, Origin: origin, Seed: seed(), Leaves: e})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func seal(t testing.TB, l *Log) Head {
	t.Helper()
	head, err := l.Seal()
	if err != nil {
		t.Fatal(err)
	}
	return head
}
