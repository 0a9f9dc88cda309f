package seal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

// audit goes through all entries and gives what was contradicted.
func audit(t testing.TB, dir string, e *entries) (found []string, a *Audit, err error) {
	t.Helper()
	a, err = OpenAudit(dir, origin, logKey(t, origin, seed()))
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { a.Close() })
	for leaf, err := range e.Leaves(0, e.Last()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Leaf(leaf); err != nil {
			found = append(found, err.Error())
		}
	}
	if err := a.End(); err != nil {
		found = append(found, err.Error())
	}
	return found, a, nil
}

func TestAnAuditFindsEveryChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm   func(t *testing.T, dir string, e *entries)
		found  string // what it says first; nothing: nothing
		differ []domain.Seq
	}{
		"as it was":                  {harm: func(*testing.T, string, *entries) {}},
		"an entry changed":           {func(_ *testing.T, _ string, e *entries) { e.bytes[299] += "!" }, "the first is entry 300", []domain.Seq{300}},
		"two entries swapped":        {func(_ *testing.T, _ string, e *entries) { e.bytes[0], e.bytes[1] = e.bytes[1], e.bytes[0] }, "the first is entry 1", []domain.Seq{1, 2}},
		"the last entries gone":      {func(_ *testing.T, _ string, e *entries) { e.bytes = e.bytes[:899] }, "there are 899, and 900 were signed", nil},
		"entries behind the head":    {func(_ *testing.T, _ string, e *entries) { e.add(5) }, "", nil},
		"a kept hash damaged":        {func(t *testing.T, dir string, _ *entries) { flip(t, levelPath(dir, 0), 32*9) }, "", []domain.Seq{10}},
		"the kept hashes gone":       {func(t *testing.T, dir string, _ *entries) { remove(t, levelPath(dir, 0)) }, "", nil},
		"an entry and its kept hash": {changeBoth, "signed was", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, e := t.TempDir(), newEntries(0)
			l := open(t, dir, e)
			for range 3 {
				e.add(300)
				seal(t, l)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			c.harm(t, dir, e)
			found, a, err := audit(t, dir, e)
			if err != nil {
				t.Fatal(err)
			}
			if said := strings.Join(found, "\n"); c.found == "" != (said == "") || !strings.Contains(said, c.found) {
				t.Errorf("it says %q, want %q", said, c.found)
			}
			if !slices.Equal(a.Differ(), c.differ) {
				t.Errorf("other than kept are %v, want %v", a.Differ(), c.differ)
			}
			if sealed, points := a.Sealed(); sealed != 900 || points != 3 {
				t.Errorf("%d entries are sealed by %d checkpoints", sealed, points)
			}
		})
	}
}

// changeBoth changes an entry and all hashes that are kept of it: the signature
// alone tells.
func changeBoth(t *testing.T, dir string, e *entries) {
	e.bytes[299] += "!"
	leaf := domain.LeafHash([]byte(e.bytes[299]))
	f, err := os.OpenFile(levelPath(dir, 0), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(leaf[:], 299*32); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Two heads of one size are a fork, even where both were signed with the log's
// own key, and whoever made them.
func TestTwoHeadsOfOneSize(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(5)
	seal(t, open(t, dir, e))
	other := newEntries(5)
	other.bytes[2] = "another history"
	otherDir := t.TempDir()
	seal(t, open(t, otherDir, other))
	both := append(pointsIn(t, dir), pointsIn(t, otherDir)...)
	if err := os.WriteFile(filepath.Join(dir, signedFile), both, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := audit(t, dir, e); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "two checkpoints of 5 entries") {
		t.Errorf("the audit says %v", err)
	}
	if l, err := Open(Config{Dir: dir, Origin: origin, Seed: seed(), Leaves: e}); !errors.Is(err, ErrDamaged) {
		t.Errorf("opened with %v", err)
		l.Close()
	}
}

// The audit reckons the same root as another implementation, of any size.
func TestTheAuditsRoot(t *testing.T) {
	t.Parallel()
	e := newEntries(700)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 700).Draw(rt, "entries")
		var a Audit
		for leaf, err := range e.Leaves(0, domain.Seq(n)) {
			if err != nil {
				rt.Fatal(err)
			}
			a.n++
			a.push([32]byte(leaf))
		}
		if got, want := domain.Hash(a.root()), e.root(t, n); got != want {
			rt.Fatalf("of %d entries: %s, want %s", n, got, want)
		}
	})
}

func TestAnAuditNeedsTheKey(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(5)
	seal(t, open(t, dir, e))
	for _, key := range []string{"", "nonsense", logKey(t, origin, otherSeed(3))} {
		if a, err := OpenAudit(dir, origin, key); err == nil {
			t.Errorf("opened with the key %q", key)
			a.Close()
		}
	}
	if l, err := Open(Config{Dir: dir, Origin: "a name with spaces", Seed: seed(), Leaves: e}); err == nil {
		t.Error("a name with spaces is taken for an origin")
		l.Close()
	}
}
