package seal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// levels keeps the hashes of a tree, a file for each level of tiles. Of n leaves
// the file of a level holds n / 256^level hashes; what stands behind them is left
// of an interrupted sealing and means nothing. Whoever appends is alone; hashes
// that are there may be read meanwhile.
type levels struct {
	files [64 / tileHeight]*os.File
	dirty [64 / tileHeight]bool // written since the last sync
	n     int64                 // leaves
}

func openLevels(dir string) (*levels, error) {
	l := &levels{}
	for i := range l.files {
		f, err := os.OpenFile(levelPath(dir, i), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.files[i] = f
	}
	return l, syncDir(dir)
}

func levelPath(dir string, level int) string {
	return filepath.Join(dir, "level-"+strconv.Itoa(level))
}

// append adds leaves. After an error the leaves are as many as before.
func (l *levels) append(leaves []tlog.Hash) error {
	added := leaves
	for level := 0; len(added) > 0; level++ {
		have := l.n >> (tileHeight * level)
		if err := l.write(level, have, added); err != nil {
			return err
		}
		var roots []tlog.Hash // of the tiles that are full now
		for k, full := have/tileWidth, (have+int64(len(added)))/tileWidth; k < full; k++ {
			data, err := l.tile(tlog.Tile{H: tileHeight, L: level, N: k, W: tileWidth})
			if err != nil {
				return err
			}
			roots = append(roots, rootOf(data))
		}
		added = roots
	}
	l.n += int64(len(leaves))
	return nil
}

func (l *levels) write(level int, at int64, hashes []tlog.Hash) error {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	l.dirty[level] = true
	_, err := l.files[level].WriteAt(b, at*tlog.HashSize)
	return err
}

// sync makes what was appended durable.
func (l *levels) sync() error {
	for level, f := range l.files {
		if !l.dirty[level] {
			continue
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return fmt.Errorf("%s: fdatasync: %w", f.Name(), err)
		}
		l.dirty[level] = false
	}
	return nil
}

// tile gives the hashes of a tile.
func (l *levels) tile(t tlog.Tile) ([]byte, error) {
	b := make([]byte, t.W*tlog.HashSize)
	if _, err := l.files[t.L].ReadAt(b, t.N*tileWidth*tlog.HashSize); err != nil {
		return nil, fmt.Errorf("%s: tile %d: %w", l.files[t.L].Name(), t.N, err)
	}
	return b, nil
}

// rootOf gives the root of a full tile.
func rootOf(data []byte) tlog.Hash {
	var hashes [tileWidth]tlog.Hash
	for i := range hashes {
		hashes[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	for n := tileWidth / 2; n > 0; n /= 2 {
		for i := range n {
			hashes[i] = tlog.NodeHash(hashes[2*i], hashes[2*i+1])
		}
	}
	return hashes[0]
}

// ReadHashes implements [tlog.HashReader]. It believes the files.
func (l *levels) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, len(indexes))
	for _, i := range indexes {
		t := tlog.TileForIndex(tileHeight, i)
		data, err := l.tile(t)
		if err != nil {
			return nil, err
		}
		h, err := tlog.HashFromTile(t, data, i)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// root gives the root of the tree of the first n leaves.
func (l *levels) root(n int64) (tlog.Tree, error) {
	h, err := tlog.TreeHash(n, l)
	return tlog.Tree{N: n, Hash: h}, err
}

func (l *levels) close() error {
	var errs []error
	for _, f := range l.files {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
