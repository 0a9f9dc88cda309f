package vault

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"incidentledger/domain"
)

func mustOpenReadOnly(t testing.TB, c Config) *Vault {
	t.Helper()
	c.ReadOnly = true
	return mustOpen(t, c)
}

func TestReadOnlyLooksAndLeavesAlone(t *testing.T) {
	c, whole, starts, entries := crashed(t)
	middle, second := slices.Clone(whole), slices.Clone(whole)
	middle[starts[1]+groupHeader+3] ^= 1
	second = appendGroup(second, int64(len(second)), whole[starts[0]+groupHeader:starts[1]])
	for _, tc := range []struct {
		what   string
		file   []byte
		holds  int
		cut    int
		damage bool
	}{
		{"whole", whole, 3, 0, false},
		{"torn tail", whole[:len(whole)-5], 2, len(whole) - 5 - starts[2], false},
		{"damage before the end", middle, 1, len(whole) - starts[1], true},
		{"a scope with two keys", second, 3, len(second) - len(whole), true},
	} {
		writeFile(t, c, tc.file)
		v := mustOpenReadOnly(t, c)
		var damage *DamageError
		if got := errors.As(v.Damage(), &damage); got != tc.damage || (v.Damage() != nil) != tc.damage {
			t.Errorf("%s: damage %v", tc.what, v.Damage())
		}
		if v.Cut() != int64(tc.cut) || v.CutFile() != "" || v.ClosedWell() {
			t.Errorf("%s: %d bytes unread, want %d; kept in %q; closed well %v", tc.what, v.Cut(), tc.cut, v.CutFile(), v.ClosedWell())
		}
		for i, en := range entries {
			if want := i < tc.holds; holdsAll(t, v, en) != want {
				t.Errorf("%s: holds the keys of entry %d: %v", tc.what, i, !want)
			}
		}
		opens(t, v, entries[0], "", domain.RuleDeviated{Reason: "why"})
		mustClose(t, v)
		mustClose(t, v)
		if _, err := v.Open(entries[0]); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: opens after Close: %v", tc.what, err)
		}
		if !bytes.Equal(readFile(t, c), tc.file) {
			t.Errorf("%s: the file was changed", tc.what)
		}
	}
	files, err := os.ReadDir(c.Dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v (%v)", files, err)
	}
	// The writer took a write back after the reader had asked for the size.
	writeFile(t, c, whole)
	path := filepath.Join(c.Dir, fileName)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	c.ReadOnly = true
	v, err := start(c, f, int64(len(whole))+100, path)
	if err != nil {
		t.Fatal(err)
	}
	if v.Damage() != nil || !holdsAll(t, v, entries[2]) {
		t.Errorf("a file that became shorter: damage %v", v.Damage())
	}
	mustClose(t, v)
	// Without its ledger's own key a vault cannot be read at all.
	writeFile(t, c, whole[:starts[0]-60])
	if _, err := OpenVault(c); err == nil {
		t.Error("opened without the ledger's own key")
	}
}

func TestReadOnlyTakesNoLockAndMakesNoKey(t *testing.T) {
	c := config(t)
	ro := c
	ro.ReadOnly = true
	if _, err := Create(ro); !errors.Is(err, ErrReadOnly) {
		t.Errorf("created: %v", err)
	}
	v := mustCreate(t, c)
	en := sealed(t, v, orderID(1), nil, story()...)
	r := mustOpenReadOnly(t, c) // beside the one that writes
	opens(t, r, en, "", story()...)
	later := sealed(t, v, orderID(2), nil, story()...)
	if holdsAll(t, r, later) || !holdsAll(t, v, later) {
		t.Error("a key made after opening: held by the reader, or not by the writer")
	}
	if err := os.Chmod(filepath.Join(c.Dir, fileName), 0o400); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, c)
	ctx := context.Background()
	o := domain.Order{ID: orderID(1), Org: org}
	if _, err := trySeal(r, orderID(1), nil, story()...); !errors.Is(err, ErrReadOnly) {
		t.Errorf("sealed: %v", err)
	}
	if _, err := r.MAC(ctx, o, []byte("open"), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("hashed: %v", err)
	}
	if _, err := r.LogSeed(ctx); !errors.Is(err, ErrReadOnly) {
		t.Errorf("made the key of the log: %v", err)
	}
	mustClose(t, r)
	if !bytes.Equal(before, readFile(t, c)) {
		t.Error("the file was changed")
	}
	// What the writer made, the reader gives.
	seed, err := v.LogSeed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	mac, err := v.MAC(ctx, o, []byte("open"), []byte("sealed"))
	if err != nil {
		t.Fatal(err)
	}
	r = mustOpenReadOnly(t, c)
	if got, err := r.LogSeed(ctx); err != nil || !bytes.Equal(got, seed) {
		t.Errorf("seed of the log: %v", err)
	}
	if same, err := r.Matches(o, []byte("open"), []byte("sealed"), mac); err != nil || !same {
		t.Errorf("matches: %v, %v", same, err)
	}
	mustClose(t, r)
	mustClose(t, v)
}
