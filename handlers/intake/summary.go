package intake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Summary counts rows, each once: accepted, repeated, refused and skipped add
// up to rows. A row with a refused order is refused, though its other orders may
// stand; one is repeated when all its orders were given before.
type Summary struct {
	Rows     int `json:"rows"`
	Accepted int `json:"accepted"`
	Repeated int `json:"repeated"`
	Refused  int `json:"refused"`
	Skipped  int `json:"skipped"`
	Orders   int `json:"orders"` // orders given to the desk, whatever it answered

	Skips    map[string]int `json:"-"` // skipped rows by reason
	Refusals map[string]int `json:"-"` // refused rows by code
	Warnings []Warning      `json:"-"` // in order of their code
}

// A Warning tells of something that was decided while reading, in how many rows
// and where first.
type Warning struct {
	Code string
	Text string
	Rows int
	Line int
}

type rowKind int

const (
	rowAccepted rowKind = iota
	rowRepeated
	rowRefused
	rowSkipped
)

// An outcome is what became of a row.
type outcome struct {
	kind   rowKind
	orders int
	code   string // of the first refusal
	reason string
}

func refused(f *fault) outcome { return outcome{kind: rowRefused, code: f.code, reason: f.reason} }

// refuse adds that one of the row's orders was refused.
func (o *outcome) refuse(command string, f *fault) {
	text := command + ": " + f.reason
	if o.kind == rowRefused {
		o.reason += "; " + text
		return
	}
	o.kind, o.code, o.reason = rowRefused, f.code, text
}

// A refusedRow is one line of the list of refused rows.
type refusedRow struct {
	Line   int    `json:"line"`
	Group  string `json:"group,omitempty"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Row    string `json:"row,omitempty"`
}

// told is after how many rows progress is told.
const told = 64

// A tally counts; any number of workers may add to it.
type tally struct {
	c Config

	mu       sync.Mutex
	sum      Summary
	warnings map[string]*Warning
}

func newTally(c Config) *tally {
	return &tally{c: c, warnings: map[string]*Warning{}, sum: Summary{Skips: map[string]int{}, Refusals: map[string]int{}}}
}

func (t *tally) warn(code string, line int, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.warnings[code]
	if w == nil {
		w = &Warning{Code: code, Text: text, Line: line}
		t.warnings[code] = w
	}
	w.Rows++
	w.Line = min(w.Line, line)
}

// add counts a row. An error says that its refusal could not be written.
func (t *tally) add(r *row, o outcome, bytes *atomic.Int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.sum
	s.Rows++
	s.Orders += o.orders
	switch o.kind {
	case rowAccepted:
		s.Accepted++
	case rowRepeated:
		s.Repeated++
	case rowSkipped:
		s.Skipped++
		s.Skips[o.reason]++
	case rowRefused:
		s.Refused++
		s.Refusals[o.code]++
		if err := t.write(r, o); err != nil {
			return fmt.Errorf("writing down that line %d is refused: %w", r.line, err)
		}
	}
	if t.c.Progress != nil && s.Rows%told == 0 {
		t.c.Progress(bytes.Load(), s.Rows)
	}
	return nil
}

func (t *tally) write(r *row, o outcome) error {
	if t.c.Refused == nil {
		return nil
	}
	valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	b, err := json.Marshal(refusedRow{Line: r.line, Group: valid(r.group), Code: o.code, Reason: valid(o.reason), Row: valid(r.raw)},
		jsontext.EscapeForHTML(false))
	if err != nil {
		return err
	}
	_, err = t.c.Refused.Write(append(b, '\n'))
	return err
}

// end gives the summary and tells progress a last time.
func (t *tally) end(bytes int64) Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(t.warnings)) {
		t.sum.Warnings = append(t.sum.Warnings, *t.warnings[code])
	}
	if t.c.Progress != nil {
		t.c.Progress(bytes, t.sum.Rows)
	}
	return t.sum
}
