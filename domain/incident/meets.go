package incident

import (
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// answers refuses a duty that the notification cannot meet.
func (d *deciding) answers(field string, id domain.Code, e *AuthorityNotified) error {
	c, ok := d.s.Clocks[policy.ClockID(id)]
	switch {
	case !ok || c.Recipient != e.Authority:
		return unknown(field, "nothing is owed to %s under %s", e.Authority, id)
	case !d.meets(e, c):
		return malformed(field, "a notification of stage %s under %s is not what %s asks for", e.Stage, e.Regime, id)
	}
	return nil
}

// meets reports whether a notification is what the rule of a clock asks for: the
// fact that it becomes is the one that meets the clock.
func (d *deciding) meets(e *AuthorityNotified, c policy.Clock) bool {
	if c.Recipient != e.Authority {
		return false
	}
	n := Notification{Authority: e.Authority, Regime: e.Regime, Stage: e.Stage}
	switch met := policy.Path(strings.ReplaceAll(string(d.ruleOf(c).Met), "{recipient}", string(c.Recipient))); met {
	case policy.Submitted(e.Regime, d.s.stageOf(e.Authority, e.Regime, e.Stage), e.Authority):
		return true
	case policy.Submitted(e.Regime, "final", e.Authority):
		return e.replacesFinal(c)
	case policy.BreachNotified(e.Authority):
		return ofBreach(e.Regime, e.Stage)
	case policy.SupplementGiven:
		return e.supplements(d.s.threads(e.Authority, e.Regime, len(d.s.Notifications)), c.N-1)
	case policy.RequestAnswered:
		return n.answering()
	}
	return false
}

// replacesFinal reports whether a progress report takes the place of a final one:
// where it says so, or once the first warning of that report has come. What
// comes earlier only tells how things stand.
func (e *AuthorityNotified) replacesFinal(c policy.Clock) bool {
	return e.Stage == "progress" && (slices.Contains(e.Duties, domain.Code(c.ID)) || len(c.Warn) > 0 && !e.Submitted.Before(c.Warn[0]))
}

// demand fills in what the authority demands and is owed: the duties named, else
// those that run; of a breach that was notified before, else those. What another
// organisation notifies counts here only where it notifies for this one (NOT-12).
func (e *AuthorityNotified) demand(d *deciding) {
	e.Required = nil
	if a, ok := d.set.AuthorityAt(e.Authority, e.Submitted); ok {
		e.Required = a.Mandatory()
	}
	if e.Foreign = e.Via != "" && e.Via != d.profile()[policy.OrgNotifiesVia]; e.Foreign {
		e.Duties = nil
		return
	}
	var named, open, done, more []domain.Code
	for _, c := range d.s.Clocks {
		switch id := domain.Code(c.ID); {
		case c.Cancelled || !d.meets(e, c):
		case slices.Contains(e.Duties, id):
			named = append(named, id)
		case c.Running() && len(subjects([]domain.Code{id})) == 0:
			more = append(more, id)
		case c.Running():
			open = append(open, id)
		case ofBreach(e.Regime, e.Stage):
			done = append(done, id)
		}
	}
	switch {
	case len(named) > 0:
		e.Duties = named
	case len(open) > 0:
		e.Duties = append(open, more...)
	default:
		e.Duties = append(done, more...)
	}
	slices.Sort(e.Duties)
}

// judge fills in what follows from the channels, answers and terms: what is
// missing and whether it is on time. It gives the first clock that was missed; those that
// something else had met before miss nothing. Upto counts the notifications that
// came before; a correction says when the notification itself stood complete so
// far.
func (e *AuthorityNotified) judge(d *deciding, upto int, sofar time.Time) (late domain.Code) {
	e.Channels = withReferences(e.Channels)
	n := Notification{Channels: e.Channels, Required: e.Required}
	at, missing := n.Complete()
	e.MissingChannels = missing
	if len(missing) > 0 {
		at = e.Submitted
		for _, c := range e.Channels {
			if c.At.After(at) {
				at = c.At
			}
		}
	}
	asked := e.asked(d)
	for _, id := range e.Duties {
		c := d.s.Clocks[policy.ClockID(id)]
		open := c.Running() || c.Met.Equal(sofar)
		if open && c.Statutory && !c.Due.IsZero() && !c.Provisional && at.After(c.OverdueAt()) {
			if late == "" {
				late = id
			}
			if !e.HasLateReason {
				asked = slices.Concat(asked, d.ruleOf(c).LateAnswers)
			}
		}
	}
	e.leave(asked, d.s.threads(e.Authority, e.Regime, upto))
	e.OnTime = len(missing) == 0 && late == ""
	return late
}
