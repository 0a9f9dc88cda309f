package incident

import (
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
)

// A rederiver is an event of which some fields follow from others: a correction
// reckons them anew and keeps what the ledger gave out, such as ids. It also
// refuses what cannot be true together.
type rederiver interface {
	rederive(d *deciding, was domain.Event) (domain.Event, error)
}

// rederive implements rederiver. Who was promised anonymity keeps it (INT-06).
func (e IncidentReported) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	if anonymous := was.(IncidentReported).Anonymous; anonymous != e.Anonymous || anonymous && e.Reporter != "" {
		return e, domain.Refuse(RefusedAnonymous, "INT-06", "whether a report is anonymous is settled when it is made, and then it names no reporter")
	}
	return e, e.coherent()
}

// rederive implements rederiver.
func (e PriorityAssessed) rederive(d *deciding, _ domain.Event) (domain.Event, error) {
	err := e.weigh(d.set)
	return e, err
}

// rederive implements rederiver.
func (e IncidentEscalated) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Escalation = was.(IncidentEscalated).Escalation
	if (e.To == "") == e.ToPerson.IsZero() {
		return e, malformed("fields.to", "an escalation goes to a role or to a person, to exactly one of them; take the other back with null")
	}
	return e, nil
}

// rederive implements rederiver.
func (e AuthorityNotified) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	old := was.(AuthorityNotified)
	e.Notification, e.Required, e.Foreign = old.Notification, old.Required, old.Foreign
	if e.Authority != old.Authority || e.Regime != old.Regime || e.Stage != old.Stage || e.Via != old.Via {
		e.demand(d)
	} else {
		for i, id := range e.Duties {
			if slices.Contains(old.Duties, id) {
				continue
			}
			if err := d.answers("fields.duties."+strconv.Itoa(i), id, &e); err != nil {
				return e, err
			}
		}
	}
	var sofar time.Time
	upto := slices.IndexFunc(d.s.Notifications, func(n Notification) bool { return n.ID == e.Notification })
	if upto < 0 {
		upto = len(d.s.Notifications)
	} else {
		sofar = d.s.Notifications[upto].standing()
	}
	if err := e.answerable(d, "fields.answers", upto, old.Answers); err != nil {
		return e, err
	}
	e.judge(d, upto, sofar)
	return e, nil
}

// rederive implements rederiver.
func (e NotificationChannelAdded) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Notification = was.(NotificationChannelAdded).Notification
	e.Channel = withReferences([]Channel{e.Channel})[0]
	return e, nil
}

// rederive implements rederiver.
func (e NotificationWithdrawn) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Notification, e.Channels = was.(NotificationWithdrawn).Notification, withReferences(e.Channels)
	return e, nil
}

// rederive implements rederiver.
func (e IncidentReopened) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Leg, e.Because = was.(IncidentReopened).Leg, was.(IncidentReopened).Because
	return e, nil
}
