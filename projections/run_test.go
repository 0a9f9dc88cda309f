package projections

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

// However entries are batched, and whether they were there or come while it
// runs, the rows are the same.
func TestAnyBatchingGivesTheSameDigest(t *testing.T) {
	l := newShelf(120)
	want := reference(t, 1, l, 120)
	rapid.Check(t, func(rt *rapid.T) {
		db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: 1})
		defer mustClose(t, db)
		entries, _ := l.from(0)
		for len(entries) > 0 {
			n := rapid.IntRange(1, len(entries)).Draw(rt, "batch")
			for _, en := range entries[:n] {
				db.head.apply(en)
			}
			if err := db.head.commit(t.Context(), nil); err != nil {
				rt.Fatal(err)
			}
			if rapid.Bool().Draw(rt, "forget") {
				db.head.lines[0].tx.forget()
			}
			at := entries[n-1].Seq
			if got := digest(t, db, "tally"); got != want[at] {
				rt.Fatalf("after a batch up to %d: %v, want %v", at, got, want[at])
			}
			entries = entries[n:]
		}
	})
}

func TestRunFollowsAndContinues(t *testing.T) {
	l, fs := newShelf(50), vfs.NewMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1}, &tally{name: "other", shape: 4})
	stop := start(t, db, l)
	reach(t, db, "tally", 50)
	for n := range 30 {
		l.add(1)
		reach(t, db, "tally", domain.Seq(51+n))
		reach(t, db, "other", domain.Seq(51+n))
	}
	stop()
	mustClose(t, db)

	l.add(40)
	db = openMem(t, fs, &tally{name: "tally", shape: 1}, &tally{name: "other", shape: 4})
	if at := db.Status()[0].Seq; at != 80 {
		t.Errorf("reopened at entry %d, want 80", at)
	}
	before := l.reads.Load()
	stop = start(t, db, l)
	reach(t, db, "tally", 120)
	reach(t, db, "other", 120)
	if n := l.reads.Load() - before; n != 40 {
		t.Errorf("two views at the same place read %d entries together, want 40", n)
	}
	stop()
	if got, want := digest(t, db, "tally"), reference(t, 1, l, 120)[120]; got != want {
		t.Errorf("digest %v, want %v", got, want)
	}
	mustClose(t, db)
}

// A view added later catches up without holding back the others.
func TestNewViewCatchesUpBesideTheOthers(t *testing.T) {
	l, fs := newShelf(100), vfs.NewMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1})
	stop := start(t, db, l)
	reach(t, db, "tally", 100)
	stop()
	mustClose(t, db)

	gate := make(chan struct{})
	late := &tally{name: "late", shape: 1, at: func(en *domain.Entry) error {
		if en.Seq == 60 {
			<-gate
		}
		return nil
	}}
	db = openMem(t, fs, &tally{name: "tally", shape: 1}, late)
	stop = start(t, db, l)
	l.add(10)
	reach(t, db, "tally", 110) // while the other is held at 60
	close(gate)
	reach(t, db, "late", 110)
	l.add(5)
	reach(t, db, "late", 115)
	reach(t, db, "tally", 115)
	stop()
	a, b := digest(t, db, "tally"), digest(t, db, "late")
	if a.Seq != 115 || b.Seq != 115 {
		t.Errorf("stand at %d and %d, want 115", a.Seq, b.Seq)
	}
	if want := reference(t, 1, l, 115)[115]; a != want {
		t.Errorf("tally %v, want %v", a, want)
	}
	mustClose(t, db)
}

func TestFailingViewStopsAlone(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   func(*domain.Entry) error
		says string
	}{
		{"error", func(en *domain.Entry) error { return errors.New("cannot read this") }, "cannot read this"},
		{"panic", func(en *domain.Entry) error { panic("index out of reach") }, "panic: index out of reach"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, fs := newShelf(40), vfs.NewMem()
			bad := &tally{name: "tally", shape: 1, at: func(en *domain.Entry) error {
				if en.Seq == 33 {
					return tt.at(en)
				}
				return nil
			}}
			db := openMem(t, fs, bad, &tally{name: "good", shape: 1})
			stop := start(t, db, l)
			reach(t, db, "good", 40)
			l.add(5)
			reach(t, db, "good", 45)
			err := db.WaitFor(t.Context(), "tally", 45)
			if !errors.Is(err, ErrStopped) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), "entry 33") {
				t.Errorf("waiting for a stopped view: %v", err)
			}
			if err := db.WaitFor(t.Context(), "tally", 32); err != nil {
				t.Errorf("what it has is served: %v", err)
			}
			st := db.Status()
			if st[0].Seq != 32 || st[0].Err == nil || st[1].Seq != 45 || st[1].Err != nil {
				t.Errorf("status %+v", st)
			}
			want := reference(t, 1, l, 45)
			if got := digest(t, db, "tally"); got != want[32] {
				t.Errorf("serves %v, want the state before the entry %v", got, want[32])
			}
			stop()
			stop = start(t, db, l) // unrepaired it stops there again, with the same rows
			reach(t, db, "good", 45)
			if err := db.WaitFor(t.Context(), "tally", 45); !errors.Is(err, ErrStopped) {
				t.Errorf("run again: %v", err)
			}
			stop()
			if got := digest(t, db, "tally"); got != want[32] {
				t.Errorf("run again: %v, want %v", got, want[32])
			}
			mustClose(t, db)

			bad.at = nil // repaired: it goes on where it stopped
			db = openMem(t, fs, bad, &tally{name: "good", shape: 1})
			stop = start(t, db, l)
			reach(t, db, "tally", 45)
			stop()
			if got := digest(t, db, "tally"); got != want[45] {
				t.Errorf("repaired: %v, want %v", got, want[45])
			}
			mustClose(t, db)
		})
	}
}

func TestWaitForEnds(t *testing.T) {
	l := newShelf(3)
	db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: 1})
	stop := start(t, db, l)
	reach(t, db, "tally", 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.WaitFor(ctx, "tally", 4); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := db.WaitFor(t.Context(), "none", 1); !errors.Is(err, ErrNoView) {
		t.Errorf("unknown view: %v", err)
	}
	waited := make(chan error)
	go func() { waited <- db.WaitFor(t.Context(), "tally", 9) }()
	stop()
	mustClose(t, db)
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// A ledger that gives entries out of order is not believed.
func TestRunEndsWithABrokenLedger(t *testing.T) {
	l := newShelf(5)
	l.entries[3].Seq = 2
	db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: 1})
	defer mustClose(t, db)
	if err := db.Run(t.Context(), l); err == nil || !strings.Contains(err.Error(), "entry 2 after entry 3") {
		t.Errorf("run: %v", err)
	}
	if at := db.Status()[0].Seq; at != 3 {
		t.Errorf("stands at %d, want 3", at)
	}
}
