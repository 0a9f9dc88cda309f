package projections

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"incidentledger/domain"
)

// A shelf is a ledger in memory.
type shelf struct {
	mu      sync.Mutex
	entries []*domain.Entry
	more    chan struct{}
	reads   atomic.Int64 // entries handed out by ReadAll
}

func newShelf(n int) *shelf {
	s := &shelf{more: make(chan struct{})}
	s.add(n)
	return s
}

// add appends n entries over a few aggregates.
func (s *shelf) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		seq := len(s.entries) + 1
		key := domain.Key{UUID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, seq*7%13))}
		s.entries = append(s.entries, &domain.Entry{Seq: domain.Seq(seq), Key: key, Kind: "thing", Size: 600})
	}
	close(s.more)
	s.more = make(chan struct{})
}

func (s *shelf) from(after domain.Seq) ([]*domain.Entry, chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[min(int(after), len(s.entries)):], s.more
}

func (s *shelf) ReadAll(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		entries, _ := s.from(after)
		for _, en := range entries {
			s.reads.Add(1)
			if !yield(en, nil) {
				return
			}
		}
	}
}

func (s *shelf) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for {
			entries, more := s.from(after)
			for _, en := range entries {
				if !yield(en, nil) {
					return
				}
				after = en.Seq
			}
			select {
			case <-more:
			case <-ctx.Done():
				return
			}
		}
	}
}

// tally is a view that counts the entries of each aggregate, keeps the last five
// sequences of each and forgets every aggregate at its tenth entry: so it reads,
// writes, deletes and scans its own rows.
type tally struct {
	name  string
	shape uint32
	at    func(en *domain.Entry) error // called before each entry
}

func (v *tally) Name() string  { return v.name }
func (v *tally) Shape() uint32 { return v.shape }

func (v *tally) Apply(tx *Tx, en *domain.Entry) error {
	count := append([]byte("c"), en.Key.UUID[:]...)
	n := uint64(0)
	if old, found := tx.Get(count); found {
		n = binary.BigEndian.Uint64(old)
	}
	n++
	tx.Set(count, binary.BigEndian.AppendUint64(nil, n))
	list := append([]byte("l"), en.Key.UUID[:]...)
	tx.Set(KeySeq(list, en.Seq), Num(nil, uint64(v.shape)))
	if v.at != nil {
		if err := v.at(en); err != nil {
			return err
		}
	}
	var keys [][]byte
	for k := range tx.Scan(list, After(list)) {
		keys = append(keys, append([]byte(nil), k...))
	}
	if n%10 == 0 {
		tx.Delete(count)
		for _, k := range keys {
			tx.Delete(k)
		}
	} else if len(keys) > 5 {
		tx.Delete(keys[0])
	}
	return nil
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func openMem(t testing.TB, fs vfs.FS, views ...View) *DB {
	t.Helper()
	db, err := Open(Config{Dir: "views", FS: fs, CacheBytes: 1 << 20, Logger: quiet}, views...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// start runs a store until the returned stop is called, which fails the test if
// the run fails.
func start(t testing.TB, db *DB, l Ledger) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- db.Run(ctx, l) }()
	return sync.OnceFunc(func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("run: %v", err)
		}
	})
}

func reach(t testing.TB, db *DB, view string, seq domain.Seq) {
	t.Helper()
	if err := db.WaitFor(t.Context(), view, seq); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t testing.TB, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func digest(t testing.TB, db *DB, view string) Digest {
	t.Helper()
	d, err := db.Digest(t.Context(), view)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// reference gives the digest of a tally after each of the first n entries,
// applied one by one.
func reference(t testing.TB, shape uint32, l *shelf, n int) []Digest {
	t.Helper()
	db := openMem(t, vfs.NewMem(), &tally{name: "tally", shape: shape})
	defer mustClose(t, db)
	out := []Digest{digest(t, db, "tally")}
	entries, _ := l.from(0)
	for _, en := range entries[:n] {
		db.head.apply(en)
		if err := db.head.commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		out = append(out, digest(t, db, "tally"))
	}
	return out
}
