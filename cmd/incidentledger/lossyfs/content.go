package lossyfs

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// readAt fills b from off on and gives how many bytes there were.
func (n *inode) readAt(b []byte, off int64) int {
	if off >= n.size {
		return 0
	}
	b = b[:min(int64(len(b)), n.size-off)]
	for done := 0; done < len(b); {
		at := off + int64(done)
		p, in := at/pageSize, int(at%pageSize)
		part := b[done:min(len(b), done+pageSize-in)]
		if page := n.pages[p]; page != nil {
			copy(part, page[in:])
		} else {
			clear(part)
		}
		done += len(part)
	}
	return len(b)
}

// writeAt writes b at off, for programs only.
func (n *inode) writeAt(b []byte, off int64) {
	for done := 0; done < len(b); {
		at := off + int64(done)
		in := int(at % pageSize)
		done += copy(n.own(at / pageSize)[in:], b[done:])
	}
	n.size = max(n.size, off+int64(len(b)))
	n.mtime = time.Now()
}

// own gives a page that may be written in place, and notes it as unsynced.
func (n *inode) own(p int64) []byte {
	page := n.pages[p]
	if page == nil {
		page = make([]byte, pageSize)
	} else if old := n.onPlatter.pages[p]; old != nil && &old[0] == &page[0] {
		page = bytes.Clone(page)
	}
	n.pages[p], n.dirty[p] = page, true
	return page
}

// truncate sets the size. What it cuts off is zeros if the file grows again.
func (n *inode) truncate(size int64) {
	if size < n.size {
		for p := range n.pages {
			if p*pageSize >= size {
				delete(n.pages, p)
				n.dirty[p] = true
			}
		}
		if in := size % pageSize; in != 0 && n.pages[size/pageSize] != nil {
			clear(n.own(size / pageSize)[in:])
		}
	}
	n.size, n.mtime = size, time.Now()
}

// sync brings a file's content to the platter.
func (n *inode) sync() {
	for p := range n.dirty {
		if page := n.pages[p]; page != nil {
			n.onPlatter.pages[p] = page
		} else {
			delete(n.onPlatter.pages, p)
		}
	}
	clear(n.dirty)
	n.onPlatter.size = n.size
}

// reachPlatter lets one unsynced page reach the platter as if by chance: whole,
// or torn after some of its sectors. The size grows with it.
func (n *inode) reachPlatter(p int64, rng *rand.Rand) {
	page := n.pages[p]
	if page == nil {
		delete(n.onPlatter.pages, p)
		n.onPlatter.size = min(n.onPlatter.size, n.size)
		return
	}
	page = bytes.Clone(page)
	if rng.IntN(4) == 0 {
		torn := rng.IntN(pageSize/sectorSize) * sectorSize
		clear(page[torn:])
		if old := n.onPlatter.pages[p]; old != nil {
			copy(page[torn:], old[torn:])
		}
	}
	n.onPlatter.pages[p] = page
	n.onPlatter.size = max(n.onPlatter.size, min(n.size, (p+1)*pageSize))
}
