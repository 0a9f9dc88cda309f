package register

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// A Column is something a list can be sorted by.
type Column string

// The columns. A value that is not there sorts before all others.
const (
	Recorded     Column = "recorded"
	Number       Column = "number"
	Kind         Column = "kind"
	Category     Column = "category"
	Channel      Column = "channel"
	Phase        Column = "phase"
	Department   Column = "department"
	RoutedTo     Column = "routedTo"
	Track        Column = "track"
	Severity     Column = "severity"
	Priority     Column = "priority"
	Owner        Column = "owner"
	Started      Column = "started"
	Discovered   Column = "discovered"
	Reported     Column = "reported"
	Registered   Column = "registered"
	Acknowledged Column = "acknowledged"
	Resolved     Column = "resolved"
	Closed       Column = "closed"
	Aware        Column = "aware"
	Last         Column = "last"
	NextDue      Column = "nextDue"
	Overdue      Column = "overdue"
)

// Columns gives every column a list can be sorted by.
func Columns() []Column {
	return []Column{Recorded, Number, Kind, Category, Channel, Phase, Department, RoutedTo, Track, Severity, Priority, Owner,
		Started, Discovered, Reported, Registered, Acknowledged, Resolved, Closed, Aware, Last, NextDue, Overdue}
}

// compare gives the order of a column; what is overdue is judged at now.
func (c Column) compare(now time.Time) (func(a, b *Row) int, error) {
	code := func(of func(*Row) domain.Code) func(a, b *Row) int {
		return func(a, b *Row) int { return cmp.Compare(of(a), of(b)) }
	}
	at := func(of func(*Row) time.Time) func(a, b *Row) int {
		return func(a, b *Row) int { return of(a).Compare(of(b)) }
	}
	switch c {
	case "", Recorded:
		return at(func(r *Row) time.Time { return r.Recorded }), nil
	case Number:
		return compareNumbers, nil
	case Kind:
		return code(func(r *Row) domain.Code { return r.Kind }), nil
	case Category:
		return code(func(r *Row) domain.Code { return r.Category }), nil
	case Channel:
		return code(func(r *Row) domain.Code { return r.Channel }), nil
	case Phase:
		return code(func(r *Row) domain.Code { return r.Phase }), nil
	case Department:
		return code(func(r *Row) domain.Code { return r.Department }), nil
	case RoutedTo:
		return code(func(r *Row) domain.Code { return r.RoutedTo }), nil
	case Track:
		return code(func(r *Row) domain.Code { return r.Class.Track }), nil
	case Severity:
		return code(func(r *Row) domain.Code { return r.Severity }), nil
	case Priority:
		return func(a, b *Row) int { return cmp.Compare(a.Priority, b.Priority) }, nil
	case Owner:
		return func(a, b *Row) int { return bytes.Compare(a.Owner.UUID[:], b.Owner.UUID[:]) }, nil
	case Started:
		return at(func(r *Row) time.Time { return r.Started }), nil
	case Discovered:
		return at(func(r *Row) time.Time { return r.Discovered }), nil
	case Reported:
		return at(func(r *Row) time.Time { return r.Reported }), nil
	case Registered:
		return at(func(r *Row) time.Time { return r.Registered }), nil
	case Acknowledged:
		return at(func(r *Row) time.Time { return r.Acknowledged }), nil
	case Resolved:
		return at(func(r *Row) time.Time { return r.Resolved }), nil
	case Closed:
		return at(func(r *Row) time.Time { return r.Closed }), nil
	case Aware:
		return at(func(r *Row) time.Time { return r.Aware }), nil
	case Last:
		return func(a, b *Row) int { return compareSeq(a.Last, b.Last) }, nil
	case NextDue:
		return at((*Row).NextDue), nil
	case Overdue:
		return func(a, b *Row) int { return cmp.Compare(a.Overdue(now), b.Overdue(now)) }, nil
	}
	return nil, fmt.Errorf("register: there is no column %q to sort by", string(c))
}

func compareSeq(a, b domain.Seq) int { return cmp.Compare(a, b) }

// compareNumbers sorts 2026-10000 behind 2026-9999.
func compareNumbers(a, b *Row) int {
	sa, na, _ := incident.ParseNumber(a.Number)
	sb, nb, _ := incident.ParseNumber(b.Number)
	if c := cmp.Compare(sa.Year, sb.Year); c != 0 {
		return c
	}
	if sa.Integrity != sb.Integrity {
		if sb.Integrity {
			return -1
		}
		return 1
	}
	return cmp.Compare(na, nb)
}

// candidates gives rows, among them all that can match: those of some keys, those
// of a few phases by their index, others by the time they were recorded.
func (g *Register) candidates(q *Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if q.Keys != nil {
			for _, key := range q.Keys {
				row, err := g.ByKey(key, nil)
				if !errors.Is(err, domain.ErrNotFound) && !yield(row, err) {
					return
				}
			}
			return
		}
		if len(q.Phases) == 0 {
			for _, v := range g.r.Scan(spanKeys([]byte{'t'}, q.From, q.To)) {
				if !yield(g.row(v)) {
					return
				}
			}
			return
		}
		seen := map[domain.Code]bool{}
		for _, phase := range q.Phases {
			if seen[phase] {
				continue
			}
			seen[phase] = true
			for _, v := range g.r.Scan(spanKeys(projections.KeyText([]byte{'s'}, string(phase)), q.From, q.To)) {
				if !yield(g.row(v)) {
					return
				}
			}
		}
	}
}

func spanKeys(prefix []byte, from, to time.Time) (lo, hi []byte) {
	n := len(prefix)
	lo, hi = prefix, projections.After(prefix)
	if !from.IsZero() {
		lo = projections.KeyTime(prefix[:n:n], from)
	}
	if !to.IsZero() {
		hi = projections.KeyTime(prefix[:n:n], to)
	}
	return lo, hi
}

func (g *Register) row(key []byte) (Row, error) {
	d := projections.NewDec(key)
	k := domain.Key{UUID: d.ID()}
	if d.Err() != nil {
		return Row{}, d.Err()
	}
	return g.ByKey(k, nil)
}
