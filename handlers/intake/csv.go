package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvLog reads rows of delimited text. A quoted cell may hold line ends, but a
// quote that nothing closes costs one row only: where no closing quote stands
// within maxRow bytes, before a delimiter or a line's end, and with the right
// number of cells, the line with the quote is the broken row and reading goes on
// with the next line.
type csvLog struct {
	lines     *lines
	delimiter byte
	quote     byte
	header    *header
}

// openCSV reads the header row, unless the mapping names the columns.
func openCSV(l *lines, in input) (*csvLog, error) {
	c := &csvLog{lines: l, delimiter: oneByte(in.Delimiter, ','), quote: oneByte(in.Quote, '"')}
	var names []string
	for _, n := range in.Columns {
		names = append(names, n.s)
	}
	if names == nil {
		r, err := c.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the log is empty: it has no header row")
		case err != nil:
			return nil, err
		case r.fault != nil:
			return nil, fmt.Errorf("line %d: the header row cannot be read: %s", r.line, r.fault.reason)
		}
		for _, f := range r.fields {
			names = append(names, strings.TrimSpace(f))
		}
	}
	h, err := newHeader(names)
	if err != nil {
		return nil, err
	}
	c.header = h
	return c, nil
}

// next gives the next row that is not blank; io.EOF after the last.
func (c *csvLog) next() (*row, error) {
	for {
		first, err := c.lines.next()
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(first.text) == "" {
			continue
		}
		return c.row(first)
	}
}

func (c *csvLog) row(first line) (*row, error) {
	r := &row{line: first.n, raw: first.text, names: c.header}
	if first.long {
		r.fault = faultf("too_long", "the row has more than %d bytes", maxRow)
		return r, nil
	}
	p := cells{delimiter: c.delimiter, quote: c.quote}
	state := p.feed(first.text)
	size := len(first.text)
	var ahead []line
	for last := first; state == cellOpen && size <= maxRow && last.end != ""; {
		next, err := c.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		ahead = append(ahead, next)
		size += len(next.text)
		if next.long {
			break
		}
		p.cell.WriteString(last.end)
		state = p.feed(next.text)
		last = next
	}
	wrong := c.header != nil && len(p.done) != len(c.header.names)
	if state != cellsDone || wrong && len(ahead) > 0 {
		c.lines.giveBack(ahead)
		r.fault = faultf("broken_quote", "a quote is opened and not closed before a delimiter; the row ends where its line ends")
		return r, nil
	}
	for _, l := range ahead {
		r.raw += "\n" + l.text
	}
	if r.fault = c.lines.legible(r.raw); r.fault != nil {
		return r, nil
	}
	r.fields = p.done
	if wrong {
		r.fault = faultf("column_count", "the row has %d columns, the header %d", len(p.done), len(c.header.names))
	}
	return r, nil
}

type cellState int

const (
	cellsDone  cellState = iota // the row is complete
	cellOpen                    // a quoted cell goes on in the next line
	cellBroken                  // text behind a closing quote
)

// cells takes a row apart, line by line.
type cells struct {
	delimiter, quote byte
	done             []string
	cell             strings.Builder // of the quoted cell that is open
	open             bool
}

func (p *cells) feed(text string) cellState {
	for {
		if !p.open {
			if text != "" && text[0] == p.quote {
				p.open, text = true, text[1:]
				continue
			}
			// A quote inside an unquoted cell is a sign like any other.
			i := strings.IndexByte(text, p.delimiter)
			if i < 0 {
				p.done = append(p.done, text)
				return cellsDone
			}
			p.done = append(p.done, text[:i])
			text = text[i+1:]
			continue
		}
		i := strings.IndexByte(text, p.quote)
		if i < 0 {
			p.cell.WriteString(text)
			return cellOpen
		}
		p.cell.WriteString(text[:i])
		text = text[i+1:]
		switch {
		case text != "" && text[0] == p.quote: // a doubled quote is one
			p.cell.WriteByte(p.quote)
			text = text[1:]
		case text == "", text[0] == p.delimiter:
			p.done = append(p.done, p.cell.String())
			p.cell.Reset()
			p.open = false
			if text == "" {
				return cellsDone
			}
			text = text[1:]
		default:
			return cellBroken
		}
	}
}
