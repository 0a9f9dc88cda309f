package deadlines

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// Deadlines answers questions about terms, in one snapshot. It is for one
// goroutine.
type Deadlines struct{ r *projections.Reader }

// In reads the view in a snapshot. projections.ErrNotBuilt says that it is not
// there yet.
func In(s *projections.Snapshot) (*Deadlines, error) {
	r, err := s.Read(Name, shape)
	if err != nil {
		return nil, err
	}
	return &Deadlines{r}, nil
}

// Seq is the last entry that the view knows of.
func (d *Deadlines) Seq() domain.Seq { return d.r.Seq() }

// A Query says which running clocks are wanted, next due first. Clocks that
// stand still, are met or cancelled, or have no fixed term are not among them;
// OfIncident shows those.
type Query struct {
	From, To      time.Time   // due at From or later, and at To or earlier; zero: without bound
	Statutory     bool        // only those from law or agreement
	Recipient     domain.Code // empty: any
	HideExercises bool
	OnlyExercises bool
	After         Cursor // a page's Next; zero: from the start
	Limit         int    // at most so many; 0: 50

	Allow func(projections.Class) bool // nil: every incident may be shown
}

// A Cursor is a place among clocks in order of due instant: behind the one it
// names.
type Cursor struct {
	Due time.Time
	Key domain.Key
	ID  policy.ClockID
}

// Find gives the clocks that answer a query. Next continues; it is zero after
// the last.
func (d *Deadlines) Find(q Query) (clocks []Clock, next Cursor, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	judge := projections.NewJudge(d.r, 0, q.Allow)
	lo, hi := q.bounds()
	for k, v := range scan(d.r, 'd', lo, hi) {
		c, err := d.decodeIndex(k, v)
		if err != nil {
			return nil, next, err
		}
		if !q.matches(&c) || !judge.MayClass(c.Class) {
			continue
		}
		if len(clocks) == q.Limit {
			last := &clocks[len(clocks)-1]
			return clocks, Cursor{last.Due, last.Key, last.ID}, d.r.Err()
		}
		if clocks == nil {
			clocks = make([]Clock, 0, min(q.Limit, 64))
		}
		clocks = append(clocks, c)
	}
	return clocks, next, d.r.Err()
}

// Next gives the n clocks that are due next, those whose instant has passed
// first.
func (d *Deadlines) Next(n int, allow func(projections.Class) bool) ([]Clock, error) {
	clocks, _, err := d.Find(Query{Limit: n, Allow: allow})
	return clocks, err
}

// Due gives all clocks due at an instant or earlier.
func (d *Deadlines) Due(until time.Time, allow func(projections.Class) bool) ([]Clock, error) {
	return d.all(Query{To: until, Allow: allow})
}

// Within gives all clocks due from now until a duration later, and those due
// before now.
func (d *Deadlines) Within(now time.Time, span time.Duration, allow func(projections.Class) bool) ([]Clock, error) {
	return d.Due(now.Add(span), allow)
}

func (d *Deadlines) all(q Query) ([]Clock, error) {
	q.Limit = 1 << 30
	clocks, _, err := d.Find(q)
	return clocks, err
}

func (q *Query) bounds() (lo, hi []byte) {
	lo, hi = []byte{'d'}, []byte{'d' + 1}
	if !q.From.IsZero() {
		lo = projections.KeyTime(lo, q.From)
	}
	if !q.To.IsZero() {
		hi = projections.After(projections.KeyTime([]byte{'d'}, q.To))
	}
	if !q.After.Key.IsZero() {
		lo = append(indexKey('d', q.After.Due, q.After.Key, q.After.ID), 0)
	}
	return lo, hi
}

func (q *Query) matches(c *Clock) bool {
	return (!q.Statutory || c.Statutory) && (q.Recipient == "" || q.Recipient == c.Recipient) &&
		!(q.HideExercises && c.Exercise) && !(q.OnlyExercises && !c.Exercise)
}

func (d *Deadlines) decodeIndex(k, v []byte) (Clock, error) {
	dk, dv := projections.NewDec(k[9:]), d.r.Dec(v)
	var f file
	f.decodeHead(&dv)
	f.computed = int(dv.Num())
	var c clock
	c.decode(&dv)
	key := domain.Key{UUID: dk.ID()}
	if dk.Err() != nil || dv.Err() != nil {
		return Clock{}, projections.ErrRow
	}
	return f.show(key, &c), nil
}

// OfIncident gives all clocks of an incident, met and cancelled ones included,
// in order of their id. An incident that may not be shown has none.
func (d *Deadlines) OfIncident(key domain.Key, allow func(projections.Class) bool) ([]Clock, error) {
	v, found := d.r.Get(append([]byte{'i'}, key.UUID[:]...))
	if !found {
		return nil, d.r.Err()
	}
	var f file
	if err := f.decode(d.r.Dec(v)); err != nil {
		return nil, err
	}
	if allow != nil && !allow(f.class) {
		return nil, nil
	}
	out := make([]Clock, len(f.clocks))
	for i := range f.clocks {
		out[i] = f.show(key, &f.clocks[i])
	}
	return out, d.r.Err()
}

// An Action is something that must be said of a clock at an instant: that a
// warning instant has come (Stage warn-1 …), or that it is overdue (Stage
// overdue).
type Action struct {
	At       time.Time // not to be said before
	Key      domain.Key
	Clock    policy.ClockID
	Stage    domain.Code
	Due      time.Time
	Exercise bool
}

// Actions gives what must have been said by an instant, in order of instants:
// of each clock the next thing only. more is the instant of the first action
// after that; zero where there is none.
func (d *Deadlines) Actions(until time.Time) (actions []Action, more time.Time, err error) {
	for k, v := range scan(d.r, 'a', []byte{'a'}, []byte{'a' + 1}) {
		dk, dv := projections.NewDec(k[1:]), d.r.Dec(v)
		a := Action{At: dk.Time(), Key: domain.Key{UUID: dk.ID()}}
		a.Clock = policy.ClockID(dk.Take(dk.Len()))
		a.Stage, a.Due, a.Exercise = domain.Code(dv.Word()), dv.Time(), readBool(&dv)
		if dk.Err() != nil || dv.Err() != nil {
			return nil, more, projections.ErrRow
		}
		if a.At.After(until) {
			return actions, a.At, d.r.Err()
		}
		actions = append(actions, a)
	}
	return actions, more, d.r.Err()
}
