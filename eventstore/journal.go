package eventstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

const (
	journalSuffix  = ".journal"
	defaultSegment = 64 << 20
)

// A journal is the ledger's own copy of the stored bytes: append-only segments,
// one fsync for everybody who waits.
//
// The writer is one goroutine, which owns buf. mu guards segs and wakes readers;
// durable moves only forward.
type journal struct {
	dir     string
	segSize int64
	buf     []byte

	mu      sync.RWMutex
	segs    []*segment
	last    domain.Seq // last written, durable or not
	durable atomic.Uint64

	moved *broadcast
}

// A segment is one file with the records of consecutive sequences.
type segment struct {
	first   domain.Seq
	path    string
	f       *os.File
	size    int64    // bytes of records
	offsets []uint32 // where each record starts
}

func segmentPath(dir string, first domain.Seq) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", uint64(first), journalSuffix))
}

// segmentFiles lists the segments in dir in order of their first sequence.
func segmentFiles(dir string) ([]string, []domain.Seq, error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var paths []string
	var firsts []domain.Seq
	for _, e := range names { // ReadDir sorts, and the digits are padded
		digits, ok := strings.CutSuffix(e.Name(), journalSuffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || n == 0 {
			return nil, nil, fmt.Errorf("journal %s: %s is no segment name", dir, e.Name())
		}
		paths = append(paths, filepath.Join(dir, e.Name()))
		firsts = append(firsts, domain.Seq(n))
	}
	return paths, firsts, nil
}

// openJournal makes a journal of a scan that is without damage.
func openJournal(dir string, segSize int64, sc *journalScan) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if segSize == 0 {
		segSize = defaultSegment
	}
	j := &journal{dir: dir, segSize: segSize, moved: newBroadcast(), last: sc.last}
	j.durable.Store(uint64(sc.last))
	for _, s := range sc.segs {
		f, err := os.OpenFile(s.path, os.O_RDWR, 0)
		if err != nil {
			j.close()
			return nil, err
		}
		s.f = f
		j.segs = append(j.segs, s)
	}
	return j, nil
}

// write adds the records of one group and makes them durable. The sequences
// follow j.last. After an error of the disk the journal must not be used again:
// what the page cache then holds is unknown. Running out of room is no such
// error: nothing was written, and errNoRoom says so.
func (j *journal) write(group []*pending) error {
	for len(group) > 0 {
		seg, err := j.room(len(group[0].data))
		if err != nil {
			return err
		}
		n := j.fill(seg, group)
		if _, err := seg.f.WriteAt(j.buf, seg.size); err != nil {
			return fmt.Errorf("journal segment %s: %w", seg.path, err)
		}
		j.mu.Lock()
		off := seg.size
		for _, p := range group[:n] {
			seg.offsets = append(seg.offsets, uint32(off))
			off += int64(recordHeader + len(p.data))
		}
		seg.size = off
		j.last += domain.Seq(n)
		j.mu.Unlock()
		if err := unix.Fdatasync(int(seg.f.Fd())); err != nil {
			return fmt.Errorf("journal segment %s: fdatasync: %w", seg.path, err)
		}
		group = group[n:]
	}
	j.durable.Store(uint64(j.last))
	j.moved.wake()
	return nil
}

// fill puts as many records of group in j.buf as the segment takes, at least one.
func (j *journal) fill(seg *segment, group []*pending) int {
	j.buf = j.buf[:0]
	durable, seq := domain.Seq(j.durable.Load()), j.last
	for i, p := range group {
		if i > 0 && seg.size+int64(len(j.buf)+recordHeader+len(p.data)) > j.segSize {
			return i
		}
		seq++
		j.buf = appendRecord(j.buf, seq, durable, p.agg, p.data)
	}
	return len(group)
}

// room gives the segment to write to, beginning a new one where the last is full.
func (j *journal) room(size int) (*segment, error) {
	if n := len(j.segs); n > 0 {
		if s := j.segs[n-1]; s.size == 0 || s.size+int64(recordHeader+size) <= j.segSize {
			return s, nil
		}
	}
	path := segmentPath(j.dir, j.last+1)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal segment %s: %w", path, err)
	}
	seg := &segment{first: j.last + 1, path: path, f: f}
	// Room is taken beforehand, so that a full disk is met here, with nothing
	// written, and so that an fsync need not write the file's size.
	if err := unix.Fallocate(int(f.Fd()), 0, 0, j.segSize); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		f.Close()
		os.Remove(path)
		return nil, fmt.Errorf("journal segment %s: %w", path, err)
	}
	if err := errors.Join(f.Sync(), syncDir(j.dir)); err != nil {
		return nil, fmt.Errorf("journal segment %s: %w", path, err)
	}
	j.mu.Lock()
	if n := len(j.segs); n > 0 && j.segs[n-1].size > 0 {
		// The room a full segment did not use is given back.
		_ = j.segs[n-1].f.Truncate(j.segs[n-1].size)
	}
	j.segs = append(j.segs, seg)
	j.mu.Unlock()
	return seg, nil
}

// fits reports whether the last segment takes size more bytes, which count what
// the writer has in hand as well.
func (j *journal) fits(size int) bool {
	j.mu.RLock()
	defer j.mu.RUnlock()
	n := len(j.segs)
	return n > 0 && j.segs[n-1].size+int64(size) <= j.segSize
}

// hasRoom takes room for size more bytes ahead of publishing. Nothing may be on
// its way to the journal meanwhile: a new segment is named by what comes next.
func (j *journal) hasRoom(size int) error {
	_, err := j.room(size)
	return err
}

// read gives a copy of the stored bytes of an entry that is written.
func (j *journal) read(seq domain.Seq) ([]byte, error) {
	j.mu.RLock()
	if seq == 0 || seq > j.last {
		j.mu.RUnlock()
		return nil, fmt.Errorf("journal: entry %d: %w", seq, domain.ErrNotFound)
	}
	i := sort.Search(len(j.segs), func(i int) bool { return j.segs[i].first > seq }) - 1
	seg := j.segs[i]
	k := int(seq - seg.first)
	off, end := int64(seg.offsets[k]), seg.size
	if k+1 < len(seg.offsets) {
		end = int64(seg.offsets[k+1])
	}
	j.mu.RUnlock()

	b := make([]byte, end-off)
	if _, err := seg.f.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("journal segment %s: entry %d: %w", seg.path, seq, err)
	}
	h, stored, err := parseRecord(b)
	if err == nil && h.seq != seq {
		err = fmt.Errorf("record %d stands here", h.seq)
	}
	if err != nil {
		return nil, fmt.Errorf("journal segment %s: offset %d: entry %d: %w", seg.path, off, seq, err)
	}
	return stored, nil
}

// chunk reads intact records from after on, up to to, in one read of about a
// megabyte. The stored bytes are parts of one buffer of their own.
func (j *journal) chunk(after, to domain.Seq) ([][]byte, error) {
	const want = 1 << 20
	j.mu.RLock()
	i := sort.Search(len(j.segs), func(i int) bool { return j.segs[i].first > after+1 }) - 1
	seg := j.segs[i]
	k := int(after + 1 - seg.first)
	n := min(int(to-after), len(seg.offsets)-k)
	off := int64(seg.offsets[k])
	end := seg.size
	for m := 0; m < n; m++ {
		if e := int64(seg.offsets[k+m]); e-off > want {
			n, end = m, e
			break
		}
	}
	if end == seg.size && k+n < len(seg.offsets) {
		end = int64(seg.offsets[k+n])
	}
	j.mu.RUnlock()

	b := make([]byte, end-off)
	if _, err := seg.f.ReadAt(b, off); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("journal segment %s: offset %d: %w", seg.path, off, err)
	}
	out := make([][]byte, 0, n)
	for len(out) < n {
		h, stored, err := parseRecord(b)
		if err == nil && h.seq != after+1+domain.Seq(len(out)) {
			err = fmt.Errorf("record %d stands here", h.seq)
		}
		if err != nil {
			return nil, fmt.Errorf("journal segment %s: entry %d: %w", seg.path, after+1+domain.Seq(len(out)), err)
		}
		out = append(out, stored)
		b = b[recordHeader+h.size:]
	}
	return out, nil
}

// sync makes every segment durable, whoever wrote it.
func (j *journal) sync() error {
	for _, s := range j.segs {
		if err := s.f.Sync(); err != nil {
			return fmt.Errorf("journal segment %s: %w", s.path, err)
		}
	}
	return syncDir(j.dir)
}

func (j *journal) close() error {
	var errs []error
	for _, s := range j.segs {
		if s.f != nil {
			errs = append(errs, s.f.Close())
		}
	}
	return errors.Join(errs...)
}
