package api

import (
	"incidentledger/projections/duties"
)

// owedOperations list what the organisation owes others and told them.
func (s *server) owedOperations() []*operation {
	return []*operation{
		thingsList("list-duties", "duties", duties.Name, "What is owed to others by law or agreement: open duties first, by due instant",
			page[dutyRow]{}, (*request).duties,
			incidentParam, openParam, overdueParam, param{name: "authority", kind: word, doc: "to whom it is owed"},
			param{name: "since", kind: instant, doc: "due then or later"}, param{name: "until", kind: instant, doc: "due before then"}),
	}
}

// A dutyRow is a duty of an incident.
type dutyRow struct {
	Number string `json:"number,omitempty" doc:"of the incident; absent for an exercise"`
	duties.Duty
	Overdue bool `json:"overdue" doc:"open and past its term, by the clock of the server"`
}

func (q *request) duties() (*answer, error) {
	return q.browse(duties.New(), func(s *browsing) (*answer, error) {
		key, err := s.incident(q)
		if err != nil {
			return nil, err
		}
		now := q.now()
		found := duties.Find(s.ThingReader, duties.Query{Incident: key, Open: q.isSet("open"), Overdue: q.overdueAt(),
			Recipient: q.code("authority"), From: q.instant("since"), To: q.instant("until")})
		return part(q, s, found, func(d duties.Duty) (dutyRow, error) {
			return dutyRow{s.number(d.Key), d, d.Overdue(now)}, nil
		})
	})
}
