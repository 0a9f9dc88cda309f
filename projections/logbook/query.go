package logbook

import (
	"cmp"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
)

// Logbook answers questions about what was done, in one snapshot. It is for one
// goroutine.
type Logbook struct{ r *projections.Reader }

// In reads the view in a snapshot. projections.ErrNotBuilt says that it is not
// there yet.
func In(s *projections.Snapshot) (*Logbook, error) {
	r, err := s.Read(Name, shape)
	if err != nil {
		return nil, err
	}
	return &Logbook{r}, nil
}

// Seq is the last entry that the view knows of.
func (l *Logbook) Seq() domain.Seq { return l.r.Seq() }

// Order is an order of lines.
type Order int

// The orders. Lines of the same moment stand in order of their sequence.
const (
	ByRecorded Order = iota
	ByOccurred
)

// A Query says which lines of one incident are wanted.
type Query struct {
	Order  Order
	Newest bool       // newest first
	Skip   int        // so many lines of the answer are left out
	Limit  int        // at most so many lines; 0: all
	UpTo   domain.Seq // as the logbook stood at this entry; 0: now

	Allow func(projections.Class) bool // nil: every incident may be shown
}

// OfIncident gives lines of one incident and how many there are in all. An
// incident that may not be shown has none.
func (l *Logbook) OfIncident(key domain.Key, q Query) (rows []Row, total int, err error) {
	if !projections.NewJudge(l.r, 'x', q.Allow).May(key) {
		return nil, 0, l.r.Err()
	}
	from, to := lineKey(nil, key, 0), projections.After(append([]byte{'i'}, key.UUID[:]...))
	if q.UpTo > 0 {
		to = lineKey(nil, key, q.UpTo+1)
	}
	for k, v := range l.r.Scan(from, to) {
		d := projections.NewDec(k[17:])
		row, err := decode(key, d.Seq(), l.r.Dec(v))
		if err != nil {
			return nil, 0, err
		}
		rows = append(rows, row)
	}
	if l.r.Err() != nil {
		return nil, 0, l.r.Err()
	}
	linkCorrections(rows)
	if q.Order == ByOccurred {
		slices.SortStableFunc(rows, func(a, b Row) int { return a.Occurred.Time.Compare(b.Occurred.Time) })
	}
	if q.Newest {
		slices.Reverse(rows)
	}
	total = len(rows)
	rows = rows[min(max(q.Skip, 0), total):]
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
	}
	return rows, total, nil
}

// linkCorrections tells corrected lines, which are in order of sequence, by what
// they were corrected.
func linkCorrections(rows []Row) {
	for i := range rows {
		for _, seq := range rows[i].Corrects {
			at, ok := slices.BinarySearchFunc(rows, seq, func(r Row, s domain.Seq) int { return cmp.Compare(r.Seq, s) })
			if ok {
				rows[at].CorrectedBy = append(rows[at].CorrectedBy, rows[i].Seq)
			}
		}
	}
}

// A Cursor is a place in the watch: behind the line it names.
type Cursor struct {
	Recorded time.Time
	Seq      domain.Seq
}

// A Span says which part of the watch is wanted.
type Span struct {
	From, To time.Time // recorded at From or later, before To; zero: without bound
	After    Cursor    // a page's Next; zero: from the start
	Newest   bool      // newest first
	Limit    int       // at most so many lines; 0: 50

	Allow func(projections.Class) bool // nil: every incident may be shown
}

// Watch gives what was recorded in all incidents together, in order of
// recording. Next continues; it is zero after the last line.
func (l *Logbook) Watch(s Span) (rows []Row, next Cursor, err error) {
	if s.Limit <= 0 {
		s.Limit = 50
	}
	judge := projections.NewJudge(l.r, 'x', s.Allow)
	scan := l.r.Scan
	if s.Newest {
		scan = l.r.ScanBack
	}
	lo, hi := s.bounds()
	for k, v := range scan(lo, hi) {
		d, dv := projections.NewDec(k[1:]), projections.NewDec(v)
		at := Cursor{d.Time(), d.Seq()}
		key := domain.Key{UUID: dv.ID()}
		if d.Err() != nil || dv.Err() != nil {
			return nil, next, projections.ErrRow
		}
		if !judge.May(key) {
			continue
		}
		if len(rows) == s.Limit {
			last := rows[len(rows)-1]
			return rows, Cursor{last.Recorded, last.Seq}, l.r.Err()
		}
		row, err := l.line(key, at.Seq)
		if err != nil {
			return nil, next, err
		}
		rows = append(rows, row)
	}
	return rows, next, l.r.Err()
}

func (s *Span) bounds() (lo, hi []byte) {
	lo, hi = []byte{'w'}, []byte{'w' + 1}
	if !s.From.IsZero() {
		lo = projections.KeyTime([]byte{'w'}, s.From)
	}
	if !s.To.IsZero() {
		hi = projections.KeyTime([]byte{'w'}, s.To)
	}
	if s.After.Seq > 0 {
		at := projections.KeyTime([]byte{'w'}, s.After.Recorded)
		if s.Newest {
			hi = projections.KeySeq(at, s.After.Seq)
		} else {
			lo = projections.KeySeq(at, s.After.Seq+1)
		}
	}
	return lo, hi
}

func (l *Logbook) line(key domain.Key, seq domain.Seq) (Row, error) {
	v, found := l.r.Get(lineKey(nil, key, seq))
	if !found {
		if l.r.Err() != nil {
			return Row{}, l.r.Err()
		}
		return Row{}, projections.ErrRow
	}
	return decode(key, seq, l.r.Dec(v))
}
