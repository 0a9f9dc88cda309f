package lossyfs

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// MountFor makes the disk a folder for a test, until unmount or the end of the
// test. The kernel lets only root mount, and only where there is FUSE: elsewhere
// there is no power that could be cut, and the test is skipped. The check of the
// whole project says which tests that touches.
func (d *Disk) MountFor(t testing.TB) (dir string, unmount func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount the lossy file system")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("this machine has no FUSE:", err)
	}
	dir = t.TempDir()
	unmount, err := d.Mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unmount)
	return dir, unmount
}

// Mount makes the disk a folder of this machine. It needs root and /dev/fuse.
// The caller unmounts; whoever still has files of it open then gets errors. The
// process that mounts must not itself work on the disk through memory maps.
func (d *Disk) Mount(dir string) (unmount func(), err error) {
	second := time.Second
	srv, err := fs.Mount(dir, &node{d: d, in: d.root}, &fs.Options{
		EntryTimeout: &second, AttrTimeout: &second,
		RootStableAttr: &fs.StableAttr{Ino: d.root.ino, Mode: syscall.S_IFDIR},
		MountOptions:   fuse.MountOptions{DirectMountStrict: true, FsName: "lossyfs", Name: "lossyfs", MaxWrite: 1 << 20},
	})
	if err != nil {
		return nil, fmt.Errorf("lossyfs: mount %s: %w", dir, err)
	}
	return func() {
		if srv.Unmount() != nil {
			// Somebody holds it open: it leaves the tree of names now and ends with them.
			_ = unix.Unmount(dir, unix.MNT_DETACH|unix.MNT_FORCE)
		}
	}, nil
}

// node is an inode as FUSE sees it.
type node struct {
	fs.Inode
	d  *Disk
	in *inode
}

var (
	_ fs.NodeLookuper  = (*node)(nil)
	_ fs.NodeGetattrer = (*node)(nil)
	_ fs.NodeSetattrer = (*node)(nil)
	_ fs.NodeOpener    = (*node)(nil)
	_ fs.NodeReader    = (*node)(nil)
	_ fs.NodeWriter    = (*node)(nil)
	_ fs.NodeFsyncer   = (*node)(nil)
	_ fs.NodeAllocater = (*node)(nil)
	_ fs.NodeCreater   = (*node)(nil)
	_ fs.NodeMkdirer   = (*node)(nil)
	_ fs.NodeUnlinker  = (*node)(nil)
	_ fs.NodeRmdirer   = (*node)(nil)
	_ fs.NodeRenamer   = (*node)(nil)
	_ fs.NodeReaddirer = (*node)(nil)
	_ fs.NodeStatfser  = (*node)(nil)
)

// work runs one call of a program, unless the power is cut.
func (n *node) work(do func() syscall.Errno) syscall.Errno {
	n.d.mu.Lock()
	defer n.d.mu.Unlock()
	if n.d.isCut {
		return syscall.EIO
	}
	return do()
}

// change is work that a read-only disk refuses.
func (n *node) change(do func() syscall.Errno) syscall.Errno {
	return n.work(func() syscall.Errno {
		if n.d.frozen {
			return syscall.EROFS
		}
		return do()
	})
}

func (n *inode) attr(a *fuse.Attr) {
	a.Ino, a.Mode, a.Size, a.Blksize = n.ino, n.mode, uint64(n.size), pageSize
	a.Blocks = uint64(len(n.pages)) * pageSize / sectorSize
	a.Nlink = 1
	a.SetTimes(&n.mtime, &n.mtime, &n.mtime)
}

func (n *node) child(ctx context.Context, in *inode, out *fuse.EntryOut) *fs.Inode {
	in.attr(&out.Attr)
	return n.NewInode(ctx, &node{d: n.d, in: in}, fs.StableAttr{Ino: in.ino, Mode: in.mode & syscall.S_IFMT})
}

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (found *fs.Inode, errno syscall.Errno) {
	errno = n.work(func() syscall.Errno {
		in := n.in.names[name]
		if in == nil {
			return syscall.ENOENT
		}
		found = n.child(ctx, in, out)
		return 0
	})
	return found, errno
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.work(func() syscall.Errno { n.in.attr(&out.Attr); return 0 })
}

func (n *node) Setattr(_ context.Context, _ fs.FileHandle, set *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.change(func() syscall.Errno {
		if size, ok := set.GetSize(); ok && !n.in.isDir() {
			n.in.truncate(int64(size))
		}
		if mode, ok := set.GetMode(); ok {
			n.in.mode = n.in.mode&syscall.S_IFMT | mode&0o7777
		}
		n.in.attr(&out.Attr)
		return 0
	})
}

func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, n.work(func() syscall.Errno {
		if n.d.frozen && flags&syscall.O_ACCMODE != syscall.O_RDONLY {
			return syscall.EROFS
		}
		if flags&syscall.O_TRUNC != 0 {
			n.in.truncate(0)
		}
		return 0
	})
}

func (n *node) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	got := 0
	errno := n.work(func() syscall.Errno { got = n.in.readAt(dest, off); return 0 })
	return fuse.ReadResultData(dest[:got]), errno
}

func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	errno := n.change(func() syscall.Errno { n.in.writeAt(data, off); return 0 })
	return uint32(len(data)), errno
}

// Fsync is also what FUSE calls for fdatasync and for folders.
func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.d.mu.Lock()
	stalled := n.d.stalled
	n.d.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
	return n.change(func() syscall.Errno {
		if n.in.isDir() {
			n.d.syncDir(n.in)
		} else {
			n.in.sync()
		}
		return 0
	})
}

func (n *node) Allocate(_ context.Context, _ fs.FileHandle, off, size uint64, mode uint32) syscall.Errno {
	return n.change(func() syscall.Errno {
		switch mode {
		case 0:
			n.in.size = max(n.in.size, int64(off+size))
		case unix.FALLOC_FL_KEEP_SIZE:
		default:
			return syscall.EOPNOTSUPP
		}
		return 0
	})
}

func (n *node) make(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (made *fs.Inode, errno syscall.Errno) {
	errno = n.change(func() syscall.Errno {
		if n.in.names[name] != nil {
			return syscall.EEXIST
		}
		in := n.d.newInode(mode)
		n.d.link(n.in, name, in)
		made = n.child(ctx, in, out)
		return 0
	})
	return made, errno
}

func (n *node) Create(ctx context.Context, name string, _, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	made, errno := n.make(ctx, name, syscall.S_IFREG|mode&0o7777, out)
	return made, nil, fuse.FOPEN_KEEP_CACHE, errno
}

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, syscall.S_IFDIR|mode&0o7777, out)
}

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	return n.change(func() syscall.Errno { n.d.unlink(n.in, name); return 0 })
}

func (n *node) Rmdir(_ context.Context, name string) syscall.Errno {
	return n.change(func() syscall.Errno {
		if in := n.in.names[name]; in != nil && len(in.names) > 0 {
			return syscall.ENOTEMPTY
		}
		n.d.unlink(n.in, name)
		return 0
	})
}

func (n *node) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	return n.change(func() syscall.Errno {
		dir := to.EmbeddedInode().Operations().(*node).in
		old := dir.names[newName]
		switch {
		case flags != 0:
			return syscall.EINVAL
		case old != nil && len(old.names) > 0:
			return syscall.ENOTEMPTY
		}
		n.d.rename(n.in, name, dir, newName)
		return 0
	})
}

func (n *node) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	var list []fuse.DirEntry
	errno := n.work(func() syscall.Errno {
		for name, in := range n.in.names {
			list = append(list, fuse.DirEntry{Name: name, Ino: in.ino, Mode: in.mode & syscall.S_IFMT})
		}
		return 0
	})
	return fs.NewListDirStream(list), errno
}

// Statfs says that there is a gigabyte of room, always.
func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	const blocks = 1 << 30 / pageSize
	out.Bsize, out.Frsize, out.NameLen = pageSize, pageSize, 255
	out.Blocks, out.Bfree, out.Bavail, out.Files, out.Ffree = 2*blocks, blocks, blocks, 1<<20, 1<<19
	return 0
}
