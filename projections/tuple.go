package projections

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"incidentledger/domain"
)

// Rows and keys are tuples of simple parts, written one after the other with
// the functions below. Key parts keep their order as bytes; value parts are
// short.

// KeySeq appends a sequence: 8 bytes, in order.
func KeySeq(b []byte, s domain.Seq) []byte { return binary.BigEndian.AppendUint64(b, uint64(s)) }

// KeyUint32 appends a number: 4 bytes, in order.
func KeyUint32(b []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(b, n) }

// KeyTime appends an instant: 8 bytes, in order, exact to the nanosecond from
// 1678 to 2261. An instant outside is taken as the nearest one inside; the
// domain refuses instants outside 1900 to 2199. The zero time comes first.
func KeyTime(b []byte, t time.Time) []byte { return binary.BigEndian.AppendUint64(b, timeBits(t)) }

// KeyText appends text and an end mark, in order. Text that holds NUL is cut
// there; codes hold none.
func KeyText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == 0 {
			s = s[:i]
			break
		}
	}
	return append(append(b, s...), 0)
}

// timeBits flips the sign bit, so that instants before 1970 sort first; 0 is
// the zero time.
func timeBits(t time.Time) uint64 {
	switch {
	case t.IsZero():
		return 0
	case t.Year() < 1678:
		return 1
	case t.Year() > 2261:
		return math.MaxUint64
	}
	return uint64(t.UnixNano()) ^ 1<<63
}

func bitsTime(n uint64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n^1<<63)).UTC()
}

// After gives the first key behind every key that begins with prefix, or nil
// where there is none.
func After(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// Num appends a number, short where it is small.
func Num(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// Int appends a number of either sign, short where it is near zero.
func Int(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// Time appends an instant; what comes back is in UTC.
func Time(b []byte, t time.Time) []byte { return KeyTime(b, t) }

// Text appends text with its length.
func Text[S ~string](b []byte, s S) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Bytes appends bytes with their length.
func Bytes(b, p []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(p))), p...) }

// ErrRow says that a row does not read as its shape says.
var ErrRow = errors.New("a row does not read as its shape says")

// A Dec reads what the functions above wrote, in the same order. Reading past
// the end gives zeros; Err tells.
type Dec struct {
	b     []byte
	bad   bool
	words *words // nil: every word is copied
}

// NewDec reads b, and keeps it: bytes and text are copied out.
func NewDec(b []byte) Dec { return Dec{b: b} }

// Err reports whether anything read was not there.
func (d *Dec) Err() error {
	if d.bad {
		return ErrRow
	}
	return nil
}

// Len tells how many bytes are left.
func (d *Dec) Len() int { return len(d.b) }

// Take reads n bytes without copying them; nil where there are fewer.
func (d *Dec) Take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

// Num reads a number written by Num.
func (d *Dec) Num() uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[k:]
	return n
}

// Int reads a number written by Int.
func (d *Dec) Int() int64 {
	n, k := binary.Varint(d.b)
	if k <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[k:]
	return n
}

// Uint32 reads a number written by KeyUint32.
func (d *Dec) Uint32() uint32 {
	if p := d.Take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

// Seq reads a sequence written by KeySeq.
func (d *Dec) Seq() domain.Seq {
	if p := d.Take(8); p != nil {
		return domain.Seq(binary.BigEndian.Uint64(p))
	}
	return 0
}

// Time reads an instant written by Time or KeyTime.
func (d *Dec) Time() time.Time {
	if p := d.Take(8); p != nil {
		return bitsTime(binary.BigEndian.Uint64(p))
	}
	return time.Time{}
}

// Text reads text written by Text.
func (d *Dec) Text() string { return string(d.Take(d.length())) }

// Word reads text written by Text that other rows hold, too, such as a code. A
// Dec of a Reader or a Tx makes one string of a word that comes again.
func (d *Dec) Word() string {
	p := d.Take(d.length())
	if d.words == nil || len(p) == 0 {
		return string(p)
	}
	return d.words.of(p)
}

// Bytes reads bytes written by Bytes.
func (d *Dec) Bytes() []byte { return append([]byte(nil), d.Take(d.length())...) }

// KeyText reads text written by KeyText.
func (d *Dec) KeyText() string {
	for i, c := range d.b {
		if c == 0 {
			s := string(d.b[:i])
			d.b = d.b[i+1:]
			return s
		}
	}
	d.bad, d.b = true, nil
	return ""
}

// ID reads 16 bytes of an id.
func (d *Dec) ID() (id [16]byte) {
	copy(id[:], d.Take(16))
	return id
}

func (d *Dec) length() int {
	n := d.Num()
	if n > uint64(len(d.b)) {
		return -1
	}
	return int(n)
}
