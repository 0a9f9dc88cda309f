package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

var (
	// ErrDamaged says that the file of checkpoints is not as it was written.
	ErrDamaged = errors.New("the checkpoints are damaged")

	// ErrContradicted says that the entries are not those that were signed:
	// fewer, or others.
	ErrContradicted = errors.New("the entries contradict what was signed")

	// ErrNotSealed says that no checkpoint covers it yet.
	ErrNotSealed = fmt.Errorf("not sealed yet: %w", domain.ErrNotFound)
)

// Leaves are the entries of a ledger as a log sees them.
type Leaves interface {
	// Last is the sequence up to which entries are durable.
	Last() domain.Seq
	// WaitFor waits until Last covers seq.
	WaitFor(ctx context.Context, seq domain.Seq) error
	// Leaves gives the leaf hashes of the entries behind after, up to and with
	// to, which is not beyond Last.
	Leaves(after, to domain.Seq) iter.Seq2[domain.Hash, error]
}

// Config says what a log seals and how.
type Config struct {
	Dir    string // folder of the log; made where there is none
	Origin string // names the log in every checkpoint, for ever
	Seed   []byte // of its Ed25519 key, 32 bytes
	Leaves Leaves
}

// A Head is a signed head of the tree.
type Head struct {
	Size domain.Seq // number of entries it covers
	Root domain.Hash
	At   time.Time // when it was first signed, by the machine's clock, in whole seconds
	Note []byte    // the signed checkpoint
}

// A Log is the sealed log of one ledger. Its methods may be called by any number
// of goroutines; Seal and Run by one.
type Log struct {
	cfg    Config
	check  note.Verifiers
	signer note.Signer

	mu     sync.RWMutex // guards what follows; sealing writes files before it takes the lock
	levels *levels
	points *points
	head   Head
	moved  chan struct{} // closed when head moves
}

// Open opens a log and compares it with the entries: those that the head covers
// must be there, and the tree over them must have its root. Hashes that are
// missing or damaged are made anew from the entries. Errors: [ErrDamaged] and
// [ErrContradicted], after which nothing may be signed.
func Open(c Config) (*Log, error) {
	l := &Log{cfg: c, moved: make(chan struct{})}
	if err := l.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("seal: log %s: %w", c.Origin, err), l.Close())
	}
	return l, nil
}

func (l *Log) open() (err error) {
	if l.signer, l.check, err = keys(l.cfg.Origin, l.cfg.Seed); err != nil {
		return err
	}
	if err := os.MkdirAll(l.cfg.Dir, 0o700); err != nil {
		return err
	}
	if l.points, err = openPoints(filepath.Join(l.cfg.Dir, signedFile), l.read); err != nil {
		return err
	}
	if l.levels, err = openLevels(l.cfg.Dir); err != nil {
		return err
	}
	n := len(l.points.index)
	if n == 0 {
		return nil
	}
	if l.head, err = l.points.head(l.points.index[n-1], l.read); err != nil {
		return err
	}
	return l.compare()
}

// compare checks the entries against the head.
func (l *Log) compare() error {
	size := l.head.Size
	if last := l.cfg.Leaves.Last(); last < size {
		return fmt.Errorf("%w: there are %d, and %d were signed at %s", ErrContradicted, last, size, l.head.At.Format(time.RFC3339))
	}
	if l.tailAgrees() {
		l.levels.n = int64(size)
		return nil
	}
	l.levels.n = 0
	if err := l.grow(size); err != nil {
		return err
	}
	tree, err := l.levels.root(int64(size))
	if err != nil {
		return err
	}
	if domain.Hash(tree.Hash) != l.head.Root {
		return fmt.Errorf("%w: the first %d have the root %s, and %s was signed at %s", ErrContradicted, size, domain.Hash(tree.Hash), l.head.Root, l.head.At.Format(time.RFC3339))
	}
	return l.levels.sync()
}

// tailAgrees reports whether the kept hashes have the head's root and the last
// of them are those of the entries. That the earlier ones are is for a check of
// the whole ledger.
func (l *Log) tailAgrees() bool {
	size := int64(l.head.Size)
	tree, err := l.levels.root(size)
	if err != nil || domain.Hash(tree.Hash) != l.head.Root {
		return false
	}
	after := max(0, size-tileWidth)
	i := after
	for leaf, err := range l.cfg.Leaves.Leaves(domain.Seq(after), l.head.Size) {
		if err != nil {
			return false
		}
		kept, err := l.levels.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil || domain.Hash(kept[0]) != leaf {
			return false
		}
		i++
	}
	return i == size
}

// grow appends the hashes of the entries that the levels lack, up to size.
func (l *Log) grow(size domain.Seq) error {
	const batch = 16 * tileWidth
	leaves := make([]tlog.Hash, 0, batch)
	flush := func() error {
		err := l.levels.append(leaves)
		leaves = leaves[:0]
		return err
	}
	for leaf, err := range l.cfg.Leaves.Leaves(domain.Seq(l.levels.n), size) {
		if err != nil {
			return err
		}
		if leaves = append(leaves, tlog.Hash(leaf)); len(leaves) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if l.levels.n != int64(size) {
		return fmt.Errorf("%d entries were to be hashed, and there are %d", size, l.levels.n)
	}
	return nil
}

// readHead checks a note of a log and gives the head that it tells.
func readHead(origin string, check note.Verifiers, signed []byte) (Head, error) {
	n, err := note.Open(signed, check)
	if err != nil {
		return Head{}, err
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	switch {
	case err != nil:
		return Head{}, err
	case c.Origin != origin:
		return Head{}, fmt.Errorf("it is a checkpoint of %s", c.Origin)
	case c.Extension != "":
		return Head{}, errors.New("a checkpoint of this log has three lines")
	}
	return Head{Size: domain.Seq(c.N), Root: domain.Hash(c.Hash), Note: bytes.Clone(signed)}, nil
}

func (l *Log) read(signed []byte) (Head, error) { return readHead(l.cfg.Origin, l.check, signed) }

// Close closes the files. A log that is being sealed must be stopped before.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	if l.points != nil {
		errs = append(errs, l.points.f.Close())
	}
	if l.levels != nil {
		errs = append(errs, l.levels.close())
	}
	return errors.Join(errs...)
}
