package audit

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"sort"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
)

// Audit answers questions about who did what, in one snapshot. It is for one
// goroutine.
type Audit struct{ r *projections.Reader }

// In reads the view in a snapshot. projections.ErrNotBuilt says that it is not
// there yet.
func In(s *projections.Snapshot) (*Audit, error) {
	r, err := s.Read(Name, shape)
	if err != nil {
		return nil, err
	}
	return &Audit{r}, nil
}

// Seq is the last entry that the view knows of.
func (a *Audit) Seq() domain.Seq { return a.r.Seq() }

// A Query says which lines are wanted; what is left zero does not matter.
type Query struct {
	Actor    domain.PersonID
	Kind     domain.KindName // with Key zero: every aggregate of the kind
	Key      domain.Key      // needs Kind
	For      domain.OrgID    // organisation acted for
	Command  string
	From, To time.Time // recorded at From or later, before To

	Before domain.Seq // lines before this one only: the page's Next; 0: from the newest
	Limit  int        // at most so many lines; 0: 50

	Allow func(projections.Class) bool // nil: every incident may be shown
}

// A Page is part of an answer, newest line first.
type Page struct {
	Rows []Row
	Next domain.Seq // Before of the next page; 0: this was the last
}

// Find gives the newest lines that answer a query. The more precise of Key,
// Actor, Command and For finds the lines; what else is asked filters them.
func (a *Audit) Find(q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	lo, hi := a.between(q.From, q.To)
	if q.Before > 0 && q.Before < hi {
		hi = q.Before
	}
	judge := projections.NewJudge(a.r, 'x', q.Allow)
	var p Page
	for row, err := range a.candidates(q, lo, hi) {
		if err != nil {
			return Page{}, err
		}
		if !q.matches(&row) || !judge.May(row.Key) {
			continue
		}
		if len(p.Rows) == q.Limit {
			p.Next = p.Rows[len(p.Rows)-1].Seq
			break
		}
		p.Rows = append(p.Rows, row)
	}
	return p, a.r.Err()
}

// Line gives the line of one entry; false where there is none.
func (a *Audit) Line(seq domain.Seq) (Row, bool, error) {
	v, found := a.r.Get(projections.KeySeq([]byte{'s'}, seq))
	if !found {
		return Row{}, false, a.r.Err()
	}
	row, err := decode(seq, a.r.Dec(v))
	return row, err == nil, err
}

func (q *Query) matches(r *Row) bool {
	return (q.Actor.IsZero() || q.Actor == r.Actor) &&
		(q.Kind == "" || q.Kind == r.Kind) && (q.Key.IsZero() || q.Key == r.Key) &&
		(q.For == "" || q.For == r.For) && (q.Command == "" || q.Command == r.Command) &&
		(q.From.IsZero() || !r.Recorded.Before(q.From)) && (q.To.IsZero() || r.Recorded.Before(q.To))
}

// candidates gives lines from lo up to but without hi, newest first, among them
// all that can match.
func (a *Audit) candidates(q Query, lo, hi domain.Seq) iter.Seq2[Row, error] {
	switch {
	case !q.Key.IsZero() && q.Kind != "":
		return a.indexed(aggregate(nil, domain.Ref{Kind: q.Kind, Key: q.Key}), lo, hi)
	case !q.Actor.IsZero():
		return a.indexed(append([]byte{'a'}, q.Actor.UUID[:]...), lo, hi)
	case q.Command != "":
		return a.posted(posting(nil, 'c', q.Command), lo, hi)
	case q.For != "":
		return a.posted(posting(nil, 'f', string(q.For)), lo, hi)
	}
	return func(yield func(Row, error) bool) {
		for k, v := range a.r.ScanBack(projections.KeySeq([]byte{'s'}, lo), projections.KeySeq([]byte{'s'}, hi)) {
			d := projections.NewDec(k[1:])
			if row, err := decode(d.Seq(), a.r.Dec(v)); !yield(row, err) {
				return
			}
		}
	}
}

// indexed gives the lines named by an index with one key a line.
func (a *Audit) indexed(prefix []byte, lo, hi domain.Seq) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		n := len(prefix)
		from, to := projections.KeySeq(prefix[:n:n], lo), projections.KeySeq(prefix[:n:n], hi)
		for k := range a.r.ScanBack(from, to) {
			d := projections.NewDec(k[n:])
			if row, err := a.line(d.Seq()); !yield(row, err) {
				return
			}
		}
	}
}

// posted gives the lines named by the postings of blocks.
func (a *Audit) posted(prefix []byte, lo, hi domain.Seq) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if lo >= hi {
			return
		}
		n := len(prefix)
		from := projections.KeyUint32(prefix[:n:n], blockOf(lo))
		to := projections.After(projections.KeyUint32(prefix[:n:n], blockOf(hi-1)))
		for k, v := range a.r.ScanBack(from, to) {
			if len(k) != n+4 || len(v) != 8 {
				yield(Row{}, projections.ErrRow)
				return
			}
			first := domain.Seq(binary.BigEndian.Uint32(k[n:])) << blockBits
			set := binary.BigEndian.Uint64(v)
			for set != 0 {
				top := bits.Len64(set) - 1
				set &^= 1 << top
				seq := first + domain.Seq(top)
				if seq < lo || seq >= hi {
					continue
				}
				if row, err := a.line(seq); !yield(row, err) {
					return
				}
			}
		}
	}
}

func (a *Audit) line(seq domain.Seq) (Row, error) {
	row, found, err := a.Line(seq)
	if err == nil && !found {
		err = projections.ErrRow
	}
	return row, err
}

// between gives sequences around all lines recorded in a span: no line before lo
// or from hi on was recorded in it.
func (a *Audit) between(from, to time.Time) (lo, hi domain.Seq) {
	lo, hi = 1, a.r.Seq()+1
	blocks := int(blockOf(a.r.Seq())) + 1
	if !from.IsZero() {
		// Before the first block whose latest instant reaches from, none does.
		b := sort.Search(blocks, func(b int) bool { return !a.latest(uint32(b)).Before(from) })
		lo = max(lo, domain.Seq(b)<<blockBits)
	}
	if !to.IsZero() {
		// A line is at most the disorder behind the latest instant before it, so
		// once that is past to by as much, none can follow.
		var disorder time.Duration
		if v, found := a.r.Get([]byte{'d'}); found {
			d := projections.NewDec(v)
			d.Time()
			disorder = time.Duration(d.Num())
			a.r.Fail(d.Err())
		}
		b := sort.Search(blocks, func(b int) bool { return !a.latest(uint32(b)).Add(-disorder).Before(to) })
		hi = min(hi, domain.Seq(b+1)<<blockBits)
	}
	return lo, hi
}

// latest gives the latest instant recorded up to the end of a block. A block
// without entries says what the one before it says.
func (a *Audit) latest(block uint32) time.Time {
	from, to := []byte{'t'}, projections.After(projections.KeyUint32([]byte{'t'}, block))
	for _, v := range a.r.ScanBack(from, to) {
		d := projections.NewDec(v)
		t := d.Time()
		a.r.Fail(d.Err())
		return t
	}
	return time.Time{}
}
