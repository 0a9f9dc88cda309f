package seal

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An entry is sealed within a second, and a head that stands is said again.
func TestRunSealsWithinASecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		e := newEntries(2)
		l, err := Open(Config{Dir: dir, Origin: origin, Seed: seed(), Leaves: e})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		for _, want := range []int{2, 3, 40} {
			e.add(want - int(e.Last()))
			begun := time.Now()
			head, err := l.WaitFor(ctx, e.Last())
			if err != nil || int(head.Size) != want || time.Since(begun) > time.Second {
				t.Errorf("after %v the head has %d entries, %v; want %d within a second", time.Since(begun), head.Size, err, want)
			}
		}
		head := l.Head()
		for range 3 {
			next, begun := l.Next(), time.Now()
			<-next
			if since := time.Since(begun); since != heartbeat {
				t.Errorf("the head was said again after %v", since)
			}
		}
		if now := l.Head(); string(now.Note) != string(head.Note) {
			t.Errorf("what was said again is %q and was %q", now.Note, head.Note)
		}
		stop()
		<-ended
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if n := strings.Count(string(pointsIn(t, dir)), "checkpoint "); n != 6 {
		t.Errorf("%d checkpoints are kept; want three heads and three heartbeats", n)
	}
}
