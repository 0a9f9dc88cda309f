package seal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
)

// An Audit compares a log with the entries of its ledger, all of them from the
// first on. It writes nothing and needs no secret.
type Audit struct {
	points   *points
	cosigned *points
	stamps   *stamps
	hashes   *bufio.Reader // kept leaf hashes; nil where there are no more
	file     *os.File      // of them

	next int         // place of the next checkpoint among points
	n    domain.Seq  // leaves taken
	edge []tlog.Hash // roots of the full subtrees of the first n leaves, widest first

	differ []domain.Seq // entries whose hash is not the kept one
}

// OpenAudit opens the folder of a log whose checkpoints this key checks. A
// folder that is not there is that of a log in which nothing is sealed. A
// checkpoint that is not whole, or not signed with that key, is an error that
// wraps [ErrDamaged].
func OpenAudit(dir, origin, key string) (*Audit, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("seal: log %s: %w", origin, err)
	}
	check := note.VerifierList(v)
	a := &Audit{}
	read := func(signed []byte) (Head, error) { return readHead(origin, check, signed) }
	if a.points, err = readPoints(filepath.Join(dir, signedFile), read); err == nil {
		if a.cosigned, err = readPoints(filepath.Join(dir, cosignedFile), read); err == nil {
			a.stamps, err = readStamps(filepath.Join(dir, stampedFile))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal: log %s: %w", origin, err)
	}
	a.file, err = os.Open(levelPath(dir, 0))
	if errors.Is(err, os.ErrNotExist) {
		return a, nil
	}
	a.hashes = bufio.NewReaderSize(a.file, 1<<20)
	return a, err
}

// Close closes the files.
func (a *Audit) Close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}

// Sealed is how many entries the newest checkpoint covers, and how many
// checkpoints of different sizes there are.
func (a *Audit) Sealed() (entries domain.Seq, checkpoints int) {
	if n := len(a.points.index); n > 0 {
		return a.points.index[n-1].size, n
	}
	return 0, 0
}

// Leaf takes the leaf hash of the next entry. Where a checkpoint covers the
// entries up to it and has another root than they, the error wraps
// [ErrContradicted] and the audit can go on.
func (a *Audit) Leaf(leaf domain.Hash) error {
	a.n++
	a.push(tlog.Hash(leaf))
	if kept, ok := a.kept(); ok && kept != leaf {
		a.differ = append(a.differ, a.n)
	}
	if a.next == len(a.points.index) || a.points.index[a.next].size != a.n {
		return nil
	}
	signed := a.points.index[a.next].root
	a.next++
	if root := domain.Hash(a.root()); root != signed {
		return fmt.Errorf("%w: the first %d have the root %s, signed was %s%s", ErrContradicted, a.n, root, signed, a.changed())
	}
	return nil
}

// End says, after the last entry, whether all that was signed was there.
func (a *Audit) End() error {
	if sealed, _ := a.Sealed(); a.n < sealed {
		return fmt.Errorf("%w: there are %d, and %d were signed", ErrContradicted, a.n, sealed)
	}
	return nil
}

// Differ lists the entries whose kept hash is not that of their bytes. Where no
// checkpoint is contradicted it is the kept hash that is wrong, and the next
// start makes it anew.
func (a *Audit) Differ() []domain.Seq { return a.differ }

func (a *Audit) changed() string {
	if len(a.differ) == 0 {
		return ""
	}
	return fmt.Sprintf("; of %d entries the bytes are not those that were hashed, the first is entry %d", len(a.differ), a.differ[0])
}

// kept reads the next kept hash, of those that a checkpoint covers.
func (a *Audit) kept() (h domain.Hash, ok bool) {
	if sealed, _ := a.Sealed(); a.hashes == nil || a.n > sealed {
		return h, false
	}
	if _, err := io.ReadFull(a.hashes, h[:]); err != nil {
		a.hashes = nil
		return h, false
	}
	return h, true
}

// push adds a leaf: every pair of subtrees of one width becomes one.
func (a *Audit) push(h tlog.Hash) {
	for n := a.n; n%2 == 0; n /= 2 {
		last := len(a.edge) - 1
		h = tlog.NodeHash(a.edge[last], h)
		a.edge = a.edge[:last]
	}
	a.edge = append(a.edge, h)
}

func (a *Audit) root() tlog.Hash {
	root := a.edge[len(a.edge)-1]
	for i := len(a.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(a.edge[i], root)
	}
	return root
}
