// Package lossyfs is a disk that forgets, for tests of power cuts: a file system
// in memory, mounted through FUSE, that knows at every moment what would be left
// if the power failed now.
//
// It may import the standard library and go-fuse. Invariant: what a survivor of
// a cut holds was synced before the cut, or is a part of what was written after
// that the caller asked to keep.
//
// # The model
//
// Every file has two contents: the one that programs read and write, and the one
// on the platter. fsync and fdatasync of a file copy its written pages and its
// size to the platter, and nothing else: not the name that leads to it.
//
// Names are kept the same way. Creating, removing and renaming stand in a log of
// changes; fsync of a folder brings to the platter the changes that touch it, and
// every earlier change that those rest on. A rename is one change: both names or
// neither. So a file that was synced in a folder that was not is lost with its
// name, as POSIX allows, although the usual file systems are kinder.
//
// At a cut all other changes are lost. A kinder cut keeps the first few of the
// changes of names, in order, as a file system with a journal does, and any of
// the unsynced pages, each alone, whole or with only its first sectors new.
// Taking room (fallocate) counts as writing zeros without pages.
package lossyfs

import (
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	pageSize   = 4096
	sectorSize = 512
)

// A Disk is one file system. Its methods may be called at any time.
type Disk struct {
	mu      sync.Mutex
	root    *inode
	lastIno uint64
	log     []change // changes of names that are not on the platter
	isCut   bool
	frozen  bool          // read-only
	moves   int           // changes of names so far
	cutAt   int           // how many of them the power lasts for; 0: for ever
	stalled chan struct{} // open while syncs must wait; nil: they need not
}

// inode is a file or a folder. Everything in it is guarded by the disk's mu.
type inode struct {
	ino   uint64
	mode  uint32
	mtime time.Time

	size  int64
	pages map[int64][]byte // absent: zeros
	dirty map[int64]bool   // pages that are not on the platter as they are
	names map[string]*inode

	onPlatter struct {
		size  int64
		pages map[int64][]byte // never changed in place
		names map[string]*inode
	}
}

// change is one change of names: what it does on the platter, and where.
type change struct {
	dirs  [2]*inode
	apply func()
}

// New makes an empty disk.
func New() *Disk {
	d := &Disk{}
	d.root = d.newInode(syscall.S_IFDIR | 0o755)
	return d
}

func (d *Disk) newInode(mode uint32) *inode {
	d.lastIno++
	n := &inode{ino: d.lastIno, mode: mode, mtime: time.Now()}
	if n.isDir() {
		n.names, n.onPlatter.names = map[string]*inode{}, map[string]*inode{}
	} else {
		n.pages, n.onPlatter.pages, n.dirty = map[int64][]byte{}, map[int64][]byte{}, map[int64]bool{}
	}
	return n
}

func (n *inode) isDir() bool { return n.mode&syscall.S_IFMT == syscall.S_IFDIR }

// link, unlink and rename change names for programs at once and note what is to
// happen on the platter.
func (d *Disk) link(dir *inode, name string, child *inode) {
	dir.names[name] = child
	d.note(change{[2]*inode{dir, dir}, func() { dir.onPlatter.names[name] = child }})
}

func (d *Disk) unlink(dir *inode, name string) {
	delete(dir.names, name)
	d.note(change{[2]*inode{dir, dir}, func() { delete(dir.onPlatter.names, name) }})
}

func (d *Disk) rename(from *inode, name string, to *inode, newName string) {
	child := from.names[name]
	delete(from.names, name)
	to.names[newName] = child
	d.note(change{[2]*inode{from, to}, func() {
		delete(from.onPlatter.names, name)
		to.onPlatter.names[newName] = child
	}})
}

func (d *Disk) note(c change) {
	d.log = append(d.log, c)
	if d.moves++; d.moves == d.cutAt {
		d.cut()
	}
}

// Changes is how many names were made, removed and moved so far.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.moves
}

// CutAfter cuts the power right after the n-th change of names of this disk.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt = n
}

// syncDir brings the changes of a folder to the platter, with the earlier ones
// that they rest on.
func (d *Disk) syncDir(dir *inode) {
	wanted := map[*inode]bool{dir: true}
	take := make([]bool, len(d.log))
	for i, c := range slices.Backward(d.log) {
		if wanted[c.dirs[0]] || wanted[c.dirs[1]] {
			take[i], wanted[c.dirs[0]], wanted[c.dirs[1]] = true, true, true
		}
	}
	var left []change
	for i, c := range d.log {
		if take[i] {
			c.apply()
		} else {
			left = append(left, c)
		}
	}
	d.log = left
}

// Stall lets every sync from here on wait until the power is cut, as on a disk
// that has grown slow: what a program tells meanwhile cannot rest on it.
func (d *Disk) Stall() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stalled == nil && !d.isCut {
		d.stalled = make(chan struct{})
	}
}

// Freeze makes the disk read-only under whoever works on it, as a kernel does that
// met an error: writing, syncing and changing names fail from here on.
func (d *Disk) Freeze() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frozen = true
}

// Cut is the power cut: from here on every call fails, and what is on the
// platter stays as it is.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut()
}

func (d *Disk) cut() {
	d.isCut = true
	if d.stalled != nil {
		close(d.stalled)
		d.stalled = nil
	}
}
