package lossyfs

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// Survivor gives the disk as the next start finds it after a cut. keep is the
// chance of each unsynced page to have reached the platter nevertheless; with
// keep above zero a random first part of the changes of names has, too. The disk
// itself is spent; with keep zero it can give the same survivor again.
func (d *Disk) Survivor(rng *rand.Rand, keep float64) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
	if keep > 0 {
		for _, c := range d.log[:rng.IntN(len(d.log)+1)] {
			c.apply()
		}
	}
	s := &Disk{lastIno: d.lastIno}
	s.root = d.root.survivor(rng, keep, map[*inode]*inode{})
	return s
}

func (n *inode) survivor(rng *rand.Rand, keep float64, seen map[*inode]*inode) *inode {
	if s, ok := seen[n]; ok {
		return s
	}
	s := &inode{ino: n.ino, mode: n.mode, mtime: n.mtime}
	seen[n] = s
	if n.isDir() {
		s.onPlatter.names = map[string]*inode{}
		for _, name := range slices.Sorted(maps.Keys(n.onPlatter.names)) {
			s.onPlatter.names[name] = n.onPlatter.names[name].survivor(rng, keep, seen)
		}
		s.names = maps.Clone(s.onPlatter.names)
		return s
	}
	for _, p := range slices.Sorted(maps.Keys(n.dirty)) {
		if rng.Float64() < keep {
			n.reachPlatter(p, rng)
		}
	}
	s.size, s.onPlatter.size = n.onPlatter.size, n.onPlatter.size
	s.pages, s.onPlatter.pages = maps.Clone(n.onPlatter.pages), maps.Clone(n.onPlatter.pages)
	s.dirty = map[int64]bool{}
	return s
}

// CopyTo writes what is on the platter to a folder of an ordinary file system.
func (d *Disk) CopyTo(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.root.copyTo(dir)
}

func (n *inode) copyTo(path string) error {
	if n.isDir() {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
		for name, child := range n.onPlatter.names {
			if err := child.copyTo(filepath.Join(path, name)); err != nil {
				return err
			}
		}
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(n.mode&0o777))
	if err != nil {
		return err
	}
	defer f.Close()
	for p, b := range n.onPlatter.pages {
		if _, err := f.WriteAt(b, p*pageSize); err != nil {
			return err
		}
	}
	return f.Truncate(n.onPlatter.size)
}
