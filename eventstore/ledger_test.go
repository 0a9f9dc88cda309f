package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"incidentledger/domain"
)

func TestWhatWasAppendedIsThereAfterAStop(t *testing.T) {
	dir := t.TempDir()
	s, l := found(t, dir)
	a := add(t, l, entry(1, nil, "flames"))
	add(t, l, entry(2, nil, "water"))
	a2 := add(t, l, entry(1, a, "smoke"))
	if a2.Seq != 4 || a2.Prev != 2 {
		t.Fatalf("entry %d after %d", a2.Seq, a2.Prev)
	}
	mustClose(t, s)

	s = open(t, dir)
	l, err := s.Ledger("nuth")
	if err != nil {
		t.Fatal(err)
	}
	if got := words(t, l, 1); got != "flames smoke" {
		t.Errorf("note 1 says %q", got)
	}
	add(t, l, entry(1, a2, "ashes"))
	if got := words(t, l, 1); got != "flames smoke ashes" {
		t.Errorf("note 1 says %q", got)
	}
}

func TestAWrongLastEntryIsAConflict(t *testing.T) {
	_, l := found(t, t.TempDir())
	a := add(t, l, entry(1, nil, "one"))
	add(t, l, entry(1, a, "two"))
	for _, en := range []*domain.Entry{entry(1, nil, "again"), entry(1, a, "late")} {
		if err := l.Append(context.Background(), en); !errors.Is(err, domain.ErrConflict) {
			t.Errorf("appending after %d: %v", en.Prev, err)
		}
	}
	if got := words(t, l, 1); got != "one two" {
		t.Errorf("note 1 says %q", got)
	}
}

func TestEightWritersOnOneNote(t *testing.T) {
	_, l := found(t, t.TempDir())
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := 0; i < each; {
				var last *domain.Entry
				for en, err := range l.Load(context.Background(), ref(1), 0) {
					if err != nil {
						t.Error(err)
						return
					}
					last = en
				}
				err := l.Append(context.Background(), entry(1, last, fmt.Sprintf("w%d-%d", w, i)))
				if err == nil {
					i++
				} else if !errors.Is(err, domain.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	n := 0
	for _, err := range l.Load(context.Background(), ref(1), 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != writers*each {
		t.Errorf("%d entries, want %d", n, writers*each)
	}
}

func TestAFollowerSeesEveryEntryOnceAndInOrder(t *testing.T) {
	_, l := found(t, t.TempDir())
	const n = 500
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var wg sync.WaitGroup
	for w := range 5 {
		wg.Go(func() {
			for i := range n / 5 {
				if err := l.Append(ctx, entry(1000*(w+1)+i, nil, "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := domain.Seq(1)
	for en, err := range l.Follow(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if en.Seq != next {
			t.Fatalf("entry %d where %d was due", en.Seq, next)
		}
		if en.Seq > l.Last() {
			t.Fatalf("entry %d was shown before it was durable", en.Seq)
		}
		if next++; en.Seq == n+1 {
			break
		}
	}
	wg.Wait()
}
