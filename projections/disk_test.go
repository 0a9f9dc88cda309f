package projections

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// A failing disk gives an error to every write while it is set.
type failing struct {
	err  atomic.Pointer[error]
	hits atomic.Int64
}

func (f *failing) set(err error) {
	if err == nil {
		f.err.Store(nil)
	} else {
		f.err.Store(&err)
	}
}

func (f *failing) MaybeError(op errorfs.Op) error {
	if e := f.err.Load(); e != nil && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
		f.hits.Add(1)
		return *e
	}
	return nil
}

func (f *failing) String() string { return "failing" }

func openFailing(t *testing.T) (*DB, *failing, *vfs.MemFS) {
	mem, f := vfs.NewCrashableMem(), &failing{}
	db := openMem(t, errorfs.Wrap(mem, f), &tally{name: "tally", shape: 1})
	db.disk.retry = time.Millisecond
	return db, f, mem
}

// troubled waits until Status tells of trouble, or no longer does.
func troubled(t *testing.T, db *DB, want bool) error {
	t.Helper()
	for {
		changed, _, fault := db.disk.state()
		if (fault != nil) == want {
			return db.Status()[0].Err
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatal("the disk's state did not change")
		}
	}
}

// On a full disk the view stands still and says why; when there is room it goes
// on, and nothing was half-written.
func TestFullDisk(t *testing.T) {
	l := newShelf(100)
	want := reference(t, 1, l, 100)
	db, f, mem := openFailing(t)
	stop := start(t, db, l)
	reach(t, db, "tally", 100)
	f.set(syscall.ENOSPC)
	if _, err := db.pebble.AsyncFlush(); err != nil {
		t.Fatal(err)
	}
	l.add(20)
	if err := troubled(t, db, true); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("status on a full disk: %v", err)
	}
	if got := digest(t, db, "tally"); got.Seq < 100 {
		t.Errorf("reads on a full disk give %v", got)
	}
	re := openMem(t, mem.CrashClone(vfs.CrashCloneCfg{}), &tally{name: "tally", shape: 1})
	if got := digest(t, re, "tally"); got.Seq > 100 || got != want[got.Seq] {
		t.Errorf("what lies on the full disk is %v, want %v", got, want[got.Seq])
	}
	mustClose(t, re)

	f.set(nil)
	if err := troubled(t, db, false); err != nil {
		t.Errorf("status when there is room: %v", err)
	}
	reach(t, db, "tally", 120)
	stop()
	mustClose(t, db)
	if f.hits.Load() == 0 {
		t.Error("the disk was never written to while it was full")
	}
	re = openMem(t, mem, &tally{name: "tally", shape: 1})
	defer mustClose(t, re)
	if got := digest(t, re, "tally"); got != reference(t, 1, l, 120)[120] {
		t.Errorf("reopened: %v", got)
	}
}

// A store can be given up on a full disk; what is there opens again.
func TestCloseOnAFullDisk(t *testing.T) {
	l := newShelf(30)
	want := reference(t, 1, l, 30)
	db, f, mem := openFailing(t)
	stop := start(t, db, l)
	reach(t, db, "tally", 30)
	stop()
	f.set(syscall.ENOSPC)
	db.head.entries = 1 // something to write
	if err := db.head.commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("close: %v", err)
	}
	f.set(nil)
	re := openMem(t, mem, &tally{name: "tally", shape: 1})
	defer mustClose(t, re)
	if got := digest(t, re, "tally"); got != want[got.Seq] {
		t.Errorf("reopened: %v, want %v", got, want[got.Seq])
	}
}

// After a write that failed for another reason nothing is written any more: Run
// ends with the reason, and what was there is still served.
func TestFailedDisk(t *testing.T) {
	l := newShelf(30)
	db, f, mem := openFailing(t)
	run := make(chan error, 1)
	go func() { run <- db.Run(t.Context(), l) }()
	reach(t, db, "tally", 30)
	broken := errors.New("input/output error")
	f.set(broken)
	if _, err := db.pebble.AsyncFlush(); err != nil {
		t.Fatal(err)
	}
	troubled(t, db, true)
	f.set(nil) // too late: what the disk holds is unknown
	l.add(1)
	if err := <-run; !errors.Is(err, broken) {
		t.Errorf("run: %v", err)
	}
	if st := db.Status()[0]; !errors.Is(st.Err, broken) || st.Seq != 30 {
		t.Errorf("status: %+v", st)
	}
	if got := digest(t, db, "tally"); got.Seq != 30 {
		t.Errorf("no longer served: %v", got)
	}
	if err := db.Close(); !errors.Is(err, broken) {
		t.Errorf("close: %v", err)
	}
	re := openMem(t, mem, &tally{name: "tally", shape: 1})
	defer mustClose(t, re)
	stop := start(t, re, l)
	reach(t, re, "tally", 31)
	stop()
}

// Opening on a disk that cannot be written says so and leaves the lock free.
func TestOpenOnAFailingDisk(t *testing.T) {
	mem, f := vfs.NewMem(), &failing{}
	f.set(syscall.EROFS)
	if _, err := Open(Config{Dir: "views", FS: errorfs.Wrap(mem, f), Logger: quiet}, &tally{name: "tally", shape: 1}); !errors.Is(err, syscall.EROFS) {
		t.Errorf("open on a read-only disk: %v", err)
	}
	f.set(nil)
	db, err := Open(Config{Dir: "views", FS: errorfs.Wrap(mem, f), Logger: quiet}, &tally{name: "tally", shape: 1})
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, db)
	if _, err := Open(Config{Dir: "nowhere", FS: mem, ReadOnly: true, Logger: quiet}, &tally{name: "tally", shape: 1}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("reading what does not exist: %v", err)
	}
}
