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
}

// Find gives the obligations that answer a query in the ledger of an
// organisation.
func Find(r *projections.ThingReader, org domain.OrgID, q Query) iter.Seq[Obligation] {
	things := r.Of(domain.Ref{Kind: incident.Name, Key: q.Incident})
	if q.Incident.IsZero() {
		things = r.Found(projections.Span(q.From, q.To))
	}
	known := map[domain.Code][]service.ObligationSet{}
	owed := func(code domain.Code) []service.ObligationSet {
		got, asked := known[code]
		if !asked {
			if t, ok := r.One(domain.Ref{Kind: service.Name, Key: service.Key(org, code)}, ""); ok {
				got = projections.Folded[service.State](t).Obligations
			}
			known[code] = got
		}
		return got
	}
	return func(yield func(Obligation) bool) {
		for t := range things {
			for _, o := range Of(t, owed) {
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
