package api

import (
	"incidentledger/domain"
	"incidentledger/projections/breaches"
	"incidentledger/projections/duties"
	"incidentledger/projections/informed"
)

// owedOperations list what the organisation owes others and told them.
func (s *server) owedOperations() []*operation {
	return []*operation{
		thingsList("list-duties", "duties", duties.Name, "What is owed to others by law or agreement: open duties first, by due instant",
			page[dutyRow]{}, (*request).duties,
			incidentParam, openParam, overdueParam, param{name: "authority", kind: word, doc: "to whom it is owed"},
			param{name: "since", kind: instant, doc: "due then or later"}, param{name: "until", kind: instant, doc: "due before then"}, exercisesParam("with")),
		thingsList("list-breaches", "breaches", breaches.Name, "The register of all breaches of personal data: facts, effects, remedy",
			page[breachRow]{}, (*request).breaches,
			incidentParam, param{name: "risk", kind: word, oneof: []string{"unlikely", "risk", "high-risk", "undetermined"}},
			param{name: "notified", kind: flag, doc: "false: only those of which no authority was notified"}, sinceParam, untilParam,
			exercisesParam("without: the register is of what happened; of one incident that is asked for, with")),
		thingsList("list-informed", "informed", informed.Name, "Who was told of incidents: when, how and by whom",
			page[tellingRow]{}, (*request).informed,
			incidentParam, param{name: "who", kind: word, oneof: []string{"authority", "controller", "data-subjects", "customer", "party"}}, sinceParam, untilParam,
			exercisesParam("with")),
	}
}

// A dutyRow is a duty of an incident.
type dutyRow struct {
	Number   string `json:"number,omitempty" doc:"of the incident; absent for an exercise"`
	Exercise bool   `json:"exercise"`
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
		return part(q, s, those(q, s, "with", found, func(d *duties.Duty) domain.Key { return d.Key }), func(d duties.Duty) (dutyRow, error) {
			return dutyRow{s.number(d.Key), s.exercise(d.Key), d, d.Overdue(now)}, nil
		})
	})
}

// A breachRow is a breach. Its words stand in it where one incident is asked for.
type breachRow struct {
	Number   string `json:"number,omitempty" doc:"of the incident; absent for an exercise"`
	Exercise bool   `json:"exercise"`
	breaches.Breach
	Consequences     *words `json:"consequences,omitempty" doc:"as last assessed; the words of one incident alone are opened"`
	MeasuresTaken    *words `json:"measuresTaken,omitempty"`
	MeasuresProposed *words `json:"measuresProposed,omitempty"`
	Reasons          *words `json:"reasons,omitempty" doc:"why the risk is taken to be this"`
}

func (q *request) breaches() (*answer, error) {
	return q.browseWords(breaches.New(), func(s *browsing, key domain.Key, texts map[told]map[string]words) (*answer, error) {
		found := breaches.Find(s.ThingReader, breaches.Query{Incident: key, Risk: q.code("risk"), Unknown: q.text("notified") == "false",
			From: q.instant("since"), To: q.instant("until")})
		otherwise := "with"
		if key.IsZero() {
			otherwise = "without"
		}
		return part(q, s, those(q, s, otherwise, found, func(b *breaches.Breach) domain.Key { return b.Key }), func(b breaches.Breach) (breachRow, error) {
			row := breachRow{Number: s.number(b.Key), Exercise: s.exercise(b.Key), Breach: b}
			if n := len(b.Assessments); n > 0 {
				say := speaker(texts, told{b.Assessments[n-1], "BreachAssessed"})
				row.Consequences, row.MeasuresTaken, row.MeasuresProposed, row.Reasons = say("consequences"), say("measuresTaken"), say("measuresProposed"), say("reasons")
			}
			return row, nil
		})
	})
}

// A tellingRow says that somebody was told. What they were told stands in it
// where one incident is asked for.
type tellingRow struct {
	Number   string `json:"number,omitempty" doc:"of the incident; absent for an exercise"`
	Exercise bool   `json:"exercise"`
	informed.Telling
	Name    *words `json:"name,omitempty" doc:"of a party outside; the words of one incident alone are opened"`
	Content *words `json:"content,omitempty"`
}

func (q *request) informed() (*answer, error) {
	return q.browseWords(informed.New(), func(s *browsing, key domain.Key, texts map[told]map[string]words) (*answer, error) {
		found := informed.Find(s.ThingReader, informed.Query{Incident: key, Who: q.code("who"), From: q.instant("since"), To: q.instant("until")})
		return part(q, s, those(q, s, "with", found, func(t *informed.Telling) domain.Key { return t.Key }), func(t informed.Telling) (tellingRow, error) {
			say := speaker(texts, told{t.Seq, string(t.What)})
			return tellingRow{s.number(t.Key), s.exercise(t.Key), t, say("party.text"), say("content")}, nil
		})
	})
}
