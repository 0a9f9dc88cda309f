package projections

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"incidentledger/domain"
)

// Whatever a power cut leaves, reopened it is the exact state after some entry,
// and catching up from there gives the exact state at the end.
func TestEveryCrashImageIsExact(t *testing.T) {
	const n = 400
	l := newShelf(n)
	want := reference(t, 1, l, n)
	other := &tally{name: "other", shape: 2}
	fs := vfs.NewCrashableMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1}, other)
	defer mustClose(t, db)
	rng := rand.New(rand.NewPCG(1, 2))
	marks := map[domain.Seq]bool{}
	images := 0
	entries, _ := l.from(0)
	for i, en := range entries {
		db.head.apply(en)
		if rng.IntN(5) == 0 || i == n-1 {
			if err := db.head.commit(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if rng.IntN(12) == 0 { // as when a memtable is full
			if _, err := db.pebble.AsyncFlush(); err != nil {
				t.Fatal(err)
			}
		}
		if rng.IntN(8) != 0 {
			continue
		}
		images++
		image := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		re := openMem(t, image, &tally{name: "tally", shape: 1}, other)
		got := digest(t, re, "tally")
		marks[got.Seq] = true
		if got.Seq > en.Seq || got != want[got.Seq] {
			t.Fatalf("image %d, cut at entry %d: %v, want %v", images, en.Seq, got, want[got.Seq])
		}
		if o := digest(t, re, "other"); o.Seq != got.Seq {
			t.Fatalf("image %d: views committed together stand at %d and %d", images, got.Seq, o.Seq)
		}
		stop := start(t, re, l)
		reach(t, re, "tally", n)
		stop()
		if got := digest(t, re, "tally"); got != want[n] {
			t.Fatalf("image %d, caught up: %v, want %v", images, got, want[n])
		}
		mustClose(t, re)
	}
	if images < 20 || len(marks) < 5 {
		t.Errorf("only %d images with %d different states: this proves little", images, len(marks))
	}
}

// A clean stop loses nothing, and what was caught up is on disk before Run goes
// on to follow.
func TestCleanStopKeepsAll(t *testing.T) {
	l, fs := newShelf(30), vfs.NewCrashableMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1})
	stop := start(t, db, l)
	reach(t, db, "tally", 30)
	stop()
	mustClose(t, db)
	re := openMem(t, fs.CrashClone(vfs.CrashCloneCfg{}), &tally{name: "tally", shape: 1})
	defer mustClose(t, re)
	if got, want := digest(t, re, "tally"), reference(t, 1, l, 30)[30]; got != want {
		t.Errorf("after a clean stop: %v, want %v", got, want)
	}
}

// A cut in the middle of a change of shapes leaves the old rows or the new ones,
// whole either way.
func TestCrashWhileShapesAreExchanged(t *testing.T) {
	const n = 60
	l := newShelf(n)
	old, fresh := reference(t, 1, l, n)[n], reference(t, 2, l, n)[n]
	fs := vfs.NewCrashableMem()
	db := openMem(t, fs, &tally{name: "tally", shape: 1})
	stop := start(t, db, l)
	reach(t, db, "tally", n)
	stop()
	mustClose(t, db)

	rng := rand.New(rand.NewPCG(3, 4))
	var images []*vfs.MemFS
	raised := &tally{name: "tally", shape: 2}
	raised.at = func(*domain.Entry) error {
		images = append(images, fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rng}))
		return nil
	}
	db = openMem(t, fs, raised)
	stop = start(t, db, l)
	reach(t, db, "tally", n)
	stop()
	images = append(images, fs.CrashClone(vfs.CrashCloneCfg{}))
	mustClose(t, db)
	for i, image := range images {
		re := openMem(t, image, &tally{name: "tally", shape: 2})
		if got := digest(t, re, "tally"); got != old && got != fresh {
			t.Fatalf("image %d: %v is neither %v nor %v", i, got, old, fresh)
		}
		stop := start(t, re, l)
		reach(t, re, "tally", n)
		stop()
		if got := digest(t, re, "tally"); got != fresh {
			t.Fatalf("image %d, caught up: %v, want %v", i, got, fresh)
		}
		onlyLive(t, re)
		mustClose(t, re)
	}
}

// onlyLive checks that no rows but the live ones are left.
func onlyLive(t *testing.T, db *DB) {
	t.Helper()
	live := map[[5]byte]bool{}
	for _, s := range db.slots {
		live[rowPrefix(s.live.id)] = true
	}
	it, err := db.pebble.NewIter(&pebble.IterOptions{LowerBound: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		if p := [5]byte(it.Key()); !live[p] {
			t.Fatalf("row %x belongs to no live generation", it.Key())
		}
	}
}
