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
	switch e := e.(type) {
	case incident.IncidentReported:
		return v.begin(tx, r, en, &e)
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
		*c = Clock{ID: e.Clock, Due: e.Due, Running: true, Paused: e.Paused, Statutory: e.Statutory}
	case policy.ClockMoved:
		if c := r.clock(e.Clock, false); c != nil {
			c.Overdue = c.Overdue && c.Due.Equal(e.Due)
			c.Due, c.Paused, c.Statutory = e.Due, e.Paused, e.Statutory
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
	case policy.ClockOverdue:
		if c := r.clock(e.Clock, false); c != nil {
			c.Overdue = c.Due.Equal(e.Due)
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
