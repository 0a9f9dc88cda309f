package seal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/torchwood"

	"incidentledger/domain"
)

// Kept is what a log's folder remembers of the entries that were sealed, for
// restoring a ledger that lost some: how many there were, and the leaf hash of
// each. It needs no key: whoever restores compares it with the signed heads when
// the log is opened.
type Kept struct {
	Size   domain.Seq
	hashes []byte
}

// ReadKept reads the folder of a log; one that is not there remembers nothing.
func ReadKept(dir string) (*Kept, error) {
	p, err := readPoints(filepath.Join(dir, signedFile), func(signed []byte) (Head, error) {
		text, _, _ := bytes.Cut(signed, []byte("\n\n"))
		c, err := torchwood.ParseCheckpoint(string(text) + "\n")
		return Head{Size: domain.Seq(c.N), Root: domain.Hash(c.Hash)}, err
	})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	k := &Kept{}
	if n := len(p.index); n > 0 {
		k.Size = p.index[n-1].size
		if k.hashes, err = os.ReadFile(levelPath(dir, 0)); err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
	}
	return k, nil
}

// Leaf gives the leaf hash of a sealed entry; zero where it is not kept.
func (k *Kept) Leaf(seq domain.Seq) (h domain.Hash) {
	if seq > 0 && seq <= k.Size {
		if at := int(seq-1) * len(h); at+len(h) <= len(k.hashes) {
			copy(h[:], k.hashes[at:])
		}
	}
	return h
}
