package informed

import (
	"bytes"
	"iter"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// A Query says which tellings are wanted: in order of when they were.
type Query struct {
	Incident domain.Key  // zero: of all
	From, To time.Time   // told at From or later and before To; zero: without bound
	Who      domain.Code // empty: anybody
}

// Find gives the tellings that answer a query; those of one incident as they
// were recorded.
func Find(r *projections.ThingReader, q Query) iter.Seq[Telling] {
	lo, hi := projections.Span(q.From, q.To)
	things := r.Of(domain.Ref{Kind: incident.Name, Key: q.Incident})
	if q.Incident.IsZero() {
		things = r.Found(lo, hi)
	}
	return func(yield func(Telling) bool) {
		for t := range things {
			for _, row := range Of(t) {
				key := place(&row)
				if t.Under != nil && !bytes.Equal(t.Under, key) || bytes.Compare(key, lo) < 0 || bytes.Compare(key, hi) >= 0 {
					continue
				}
				if (q.Who == "" || row.Who == q.Who) && !yield(row) {
					return
				}
			}
		}
	}
}
