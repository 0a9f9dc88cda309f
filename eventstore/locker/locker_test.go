package locker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
	"incidentledger/eventstore/vault"
)

// newLocker gives the files of an organisation with a vault of its own.
func newLocker(t *testing.T, org domain.OrgID) (*Locker, *vault.Vault) {
	t.Helper()
	dir := t.TempDir()
	master, err := vault.NewMasterKey(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Create(vault.Config{Dir: filepath.Join(dir, "vault"), Org: org, Master: master})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return New(Config{Dir: filepath.Join(dir, "evidence"), Org: org, Keys: v}), v
}

func take(t *testing.T, l *Locker, content string) domain.StoredFile {
	t.Helper()
	s, err := l.Take(t.Context(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func contentOf(t *testing.T, l *Locker, address domain.Hash) (string, error) {
	t.Helper()
	var b strings.Builder
	_, err := l.Copy(t.Context(), &b, address, nil)
	return b.String(), err
}

// sizes at and around the borders of blocks, of ours and of age.
var sizes = []int{0, 1, 95, 96, 97, block - 97, block - 96, block - 95, block - 1, block, block + 1, 2 * block, 3*block - 96, 200_000}

func TestWhatIsTakenInComesOut(t *testing.T) {
	t.Parallel()
	l, _ := newLocker(t, "nuth")
	for _, size := range sizes {
		content := strings.Repeat("a disk ", size/7+1)[:size]
		s := take(t, l, content)
		short, long := sha256.Sum256([]byte(content)), sha512.Sum512([]byte(content))
		if s.SHA256 != short || string(s.SHA512) != hex.EncodeToString(long[:]) || s.Size != int64(size) {
			t.Errorf("%d bytes: %+v", size, s)
		}
		stored, err := os.ReadFile(l.path(s.Stored))
		if err != nil || sha256.Sum256(stored) != s.Stored || !bytes.HasPrefix(stored, []byte("age-encryption.org/v1\n-> incidentledger-file "+s.ID.String()+"\n")) {
			t.Errorf("%d bytes are stored as %.90q: %v", size, stored, err)
		}
		if size > 100 && bytes.Contains(stored, []byte(content[:100])) {
			t.Error("content stands open on the disk")
		}
		if bytes.Contains(stored, short[:]) || bytes.Contains(stored, long[:]) {
			t.Error("a hash of the content stands open on the disk: it names known files")
		}
		if got, err := contentOf(t, l, s.Stored); err != nil || got != content {
			t.Errorf("%d bytes come out as %d: %v", size, len(got), err)
		}
		if again, err := l.Look(s.Stored); err != nil || again != s {
			t.Errorf("%d bytes: %+v, %v", size, again, err)
		}
		if err := l.Check(t.Context(), s.Stored, nil); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(l.path(s.Stored)); err != nil || info.Mode().Perm() != 0o400 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
}

// T40: the same content twice, in one organisation or two, shares nothing.
func TestNoAddressTellsContent(t *testing.T) {
	t.Parallel()
	a, _ := newLocker(t, "nuth")
	b, _ := newLocker(t, "heer")
	seen := map[domain.Hash]bool{}
	for _, l := range []*Locker{a, a, b, b} {
		seen[take(t, l, "a known picture").Stored] = true
	}
	if len(seen) != 4 {
		t.Errorf("four files have %d addresses", len(seen))
	}
}

// Another organisation's keys open nothing, and another file's neither.
func TestKeysOfOthersOpenNothing(t *testing.T) {
	t.Parallel()
	a, keys := newLocker(t, "nuth")
	b, _ := newLocker(t, "heer")
	s := take(t, a, "of Nuth alone")
	copyFile(t, a.path(s.Stored), filepath.Join(b.c.Dir, s.Stored.String()), b)
	if got, err := contentOf(t, b, s.Stored); !errors.Is(err, domain.ErrErased) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	// Nor does the right key in the name of another organisation.
	stranger := New(Config{Dir: a.c.Dir, Org: "heer", Keys: keys})
	var damaged *DamageError
	if got, err := contentOf(t, stranger, s.Stored); !errors.As(err, &damaged) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	// What is stored can still be checked by everybody.
	if err := New(Config{Dir: a.c.Dir}).Check(t.Context(), s.Stored, nil); err != nil {
		t.Error(err)
	}
}

func copyFile(t *testing.T, from, to string, l *Locker) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = l.makeDir()
	}
	if err == nil {
		os.Remove(to)
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever is done to a stored file is found, by who has its key and by who has
// not, and its content never comes out whole.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	l, _ := newLocker(t, "nuth")
	content := strings.Repeat("evidence ", 20_000) // three blocks
	s := take(t, l, content)
	other := take(t, l, content)
	good, err := os.ReadFile(l.path(s.Stored))
	if err != nil {
		t.Fatal(err)
	}
	harmed := func(what string, b []byte) {
		t.Helper()
		os.Remove(l.path(s.Stored))
		if err := os.WriteFile(l.path(s.Stored), b, 0o600); err != nil {
			t.Fatal(err)
		}
		var damaged *DamageError
		if err := l.Check(t.Context(), s.Stored, nil); !errors.As(err, &damaged) || damaged.Address != s.Stored {
			t.Errorf("%s: Check says %v", what, err)
		}
		if got, err := contentOf(t, l, s.Stored); !errors.As(err, &damaged) && !errors.Is(err, domain.ErrErased) || len(got) >= len(content) {
			t.Errorf("%s: %d bytes come out, %v", what, len(got), err)
		}
	}
	for at := 0; at < len(good); at += 1 + at/40 {
		b := bytes.Clone(good)
		b[at] ^= 1 << (at % 8)
		harmed(fmt.Sprintf("bit %d of byte %d flipped", at%8, at), b)
	}
	for _, n := range []int{0, 1, 100, 300, block, len(good) - 97, len(good) - 1} {
		harmed(fmt.Sprintf("cut off after %d bytes", n), good[:n])
	}
	harmed("a byte more", append(bytes.Clone(good), 0))
	harmed("twice", slices.Concat(good, good))
	b, err := os.ReadFile(l.path(other.Stored))
	if err != nil {
		t.Fatal(err)
	}
	harmed("T40 another file of the same content and name", b)
	os.Remove(l.path(s.Stored))
	if _, err := contentOf(t, l, s.Stored); !errors.Is(err, domain.ErrNotFound) {
		t.Error(err)
	}
	if err := os.Mkdir(l.path(s.Stored), 0o700); err != nil {
		t.Fatal(err)
	}
	var damaged *DamageError
	if _, err := contentOf(t, l, s.Stored); !errors.As(err, &damaged) {
		t.Error(err)
	}
}

// Who has the key of a file cannot put another content in its place either: the
// address tells.
func TestAForgerWithTheKeyIsFound(t *testing.T) {
	t.Parallel()
	l, keys := newLocker(t, "nuth")
	s := take(t, l, "as it was")
	key, err := keys.FileKey(s.ID)
	if err != nil {
		t.Fatal(err)
	}
	forged := New(Config{Dir: l.c.Dir, Org: "nuth", Keys: oneKey(key), Most: l.c.Most})
	f := take(t, forged, "as it is not")
	copyFile(t, l.path(f.Stored), l.path(s.Stored), l)
	var damaged *DamageError
	if got, err := contentOf(t, forged, s.Stored); !errors.As(err, &damaged) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

// oneKey is a vault with one key for all.
type oneKey []byte

func (k oneKey) NewFileKey(context.Context, domain.Key) ([]byte, error) { return k, nil }
func (k oneKey) FileKey(domain.Key) ([]byte, error)                     { return k, nil }

// A file that does not arrive whole, or is too large, leaves nothing.
func TestHalfAFileIsNone(t *testing.T) {
	t.Parallel()
	l, _ := newLocker(t, "nuth")
	l.c.Most = 1000
	broken := errors.New("the line went dead")
	for _, c := range []struct {
		r    io.Reader
		want error
	}{
		{io.MultiReader(strings.NewReader("half"), failing{broken}), broken},
		{io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF}), io.ErrUnexpectedEOF}, // as HTTP says it
		{strings.NewReader(strings.Repeat("x", 1001)), ErrTooLarge},
	} {
		if s, err := l.Take(t.Context(), c.r); !errors.Is(err, c.want) || s.Size != 0 {
			t.Errorf("%+v, %v; want %v", s, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Take(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if items, err := l.List(); err != nil || len(items) != 0 {
		t.Errorf("%+v, %v", items, err)
	}
	take(t, l, strings.Repeat("x", 1000))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What no order names stays a day, and what a crash left of a file is known.
func TestWhatMayBeRemoved(t *testing.T) {
	t.Parallel()
	l, _ := newLocker(t, "nuth")
	if items, err := l.List(); err != nil || items != nil {
		t.Errorf("%+v, %v", items, err)
	}
	s := take(t, l, "x")
	half, foreign := filepath.Join(l.c.Dir, "incoming-1"), filepath.Join(l.c.Dir, "notes.txt")
	old := time.Now().Add(-48 * time.Hour)
	for _, name := range []string{half, foreign} {
		if err := errors.Join(os.WriteFile(name, []byte("x"), 0o600), os.Chtimes(name, old, old)); err != nil {
			t.Fatal(err)
		}
	}
	items, err := l.List()
	if err != nil || len(items) != 3 || items[0].Address != s.Stored || !items[1].Address.IsZero() || items[1].Strange || !items[2].Strange {
		t.Errorf("%+v, %v", items, err)
	}
	before := time.Now().Add(-24 * time.Hour)
	if err := l.Remove("notes.txt", before); !errors.Is(err, domain.ErrNotFound) {
		t.Error(err)
	}
	if err := l.Remove("../vault/vault.keys", before); !errors.Is(err, domain.ErrNotFound) {
		t.Error(err)
	}
	if err := l.Remove("incoming-1", before); err != nil {
		t.Error(err)
	}
	if err := l.Remove(s.Stored.String(), before); !errors.Is(err, ErrRecent) {
		t.Error(err)
	}
	if err := os.Chtimes(l.path(s.Stored), old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Hold(s.Stored, time.Now()); err != nil { // somebody is about to name it
		t.Error(err)
	}
	if err := l.Remove(s.Stored.String(), before); !errors.Is(err, ErrRecent) {
		t.Error(err)
	}
	if err := os.Chtimes(l.path(s.Stored), old, old); err != nil {
		t.Fatal(err)
	}
	if err := l.Remove(s.Stored.String(), before); err != nil {
		t.Error(err)
	}
	if _, err := l.Hold(s.Stored, time.Now()); !errors.Is(err, domain.ErrNotFound) {
		t.Error(err)
	}
}

// A large file is never whole in memory, neither on its way in nor out. It runs
// alone: it looks at the memory of the whole process.
func TestALargeFileStreams(t *testing.T) {
	l, _ := newLocker(t, "nuth")
	const size = 256 << 20
	var most, watched atomic.Uint64
	watch := func() {
		if watched.Add(1)%256 != 0 {
			return
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most.Store(max(most.Load(), m.HeapInuse))
	}
	s, err := l.Take(t.Context(), io.LimitReader(zeros{watch}, size))
	if err != nil || s.Size != size {
		t.Fatal(s.Size, err)
	}
	n := int64(0)
	if _, err := l.Copy(t.Context(), io.Discard, s.Stored, func(done int64) { n = done; watch() }); err != nil || n != size {
		t.Fatal(n, err)
	}
	if most.Load() == 0 || most.Load() > 32<<20 {
		t.Errorf("the heap grew to %d MiB", most.Load()>>20)
	}
}

// zeros is as much as anybody reads.
type zeros struct{ read func() }

func (z zeros) Read(p []byte) (int, error) { clear(p); z.read(); return len(p), nil }

// A full disk is said, leaves nothing half, and passes.
func TestAFullDiskTakesNothingIn(t *testing.T) {
	t.Parallel()
	l, _ := newLocker(t, "nuth")
	disk := t.TempDir()
	// The kernel grants a mount to root alone, and in a container not even to root:
	// without it there is no disk that a test may fill.
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1048576"); errors.Is(err, unix.EPERM) {
		t.Skip("this process may mount no disk to fill:", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	l.c.Dir = filepath.Join(disk, "evidence")
	small := take(t, l, "small")
	if _, err := l.Take(t.Context(), io.LimitReader(zeros{func() {}}, 4<<20)); !errors.Is(err, domain.ErrUnavailable) || !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	if items, err := l.List(); err != nil || len(items) != 1 {
		t.Errorf("%+v, %v", items, err)
	}
	take(t, l, "another small one")
	if _, err := contentOf(t, l, small.Stored); err != nil {
		t.Error(err)
	}
}
