package seal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// The files in the folder of a log that cannot be made anew.
const (
	signedFile   = "checkpoints" // every one that the log signed
	cosignedFile = "cosigned"    // those that enough witnesses cosigned
	stampedFile  = "timestamps"  // what timestamping authorities said of them
)

// points is a file of checkpoints, oldest first.
type points struct {
	f     *os.File
	end   int64
	index []point // with growing size
	read  []byte  // what was read of it
}

// A point says where a checkpoint stands in the file: the first of its size.
type point struct {
	size domain.Seq
	root domain.Hash
	at   time.Time
	off  int64 // of the note
	len  int
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readPoints reads the file; read checks a note and gives its head. A torn
// record at the end is what a crash leaves of a checkpoint that nobody was given;
// it is left out. Anything else that is not whole is an error that wraps
// [ErrDamaged].
func readPoints(path string, read func(note []byte) (Head, error)) (*points, error) {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	p := &points{read: b}
	for rest := b; len(rest) > 0; {
		note, at, n, err := parsePoint(rest)
		if err != nil && !wholeBehind("checkpoint", rest[1:]) {
			break
		}
		var head Head
		if err == nil {
			head, err = read(note)
		}
		if err == nil {
			err = p.add(point{head.Size, head.Root, at, p.end + int64(n-len(note)-1), len(note)})
		}
		if err != nil {
			return nil, fmt.Errorf("%s: offset %d: %w: %w", path, p.end, ErrDamaged, err)
		}
		p.end += int64(n)
		rest = rest[n:]
	}
	return p, nil
}

// openPoints reads the file and opens it for more. What was torn is written over.
func openPoints(path string, read func(note []byte) (Head, error)) (*points, error) {
	p, err := readPoints(path, read)
	if err != nil {
		return nil, err
	}
	p.read = nil
	if p.f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := errors.Join(p.f.Truncate(p.end), p.f.Sync(), syncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), p.f.Close())
	}
	return p, nil
}

// add takes a checkpoint into the index.
func (p *points) add(pt point) error {
	if n := len(p.index); n > 0 {
		switch last := p.index[n-1]; {
		case pt.size < last.size:
			return fmt.Errorf("a checkpoint of %d entries stands behind one of %d", pt.size, last.size)
		case pt.size == last.size && pt.root != last.root:
			return fmt.Errorf("two checkpoints of %d entries have the roots %s and %s", pt.size, last.root, pt.root)
		case pt.size == last.size:
			return nil
		}
	}
	p.index = append(p.index, pt)
	return nil
}

// append writes a checkpoint and makes it durable.
func (p *points) append(head Head, note []byte, at time.Time) error {
	b, line := formRecord("checkpoint", note, at, "")
	if _, err := p.f.WriteAt(b, p.end); err != nil {
		return fmt.Errorf("%s: %w", p.f.Name(), err)
	}
	if err := unix.Fdatasync(int(p.f.Fd())); err != nil {
		return fmt.Errorf("%s: fdatasync: %w", p.f.Name(), err)
	}
	err := p.add(point{head.Size, head.Root, at.UTC().Truncate(time.Second), p.end + int64(line), len(note)})
	p.end += int64(len(b))
	return err
}

// note gives a checkpoint of a file that was read and not opened for more.
func (p *points) note(pt point) []byte { return p.read[pt.off:][:pt.len] }

// covering gives the first checkpoint of at least so many entries.
func (p *points) covering(seq domain.Seq) (point, bool) {
	i := sort.Search(len(p.index), func(i int) bool { return p.index[i].size >= seq })
	if i == len(p.index) {
		return point{}, false
	}
	return p.index[i], true
}

// before gives the last checkpoint of fewer entries.
func (p *points) before(seq domain.Seq) (point, bool) {
	i := sort.Search(len(p.index), func(i int) bool { return p.index[i].size >= seq })
	if i == 0 {
		return point{}, false
	}
	return p.index[i-1], true
}

// head reads a checkpoint and checks it again.
func (p *points) head(pt point, read func(note []byte) (Head, error)) (Head, error) {
	note := make([]byte, pt.len)
	if _, err := p.f.ReadAt(note, pt.off); err != nil {
		return Head{}, fmt.Errorf("%s: offset %d: %w", p.f.Name(), pt.off, err)
	}
	head, err := read(note)
	head.At = pt.at
	return head, err
}

// parsePoint reads one record and gives its length with it.
func parsePoint(b []byte) (note []byte, at time.Time, n int, err error) {
	note, at, more, n, err := parseRecord("checkpoint", b)
	if err == nil && len(more) > 0 {
		err = errors.New("its first line says more than that of a checkpoint")
	}
	return note, at, n, err
}

// parseRecord reads one record of a file of the log: a line with a word, the
// length of what follows, its CRC-32C, an instant and what else belongs to it;
// what follows; and an empty line. It gives the length of the record with it.
func parseRecord(word string, b []byte) (body []byte, at time.Time, more []string, n int, err error) {
	line, rest, found := bytes.Cut(b, []byte("\n"))
	if !found {
		return nil, at, nil, 0, errors.New("the record is cut off")
	}
	f := strings.Split(string(line), " ")
	if len(f) < 4 || f[0] != word {
		return nil, at, nil, 0, fmt.Errorf("no record of a %s stands here", word)
	}
	size, err1 := strconv.Atoi(f[1])
	sum, err2 := strconv.ParseUint(f[2], 16, 32)
	at, err3 := time.Parse(time.RFC3339, f[3])
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, at, nil, 0, err
	}
	if size < 0 || size >= len(rest) || rest[size] != '\n' {
		return nil, at, nil, 0, errors.New("the record is cut off")
	}
	if body = rest[:size]; uint64(crc32.Checksum(body, castagnoli)) != sum {
		return nil, at, nil, 0, fmt.Errorf("the checksum of the %s differs", word)
	}
	return body, at, f[4:], len(line) + size + 2, nil
}

// formRecord gives the bytes of a record, and how many stand before its body.
func formRecord(word string, body []byte, at time.Time, more string) (b []byte, head int) {
	b = fmt.Appendf(nil, "%s %d %08x %s%s\n", word, len(body), crc32.Checksum(body, castagnoli), at.UTC().Format(time.RFC3339), more)
	head = len(b)
	return append(append(b, body...), '\n'), head
}

// wholeBehind reports whether a whole record stands anywhere in b.
func wholeBehind(word string, b []byte) bool {
	for {
		i := bytes.Index(b, []byte(word+" "))
		if i < 0 {
			return false
		}
		if _, _, _, _, err := parseRecord(word, b[i:]); err == nil {
			return true
		}
		b = b[i+1:]
	}
}
