package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"incidentledger/domain"
)

// crashed gives the bytes of a vault that was killed after three entries, where
// each group of them begins, and the entries.
func crashed(t *testing.T) (Config, []byte, []int, []*domain.Entry) {
	t.Helper()
	c := config(t)
	v := mustCreate(t, c)
	var starts []int
	var entries []*domain.Entry
	for i := range 3 {
		starts = append(starts, len(readFile(t, c)))
		entries = append(entries, sealed(t, v, orderID(i), nil, domain.RuleDeviated{Reason: "why"}))
	}
	b := readFile(t, c)
	mustClose(t, v)
	return c, b, append(starts, len(b)), entries
}

// A write that a power cut tore, at any length and with any page missing, costs
// nothing that anybody was told of.
func TestATornTailIsCutAtEveryLength(t *testing.T) {
	c, whole, starts, entries := crashed(t)
	last := starts[2]
	for n := last; n < len(whole); n++ {
		zeroed := append(slices.Clone(whole[:n]), make([]byte, len(whole)-n)...)
		for what, b := range map[string][]byte{
			"short":         whole[:n],
			"zeros behind":  zeroed,
			"zeros, longer": append(slices.Clone(zeroed), make([]byte, 4096)...),
			"zeros before":  append(slices.Clone(whole[:last]), append(make([]byte, n-last+1), whole[n+1:]...)...),
		} {
			if bytes.HasPrefix(b, whole) {
				continue // the bytes that are missing may be zeros by chance: then nothing is torn
			}
			writeFile(t, c, b)
			v := mustOpen(t, c)
			if want := int64(len(b) - last); v.Cut() != want {
				t.Fatalf("%s at %d: cut %d bytes, want %d", what, n, v.Cut(), want)
			}
			for _, en := range entries[:2] {
				opens(t, v, en, "", domain.RuleDeviated{Reason: "why"})
			}
			if got, err := v.Open(entries[2]); err != nil || got.Erased != 1 {
				t.Fatalf("%s at %d: %+v, %v", what, n, got, err)
			}
			if n%50 == 0 { // and life goes on
				en := sealed(t, v, orderID(9), nil, domain.RuleDeviated{Reason: "after"})
				mustClose(t, v)
				v = mustOpen(t, c)
				opens(t, v, en, "", domain.RuleDeviated{Reason: "after"})
			}
			mustClose(t, v)
		}
	}
}

func TestDamageBeforeTheEndIsToldAndChangesNothing(t *testing.T) {
	c, whole, starts, _ := crashed(t)
	for at := range starts[2] {
		for _, bit := range []int{at % 8, (at + 3) % 8} {
			b := slices.Clone(whole)
			b[at] ^= 1 << bit
			writeFile(t, c, b)
			v, err := OpenVault(c)
			if err == nil {
				mustClose(t, v)
				t.Fatalf("opened with bit %d of byte %d flipped", bit, at)
			}
			if !strings.Contains(err.Error(), fileName) {
				t.Fatalf("byte %d: the error names no file: %v", at, err)
			}
			if at >= starts[0] {
				var damage *DamageError
				if !errors.As(err, &damage) || !slices.Contains(starts, int(damage.Offset)) || int(damage.Offset) > at {
					t.Fatalf("byte %d: %v", at, err)
				}
			}
			if !bytes.Equal(b, readFile(t, c)) {
				t.Fatalf("byte %d: the damaged file was changed", at)
			}
		}
	}
}

// After a good close even the very last group is guarded.
func TestAfterAGoodCloseNothingIsCutSilently(t *testing.T) {
	c, _, starts, entries := crashed(t)
	v := mustOpen(t, c)
	mustClose(t, v)
	b := readFile(t, c)
	b[starts[2]+groupHeader+5] ^= 1
	writeFile(t, c, b)
	var damage *DamageError
	if _, err := OpenVault(c); !errors.As(err, &damage) || damage.Offset != int64(starts[2]) {
		t.Fatalf("a key before a good close was lost: %v", err)
	}
	// The record of the close itself may be lost: it holds nothing.
	b[starts[2]+groupHeader+5] ^= 1
	writeFile(t, c, b[:len(b)-3])
	v = mustOpen(t, c)
	opens(t, v, entries[2], "", domain.RuleDeviated{Reason: "why"})
}

func TestGroupsThatSayWhatCannotBeAreDamage(t *testing.T) {
	c, whole, starts, _ := crashed(t)
	_, head, err := parseHeader(whole)
	if err != nil {
		t.Fatal(err)
	}
	first := whole[starts[0]+groupHeader : starts[1]]
	for what, b := range map[string][]byte{
		"scope with two keys":    appendGroup(slices.Clone(whole), int64(len(whole)), first),
		"unknown kind of record": appendGroup(slices.Clone(whole), int64(len(whole)), []byte{99}),
		"record cut short":       appendGroup(slices.Clone(whole), int64(len(whole)), first[:40]),
		"group taken out":        slices.Concat(whole[:starts[0]], whole[starts[1]:]),
		"groups swapped":         slices.Concat(whole[:starts[0]], whole[starts[1]:starts[2]], whole[starts[0]:starts[1]], whole[starts[2]:]),
		"last group moved":       slices.Concat(whole[:starts[1]], whole[starts[2]:]),
		"no group at all":        whole[:head],
		"only a torn group":      whole[:head+30],
		"newer format":           bytes.Replace(whole, []byte("vault-1"), []byte("vault-2"), 1),
		"empty file":             {},
	} {
		writeFile(t, c, b)
		if v, err := OpenVault(c); err == nil {
			mustClose(t, v)
			t.Errorf("%s: opened", what)
		}
		if !bytes.Equal(b, readFile(t, c)) {
			t.Errorf("%s: the file was changed", what)
		}
	}
}

// A key whose wrapping was changed together with its checksum is seen when it is
// used, for it does not unwrap.
func TestAChangedKeyDoesNotUnwrap(t *testing.T) {
	c, whole, starts, entries := crashed(t)
	body := slices.Clone(whole[starts[0]+groupHeader : starts[1]])
	body[keyRecordSize("entry/"+orderID(0).String())-1] ^= 1
	b := appendGroup(slices.Clone(whole[:starts[0]]), int64(starts[0]), body)
	writeFile(t, c, append(b, whole[starts[1]:]...))
	v := mustOpen(t, c)
	var damage *DamageError
	if _, err := v.Open(entries[0]); !errors.As(err, &damage) {
		t.Errorf("err = %v", err)
	}
	opens(t, v, entries[1], "", domain.RuleDeviated{Reason: "why"})
}

// troubled is a vault's file on a disk that fails when told to.
type troubled struct {
	*os.File
	write, sync, truncate error
	room                  int // bytes that a failing write still writes
	written               []int64
	synced                int
	onSync                func()
}

func (f *troubled) WriteAt(b []byte, off int64) (int, error) {
	f.written = append(f.written, off)
	if f.write != nil {
		n, _ := f.File.WriteAt(b[:min(f.room, len(b))], off)
		return n, f.write
	}
	return f.File.WriteAt(b, off)
}

func (f *troubled) Sync() error {
	f.synced++
	if f.onSync != nil {
		f.onSync()
	}
	if f.sync != nil {
		return f.sync
	}
	return f.File.Sync()
}

func (f *troubled) Truncate(size int64) error {
	if f.truncate != nil {
		return f.truncate
	}
	return f.File.Truncate(size)
}

func openTroubled(t *testing.T, c Config) (*Vault, *troubled) {
	t.Helper()
	path := filepath.Join(c.Dir, fileName)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	tf := &troubled{File: f}
	v, err := start(c, tf, info.Size(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, tf
}

func TestAFullDiskIsARefusalAndPasses(t *testing.T) {
	c := config(t)
	mustClose(t, mustCreate(t, c))
	v, disk := openTroubled(t, c)
	before := readFile(t, c)
	for disk.room = range 60 {
		disk.write = syscall.ENOSPC
		_, err := trySeal(v, orderID(1), spoken(), story()...)
		if !errors.Is(err, domain.ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrBroken) {
			t.Fatalf("err = %v", err)
		}
		if !bytes.Equal(before, readFile(t, c)) {
			t.Fatal("half a group stayed behind")
		}
	}
	disk.write = nil
	en := sealed(t, v, orderID(1), spoken(), story()...)
	mustClose(t, v)
	opens(t, mustOpen(t, c), en, "the mayor", story()...)
}

func TestAFailedSyncEndsTheVault(t *testing.T) {
	for what, fail := range map[string]func(*troubled){
		"fsync": func(f *troubled) { f.sync = syscall.EIO },
		"undo":  func(f *troubled) { f.write, f.truncate = syscall.ENOSPC, syscall.EIO },
	} {
		c := config(t)
		mustClose(t, mustCreate(t, c))
		v, disk := openTroubled(t, c)
		en := sealed(t, v, orderID(1), nil, domain.RuleDeviated{Reason: "before"})
		fail(disk)
		if _, err := trySeal(v, orderID(2), nil, story()...); !errors.Is(err, ErrBroken) || !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
		*disk = troubled{File: disk.File}
		if _, err := trySeal(v, orderID(3), nil, story()...); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: a broken vault seals: %v", what, err)
		}
		if _, err := v.Open(en); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: a broken vault opens: %v", what, err)
		}
		if err := v.write(nil); !errors.Is(err, ErrBroken) || len(disk.written) > 0 {
			t.Errorf("%s: a broken vault writes: %v", what, err)
		}
		mustClose(t, v)
		opens(t, mustOpen(t, c), en, "", domain.RuleDeviated{Reason: "before"})
	}
}

// A killed program may leave a group that only the page cache holds. It is
// written and synced anew before anything relies on it.
func TestWhatACrashLeftIsMadeDurable(t *testing.T) {
	c, whole, starts, _ := crashed(t)
	for _, torn := range []int{0, 10} {
		writeFile(t, c, append(slices.Clone(whole), make([]byte, torn)...))
		v, disk := openTroubled(t, c)
		if !slices.Equal(disk.written, []int64{int64(starts[2])}) || disk.synced != 1 {
			t.Errorf("torn %d: written at %v, synced %d times", torn, disk.written, disk.synced)
		}
		if !bytes.Equal(whole, readFile(t, c)) {
			t.Errorf("torn %d: the file is not what was whole", torn)
		}
		mustClose(t, v)
		v, disk = openTroubled(t, c)
		if disk.synced != 0 {
			t.Error("written after a good close")
		}
		mustClose(t, v)
	}
}
