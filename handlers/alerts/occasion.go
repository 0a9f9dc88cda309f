package alerts

import (
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
)

// An occasion is what people are told of one integration event, and who.
type occasion struct {
	told
	about   domain.Code
	alert   domain.Key
	targets []target
	from    time.Time // from when on it is told: it may have to wait for the end of quiet hours
	clock   policy.Clock
}

// A target is a role or a person. It is reached when one who has the role is.
type target struct {
	role   domain.Code
	person domain.PersonID
	extra  bool // told as well, where there is a way; nobody else instead
}

// name tells targets apart in the ids of orders.
func (t target) name() string {
	if t.role != "" {
		return string(t.role)
	}
	return t.person.String()
}

// occasions are the events that people may be told of.
func occasions() []domain.Code {
	return []domain.Code{escalated, dueSoon, overdue, armed, calamity, failed}
}

// occasion says what is to be told of an event as the incident stands now;
// nothing where it is no occasion, or no longer.
func (p *People) occasion(t told, s *incident.Incident) (o occasion, ok bool) {
	o = occasion{told: t, alert: t.Order.Made("alert\x00" + strconv.Itoa(t.Index)), from: t.time}
	if t.Event.Clock != "" {
		o.clock = s.Clocks[policy.ClockID(t.Event.Clock)]
	}
	if o.about, ok = o.judge(s); !ok {
		return o, false
	}
	for _, role := range p.To[o.about] {
		o.targets = append(o.targets, target{role: role})
	}
	switch o.about {
	case AboutEscalate:
		o.targets = []target{{role: t.Event.To, person: t.Event.ToPerson}}
	case AboutDueSoon, AboutOverdue, AboutLate:
		if !s.Owner.IsZero() {
			o.targets = append(o.targets, target{person: s.Owner, extra: true})
		}
	}
	if !o.urgent(s) {
		o.from = p.Quiet(t.time)
	}
	return o, true
}

// idle reports whether an event by itself shows that it is no occasion: most
// terms are those of the house, and most failures are tried again. That a message
// about a failure failed is in the ledger, and enough; so is that one about nobody
// being on call did: who would be told may be who is missing.
func (t *told) idle() bool {
	return t.Type == armed && !policy.ClockID(t.Event.Clock).Owed() ||
		t.Type == failed && (!t.Event.Last || t.Event.About == AboutFailure || t.Event.About == AboutNobody)
}

// over reports whether nothing is left to do about an incident: what has reached
// nobody yet need not any more.
func over(s *incident.Incident) bool { return s.Phase == incident.PhaseClosed || s.Dropped() }

// judge says what an event is about, and whether it still calls for anybody: a
// term that was met meanwhile, an escalation that was acknowledged and a calamity
// that is over do not.
func (o *occasion) judge(s *incident.Incident) (domain.Code, bool) {
	open := o.clock.Running() && o.clock.Due.Equal(o.Event.Due)
	switch o.Type {
	case dueSoon:
		return AboutDueSoon, open
	case overdue:
		if o.clock.Statutory {
			return AboutLate, open
		}
		return AboutOverdue, open
	case armed:
		return AboutDuty, o.clock.Running()
	case calamity:
		return AboutCalamity, !over(s)
	case failed:
		return AboutFailure, true
	case escalated:
		for _, e := range s.Escalations {
			if e.ID == o.Event.Escalation {
				return AboutEscalate, e.Acknowledged.IsZero() && !over(s)
			}
		}
	}
	return "", false
}

// urgent reports whether quiet hours do not hold it back.
func (o *occasion) urgent(s *incident.Incident) bool {
	return s.Priority() == 1 || o.about == AboutCalamity || o.about == AboutLate
}
