package projections

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A disk stands between Pebble and the file system. Pebble ends the process, or
// tries again without a pause, where a write of its own fails; here a write to a
// full disk waits until there is room, and after any other failed write nothing
// is written any more. Either way readers go on and state tells.
type disk struct {
	vfs.FS
	log   *slog.Logger
	retry time.Duration // pause between tries on a full disk

	mu      sync.Mutex
	opening bool          // errors go to the caller of Open
	waiting int           // writes that wait for room
	fault   error         // why writes stand still; nil: they do not
	broken  bool          // they will not go on
	changed chan struct{} // closed when fault or broken changes
	stop    chan struct{} // closed by abandon
	lock    io.Closer     // on the folder
}

func newDisk(fs vfs.FS, log *slog.Logger) *disk {
	return &disk{FS: fs, log: log, retry: time.Second, opening: true, changed: make(chan struct{}), stop: make(chan struct{})}
}

// state tells why writes stand still, if they do, and gives a channel that is
// closed at the next change.
func (d *disk) state() (changed <-chan struct{}, broken bool, fault error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed, d.broken, d.fault
}

func (d *disk) opened() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opening = false
}

// abandon lets no further write reach the file system.
func (d *disk) abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.stop:
	default:
		close(d.stop)
	}
}

func (d *disk) fail(err error, broken bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken || d.fault != nil && !broken {
		return
	}
	d.fault, d.broken = err, broken
	d.log.Error("the views cannot be written", "error", err, "final", broken)
	close(d.changed)
	d.changed = make(chan struct{})
}

// do runs one write until it succeeds. While Open runs an error is returned as
// it is; later none ever is.
func (d *disk) do(what, name string, write func() error) error {
	waits := false
	for {
		d.halt()
		err := write()
		if err == nil {
			if waits {
				d.room()
			}
			return nil
		}
		if d.isOpening() {
			return outside{err}
		}
		err = outside{fmt.Errorf("projections: %s %s: %w", what, name, err)}
		if !isFull(err) {
			d.fail(err, true)
			<-d.stop
			d.halt()
		}
		if !waits {
			waits = true
			d.mu.Lock()
			d.waiting++
			d.mu.Unlock()
		}
		d.fail(err, false)
		t := time.NewTimer(d.retry)
		select {
		case <-t.C:
		case <-d.stop:
			t.Stop()
		}
	}
}

// halt does not return once the store is abandoned: the goroutine is Pebble's
// own and must not go on, for the folder may be somebody else's by now.
func (d *disk) halt() {
	select {
	case <-d.stop:
		select {}
	default:
	}
}

func (d *disk) isOpening() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opening
}

// room says that one write that waited has succeeded.
func (d *disk) room() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting--; d.waiting > 0 || d.broken {
		return
	}
	d.fault = nil
	d.log.Info("the views can be written again")
	close(d.changed)
	d.changed = make(chan struct{})
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS)
}

func (d *disk) file(f vfs.File, err error, name string) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &diskFile{File: f, d: d, name: name}, nil
}

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = d.do("create", name, func() (err error) { f, err = d.FS.Create(name, c); return err })
	return d.file(f, err, name)
}

func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (f vfs.File, err error) {
	err = d.do("open", name, func() (err error) { f, err = d.FS.OpenReadWrite(name, c, o...); return err })
	return d.file(f, err, name)
}

func (d *disk) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (f vfs.File, err error) {
	err = d.do("reuse", name, func() (err error) { f, err = d.FS.ReuseForWrite(old, name, c); return err })
	return d.file(f, err, name)
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	return d.file(f, err, name)
}

func (d *disk) Rename(old, name string) error {
	return d.do("rename", name, func() error { return d.FS.Rename(old, name) })
}

func (d *disk) Remove(name string) error {
	d.halt()
	return d.FS.Remove(name)
}

// Lock takes the lock on the folder, and keeps it so that abandon frees it.
func (d *disk) Lock(name string) (io.Closer, error) {
	lock, err := d.FS.Lock(name)
	if err != nil {
		return nil, outside{fmt.Errorf("the folder is in use by another process: %w", err)}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lock = lock
	return unlocker{d}, nil
}

type unlocker struct{ d *disk }

func (u unlocker) Close() error { return u.d.unlock() }

func (d *disk) unlock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	lock := d.lock
	if d.lock = nil; lock == nil {
		return nil
	}
	return lock.Close()
}

func (d *disk) Unwrap() vfs.FS { return d.FS }

type diskFile struct {
	vfs.File
	d    *disk
	name string
}

// Write writes all of p: after a part has been written, the rest is tried again.
func (f *diskFile) Write(p []byte) (int, error) {
	done := 0
	err := f.d.do("write", f.name, func() error {
		n, err := f.File.Write(p[done:])
		done += n
		return err
	})
	return done, err
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.d.do("write", f.name, func() error { _, err := f.File.WriteAt(p, off); return err })
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *diskFile) Sync() error { return f.d.do("sync", f.name, f.File.Sync) }

func (f *diskFile) SyncData() error { return f.d.do("sync", f.name, f.File.SyncData) }

func (f *diskFile) SyncTo(n int64) (full bool, err error) {
	err = f.d.do("sync", f.name, func() (err error) { full, err = f.File.SyncTo(n); return err })
	return full, err
}

func (f *diskFile) Preallocate(off, n int64) error {
	return f.d.do("preallocate", f.name, func() error { return f.File.Preallocate(off, n) })
}
