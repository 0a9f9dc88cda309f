package eventstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"incidentledger/domain"
)

// salvaged says where an intact copy of each entry lies.
type salvaged struct {
	last  domain.Seq
	at    map[domain.Seq]copyAt
	leafs map[domain.Seq]domain.Hash // leaf hashes of entries that a later entry of the aggregate names
}

type source byte

const (
	fromNowhere source = iota
	fromJournal
	fromStream
)

// copyAt is where an entry's stored bytes lie.
type copyAt struct {
	path string
	off  int64
	size int
	from source
}

// salvage looks for every intact copy of every entry in journal and stream,
// behind damage too. An aside folder of an interrupted restoring counts as well.
func (c Config) salvage(org domain.OrgID) (*salvaged, error) {
	sv := &salvaged{at: map[domain.Seq]copyAt{}, leafs: map[domain.Seq]domain.Hash{}}
	for _, dir := range c.copies(org, c.journalDir(org), "journal") {
		if err := sv.journal(dir); err != nil {
			return nil, err
		}
	}
	for _, dir := range c.copies(org, c.streamDir(org), "stream") {
		if err := sv.stream(org, filepath.Join(dir, "msgs")); err != nil {
			return nil, err
		}
	}
	clean, err := readClean(c.orgDir(org))
	if err == nil && clean != nil {
		sv.last = max(sv.last, clean.last)
		sv.leafs[clean.last] = clean.leaf
	}
	if mark, err := readMark(c.orgDir(org)); err == nil {
		sv.last = max(sv.last, mark)
	}
	if c.Sealed != nil {
		last, leaf, err := c.Sealed(org)
		if err != nil {
			return nil, err
		}
		sv.last = max(sv.last, last)
		for seq := domain.Seq(1); seq <= last; seq++ {
			if h := leaf(seq); sv.at[seq].from == fromNowhere && !h.IsZero() {
				sv.leafs[seq] = h
			}
		}
	}
	for seq := range sv.at {
		stored, _, err := sv.entry(seq)
		if err != nil {
			return nil, err
		}
		en, err := c.Codec.Decode(seq, stored)
		var lost *LostError
		if errors.As(err, &lost) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if en.Org != org {
			return nil, fmt.Errorf("entry %d belongs to %s", seq, en.Org)
		}
		if en.Prev > 0 {
			sv.leafs[en.Prev] = en.PrevHash
		}
	}
	return sv, nil
}

// copies gives the folder itself and, where an earlier restoring moved things
// aside and did not finish, those.
func (c Config) copies(org domain.OrgID, dir, name string) []string {
	out := []string{dir}
	asides, _ := filepath.Glob(filepath.Join(c.orgDir(org), "aside", "*", name))
	if _, err := os.Stat(filepath.Join(c.orgDir(org), "clean")); errors.Is(err, os.ErrNotExist) {
		out = append(out, asides...)
	}
	return out
}

func (sv *salvaged) journal(dir string) error {
	paths, _, err := segmentFiles(dir)
	if err != nil {
		return err
	}
	for _, path := range paths {
		b, done, err := mapFile(path)
		if err != nil {
			return err
		}
		for off := nextRecord(b, 0); off >= 0; off = nextRecord(b, off) {
			h, _, err := parseRecord(b[off:])
			if err != nil {
				done()
				return fmt.Errorf("journal segment %s: offset %d: %w", path, off, err)
			}
			sv.keep(h.seq, copyAt{path, int64(off + recordHeader), h.size, fromJournal})
			off += recordHeader + h.size
		}
		done()
	}
	return nil
}

func (sv *salvaged) stream(org domain.OrgID, msgs string) error {
	blocks, err := blockFiles(msgs)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, blk := range blocks {
		if err := sv.block(org, blk); err != nil {
			return err
		}
	}
	return nil
}

func (sv *salvaged) block(org domain.OrgID, blk blockFile) error {
	b, done, err := mapFile(blk.path)
	if err != nil {
		return err
	}
	defer done()
	check, err := newBlockCheck(StreamName(org), blk.n)
	if err != nil {
		return err
	}
	for off := 0; off < len(b); {
		r, n, why := check.record(b, off)
		if why != "" {
			off = nextBlockRecord(b, off+1, org)
			if off < 0 {
				return nil
			}
			continue
		}
		if r.Seq&blkDeleted == 0 {
			sv.keep(r.Seq, copyAt{blk.path, int64(r.at), len(r.Data), fromStream})
		}
		off += n
	}
	return nil
}

// nextBlockRecord finds where a record may begin: before its subject.
func nextBlockRecord(b []byte, off int, org domain.OrgID) int {
	if off >= len(b) {
		return -1
	}
	from := min(off+blkHead, len(b))
	i := strings.Index(string(b[from:]), "ledger."+string(org)+".")
	if i < 0 {
		return -1
	}
	at := from + i - blkHead
	if at+blkHead > len(b) || int(binary.LittleEndian.Uint16(b[at+20:])) > 512 {
		return nextBlockRecord(b, at+1, org)
	}
	return at
}

// keep notes a copy unless one is known; the journal is asked first.
func (sv *salvaged) keep(seq domain.Seq, c copyAt) {
	if _, ok := sv.at[seq]; !ok {
		sv.at[seq] = c
	}
	sv.last = max(sv.last, seq)
}

// entry gives the stored bytes for a sequence: a copy, or a lost marker.
func (sv *salvaged) entry(seq domain.Seq) ([]byte, source, error) {
	c, ok := sv.at[seq]
	if !ok {
		b, err := encodeLost(seq, sv.leafs[seq])
		return b, fromNowhere, err
	}
	f, err := os.Open(c.path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	b := make([]byte, c.size)
	if _, err := f.ReadAt(b, c.off); err != nil {
		return nil, 0, fmt.Errorf("%s: offset %d: %w", c.path, c.off, err)
	}
	return b, c.from, nil
}
