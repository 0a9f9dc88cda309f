package obligations

import (
	"iter"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/service"
	"incidentledger/projections"
)

// A Query says which obligations are wanted.
type Query struct {
	Incident domain.Key  // zero: of all
	Untold   bool        // the customer was not told
	Down     bool        // the service is down still
	Customer domain.Code // empty: any
	From, To time.Time   // first told at From or later and before To; zero: without bound
	Now      time.Time   // an outage that lasts lasted until then; zero: it is not judged
}

// Find gives the obligations that answer a query.
func Find(r *projections.ThingReader, q Query) iter.Seq[Obligation] {
	things := r.Of(domain.Ref{Kind: incident.Name, Key: q.Incident})
	if q.Incident.IsZero() {
		things = r.Found(projections.Span(q.From, q.To))
	}
	return func(yield func(Obligation) bool) {
		known := Services{}
		for t := range r.All(service.Name) {
			st := projections.Folded[service.State](t)
			known[st.Service.Code] = st
		}
		for t := range things {
			for _, o := range Of(t, known, q.Now) {
				if q.matches(&o) && !yield(o) {
					return
				}
			}
		}
	}
}

func (q *Query) matches(o *Obligation) bool {
	return (!q.Untold || o.Customer != "" && o.Told.IsZero()) && (!q.Down || !o.Down.IsZero() && o.Up.IsZero()) && (q.Customer == "" || q.Customer == o.Customer)
}
