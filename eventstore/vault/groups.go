package vault

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	groupMagic  = "ILvg"
	groupHeader = 20
	bodyMax     = 64 << 20 // longest body of a group that is believed

	recordKey    = 1
	recordClosed = 2

	kidSize     = 8
	wrappedSize = nonceSize + keySize + tagSize
	scopeMax    = 255
)

// A DamageError says that a vault's file is not as it was written.
type DamageError struct {
	File   string
	Offset int64 // of the group or record that is damaged
	What   string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s is damaged at offset %d: %s; nothing was changed; put the file back from its backup", e.File, e.Offset, e.What)
}

// appendGroup adds the group of a body that stands at offset off in the file.
func appendGroup(dst []byte, off int64, body []byte) []byte {
	start := len(dst)
	dst = append(dst, groupMagic...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(off))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(body)))
	crc := crc32.Update(crc32.Checksum(dst[start:], castagnoli), castagnoli, body)
	dst = binary.BigEndian.AppendUint32(dst, crc)
	return append(dst, body...)
}

// readGroup reads the group at the beginning of r, which gives size bytes. It
// tells for which offset the group was written and whether it is whole. An error
// is one of reading. buf is used for the body where it is large enough.
func readGroup(r io.Reader, size int64, buf []byte) (body []byte, off uint64, whole bool, err error) {
	var h [groupHeader]byte
	if size < groupHeader {
		return buf, 0, false, nil
	}
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return buf, 0, false, err
	}
	n := int64(binary.BigEndian.Uint32(h[12:]))
	if string(h[:4]) != groupMagic || n > bodyMax || n > size-groupHeader {
		return buf, 0, false, nil
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	body = buf[:n]
	if _, err := io.ReadFull(r, body); err != nil {
		return buf, 0, false, err
	}
	crc := crc32.Update(crc32.Checksum(h[:16], castagnoli), castagnoli, body)
	return body, binary.BigEndian.Uint64(h[4:]), crc == binary.BigEndian.Uint32(h[16:]), nil
}

// scan reads all groups from start on and hands out each body with its offset
// in the file. It returns where the whole groups end: before size where a crash
// left a torn one. Damage that no crash leaves is a *DamageError.
func scan(f io.ReaderAt, name string, start, size int64, each func(body []byte, off int64) error) (end int64, err error) {
	r := bufio.NewReaderSize(io.NewSectionReader(f, start, size-start), 1<<20)
	var buf []byte
	for off := start; off < size; {
		body, told, whole, err := readGroup(r, size-off, buf)
		if err != nil {
			return 0, fmt.Errorf("%s: reading at offset %d: %w", name, off, err)
		}
		if !whole || told != uint64(off) {
			next, err := findGroup(f, off, size)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			if next >= 0 {
				return 0, &DamageError{name, off, fmt.Sprintf("the group written there is not whole, and a whole one stands at offset %d", next)}
			}
			return off, nil
		}
		if err := each(body, off+groupHeader); err != nil {
			return 0, err
		}
		off += groupHeader + int64(len(body))
		buf = body
	}
	return size, nil
}

// findGroup gives the offset of the first whole group at or behind from, or -1. A
// group that was written for another offset counts: what stood before it is gone.
func findGroup(f io.ReaderAt, from, size int64) (int64, error) {
	const chunk = 1 << 20
	buf := make([]byte, chunk+len(groupMagic)-1)
	for at := from; at < size; at += chunk {
		part := buf[:min(int64(len(buf)), size-at)]
		if _, err := f.ReadAt(part, at); err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("reading at offset %d: %w", at, err)
		}
		for i := 0; ; i++ {
			j := bytes.Index(part[i:], []byte(groupMagic))
			if j < 0 {
				break
			}
			i += j
			off := at + int64(i)
			_, _, whole, err := readGroup(io.NewSectionReader(f, off, size-off), size-off, nil)
			if err != nil {
				return 0, fmt.Errorf("reading at offset %d: %w", off, err)
			}
			if whole {
				return off, nil
			}
		}
	}
	return -1, nil
}

// keyRecordSize is the length of the record of a scope's key.
func keyRecordSize(scope string) int { return 2 + len(scope) + kidSize + wrappedSize }

// eachRecord goes through a group's body and hands out the scope of every key
// with the offset of its record within the body. It reports whether the body
// ends in the record of a good close. The scope is valid during the call only.
func eachRecord(body []byte, key func(scope []byte, at int) error) (closed bool, err error) {
	for at := 0; at < len(body); {
		rest := body[at:]
		closed = false
		switch rest[0] {
		case recordKey:
			if len(rest) < 2 || len(rest) < 2+int(rest[1])+kidSize+wrappedSize {
				return false, errors.New("the record of a key is cut short")
			}
			n := int(rest[1])
			if err := key(rest[2:2+n], at); err != nil {
				return false, err
			}
			at += 2 + n + kidSize + wrappedSize
		case recordClosed:
			closed = true
			at++
		default:
			return false, fmt.Errorf("record kind %d is not known; if a newer program wrote it, use that", rest[0])
		}
	}
	return closed, nil
}
