package eventstore

import (
	"context"
	"sync"
	"testing"
)

// TestManyWritersFillManySegments: while one group is being synced the next one
// is published, and where that one needs a new segment it must wait for its
// place. The journal afterwards reads from end to end.
func TestManyWritersFillManySegments(t *testing.T) {
	const writers, each = 256, 40
	dir := t.TempDir()
	s, l := found(t, dir)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := l.Append(context.Background(), entry(10+w*each+i, nil, "word")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	mustClose(t, s)
	if n := len(journalFiles(t, dir)); n < 4 {
		t.Fatalf("%d segments; the test wants several", n)
	}
	l, err := open(t, dir).Ledger("nuth")
	if err != nil {
		t.Fatal(err)
	}
	if l.Last() != 1+writers*each {
		t.Fatalf("%d entries", l.Last())
	}
}
