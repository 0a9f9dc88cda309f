package projections

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrDamaged says that files of the store are missing or do not hold what was
// written to them. The ledger holds everything that is needed to build the views
// anew in an empty folder. A folder that is in use, may not be read or written,
// or lies on a full disk is not damaged.
var ErrDamaged = errors.New("the stored views are damaged")

// An outside error comes from the lock or from a write, and so tells nothing of
// what the files hold.
type outside struct{ error }

func (o outside) Unwrap() error { return o.error }

// damage lets an error of a read wrap ErrDamaged where the files are to blame.
func damage(err error) error {
	if err == nil || errors.Is(err, ErrDamaged) || errors.As(err, new(outside)) {
		return err
	}
	if pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EIO) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// openDamage does the same with an error of pebble.Open, which marks only some
// of what it finds wrong: what neither came from outside nor from the system is
// about what the files hold.
func openDamage(err error) error {
	d := damage(err)
	if d == nil || errors.Is(d, ErrDamaged) || errors.As(d, new(outside)) ||
		errors.Is(d, fs.ErrPermission) || errors.As(d, new(syscall.Errno)) {
		return d
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// headless reports whether a folder holds tables but nothing that says which of
// them count. Pebble would begin a new store there and remove them.
func headless(disk vfs.FS, dir string) (bool, error) {
	there, err := pebble.Peek(dir, disk)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || there.Exists {
		return false, err
	}
	names, err := disk.List(dir)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			return true, nil
		}
	}
	return false, nil
}

// listener hears of damage instead of Pebble's default, which is Fatalf on the
// goroutine that reads, whosever that is. So a read gives its error to whoever
// reads, and nothing more is written.
func listener(d *disk) *pebble.EventListener {
	return &pebble.EventListener{
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			d.fail(fmt.Errorf("projections: %s: %w: %w", info.Path, ErrDamaged, info.Details), true)
		},
		// Only goroutines of Pebble's own come here. After damage they would try
		// again without a pause, so they end; Close does not wait for them.
		BackgroundError: func(err error) {
			if err = damage(err); errors.Is(err, ErrDamaged) {
				d.fail(fmt.Errorf("projections: %w", err), true)
				runtime.Goexit()
			}
			d.log.Warn("pebble: in the background", "error", err)
		},
	}
}

// A pebbleLog takes what Pebble says of itself to slog.
type pebbleLog struct{ d *disk }

func (l pebbleLog) Infof(format string, args ...any) {
	l.d.log.Debug("pebble: " + fmt.Sprintf(format, args...))
}

func (l pebbleLog) Errorf(format string, args ...any) {
	l.d.log.Warn("pebble: " + fmt.Sprintf(format, args...))
}

// Fatalf must not return. It ends the goroutine, not the process: readers of
// what is there go on, and nothing more is written. Reads never come here; calls
// that may run on a goroutine that somebody waits for.
func (l pebbleLog) Fatalf(format string, args ...any) {
	l.d.fail(fmt.Errorf("projections: pebble: "+format, args...), true)
	runtime.Goexit()
}
