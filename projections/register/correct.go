package register

import (
	"encoding/json"
	"fmt"
	"strings"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A patch takes corrected fields into columns.
type patch struct {
	e   *incident.FactCorrected
	err error
}

// take reads a corrected field into a column; null empties it.
func take[T any](p *patch, field domain.Code, into *T) {
	v, ok := p.e.Fields[field]
	if !ok || p.err != nil {
		return
	}
	var got T
	if err := json.Unmarshal([]byte(v.String()), &got); err != nil {
		p.err = fmt.Errorf("correction of %s.%s: %w", p.e.Event, field, err)
		return
	}
	*into = got
}

// correct works a correction into the columns that the corrected entry set. A
// column that a later entry has set since stays, and so does the number.
func (r *Row) correct(e *incident.FactCorrected, seq domain.Seq) error {
	p := &patch{e: e}
	for path := range e.Texts {
		if name := path[strings.LastIndexByte(string(path), '.')+1:]; name == "ownReference" || name == "reference" {
			r.refers(seq)
		}
	}
	from := func(seq domain.Seq) bool { return seq == e.Corrects }
	switch {
	case e.Event == "IncidentReported":
		r.correctNature(p)
		r.correctReport(p)
	case e.Event == "IncidentReclassified":
		r.correctNature(p)
	case e.Event == "SeverityAssessed" && from(r.from.severity):
		take(p, "severity", &r.Severity)
	case e.Event == "IncidentRegistered" && from(r.from.registered):
		take(p, "at", &r.Registered)
	case e.Event == "ReportVerified" && from(r.from.verdict):
		take(p, "verdict", &r.Verdict)
	case e.Event == "ReportMerged" && from(r.from.into):
		take(p, "into", &r.Into)
	case e.Event == "ReportRouted" && from(r.from.routed):
		take(p, "to", &r.RoutedTo)
	case e.Event == "OwnerAssigned" && from(r.from.owner):
		take(p, "person", &r.Owner)
	case e.Event == "ContactPointSet" && from(r.from.contact):
		take(p, "person", &r.ContactPoint)
	case e.Event == "PriorityAssessed" && from(r.from.computed):
		take(p, "computed", &r.Computed)
	case e.Event == "PriorityOverridden" && from(r.from.overridden):
		take(p, "priority", &r.Overridden)
	case e.Event == "IncidentAcknowledged" && from(r.from.acknowledged):
		take(p, "at", &r.Acknowledged)
	case e.Event == "IncidentResolved" && from(r.from.resolved):
		take(p, "restoredAt", &r.Resolved)
	case e.Event == "IncidentClosed" && from(r.from.closed):
		take(p, "at", &r.Closed)
	case e.Event == "IncidentReopened" && from(r.from.leg):
		take(p, "leg", &r.Leg)
	case e.Event == "AwarenessEstablished", e.Event == "AwarenessCorrected":
		for i := range r.awareness {
			if a := &r.awareness[i]; from(a.by) {
				take(p, "of", &a.of)
				take(p, "processing", &a.processing)
				take(p, "awareAt", &a.at)
			}
		}
		r.firstAware()
	}
	return p.err
}

// correctNature corrects what a report, or a reclassification after it, says of
// the nature of the incident. What a later entry said since stays.
func (r *Row) correctNature(p *patch) {
	takeUnlessLater(p, "kind", &r.Kind, &r.from.kind)
	takeUnlessLater(p, "category", &r.Category, &r.from.category)
	takeUnlessLater(p, "chain", &r.Chain, &r.from.chain)
	takeUnlessLater(p, "suspectedDataLeak", &r.SuspectedDataLeak, &r.from.leak)
	takeUnlessLater(p, "securityRelevant", &r.SecurityRelevant, &r.from.relevant)
}

func takeUnlessLater[T any](p *patch, field domain.Code, into *T, from *domain.Seq) {
	if _, given := p.e.Fields[field]; given && *from <= p.e.Corrects {
		take(p, field, into)
		*from = p.e.Corrects
	}
}

func (r *Row) correctReport(p *patch) {
	take(p, "channel", &r.Channel)
	take(p, "department", &r.Department)
	take(p, "started", &r.Started)
	take(p, "discovered", &r.Discovered)
	take(p, "reported", &r.Reported)
	take(p, "ict", &r.ICT)
	take(p, "suspected", &r.Suspected)
	take(p, "anonymous", &r.Anonymous)
	take(p, "exercise", &r.Exercise)
	take(p, "hasReporter", &r.HasReporter)
	take(p, "hasOwnReference", &r.HasOwnReference)
}
