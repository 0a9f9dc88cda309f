package main

import (
	"math/rand/v2"
	"testing"
	"time"
)

// modeOf lets every fifth life stop in good order, if it lives to see the end of it.
func modeOf(round int) string {
	if round%5 == 4 {
		return "stop"
	}
	return ""
}

// afterLines ends a round n lines after the child became ready, when it has
// stopped, or after began where that comes first.
func afterLines(n int, began time.Duration) ending {
	ready := false
	return ending{most: began, enough: func(_ *round, line string) bool {
		ready = ready || line == "ready"
		if ready {
			n--
		}
		return n < 0 || line == "stopped"
	}}
}

// randomly is fresh in each run, and told, so that a failure can be looked into.
func randomly(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestKilledAtAnyMoment is the promise that killing the process loses nothing
// that was acknowledged or shown, and lets no order in twice: one ledger lives
// through many lives, each ended by SIGKILL under load or while it starts.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	rng, dir, b := randomly(t), t.TempDir(), newBook()
	for i := range rounds {
		e := afterLines(rng.IntN(800), 20*time.Second)
		if i%4 == 2 {
			e.most = time.Duration(rng.IntN(300)) * time.Millisecond // while it starts
		}
		r := &round{book: b, dir: dir, mode: modeOf(i)}
		if err := r.play(t.Context(), e, func(kill func()) { kill() }); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if i%10 == 9 {
			if err := verifyLedger(t, dir); err != nil {
				t.Fatalf("after round %d: %v", i, err)
			}
		}
	}
	last := &round{book: b, dir: dir, mode: "look"}
	if err := last.play(t.Context(), ending{most: 30 * time.Second}, func(kill func()) { kill() }); err != nil {
		t.Fatal(err)
	}
	if err := verifyLedger(t, dir); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lives, %d answers, %d entries", rounds, b.acks, len(last.have))
}
