package seal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

// A crash at any moment of sealing leaves of each file what was synced and any
// part of what was not. The log then stands at the old head or at the new one,
// and what it signs next agrees with every head that it ever gave out.
func TestACrashWhileSealing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		e := newEntries(rapid.IntRange(1, 700).Draw(rt, "before"))
		l, before := opened(rt, dir, e), map[string][]byte{}
		old := seal(t, l)
		for _, name := range files(rt, dir) {
			before[name] = content(rt, name)
		}
		e.add(rapid.IntRange(1, 700).Draw(rt, "more"))
		next := seal(t, l)
		if err := l.Close(); err != nil {
			rt.Fatal(err)
		}
		// The hashes are synced before the checkpoint is written.
		signed := rapid.Bool().Draw(rt, "hashes were synced")
		for _, name := range files(rt, dir) {
			after := content(rt, name)
			isPoints := filepath.Base(name) == signedFile
			switch {
			case isPoints && !signed:
				after = before[name]
			case isPoints, !signed:
				cut := rapid.IntRange(len(before[name]), len(after)).Draw(rt, filepath.Base(name))
				torn := after[cut:]
				after = after[:cut]
				if rapid.Bool().Draw(rt, "zeros behind") {
					after = append(after, make([]byte, len(torn))...)
				}
			}
			if err := os.WriteFile(name, after, 0o600); err != nil {
				rt.Fatal(err)
			}
		}
		l = opened(rt, dir, e)
		if head := l.Head(); head.Root != old.Root && head.Root != next.Root {
			rt.Fatalf("the head is that of %d entries; it was %d and was to be %d", head.Size, old.Size, next.Size)
		}
		e.add(1)
		head := seal(t, l)
		if want := e.root(t, int(e.Last())); head.Root != want {
			rt.Fatalf("the next head has the root %s, want %s", head.Root, want)
		}
		for _, given := range []Head{old, next} {
			p, err := l.Consistency(given.Size, head.Size)
			if err == nil {
				err = tlog.CheckTree(p, int64(head.Size), tlog.Hash(head.Root), int64(given.Size), tlog.Hash(given.Root))
			}
			if err != nil {
				rt.Fatalf("the head of %d entries: %v", given.Size, err)
			}
		}
		if err := l.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// Damage that no crash leaves is not passed over: each bit of each checkpoint
// but the last.
func TestDamagedCheckpoints(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(3)
	l := open(t, dir, e)
	seal(t, l)
	first := len(pointsIn(t, dir))
	e.add(1)
	seal(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole := pointsIn(t, dir)
	for bit := range first * 8 {
		b := append([]byte(nil), whole...)
		b[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(filepath.Join(dir, signedFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Config{Dir: dir, Origin: origin, Seed: seed(), Leaves: e})
		if err == nil {
			if head := l.Head(); head.Size != 4 || l.points.index[0].size != domain.Seq(3) {
				t.Errorf("byte %d: the log stands at %d", bit/8, head.Size)
			}
			l.Close()
		} else if !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d: %v", bit/8, err)
		}
	}
}

func opened(t *rapid.T, dir string, e *entries) *Log {
	l, err := Open(Config{Dir: dir, Origin: origin, Seed: seed(), Leaves: e})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func files(t *rapid.T, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func content(t *rapid.T, name string) []byte {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
