package main

import (
	"strings"
	"testing"
	"time"

	"incidentledger/cmd/incidentledger/lossyfs"
)

// TestFoundingCutShort is the promise that a founding which ends in the middle
// leaves nothing or a whole ledger: the next one finds either, and goes on.
func TestFoundingCutShort(t *testing.T) {
	t.Parallel()
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	rng := randomly(t)
	kill := func(kill func()) { kill() }
	short := func() ending {
		e := ending{most: time.Duration(rng.IntN(250)) * time.Millisecond}
		if rng.IntN(4) == 0 { // as soon as init would say that it is done
			e = ending{most: 20 * time.Second, enough: func(_ *round, line string) bool { return line == "founded" }}
		}
		return e
	}
	t.Run("by a kill", func(t *testing.T) {
		for i := range rounds {
			b, dir := newBook(), t.TempDir()
			if err := (&round{book: b, dir: dir}).play(t.Context(), short(), kill); err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			foundAgain(t, b, dir)
		}
	})
	t.Run("by a power cut", func(t *testing.T) {
		for i := range rounds {
			b, d, e, keep := newBook(), lossyfs.New(), short(), float64(i%2)*rng.Float64()
			if i%3 != 0 { // after any one change of names, with nothing left but what was synced
				keep = 0
				d.CutAfter(1 + rng.IntN(80))
				e = ending{most: 20 * time.Second, enough: func(_ *round, line string) bool {
					return line == "founded" || strings.HasPrefix(line, "failed ")
				}}
			}
			d, err := (&round{book: b, ends: true}).playOn(t, d, e, rng, keep)
			if err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
			mustOpen(t, b, d)
		}
	})
}

// foundAgain opens what a founding left, founding anew where there is nothing.
func foundAgain(t *testing.T, b *book, dir string) {
	t.Helper()
	r := &round{book: b, dir: dir, mode: "look"}
	if err := r.play(t.Context(), ending{most: 30 * time.Second}, func(kill func()) { kill() }); err != nil {
		t.Fatal(err)
	}
	if !r.opened || len(r.have) < 2 {
		t.Fatalf("after a founding that was cut short: %d entries, %s\n%s", len(r.have), r.failed, r.stderr.String())
	}
	if err := verifyLedger(t, dir); err != nil {
		t.Fatal(err)
	}
}

// TestRestoreCutShort is the promise that restore-log, ended in the middle by a
// power cut, leaves a ledger that opens or one that a second restore-log mends:
// same entries, none lost.
func TestRestoreCutShort(t *testing.T) {
	t.Parallel()
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	rng, b := randomly(t), newBook()
	whole, err := (&round{book: b, mode: "stop"}).playOn(t, lossyfs.New(), afterLines(1<<20, 20*time.Second), rng, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := func(r *round, line string) bool { return r.restored != "" || strings.HasPrefix(line, "failed ") }
	trial := whole.Survivor(rng, 0)
	if _, err := (&round{book: b, mode: "restore"}).playOn(t, trial, ending{most: 20 * time.Second, enough: done}, rng, 0); err != nil {
		t.Fatal(err)
	}
	again := 0
	for i := range rounds {
		// The last steps of a restoring put the new copies in the place of the old
		// ones: the power fails after each of these, or nearly, in turn.
		first, d := &round{book: b, mode: "restore"}, whole.Survivor(rng, 0)
		d.CutAfter(trial.Changes() - 3*i - rng.IntN(3))
		keep := 0.0
		if i%4 != 3 {
			keep = rng.Float64()
		}
		d, err := first.playOn(t, d, ending{most: 20 * time.Second, enough: done}, rng, keep)
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if _, why := opens(t, b, d); why != "" {
			again++
			if !strings.Contains(why, "restore-log") {
				t.Fatalf("round %d: it stays shut and names no way out: %s", i, why)
			}
			second := &round{book: b, mode: "restore"}
			e := ending{most: 30 * time.Second, enough: func(r *round, _ string) bool { return r.restored != "" }}
			if d, err = second.playOn(t, d, e, rng, 0); err != nil || !strings.HasSuffix(second.restored, " 0") {
				t.Fatalf("round %d: the second restore-log: %q %s %v\n%s", i, second.restored, second.failed, err, second.stderr.String())
			}
		}
		mustOpen(t, b, d)
	}
	t.Logf("%d rounds, %d of them needed a second restore-log", rounds, again)
}
