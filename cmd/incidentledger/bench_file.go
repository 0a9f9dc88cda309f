package main

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// groupFile is the least that durable appending can cost: a preallocated file,
// and one fdatasync for everybody who waited while the last one ran.
type groupFile struct {
	f    *os.File
	size int64

	mu     sync.Mutex
	queue  []*fileWrite
	closed bool
	kick   chan struct{}
	ended  chan struct{}
}

type fileWrite struct {
	data []byte
	err  error
	done chan struct{}
}

func newGroupFile(path string, size int64) (*groupFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return nil, errors.Join(fmt.Errorf("preallocate %s: %w", path, err), f.Close())
	}
	if err := f.Sync(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	g := &groupFile{f: f, size: size, kick: make(chan struct{}, 1), ended: make(chan struct{})}
	go g.commit()
	return g, nil
}

// write appends data and returns when it is on disk.
func (g *groupFile) write(data []byte) error {
	w := &fileWrite{data: data, done: make(chan struct{})}
	g.mu.Lock()
	g.queue = append(g.queue, w)
	g.mu.Unlock()
	g.wake()
	<-w.done
	return w.err
}

func (g *groupFile) wake() {
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

func (g *groupFile) commit() {
	defer close(g.ended)
	var buf []byte
	var off int64
	for range g.kick {
		g.mu.Lock()
		group, closed := g.queue, g.closed
		g.queue = nil
		g.mu.Unlock()
		buf = buf[:0]
		for _, w := range group {
			buf = append(buf, w.data...)
		}
		if off+int64(len(buf)) > g.size {
			off = 0 // only what a write costs counts, not what is kept
		}
		_, err := g.f.WriteAt(buf, off)
		if err == nil && len(group) > 0 {
			err = unix.Fdatasync(int(g.f.Fd()))
		}
		off += int64(len(buf))
		for _, w := range group {
			w.err = err
			close(w.done)
		}
		if closed {
			return
		}
	}
}

// close ends the file after everything that waits was written, and removes it.
func (g *groupFile) close() error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.wake()
	<-g.ended
	return errors.Join(g.f.Close(), os.Remove(g.f.Name()))
}
