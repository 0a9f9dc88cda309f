package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxRow is the longest row that is read, in bytes: no entry could hold more.
const maxRow = 64 << 10

// A line is one line of the log as text.
type line struct {
	n    int
	text string // without its end
	end  string // "\n", "\r\n", or "" at the end of the log
	long bool   // only its first maxRow bytes are kept
}

// lines reads a log line by line and lets lines be read again.
type lines struct {
	in    *bufio.Reader
	utf8  bool // the log's own bytes are UTF-8 and were not turned into it
	n     int
	again []line // given back, the next first
}

// counting counts the bytes read of the log.
type counting struct {
	r io.Reader
	n *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// newLines opens a log in an encoding. A byte-order mark decides against the
// mapping; contradicts tells that it did.
func newLines(r io.Reader, name string) (_ *lines, contradicts string, err error) {
	in := bufio.NewReaderSize(r, maxRow)
	if name == "" {
		name = "utf-8"
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, "", fmt.Errorf("encoding %q: %w", name, err)
	}
	canonical, err := htmlindex.Name(enc)
	if err != nil {
		return nil, "", fmt.Errorf("encoding %q: %w", name, err)
	}
	mark, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	marked := ""
	switch {
	case bytes.HasPrefix(mark, []byte("\xEF\xBB\xBF")):
		marked = "utf-8"
		_, err = in.Discard(3)
	case bytes.HasPrefix(mark, []byte("\xFF\xFE")):
		marked, enc = "utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		_, err = in.Discard(2)
	case bytes.HasPrefix(mark, []byte("\xFE\xFF")):
		marked, enc = "utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
		_, err = in.Discard(2)
	default:
		err = nil
	}
	if err != nil {
		return nil, "", err
	}
	if marked != "" {
		if marked != canonical && !(canonical == "utf-16le" && strings.HasPrefix(marked, "utf-16")) {
			contradicts = fmt.Sprintf("the log's byte-order mark says %s, the mapping %s; it was read as %s", marked, name, marked)
		}
		canonical = marked
	}
	l := &lines{in: in, utf8: canonical == "utf-8"}
	if !l.utf8 {
		l.in = bufio.NewReaderSize(transform.NewReader(in, enc.NewDecoder()), maxRow)
	}
	return l, contradicts, nil
}

// next gives the next line; io.EOF after the last.
func (l *lines) next() (line, error) {
	if len(l.again) > 0 {
		out := l.again[0]
		l.again = l.again[1:]
		return out, nil
	}
	var b []byte
	out := line{n: l.n + 1}
	for {
		part, err := l.in.ReadSlice('\n')
		if room := maxRow + 2 - len(b); len(part) > room {
			b = append(b, part[:room]...)
			out.long = true
		} else {
			b = append(b, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return line{}, err
		case err != nil && len(b) == 0:
			return line{}, io.EOF
		}
		break
	}
	l.n++
	out.text = string(b)
	switch {
	case out.long:
		out.text = out.text[:maxRow]
	case strings.HasSuffix(out.text, "\r\n"):
		out.text, out.end = strings.TrimSuffix(out.text, "\r\n"), "\r\n"
	case strings.HasSuffix(out.text, "\n"):
		out.text, out.end = strings.TrimSuffix(out.text, "\n"), "\n"
	}
	return out, nil
}

// giveBack lets lines be read again, in order.
func (l *lines) giveBack(ls []line) { l.again = append(ls, l.again...) }

// legible says what is wrong with the encoding of a row; nil: nothing.
func (l *lines) legible(text string) *fault {
	if l.utf8 {
		if !utf8.ValidString(text) {
			return faultf("invalid_encoding", "the row is not valid UTF-8; see encoding in the mapping")
		}
		return nil
	}
	// What the decoder could not place became a replacement character, or a
	// control of the C1 range where a code page has nothing.
	for _, r := range text {
		if r == utf8.RuneError || r >= 0x80 && r < 0xA0 {
			return faultf("invalid_encoding", "the row holds bytes that its encoding does not have; see encoding in the mapping")
		}
	}
	return nil
}
