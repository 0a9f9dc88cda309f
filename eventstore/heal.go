package eventstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"incidentledger/domain"
)

// aside is a folder into which files are copied before they are cut: nothing
// that was on disk is lost by healing.
type aside struct {
	root, dir string
}

func newAside(orgDir string) (*aside, error) {
	root := filepath.Join(orgDir, "aside")
	for n := 1; ; n++ {
		dir := filepath.Join(root, fmt.Sprintf("%04d", n))
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			return &aside{root, dir}, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func (a *aside) copy(paths ...string) error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	for _, p := range paths {
		if err := copyFile(p, filepath.Join(a.dir, filepath.Base(p))); err != nil {
			return fmt.Errorf("set %s aside: %w", p, err)
		}
	}
	return errors.Join(syncDir(a.dir), syncDir(a.root), syncDir(filepath.Dir(a.root)))
}

// journal copies the segments that hold anything behind last.
func (a *aside) journal(dir string, last domain.Seq) error {
	paths, firsts, err := segmentFiles(dir)
	if err != nil {
		return err
	}
	var cut []string
	for i, p := range paths {
		if i+1 == len(paths) || firsts[i+1] > last+1 {
			cut = append(cut, p)
		}
	}
	return a.copy(cut...)
}

func (a *aside) blocks(cut []blockFile) error {
	var paths []string
	for _, b := range cut {
		paths = append(paths, b.path)
	}
	return a.copy(paths...)
}

// cutBlocks ends a stream at an offset of its block: that block is truncated,
// the blocks behind it are removed.
func cutBlocks(cut []blockFile, at int64) error {
	for i := len(cut) - 1; i > 0; i-- {
		if err := os.Remove(cut[i].path); err != nil {
			return err
		}
	}
	if at == 0 {
		if err := os.Remove(cut[0].path); err != nil {
			return err
		}
	} else if err := truncateSync(cut[0].path, at); err != nil {
		return err
	}
	return syncDir(filepath.Dir(cut[0].path))
}

// A cursor reads the intact records of a scanned journal one after the other.
type cursor struct {
	segs []*segment
	k    int // record within segs[0]
	b    []byte
	done func()
}

func newCursor(sc *journalScan) *cursor { return &cursor{segs: sc.segs} }

func (c *cursor) next() ([]byte, aggID, error) {
	for len(c.segs) > 0 && c.k >= len(c.segs[0].offsets) {
		c.close()
		c.segs, c.k = c.segs[1:], 0
	}
	if len(c.segs) == 0 {
		return nil, aggID{}, fmt.Errorf("journal: no further record: %w", domain.ErrNotFound)
	}
	seg := c.segs[0]
	if c.done == nil {
		b, done, err := mapFile(seg.path)
		if err != nil {
			return nil, aggID{}, err
		}
		c.b, c.done = b, done
	}
	off := int(seg.offsets[c.k])
	if off >= len(c.b) {
		return nil, aggID{}, fmt.Errorf("journal segment %s: it became shorter while it was read", seg.path)
	}
	h, stored, err := parseRecord(c.b[off:])
	if err != nil {
		return nil, aggID{}, fmt.Errorf("journal segment %s: offset %d: %w", seg.path, off, err)
	}
	c.k++
	return stored, h.agg, nil
}

func (c *cursor) close() {
	if c.done != nil {
		c.done()
		c.done = nil
	}
}
