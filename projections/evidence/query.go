package evidence

import (
	"bytes"
	"iter"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// A Query says which items are wanted: those that are kept first, as they were
// collected.
type Query struct {
	Incident domain.Key      // zero: of all
	Kept     bool            // not released
	Holder   domain.PersonID // zero: anybody
	From, To time.Time       // collected at From or later and before To; zero: without bound
}

// Find gives the items that answer a query.
func Find(r *projections.ThingReader, q Query) iter.Seq[Item] {
	things := r.Of(domain.Ref{Kind: incident.Name, Key: q.Incident})
	if q.Incident.IsZero() {
		hi := []byte{2}
		if q.Kept {
			hi[0] = 1
		}
		things = r.Found([]byte{0}, hi)
	}
	return func(yield func(Item) bool) {
		for t := range things {
			for _, it := range Of(t) {
				if (t.Under == nil || bytes.Equal(t.Under, place(&it))) && q.matches(&it) && !yield(it) {
					return
				}
			}
		}
	}
}

func (q *Query) matches(it *Item) bool {
	return !(q.Kept && it.Released != "") && (q.Holder.IsZero() || it.Holder == q.Holder) &&
		(q.From.IsZero() || !it.Occurred.Before(q.From)) && (q.To.IsZero() || it.Occurred.Before(q.To))
}
