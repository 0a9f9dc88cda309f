package register

import (
	"cmp"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// change folds one event into a row, as the incident itself folds it.
func (v View) change(tx *projections.Tx, r *Row, en *domain.Entry, e domain.Event) error {
	if change := incident.Classify(en.Seq, e); change != nil {
		if err := change(&r.Class); err != nil {
			return err
		}
	}
	switch e := e.(type) {
	case incident.IncidentReported:
		return v.begin(tx, r, en, &e)
	case incident.IncidentReclassified:
		r.reclassify(en.Seq, &e)
	case incident.FactCorrected:
		return r.correct(&e, en.Seq)
	case domain.RuleDeviated:
		r.Deviated = true
	case incident.ReportVerified:
		r.Verdict, r.from.verdict = e.Verdict, en.Seq
	case incident.IncidentRegistered:
		r.Registered, r.from.registered = e.At, en.Seq
		if r.Phase == incident.PhaseReported {
			r.Phase = incident.PhaseRegistered
		}
	case incident.ReportRejected:
		r.Phase = incident.PhaseRejected
	case incident.ReportWithdrawn:
		r.Phase = incident.PhaseWithdrawn
	case incident.ReportMerged:
		r.Phase, r.Into, r.from.into = incident.PhaseMerged, e.Into, en.Seq
	case incident.ReportRouted:
		r.RoutedTo, r.from.routed = e.To, en.Seq
	case incident.OwnerAssigned:
		r.Owner, r.from.owner = e.Person, en.Seq
	case incident.ContactPointSet:
		r.ContactPoint, r.from.contact = e.Person, en.Seq
	case incident.PriorityAssessed:
		r.Computed, r.from.computed = e.Computed, en.Seq
		r.Overridden, r.from.overridden = 0, 0
	case incident.PriorityOverridden:
		r.Overridden, r.from.overridden = e.Priority, en.Seq
	case incident.SeverityAssessed:
		r.Severity, r.from.severity = e.Severity, en.Seq
	case incident.SeverityRaised:
		r.Severity = e.Severity
	case incident.MajorIncidentDeclared:
		r.Major = true
	case incident.MajorIncidentStoodDown:
		r.Major = false
	case incident.CriticalIncidentDeclared:
		r.Critical = true
	case incident.IncidentAcknowledged:
		r.Acknowledged, r.from.acknowledged = e.At, en.Seq
	case incident.IncidentEscalated:
		r.Escalations++
		r.waiting = append(r.waiting, e.Escalation)
	case incident.EscalationAcknowledged:
		r.waiting = slices.DeleteFunc(r.waiting, func(k domain.Key) bool { return k == e.Escalation })
	case incident.AwarenessEstablished:
		r.aware(awareness{e.Of, e.Processing, e.AwareAt, en.Seq})
	case incident.AwarenessCorrected:
		r.aware(awareness{e.Of, e.Processing, e.AwareAt, en.Seq})
	case incident.IncidentResolved, incident.IncidentReopened, incident.IncidentClosed:
		r.end(en.Seq, e)
	case incident.AuthorityNotified:
		for i := range e.Channels {
			r.channel(en.Seq, &e.Channels[i])
		}
	case incident.NotificationChannelAdded:
		r.channel(en.Seq, &e.Channel)
	case incident.NotificationWithdrawn:
		if e.HasReference {
			r.refers(en.Seq)
		}
		for i := range e.Channels {
			r.channel(en.Seq, &e.Channels[i])
		}
	default:
		r.tick(e)
	}
	return nil
}

// reclassify takes over what a report proves to be.
func (r *Row) reclassify(seq domain.Seq, e *incident.IncidentReclassified) {
	if e.Kind != "" {
		r.Kind, r.from.kind = e.Kind, seq
	}
	if e.Category != "" {
		r.Category, r.from.category = e.Category, seq
	}
	if e.Chain != nil {
		r.Chain, r.from.chain = *e.Chain, seq
	}
	if e.SuspectedDataLeak != nil {
		r.SuspectedDataLeak, r.from.leak = *e.SuspectedDataLeak, seq
	}
	if e.SecurityRelevant != nil {
		r.SecurityRelevant, r.from.relevant = *e.SecurityRelevant, seq
	}
}

func (r *Row) channel(seq domain.Seq, c *incident.Channel) {
	if c.HasReference {
		r.refers(seq)
	}
}

func (r *Row) end(seq domain.Seq, e domain.Event) {
	switch e := e.(type) {
	case incident.IncidentResolved:
		r.Resolved, r.from.resolved = e.RestoredAt, seq
		switch r.Phase {
		case incident.PhaseReported, incident.PhaseRegistered, incident.PhaseOnHold:
			r.Phase = incident.PhaseResolved
		}
	case incident.IncidentReopened:
		if e.Leg > r.Leg {
			r.Leg, r.from.leg = e.Leg, seq
			r.Acknowledged, r.from.acknowledged = time.Time{}, 0
			r.Resolved, r.from.resolved = time.Time{}, 0
		}
		r.Closed, r.from.closed = time.Time{}, 0
		r.Into, r.from.into = domain.Key{}, 0
		r.Phase = r.standing()
	case incident.IncidentClosed:
		r.Closed, r.from.closed = e.At, seq
		r.Phase = incident.PhaseClosed
	}
}

// standing is the phase of an incident that is neither closed nor dropped.
func (r *Row) standing() domain.Code {
	switch {
	case r.holding:
		return incident.PhaseOnHold
	case !r.Resolved.IsZero():
		return incident.PhaseResolved
	case !r.Registered.IsZero():
		return incident.PhaseRegistered
	}
	return incident.PhaseReported
}

func (r *Row) aware(a awareness) {
	at := slices.IndexFunc(r.awareness, func(b awareness) bool { return b.of == a.of && b.processing == a.processing })
	if at < 0 {
		r.awareness = append(r.awareness, a)
	} else {
		r.awareness[at] = a
	}
	r.firstAware()
}

func (r *Row) firstAware() {
	r.Aware = time.Time{}
	for _, a := range r.awareness {
		if a.of == "breach" && (r.Aware.IsZero() || a.at.Before(r.Aware)) {
			r.Aware = a.at
		}
	}
}

// tick folds a clock event, as far as the register tells of clocks.
func (r *Row) tick(e domain.Event) {
	switch e := e.(type) {
	case policy.ClockArmed:
		c := r.clock(e.Clock, true)
		*c = Clock{ID: e.Clock, Due: e.Due, Tolerance: tolerance(e.Tolerance), Running: true, Paused: e.Paused, Statutory: e.Statutory}
	case policy.ClockMoved:
		if c := r.clock(e.Clock, false); c != nil {
			c.Due, c.Tolerance, c.Paused, c.Statutory = e.Due, tolerance(e.Tolerance), e.Paused, e.Statutory
			if e.Reopened {
				c.Running, c.Late = true, false
			}
		}
	case policy.ClockMet:
		if c := r.clock(e.Clock, false); c != nil {
			c.Running, c.Paused, c.Late = false, false, !e.OnTime
		}
	case policy.ClockCancelled:
		if c := r.clock(e.Clock, false); c != nil {
			*c = Clock{ID: c.ID, Statutory: c.Statutory}
		}
	case policy.ClockPaused:
		r.holding, r.WaitingFor = true, e.WaitingFor
		if r.Phase == incident.PhaseReported || r.Phase == incident.PhaseRegistered {
			r.Phase = incident.PhaseOnHold
		}
		r.pause(e.Clocks, true)
	case policy.ClockResumed:
		r.holding, r.WaitingFor = false, ""
		if r.Phase == incident.PhaseOnHold {
			r.Phase = r.standing()
		}
		r.pause(e.Clocks, false)
	}
}

func tolerance(seconds int64) time.Duration { return time.Duration(seconds) * time.Second }

func (r *Row) pause(clocks []domain.Code, paused bool) {
	for _, id := range clocks {
		if c := r.clock(id, false); c != nil {
			c.Paused = paused
		}
	}
}

// clock finds a clock of the incident, and makes it where that is asked.
func (r *Row) clock(id domain.Code, make bool) *Clock {
	at, found := slices.BinarySearchFunc(r.Clocks, id, func(c Clock, id domain.Code) int { return cmp.Compare(c.ID, id) })
	if !found {
		if !make {
			return nil
		}
		r.Clocks = slices.Insert(r.Clocks, at, Clock{ID: id})
	}
	return &r.Clocks[at]
}
