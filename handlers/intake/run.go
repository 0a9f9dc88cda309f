package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"incidentledger/domain"
)

// A Desk takes orders; *handlers.Desk is one.
type Desk interface {
	Give(ctx context.Context, o domain.Order) (domain.Receipt, error)
}

// A Config says what to take in and where to.
type Config struct {
	Desk    Desk
	Org     domain.OrgID
	Mapping *Mapping
	Name    string       // of the log, for messages
	Input   io.Reader    // the log
	Actor   domain.Actor // who takes it in; the mapping may name the role

	// Progress, where given, is told now and then how many bytes of the log were
	// read and how many rows are done, and once at the end. Calls never overlap.
	Progress func(bytes int64, rows int)

	// Refused, where given, gets one JSON object a line for every refused row:
	// line, group, code, reason, row. The row stands there as the log has it, so
	// this is as confidential as the log. Lines come as rows are done.
	Refused io.Writer

	// Workers is how many groups are worked on at once; 0: 64. The rows of one
	// group keep their order whatever it is.
	Workers int
}

const (
	// queued is how many rows may wait for one worker.
	queued = 64
	// maxSorted is how many rows are read before they are sorted by time.
	maxSorted = 1_000_000
)

// ErrTooManyRows says that a log that must be sorted is too long for that.
var ErrTooManyRows = fmt.Errorf("a mapping with order: time takes at most %d rows; sort the log and use order: file", maxSorted)

// Run takes a log in, in one pass. Memory is that of the queues, about 200 bytes
// a group and 40 a row; with order: time also that of all rows.
//
// The summary counts the rows that are done, also where an error ended the run
// before the log did: one of the log itself, of the mapping against it, of
// Refused, of the context, or one of the desk that is no refusal. Running again
// after that is safe and goes on where it stopped.
func Run(ctx context.Context, c Config) (Summary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n := &run{Config: c, fail: cancel, tally: newTally(c)}
	if n.Workers <= 0 {
		n.Workers = 64
	}
	n.Actor.Door = cmp.Or(n.Actor.Door, "import")

	var wg sync.WaitGroup
	lanes := make([]chan *row, n.Workers)
	for i := range lanes {
		lanes[i] = make(chan *row, queued)
		wg.Go(func() { n.work(ctx, lanes[i]) })
	}
	err := n.read(ctx, lanes)
	for _, l := range lanes {
		close(l)
	}
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		err = fmt.Errorf("import of %s: %w", c.Name, err)
	}
	return n.tally.end(n.bytes.Load()), err
}

// A run is one log on its way in.
type run struct {
	Config
	fail  context.CancelCauseFunc
	tally *tally
	bytes atomic.Int64
}

// A rowSource gives rows until io.EOF.
type rowSource interface{ next() (*row, error) }

// read gives every row to the worker of its group.
func (n *run) read(ctx context.Context, lanes []chan *row) error {
	m := n.Mapping
	l, contradicts, err := newLines(counting{n.Input, &n.bytes}, m.Input.Encoding.s)
	if err != nil {
		return err
	}
	if contradicts != "" {
		n.tally.warn("byte_order_mark", 1, contradicts)
	}
	var src rowSource
	if m.Input.Format.s == "jsonl" {
		src = &jsonLog{l}
	} else {
		log, err := openCSV(l, m.Input)
		if err != nil {
			return err
		}
		if err := m.checkColumns(log.header.names); err != nil {
			return err
		}
		src = log
	}
	give := func(r *row) error {
		h := fnv.New32a()
		h.Write([]byte(r.group))
		select {
		case lanes[h.Sum32()%uint32(len(lanes))] <- r:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	var sorted []*row
	for {
		r, err := src.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		n.look(r)
		if m.Order.s != "time" || r.fault != nil {
			err = give(r)
		} else if sorted = append(sorted, r); len(sorted) > maxSorted {
			err = ErrTooManyRows
		}
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(sorted, func(a, b *row) int { return a.when.at.Compare(b.when.at) })
	for _, r := range sorted {
		if err := give(r); err != nil {
			return err
		}
	}
	return nil
}

// look reads what every row must have: its group and its instant.
func (n *run) look(r *row) {
	if r.fault != nil {
		return
	}
	m := n.Mapping
	if r.group = r.get(m.Group.s); r.group == "" {
		r.fault = faultf("no_group", "the column %s is empty", m.Group.s)
		return
	}
	if r.when, r.fault = m.clock.read(r.get(m.Time.Column.s)); r.fault != nil {
		r.fault.reason = m.Time.Column.s + ": " + r.fault.reason
		return
	}
	switch r.when.warning {
	case "repeated_hour":
		n.tally.warn("repeated_hour", r.line, fmt.Sprintf("local times that came twice in %s were taken as the %s", m.clock.zone, cmp.Or(m.clock.repeated, "earlier")))
	case "missing_hour":
		n.tally.warn("missing_hour", r.line, fmt.Sprintf("local times that never were in %s were moved on by the gap", m.clock.zone))
	}
}
