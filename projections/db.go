package projections

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Config says where the rows of one ledger lie.
type Config struct {
	Dir        string       // folder of the store; made where it is missing
	FS         vfs.FS       // nil: the machine's own
	CacheBytes int64        // for blocks read from disk, beside at most 96 MiB for those to be written; 0: 64 MiB
	ReadOnly   bool         // nothing in Dir is changed; Run and Rebuild refuse
	Bulk       bool         // very much is to be caught up with: order rows afterwards, not meanwhile
	Scratch    string       // folder in which Check builds; empty: Dir with "-check"
	Logger     *slog.Logger // nil: slog.Default
}

// A DB holds the rows of all views of one ledger. Its methods may be called
// from several goroutines.
type DB struct {
	cfg    Config
	pebble *pebble.DB
	disk   *disk
	log    *slog.Logger
	slots  []*slot
	runs   atomic.Bool
	checks atomic.Int64

	// turn is held by whoever advances or exchanges the lines of head.
	turn sync.Mutex
	head *set

	mu      sync.Mutex // guards what the slots say, and:
	changed chan struct{}
	closed  bool
	dead    error  // why nothing more may be written
	next    uint32 // next free generation; 0: not read yet
}

// Open opens the store of some views, each of which has a name of its own. It
// reads nothing of the ledger; Run does. ErrDamaged says that the store cannot be
// opened as it lies there; other damage is met, and told, when it is read.
func Open(cfg Config, views ...View) (*DB, error) {
	if cfg.FS == nil {
		cfg.FS = vfs.Default
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = 64 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Scratch == "" {
		cfg.Scratch = cfg.Dir + "-check"
	}
	db := &DB{cfg: cfg, log: cfg.Logger, disk: newDisk(cfg.FS, cfg.Logger), changed: make(chan struct{})}
	if err := db.open(); err != nil {
		return nil, fmt.Errorf("projections: open %s: %w", cfg.Dir, err)
	}
	if err := db.findSlots(views); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.disk.opened()
	return db, nil
}

func (db *DB) open() error {
	if !db.cfg.ReadOnly {
		if err := db.cfg.FS.MkdirAll(db.cfg.Dir, 0o700); err != nil {
			return err
		}
	}
	if lost, err := headless(db.cfg.FS, db.cfg.Dir); err != nil {
		return openDamage(err)
	} else if lost {
		return fmt.Errorf("%w: tables without a manifest", ErrDamaged)
	}
	if db.cfg.ReadOnly {
		there, err := pebble.Peek(db.cfg.Dir, db.cfg.FS)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !there.Exists {
			return ErrNotBuilt
		} else if err != nil {
			return err
		}
	}
	// Pebble takes its memtables off the cache.
	cache := pebble.NewCache(db.cfg.CacheBytes + memTables*memTableBytes)
	defer cache.Unref()
	opts := options(db.disk, cache, db.cfg)
	err := guarded(db.disk, func() (err error) {
		db.pebble, err = pebble.Open(db.cfg.Dir, opts)
		return err
	})
	if err != nil {
		return errors.Join(openDamage(err), db.disk.unlock())
	}
	return nil
}

const (
	memTableBytes = 32 << 20
	memTables     = 3 // at most, before writes wait
)

func options(d *disk, cache *pebble.Cache, cfg Config) *pebble.Options {
	o := &pebble.Options{
		FS: d, Cache: cache, ReadOnly: cfg.ReadOnly, Logger: pebbleLog{d}, EventListener: listener(d),
		FormatMajorVersion:          pebble.FormatNewest,
		DisableWAL:                  true,
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: memTables,
		L0CompactionThreshold:       8,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               512 << 20,
		BytesPerSync:                1 << 20,
		MaxOpenFiles:                500,
	}
	if cfg.Bulk {
		o.L0CompactionThreshold, o.L0StopWritesThreshold = 64, 256
	}
	o.CompactionConcurrencyRange = func() (lower, upper int) { return 1, 2 }
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings {
		c := pebble.DBCompressionFastest
		for i := range len(c.Levels) - 2 {
			c.Levels[i] = pebble.DBCompressionNone.Levels[i] // short-lived: not worth the effort
		}
		return c
	})
	o.TargetFileSizes[0] = 16 << 20
	for i := range o.Levels {
		o.Levels[i].BlockSize = 16 << 10
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// guarded runs a call into Pebble that may end its goroutine by Fatalf, or panic.
func guarded(d *disk, call func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("pebble ended the call")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("pebble: panic: %v", p)
			}
			if _, _, fault := d.state(); err != nil && fault != nil {
				err = fault
			}
			done <- err
		}()
		err = call()
	}()
	return <-done
}

// Close writes what is only in memory and closes the store. Run must have
// returned and every snapshot be closed. Where the disk is full or has failed,
// it gives the reason and leaves the store as after a crash.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	db.wake()
	db.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		err := errors.New("pebble ended the call")
		defer func() { done <- err }()
		if !db.cfg.ReadOnly {
			if err = db.pebble.Flush(); err != nil {
				return
			}
		}
		err = db.pebble.Close()
	}()
	for {
		changed, _, fault := db.disk.state()
		if fault != nil {
			db.disk.abandon()
			return errors.Join(fmt.Errorf("projections: close %s: %w", db.cfg.Dir, fault), db.disk.unlock())
		}
		select {
		case err := <-done:
			return err
		case <-changed:
		}
	}
}

// wake tells everybody who waits that something changed; mu is held.
func (db *DB) wake() {
	close(db.changed)
	db.changed = make(chan struct{})
}
