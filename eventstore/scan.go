package eventstore

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// Damage is a stretch of a journal or a stream that does not hold what it should.
type Damage struct {
	Where string     // file and byte offset
	From  domain.Seq // first sequence it touches
	Why   string
}

func (d Damage) String() string { return fmt.Sprintf("%s: entry %d: %s", d.Where, d.From, d.Why) }

// journalScan is what a reading of all segments found.
type journalScan struct {
	segs   []*segment
	last   domain.Seq           // last of the unbroken run of intact records from 1
	heads  map[aggID]domain.Seq // last entry of each aggregate in that run
	proven domain.Seq           // a later record says that it was durable up to here
	damage *Damage              // what ended the run, if not the end of the journal
	beyond []domain.Seq         // intact records after the damage
	cutAt  int64                // where the run ends in its segment
}

// scanJournal reads every byte of every segment. Files are opened for reading
// only and stay open in segs. heads may be nil when they are not wanted.
func scanJournal(dir string, each func(h recHead, stored []byte) error) (*journalScan, error) {
	paths, firsts, err := segmentFiles(dir)
	if err != nil {
		return nil, err
	}
	sc := &journalScan{heads: map[aggID]domain.Seq{}}
	for i, path := range paths {
		if err := sc.scanSegment(path, firsts[i], each); err != nil {
			return nil, fmt.Errorf("journal segment %s: %w", path, err)
		}
	}
	return sc, nil
}

func (sc *journalScan) scanSegment(path string, first domain.Seq, each func(recHead, []byte) error) error {
	b, done, err := mapFile(path)
	if err != nil {
		return err
	}
	defer done()
	seg := &segment{first: first, path: path}
	if sc.damage == nil && first != sc.last+1 {
		sc.damage = &Damage{Where: path + ": offset 0", From: sc.last + 1, Why: fmt.Sprintf("the segment begins with entry %d", first)}
	}
	off := 0
	for off < len(b) {
		h, stored, err := parseRecord(b[off:])
		if err == nil && sc.damage == nil && h.seq != sc.last+1 {
			err = fmt.Errorf("record %d stands where %d should", h.seq, sc.last+1)
		}
		if err != nil {
			if allZero(b[off:]) {
				break
			}
			if sc.damage == nil {
				sc.damage = &Damage{Where: fmt.Sprintf("%s: offset %d", path, off), From: sc.last + 1, Why: err.Error()}
				sc.cutAt = int64(off)
			}
			next := nextRecord(b, off+1)
			if next < 0 {
				break
			}
			off = next
			continue
		}
		sc.proven = max(sc.proven, h.durable)
		if sc.damage != nil {
			sc.beyond = append(sc.beyond, h.seq)
		} else {
			seg.offsets = append(seg.offsets, uint32(off))
			sc.last = h.seq
			sc.heads[h.agg] = h.seq
			if each != nil {
				if err := each(h, stored); err != nil {
					return err
				}
			}
		}
		off += recordHeader + h.size
		if sc.damage == nil {
			seg.size = int64(off)
		}
	}
	if len(seg.offsets) > 0 || sc.damage == nil {
		sc.segs = append(sc.segs, seg)
	}
	return nil
}

// nextRecord finds the next intact record in b at or after off, or -1.
func nextRecord(b []byte, off int) int {
	for ; off+recordHeader <= len(b); off++ {
		if b[off] != recordMagic[0] || string(b[off:off+4]) != recordMagic {
			continue
		}
		if _, _, err := parseRecord(b[off:]); err == nil {
			return off
		}
	}
	return -1
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// mapFile gives a file's bytes for reading.
func mapFile(path string) ([]byte, func(), error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if st.Size() == 0 {
		return nil, func() {}, nil
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("map %s: %w", path, err)
	}
	_ = unix.Madvise(b, unix.MADV_SEQUENTIAL)
	return b, func() { _ = unix.Munmap(b) }, nil
}

// truncateJournal cuts a journal after last: the segment that holds it is cut,
// later segments are removed. What is cut off was never acknowledged.
func truncateJournal(dir string, last domain.Seq, sc *journalScan) error {
	paths, firsts, err := segmentFiles(dir)
	if err != nil {
		return err
	}
	for i, path := range slices.Backward(paths) {
		if firsts[i] > last {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		for _, s := range sc.segs {
			if s.path != path {
				continue
			}
			k := int(last + 1 - s.first)
			if k < len(s.offsets) {
				s.size, s.offsets = int64(s.offsets[k]), s.offsets[:k]
			}
			if err := truncateSync(path, s.size); err != nil {
				return err
			}
		}
	}
	sc.segs = slices.DeleteFunc(sc.segs, func(s *segment) bool { return s.first > last })
	sc.last = min(sc.last, last)
	return syncDir(dir)
}
