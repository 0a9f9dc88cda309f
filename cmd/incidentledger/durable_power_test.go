package main

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"incidentledger/cmd/incidentledger/lossyfs"
)

// playOn plays a round on a disk whose power is cut at the round's end, and gives
// the disk as the next start finds it.
func (r *round) playOn(t *testing.T, d *lossyfs.Disk, e ending, rng *rand.Rand, keep float64) (*lossyfs.Disk, error) {
	t.Helper()
	var unmount func()
	r.dir, unmount = d.MountFor(t)
	defer unmount()
	err := r.play(t.Context(), e, func(kill func()) {
		// In some lives the disk is slow before the cut, and in all the process goes
		// on for a moment with a disk that only fails: whatever it still shows or
		// says was durable must have been.
		slow := time.Duration(max(0, rng.IntN(40)-20)) * time.Millisecond
		if slow > 0 {
			d.Stall()
		}
		time.AfterFunc(slow, d.Cut)
		time.AfterFunc(slow+time.Duration(1+rng.IntN(60))*time.Millisecond, kill)
	})
	return d.Survivor(rng, keep), err
}

// opens starts a child on a copy, on an ordinary file system, of what a disk that
// lost its power holds. It gives the copy, and why the ledger in it stays shut:
// empty where it opened and held all that it must.
func opens(t *testing.T, b *book, d *lossyfs.Disk) (r *round, why string) {
	t.Helper()
	r = &round{book: b, dir: filepath.Join(t.TempDir(), "left"), mode: "look"}
	if err := d.CopyTo(r.dir); err != nil {
		t.Fatal(err)
	}
	if err := r.play(t.Context(), ending{most: 30 * time.Second}, func(kill func()) { kill() }); err != nil {
		t.Fatal(err)
	}
	if !r.opened {
		return r, r.failed + "\n" + r.stderr.String()
	}
	return r, ""
}

// mustOpen is opens where nothing may be wrong, nor verify find anything.
func mustOpen(t *testing.T, b *book, d *lossyfs.Disk) int {
	t.Helper()
	r, why := opens(t, b, d)
	if why != "" {
		t.Fatal("the ledger does not open: ", why)
	}
	if err := verifyLedger(t, r.dir); err != nil {
		t.Fatal(err)
	}
	return len(r.have)
}

// TestPowerCut is the promise that what was acknowledged or shown survives when
// everything that was not synced is gone: one ledger lives through many lives on
// a disk that forgets. In half of the cuts some of what was not synced is left
// all the same, pages and names at random, which is what real disks do.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	rounds := 16
	if testing.Short() {
		rounds = 3
	}
	rng, b, d := randomly(t), newBook(), lossyfs.New()
	for i := range rounds {
		e := afterLines(rng.IntN(800), 20*time.Second)
		if i%4 == 2 {
			e.most = time.Duration(rng.IntN(400)) * time.Millisecond // while it starts
		}
		keep := 0.0
		if i%2 == 1 {
			keep = rng.Float64()
		}
		var err error
		r := &round{book: b, mode: modeOf(i)}
		if d, err = r.playOn(t, d, e, rng, keep); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
	}
	t.Logf("%d lives, %d answers, %d entries", rounds, b.acks, mustOpen(t, b, d))
}

// TestReadOnlyDisk: a disk that becomes read-only under load, or is it from the
// start, ends the process with a clear word at most. Nobody is told anything that
// is not so, and when the disk is well again everything goes on.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	const rounds = 4
	rng, b, d := randomly(t), newBook(), lossyfs.New()
	for i := range rounds {
		n := 1 + rng.IntN(300)
		e := ending{most: 3 * time.Second, enough: func(r *round, line string) bool {
			if r.opened {
				n--
			}
			if n == 0 {
				d.Freeze()
			}
			return strings.HasPrefix(line, "failed ")
		}}
		if i%3 == 2 {
			d.Freeze()
		}
		r := &round{book: b, ends: true}
		next, err := r.playOn(t, d, e, rng, 1)
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if i%3 == 2 && !strings.Contains(r.failed, "read-only") {
			t.Fatalf("round %d: a start on a read-only disk ends with %q", i, r.failed)
		}
		d = next
	}
	t.Logf("%d lives, %d answers, %d entries", rounds, b.acks, mustOpen(t, b, d))
}
