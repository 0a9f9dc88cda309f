package register

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Register answers questions about incidents, in one snapshot. It is for one
// goroutine.
type Register struct{ r *projections.Reader }

// In reads the view in a snapshot. projections.ErrNotBuilt says that it is not
// there yet.
func In(s *projections.Snapshot) (*Register, error) {
	r, err := s.Read(Name, shape)
	if err != nil {
		return nil, err
	}
	return &Register{r}, nil
}

// Numbered gives the key of the incident with a number, as the view stands now.
func Numbered(db *projections.DB, number string) (domain.Key, error) {
	snap, err := db.Snapshot()
	if err != nil {
		return domain.Key{}, err
	}
	defer snap.Close()
	g, err := In(snap)
	if err != nil {
		return domain.Key{}, err
	}
	row, err := g.ByNumber(number, nil)
	return row.Key, err
}

// Seq is the last entry that the view knows of.
func (g *Register) Seq() domain.Seq { return g.r.Seq() }

// ByKey gives one incident. domain.ErrNotFound says that there is none of that
// key, or none that may be shown.
func (g *Register) ByKey(key domain.Key, allow func(Class) bool) (Row, error) {
	v, found := g.r.Get(rowKey(nil, key))
	if !found {
		if g.r.Err() != nil {
			return Row{}, g.r.Err()
		}
		return Row{}, domain.ErrNotFound
	}
	var r Row
	if err := r.decode(key, g.r.Dec(v)); err != nil {
		return Row{}, err
	}
	if allow != nil && !allow(r.Class) {
		return Row{}, domain.ErrNotFound
	}
	return r, nil
}

// ByNumber gives the incident with a number such as 2026-0042.
// domain.ErrNotFound says that there is none, or none that may be shown.
func (g *Register) ByNumber(number string, allow func(Class) bool) (Row, error) {
	s, n, ok := incident.ParseNumber(number)
	if !ok || n > 1<<31 {
		return Row{}, domain.ErrNotFound
	}
	v, found := g.r.Get(projections.KeyUint32(seriesKey('n', s), uint32(n)))
	if !found {
		if g.r.Err() != nil {
			return Row{}, g.r.Err()
		}
		return Row{}, domain.ErrNotFound
	}
	d := projections.NewDec(v)
	key := domain.Key{UUID: d.ID()}
	if d.Err() != nil {
		return Row{}, d.Err()
	}
	return g.ByKey(key, allow)
}

// NextNumber gives the number that a report would get as the next entry of the
// ledger; empty for an exercise.
func (g *Register) NextNumber(e incident.IncidentReported, recorded time.Time, zone *time.Location) (string, error) {
	s, counted := incident.SeriesOf(e, recorded, zone)
	if !counted {
		return "", nil
	}
	n := 0
	if v, found := g.r.Get(seriesKey('c', s)); found {
		d := projections.NewDec(v)
		if n = int(d.Num()); d.Err() != nil {
			return "", d.Err()
		}
	}
	return s.Number(n + 1), g.r.Err()
}

// A Query says which incidents are wanted; what is left zero does not matter.
type Query struct {
	Keys       []domain.Key  // any of these; nil: does not matter
	Phases     []domain.Code // any of these
	Open       bool          // neither closed, rejected, withdrawn nor merged
	Waiting    bool          // open, or dropped after something was owed by law: what an authority was told is to be taken back
	Kind       domain.Code
	Category   domain.Code
	Channel    domain.Code
	Department domain.Code
	Chain      domain.Code
	RoutedTo   domain.Code
	Track      domain.Code
	Priority   []int // any of these; 0 is "none yet"
	Owner      domain.PersonID
	Contact    domain.PersonID
	From, To   time.Time // recorded at From or later, before To
	Number     string    // begins with this
	Overdue    bool      // a running term has passed by Now
	Leak       bool      // a leak is suspected or known
	Exercises  Choice
	UpTo       domain.Seq // reported by this entry or before; 0: any
	Now        time.Time  // the reader's, for what is overdue

	Sort   Column // empty: by Recorded
	Newest bool   // from the greatest to the least
	Skip   int
	Limit  int // 0: 50

	Allow func(Class) bool // nil: every incident may be shown
}

// A Choice says whether something is wanted among the rest, alone, or not.
type Choice int

// The choices.
const (
	Among Choice = iota
	Without
	Only
)

// List gives the incidents that answer a query, and how many there are in all.
func (g *Register) List(q Query) (rows []Row, total int, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	less, err := q.Sort.compare(q.Now)
	if err != nil {
		return nil, 0, err
	}
	judge := projections.NewJudge(g.r, 0, q.Allow)
	for row, err := range g.candidates(&q) {
		if err != nil {
			return nil, 0, err
		}
		if q.matches(&row) && judge.MayClass(row.Class) {
			rows = append(rows, row)
		}
	}
	if g.r.Err() != nil {
		return nil, 0, g.r.Err()
	}
	slices.SortFunc(rows, func(a, b Row) int {
		c := less(&a, &b)
		if c == 0 {
			c = compareSeq(a.First, b.First)
		}
		if q.Newest {
			return -c
		}
		return c
	})
	total = len(rows)
	rows = rows[min(max(q.Skip, 0), total):]
	return slices.Clip(rows[:min(len(rows), q.Limit)]), total, nil
}

func (q *Query) matches(r *Row) bool {
	is := func(want, have domain.Code) bool { return want == "" || want == have }
	switch {
	case len(q.Phases) > 0 && !slices.Contains(q.Phases, r.Phase),
		q.Open && !r.open(),
		q.Waiting && !r.open() && !r.told(),
		!is(q.Kind, r.Kind), !is(q.Category, r.Category), !is(q.Channel, r.Channel),
		!is(q.Department, r.Department), !is(q.Chain, r.Chain), !is(q.RoutedTo, r.RoutedTo),
		!is(q.Track, r.Class.Track),
		len(q.Priority) > 0 && !slices.Contains(q.Priority, r.Priority),
		!q.Owner.IsZero() && q.Owner != r.Owner,
		!q.Contact.IsZero() && q.Contact != r.ContactPoint,
		!q.From.IsZero() && r.Recorded.Before(q.From),
		!q.To.IsZero() && !r.Recorded.Before(q.To),
		q.Number != "" && !hasPrefix(r.Number, q.Number),
		q.Overdue && r.Overdue(q.Now) == 0,
		q.Leak && !r.SuspectedDataLeak && r.Aware.IsZero(),
		q.Exercises == Without && r.Exercise,
		q.Exercises == Only && !r.Exercise,
		q.UpTo > 0 && r.First > q.UpTo:
		return false
	}
	return true
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// open reports whether something is left to do.
func (r *Row) open() bool {
	switch r.Phase {
	case incident.PhaseClosed, incident.PhaseRejected, incident.PhaseWithdrawn, incident.PhaseMerged:
		return false
	}
	return true
}

// told reports whether an authority may have been told of what proved to be none.
func (r *Row) told() bool {
	return (r.Phase == incident.PhaseRejected || r.Phase == incident.PhaseWithdrawn) &&
		slices.ContainsFunc(r.Clocks, func(c Clock) bool { return c.Statutory })
}
