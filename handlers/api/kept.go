package api

import (
	"incidentledger/domain"
	"incidentledger/projections/evidence"
	"incidentledger/projections/obligations"
)

// keptOperations list evidence, and what is owed to customers.
func (s *server) keptOperations() []*operation {
	return []*operation{
		thingsList("list-evidence", "evidence", evidence.Name, "Evidence with its chain of custody: what is kept first", page[itemRow]{}, (*request).evidence,
			incidentParam, param{name: "kept", kind: flag, doc: "true: only what is not released"}, param{name: "holder", kind: id, doc: "a person"},
			param{name: "since", kind: instant, doc: "collected then or later"}, param{name: "until", kind: instant, doc: "collected before then"}, exercisesParam("with")),
		thingsList("list-obligations", "obligations", obligations.Name, "Services that incidents hit, what is owed to customers by them, and who was told",
			page[obligationRow]{}, (*request).obligations,
			incidentParam, param{name: "untold", kind: flag, doc: "true: only those of which the customer was not told"},
			param{name: "down", kind: flag, doc: "true: only services that are down still"}, param{name: "customer", kind: word}, sinceParam, untilParam, exercisesParam("with")),
	}
}

// An itemRow is a piece of evidence. What it is stands in it where one incident
// is asked for.
type itemRow struct {
	Number   string `json:"number,omitempty" doc:"of the incident; absent for an exercise"`
	Exercise bool   `json:"exercise"`
	evidence.Item
	Description *words `json:"item,omitempty" doc:"what it is; the words of one incident alone are opened"`
	Place       *words `json:"place,omitempty" doc:"where it was collected"`
}

func (q *request) evidence() (*answer, error) {
	return q.browseWords(evidence.New(), func(s *browsing, key domain.Key, texts map[told]map[string]words) (*answer, error) {
		found := evidence.Find(s.ThingReader, evidence.Query{Incident: key, Kept: q.isSet("kept"), Holder: domain.PersonID{UUID: q.uuid("holder")},
			From: q.instant("since"), To: q.instant("until")})
		return part(q, s, those(q, s, "with", found, func(it *evidence.Item) domain.Key { return it.Key }), func(it evidence.Item) (itemRow, error) {
			say := speaker(texts, told{it.Seq, "EvidenceCollected"})
			return itemRow{s.number(it.Key), s.exercise(it.Key), it, say("item"), say("place")}, nil
		})
	})
}

// An obligationRow is something owed to a customer.
type obligationRow struct {
	Number   string `json:"number,omitempty" doc:"of the incident; absent for an exercise"`
	Exercise bool   `json:"exercise"`
	obligations.Obligation
}

func (q *request) obligations() (*answer, error) {
	return q.browse(obligations.New(), func(s *browsing) (*answer, error) {
		key, err := s.incident(q)
		if err != nil {
			return nil, err
		}
		found := obligations.Find(s.ThingReader, obligations.Query{Incident: key, Untold: q.isSet("untold"), Down: q.isSet("down"),
			Customer: q.code("customer"), From: q.instant("since"), To: q.instant("until"), Now: q.now()})
		return part(q, s, those(q, s, "with", found, func(o *obligations.Obligation) domain.Key { return o.Key }), func(o obligations.Obligation) (obligationRow, error) {
			return obligationRow{s.number(o.Key), s.exercise(o.Key), o}, nil
		})
	})
}
