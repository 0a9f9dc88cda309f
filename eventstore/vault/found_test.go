package vault

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"incidentledger/domain"
)

// holdsAll reports whether a vault holds every key that an entry names.
func holdsAll(t testing.TB, v *Vault, en *domain.Entry) bool {
	t.Helper()
	all := true
	for _, box := range en.Sealed {
		for i, scope := range box.Scopes {
			held, err := v.Holds(scope, box.Kids[i])
			if err != nil {
				t.Fatal(err)
			}
			all = all && held
		}
	}
	return all
}

// Each way in which keys were lost without a word is seen by one question or the
// other.
func TestLostKeysAreFound(t *testing.T) {
	c, whole, starts, entries := crashed(t)
	closed := readFile(t, c)
	older := appendGroup(slices.Clone(whole[:starts[1]]), int64(starts[1]), []byte{recordClosed})
	flipped := slices.Clone(whole)
	flipped[starts[2]+groupHeader+7] ^= 4
	for _, tc := range []struct {
		what  string
		file  []byte
		well  bool
		holds int // how many of the entries
	}{
		{"closed in good order", closed, true, 3},
		{"killed", whole, false, 3},
		{"cut at the border of a group", whole[:starts[2]], false, 2},
		{"an older copy", older, true, 1},
		{"a flipped bit in the last group after a kill", flipped, false, 2},
		{"cut within the record of the close", closed[:len(closed)-1], false, 3},
		{"torn behind the record of the close", append(slices.Clone(closed), whole[starts[2]:starts[2]+40]...), false, 3},
	} {
		writeFile(t, c, tc.file)
		for _, open := range []func(testing.TB, Config) *Vault{mustOpenReadOnly, mustOpen} {
			v := open(t, c)
			if v.ClosedWell() != tc.well {
				t.Errorf("%s: closed well %v, want %v", tc.what, v.ClosedWell(), tc.well)
			}
			for i, en := range entries {
				if want := i < tc.holds; holdsAll(t, v, en) != want {
					t.Errorf("%s: holds the keys of entry %d: %v, want %v", tc.what, i, !want, want)
				}
				if got, err := v.Open(en); err != nil || (got.Erased == 0) != (i < tc.holds) {
					t.Errorf("%s: entry %d opens to %+v, %v", tc.what, i, got, err)
				}
			}
			mustClose(t, v)
		}
		v := mustOpen(t, c)
		if !v.ClosedWell() {
			t.Errorf("%s: closed in good order since, and not known as such", tc.what)
		}
		mustClose(t, v)
	}
}

func TestHoldsIsAboutOneKeyOnDisk(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	if !v.ClosedWell() {
		t.Error("a new vault counts as one that was not closed")
	}
	box := sealed(t, v, orderID(1), nil, domain.RuleDeviated{Reason: "why"}).Sealed[0]
	scope, kid := box.Scopes[0], box.Kids[0]
	other := box.Kids[1]
	for range 2 { // as made, and as read back
		for _, tc := range []struct {
			scope, kid string
			want       bool
		}{
			{scope, kid, true}, {scope, other, false}, {scope, strings.Repeat("0", 16), false}, {scope, "", false},
			{scope, kid[:14], false}, {scope, kid + "00", false}, {scope + "x", kid, false},
			{"entry/none", strings.Repeat("0", 16), false}, {"", kid, false}, {"a\nb", kid, false},
		} {
			if got, err := v.Holds(tc.scope, tc.kid); err != nil || got != tc.want {
				t.Errorf("%q, %q: %v (%v), want %v", tc.scope, tc.kid, got, err, tc.want)
			}
		}
		mustClose(t, v)
		if _, err := v.Holds(scope, kid); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		v = mustOpen(t, c)
	}

	// A key that could not be written is not held, though it was made.
	mustClose(t, v)
	v, disk := openTroubled(t, c)
	disk.onSync = func() {
		v.mu.Lock()
		pending := maps.Clone(v.pending)
		v.mu.Unlock()
		if len(pending) != 1 {
			t.Errorf("%d keys are on their way, want that of the entry", len(pending))
		}
		for _, f := range pending {
			if held, err := v.Holds("entry/"+orderID(2).String(), f.id()); err != nil || held {
				t.Errorf("a key is held before it is synced: %v, %v", held, err)
			}
		}
	}
	en := sealed(t, v, orderID(2), nil, domain.RuleDeviated{Reason: "why"})
	disk.onSync = nil
	if !holdsAll(t, v, en) {
		t.Error("the keys of a sealed entry are not held")
	}
}

// Nothing that is cut off is lost, however often.
func TestWhatIsCutIsKept(t *testing.T) {
	c, whole, starts, _ := crashed(t)
	var kept [][]byte
	writeCut := filepath.Join(c.Dir, fileName+".cut-0003")
	for i := range 4 {
		b := slices.Clone(whole)
		b[starts[2]+groupHeader+i] ^= 1
		if i == 2 { // a number that is in use is passed over
			if err := os.WriteFile(writeCut, []byte("somebody's"), 0o600); err != nil {
				t.Fatal(err)
			}
			kept = append(kept, []byte("somebody's"))
		}
		writeFile(t, c, b)
		v := mustOpen(t, c)
		kept = append(kept, b[starts[2]:])
		if want := filepath.Join(c.Dir, fmt.Sprintf("%s.cut-%04d", fileName, len(kept))); v.CutFile() != want {
			t.Errorf("kept in %q, want %q", v.CutFile(), want)
		}
		mustClose(t, v)
		v = mustOpen(t, c)
		if v.CutFile() != "" || v.Cut() != 0 {
			t.Errorf("%d bytes cut once more, into %q", v.Cut(), v.CutFile())
		}
		mustClose(t, v)
		for j, want := range kept {
			got, err := os.ReadFile(filepath.Join(c.Dir, fmt.Sprintf("%s.cut-%04d", fileName, j+1)))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("after %d cuts number %d holds %d bytes, want %d (%v)", i+1, j+1, len(got), len(want), err)
			}
		}
	}
}

// What cannot be kept is not cut.
func TestNothingIsCutBeforeItIsKept(t *testing.T) {
	c, whole, starts, _ := crashed(t)
	torn := whole[:len(whole)-1]
	writeFile(t, c, torn)
	path := filepath.Join(c.Dir, fileName)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	disk := &troubled{File: f, truncate: syscall.EIO}
	if _, err := start(c, disk, int64(len(torn)), path); !errors.Is(err, syscall.EIO) {
		t.Errorf("err = %v", err)
	}
	if got, err := os.ReadFile(path + ".cut-0001"); err != nil || !bytes.Equal(got, torn[starts[2]:]) {
		t.Errorf("it would have been cut before it was kept: %d bytes, %v", len(got), err)
	}
	// A path whose folder is gone stands for a disk that takes no new file.
	disk.truncate = nil
	if _, err := start(c, disk, int64(len(torn)), filepath.Join(c.Dir, "gone", fileName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
	if !bytes.Equal(readFile(t, c), torn) {
		t.Error("cut, though it could not be kept")
	}
}

// BenchmarkHolds is what a check of millions of entries asks.
func BenchmarkHolds(b *testing.B) {
	v := mustCreate(b, config(b))
	box := sealed(b, v, orderID(1), nil, domain.RuleDeviated{Reason: "why"}).Sealed[0]
	b.ReportAllocs()
	for b.Loop() {
		if held, err := v.Holds(box.Scopes[0], box.Kids[0]); err != nil || !held {
			b.Fatal(held, err)
		}
	}
}
