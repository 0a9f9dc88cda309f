package duties

import (
	"iter"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// A Query says which duties are wanted: open ones first, by due instant.
type Query struct {
	Incident  domain.Key  // zero: of all
	Open      bool        // neither done nor decided
	Overdue   time.Time   // overdue at that instant; zero: overdue or not
	Recipient domain.Code // empty: any
	From, To  time.Time   // due at From or later and before To; zero: without bound
}

// Find gives the duties that answer a query.
func Find(r *projections.ThingReader, q Query) iter.Seq[Duty] {
	return func(yield func(Duty) bool) {
		for d := range q.candidates(r) {
			if q.matches(&d) && !yield(d) {
				return
			}
		}
	}
}

func (q *Query) candidates(r *projections.ThingReader) iter.Seq[Duty] {
	return func(yield func(Duty) bool) {
		if !q.Incident.IsZero() {
			for t := range r.Of(domain.Ref{Kind: incident.Name, Key: q.Incident}) {
				of := Of(t)
				slices.SortStableFunc(of, func(a, b Duty) int {
					return slices.Compare(place(&a), place(&b))
				})
				for _, d := range of {
					if !yield(d) {
						return
					}
				}
			}
			return
		}
		lo, hi := []byte{dated}, []byte{settled + 1}
		if q.Open {
			hi = []byte{settled}
		}
		if !q.Overdue.IsZero() { // what is due later cannot be overdue
			hi = projections.After(projections.KeyTime([]byte{dated}, q.Overdue))
		}
		for t := range r.Found(lo, hi) {
			key := projections.NewDec(t.Under[9:])
			id := policy.ClockID(key.KeyText())
			of := Of(t)
			i := slices.IndexFunc(of, func(d Duty) bool { return d.ID == id })
			if i >= 0 && !yield(of[i]) {
				return
			}
		}
	}
}

func (q *Query) matches(d *Duty) bool {
	return (!q.Open || d.Open()) && (q.Overdue.IsZero() || d.Overdue(q.Overdue)) && (q.Recipient == "" || q.Recipient == d.Recipient) &&
		(q.From.IsZero() || !d.Due.Before(q.From)) && (q.To.IsZero() || !d.Due.IsZero() && d.Due.Before(q.To))
}
