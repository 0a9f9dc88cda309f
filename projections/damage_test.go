package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"incidentledger/domain"
)

// broad is a view with enough rows to fill several blocks of a table.
type broad struct{}

func (broad) Name() string  { return "broad" }
func (broad) Shape() uint32 { return 1 }

func (broad) Apply(tx *Tx, en *domain.Entry) error {
	rng := rand.New(rand.NewPCG(1, uint64(en.Seq)))
	for range 8 {
		val := make([]byte, 200)
		for i := range val {
			val[i] = byte(rng.Uint32())
		}
		tx.Set(val[:16], val)
	}
	return nil
}

func damageViews() []View { return []View{broad{}, &tally{name: "tally", shape: 1}} }

// built gives a closed store of two tables over the entries of a ledger, and its
// digests.
func built(t *testing.T, l *shelf) (*vfs.MemFS, map[string]Digest) {
	t.Helper()
	fs, want := vfs.NewMem(), map[string]Digest{}
	for range 2 {
		l.add(30)
		db := openMem(t, fs, damageViews()...)
		stop := start(t, db, l)
		for _, v := range damageViews() {
			reach(t, db, v.Name(), domain.Seq(len(l.entries)))
			want[v.Name()] = digest(t, db, v.Name())
		}
		stop()
		mustClose(t, db)
	}
	return fs, want
}

func copied(t *testing.T, from *vfs.MemFS) *vfs.MemFS {
	t.Helper()
	to := vfs.NewMem()
	if ok, err := vfs.Clone(from, to, "views", "views"); err != nil || !ok {
		t.Fatal(ok, err)
	}
	return to
}

func listed(t *testing.T, fs vfs.FS, part string) (names []string) {
	t.Helper()
	all, err := fs.List("views")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if strings.Contains(name, part) {
			names = append(names, fs.PathJoin("views", name))
		}
	}
	if len(names) == 0 {
		t.Fatalf("no %s in %v", part, all)
	}
	slices.Sort(names)
	return names
}

func alter(t *testing.T, fs vfs.FS, name string, change func([]byte) []byte) {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(change(data))
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
}

// useAll opens a store and does everything with it that reads tables. It gives
// the errors met, and the digests that could be taken.
func useAll(ctx context.Context, fs vfs.FS, l *shelf, readOnly bool) (errs []error, digests map[string]Digest) {
	digests = map[string]Digest{}
	note := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	db, err := Open(Config{Dir: "views", FS: fs, CacheBytes: 1 << 20, Logger: quiet, ReadOnly: readOnly}, damageViews()...)
	if err != nil {
		note("open", err)
		return errs, digests
	}
	for _, v := range damageViews() {
		d, err := db.Digest(ctx, v.Name())
		if note("digest", err); err == nil {
			digests[v.Name()] = d
		}
		_, _, err = db.Check(ctx, l, v.Name(), nil)
		note("check", err)
	}
	snap, err := db.Snapshot()
	if note("snapshot", err); err == nil {
		r, err := snap.Read("broad", 1)
		if note("read", err); err == nil {
			r.Get([]byte("none"))
			for range r.ScanBack(nil, nil) {
			}
			note("scan", r.Err())
		}
		note("close snapshot", snap.Close())
	}
	if !readOnly {
		note("order", db.Order(ctx))
		running, cancel := context.WithCancel(ctx)
		ran := make(chan error, 1)
		go func() {
			defer cancel()
			ran <- db.Run(running, l)
		}()
		err := db.WaitFor(running, "tally", domain.Seq(len(l.entries)))
		cancel()
		note("run", <-ran)
		if !errors.Is(err, context.Canceled) {
			note("wait", err)
		}
		note("rebuild", db.Rebuild(ctx, l, "broad", nil))
	}
	note("close", db.Close())
	return errs, digests
}

// Whatever is damaged, whoever meets it is told, nobody waits for ever, and no
// wrong row is served.
func TestDamage(t *testing.T) {
	l := newShelf(0)
	good, want := built(t, l)
	l.add(10)
	type damaged struct {
		name string
		do   func(fs vfs.FS)
		seen bool // it lies where somebody must meet it
	}
	var cases []damaged
	remove := func(part string, seen bool) {
		names := listed(t, good, part)
		for i, name := range names {
			last := i == len(names)-1 // of manifests, the one that counts
			cases = append(cases, damaged{"without " + name, func(fs vfs.FS) {
				if err := fs.Remove(name); err != nil {
					t.Fatal(err)
				}
			}, seen && (last || part == ".sst")})
		}
	}
	remove(".sst", true)
	remove("MANIFEST-", true)
	remove("marker.manifest", true)
	remove("marker.format", false)
	remove("OPTIONS-", false)
	for _, name := range listed(t, good, ".sst") {
		info, err := good.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		n := int(info.Size())
		for _, at := range []int{0, 50, n / 4, n / 2, 3 * n / 4, n - 60, n - 30, n - 10, n - 1} {
			cases = append(cases, damaged{fmt.Sprintf("%s flipped at %d of %d", name, at, n), func(fs vfs.FS) {
				alter(t, fs, name, func(b []byte) []byte { b[at] ^= 4; return b })
			}, at <= n/2})
		}
		for _, left := range []int{0, n / 2, n - 1} {
			cases = append(cases, damaged{fmt.Sprintf("%s cut to %d of %d", name, left, n), func(fs vfs.FS) {
				alter(t, fs, name, func(b []byte) []byte { return b[:left] })
			}, true})
		}
	}
	for _, c := range cases {
		for _, readOnly := range []bool{false, true} {
			fs := copied(t, good)
			c.do(fs)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			var errs []error
			var got map[string]Digest
			done := make(chan struct{})
			go func() {
				defer close(done)
				errs, got = useAll(ctx, fs, l, readOnly)
			}()
			select {
			case <-done:
			case <-ctx.Done():
				t.Fatalf("%s: still waits", c.name)
			}
			cancel()
			if c.seen && len(errs) == 0 {
				t.Errorf("%s, read-only %v: nobody is told", c.name, readOnly)
			}
			for _, err := range errs {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("%s, read-only %v: %v", c.name, readOnly, err)
				}
			}
			for view, d := range got {
				if d != want[view] {
					t.Errorf("%s, read-only %v: digest %v, want %v", c.name, readOnly, d, want[view])
				}
			}
		}
	}
}

// A view whose rows lie in sound blocks is served beside one whose rows do not.
func TestSoundRowsBesideDamage(t *testing.T) {
	fs, want := built(t, newShelf(0))
	name := listed(t, fs, ".sst")[0]
	alter(t, fs, name, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	db := openMem(t, fs, damageViews()...)
	if _, err := db.Digest(t.Context(), "broad"); !errors.Is(err, ErrDamaged) {
		t.Errorf("digest over the damage: %v", err)
	}
	if got := digest(t, db, "tally"); got != want["tally"] {
		t.Errorf("digest beside the damage: %v, want %v", got, want["tally"])
	}
	if st := db.Status()[0]; !errors.Is(st.Err, ErrDamaged) {
		t.Errorf("status: %v", st.Err)
	}
	if err := db.Close(); !errors.Is(err, ErrDamaged) {
		t.Errorf("close: %v", err)
	}
	again := openMem(t, fs, damageViews()...) // the lock is free
	if err := again.Close(); err != nil && !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// A store that is in use, or on a disk that gives errors, is not called damaged.
func TestNotDamage(t *testing.T) {
	good, _ := built(t, newShelf(0))
	db := openMem(t, good, damageViews()...)
	if _, err := Open(Config{Dir: "views", FS: good, Logger: quiet}, damageViews()...); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("open twice: %v", err)
	}
	mustClose(t, db)
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EACCES, syscall.EIO} {
		db, f, _ := openFailing(t)
		mustClose(t, db)
		f.set(cause)
		_, err := Open(Config{Dir: "views", FS: db.cfg.FS, Logger: quiet}, damageViews()...)
		if !errors.Is(err, cause) || errors.Is(err, ErrDamaged) {
			t.Errorf("open where writing gives %v: %v", cause, err)
		}
	}
	if _, err := Open(Config{Dir: "nowhere", FS: vfs.NewMem(), ReadOnly: true, Logger: quiet}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("nothing there: %v", err)
	}
}
