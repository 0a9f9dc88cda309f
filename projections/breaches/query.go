package breaches

import (
	"iter"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// A Query says which breaches are wanted, in the order in which their incidents
// were recorded.
type Query struct {
	Incident domain.Key  // zero: of all
	From, To time.Time   // the incident was recorded at From or later and before To; zero: without bound
	Risk     domain.Code // empty: any
	Unknown  bool        // of which no authority was notified
}

// Find gives the breaches that answer a query.
func Find(r *projections.ThingReader, q Query) iter.Seq[Breach] {
	things := r.Of(domain.Ref{Kind: incident.Name, Key: q.Incident})
	if q.Incident.IsZero() {
		things = r.Found(projections.Span(q.From, q.To))
	}
	return func(yield func(Breach) bool) {
		for t := range things {
			for _, b := range Of(t) {
				if (q.Risk == "" || b.Risk == q.Risk) && (!q.Unknown || b.Notified.IsZero()) && !yield(b) {
					return
				}
			}
		}
	}
}
