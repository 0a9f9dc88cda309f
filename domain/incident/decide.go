package incident

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Refusals that a command's own rules give. Doors show their text; programs go
// by the code.
const (
	RefusedNotBegun                 = domain.CodeNotBegun     // there is no such incident yet
	RefusedAlreadyBegun             = domain.CodeAlreadyBegun // it was reported before
	RefusedWrongState               = domain.CodeWrongState   // not in this phase
	RefusedNoChange                 = domain.CodeNoChange     // it already stands so
	RefusedAnonymous    domain.Code = "anonymous"             // an anonymous report that names somebody, or an anonymous order that is none
	RefusedStillOpen    domain.Code = "still_open"            // closing while something is open
	RefusedUnknownEntry             = domain.CodeUnknownEntry // a correction of an entry that is not this incident's
	RefusedUnknown      domain.Code = "unknown"               // a clock, escalation or notification that the incident does not have
	RefusedNotDue       domain.Code = "not_due"               // the instant has not come
	RefusedNotRunning   domain.Code = "not_running"           // the clock is met, cancelled or paused
	RefusedLate         domain.Code = "late_without_reason"
	RefusedBeforeBegun  domain.Code = "before_the_incident"
	RefusedAware        domain.Code = "already_aware"
	RefusedNotAware     domain.Code = "not_aware"
	RefusedNoDuty       domain.Code = "no_duty"
	RefusedHold         domain.Code = "hold_overlaps"
	RefusedWithdrawn    domain.Code = "notification_withdrawn"
)

// A decider is a command of this room: it judges itself against the state and
// emits events, or returns a refusal.
type decider interface {
	domain.Command
	decide(d *deciding) error
}

// deciding is one order on its way through the rules.
type deciding struct {
	s        *Incident // never changed here
	o        domain.Order
	set      *policy.Set
	basis    Basis
	refs     []domain.Basis // what the decision rests on
	now      time.Time      // of the desk
	at       time.Time      // when it happened, as the actor says
	events   []domain.Event
	ids      map[string]string
	duties   []string
	warnings []domain.Warning
}

func (d *deciding) emit(e ...domain.Event) { d.events = append(d.events, e...) }

// made names a thing that the order makes, for the receipt.
func (d *deciding) made(what string) domain.Key {
	k := d.o.ID.Made(what)
	if d.ids == nil {
		d.ids = map[string]string{}
	}
	d.ids[what] = k.String()
	return k
}

func (d *deciding) warn(code domain.Code, requirement, format string, args ...any) {
	d.warnings = append(d.warnings, domain.Warning{Code: code, Requirement: requirement, Text: fmt.Sprintf(format, args...)})
}

// rule judges an intention: it gives the refusal back, unless the order says
// that the thing has already happened. Then the fact is accepted and the entry
// says which rule it broke (contract 3: rules refuse intentions, not facts).
func (d *deciding) rule(r *domain.Refusal) error {
	e, ok := domain.Deviation(d.o, r)
	if !ok {
		return r
	}
	d.emit(e)
	return nil
}

// Decide judges an order against the state under a basis and gives the events it
// causes, clocks included, or a *domain.Refusal. It leaves the state as it was.
// Any other error means that the policy itself does not work.
func Decide(s *Incident, o domain.Order, b Basis) (domain.Decision, error) {
	if o.Command == nil {
		return domain.Decision{}, domain.Refuse(domain.CodeMalformed, "contract 3", "the order has no command")
	}
	row, ok := byName[o.Command.CommandName()]
	if !ok {
		return domain.Decision{}, domain.Refuse(domain.CodeMalformed, "contract 3", "an incident has no command %q", o.Command.CommandName())
	}
	if b.Current == nil {
		return domain.Decision{}, fmt.Errorf("incident %s: no policy set is adopted", o.Key)
	}
	d := &deciding{s: s, o: o, set: b.At(o.Recorded), basis: b, refs: slices.Clip(b.Refs), now: o.Recorded, at: o.Occurred.Time}
	if d.at.IsZero() {
		d.at = o.Recorded
	}
	if err := d.judge(row); err != nil {
		if r, ok := err.(*domain.Refusal); ok && r.Allowed == nil {
			switch r.Code {
			case RefusedWrongState, RefusedAlreadyBegun, domain.CodeDenied:
				r.Allowed = allowed(s.Phase, o.Actor)
			}
		}
		return domain.Decision{}, err
	}
	if err := d.follow(b.Basis); err != nil {
		return domain.Decision{}, fmt.Errorf("incident %s: %w", o.Key, err)
	}
	if len(d.events) == 0 {
		return domain.Decision{}, noChange("X-03", "the profile and the rules that hold now give the terms that the incident has")
	}
	return domain.Decision{Events: d.events, Basis: d.refs, IDs: d.ids, Duties: d.duties, Warnings: d.warnings}, nil
}

// judge runs an order through its checks: form, who, when, and the command's own
// rules.
func (d *deciding) judge(row commandRow) error {
	if err := domain.CheckOrder(d.o); err != nil {
		return err
	}
	if err := domain.Check(d.o.Command, d.now, d.set); err != nil {
		return err
	}
	if err := d.checkActor(row); err != nil {
		return err
	}
	switch begun := d.s.Begun(); {
	case row.Begins && begun:
		return domain.Refuse(RefusedAlreadyBegun, "contract 3", "this incident was reported before; a report begins a new one")
	case !row.Begins && !begun:
		r := domain.Refuse(RefusedNotBegun, "contract 3", "there is no such incident; report it first")
		r.Allowed = []string{"ReportIncident"}
		return r
	}
	if row.States != nil && !slices.Contains(row.States, d.s.Phase) {
		r := domain.Refuse(RefusedWrongState, "contract 3", "%s is not possible while the incident is %s; it is possible while it is %s",
			row.Name(), d.s.Phase, orList(row.States))
		if !row.fact {
			return r
		}
		if err := d.rule(r); err != nil {
			return err
		}
	}
	if err := d.o.Command.(decider).decide(d); err != nil {
		return err
	}
	if d.o.Happened != "" && !slices.ContainsFunc(d.events, func(e domain.Event) bool { _, ok := e.(domain.RuleDeviated); return ok }) {
		d.warn("happened_unused", "contract 3", "no rule stood against this fact, so the reason given for breaking one is not kept")
	}
	return nil
}

// follow adds what follows from the command's events: registration, recipients
// and clocks. It works on a copy.
func (d *deciding) follow(b policy.Basis) error {
	next := d.s.Clone()
	p := posting{seq: d.s.Seq + 1, occurred: d.at, recorded: d.now}
	for _, e := range d.events {
		if err := next.apply(&p, e); err != nil {
			return err
		}
	}
	facts := Facts(next)
	more := append(next.consequences(d.set.Hears(&facts, d.profile()), d.at), d.calls(next)...)
	p.events = d.events
	more = append(more, next.ticks(d.set.CodesOf(string(ChecklistFirstHour)), p)...)
	for _, e := range more {
		d.emit(e)
		if err := next.apply(&p, e); err != nil {
			return err
		}
	}
	if len(more) > 0 {
		facts = Facts(next)
	}
	want, err := policy.Derive(facts, b)
	if err != nil {
		return err
	}
	d.emit(policy.Diff(next.Clocks, want)...)
	d.duties = d.touched(want)
	return nil
}

// touched lists the duties towards others, among the clocks as they stand after
// the order, that its events say something new of.
func (d *deciding) touched(clocks []policy.Clock) []string {
	told := map[string]bool{}
	for _, e := range d.events {
		switch e := e.(type) {
		case policy.ClockArmed, policy.ClockMoved, policy.ClockMet, policy.ClockCancelled:
			told[e.(domain.ClockNoter).ClockNotes()[0].ID] = true
		}
	}
	var out []string
	for _, c := range clocks { // sorted by id
		if c.Statutory && c.Recipient != policy.Own && told[string(c.ID)] {
			out = append(out, string(c.ID))
		}
	}
	return out
}

// consequences are what a report brings about by itself: a suspected data leak
// and priority 1 enter the register at once (S4, NOT-06), and the recipients
// follow from the nature of the report (INT-07 to INT-12).
func (s *Incident) consequences(hearers []domain.Code, at time.Time) []domain.Event {
	if s.Dropped() {
		return nil
	}
	var out []domain.Event
	if want := s.recipients(hearers); len(want) > 0 && !slices.Equal(want, s.Recipients) {
		out = append(out, RecipientsDetermined{Recipients: want})
	}
	if s.Registered.IsZero() {
		switch {
		case s.SuspectsLeak():
			out = append(out, IncidentRegistered{Because: "suspected-data-leak", At: at})
		case s.Priority() == 1:
			out = append(out, IncidentRegistered{Because: "priority-1", At: at})
		}
	}
	return out
}

func orList(codes []domain.Code) string { return domain.OrList(codes) }

func andList(codes []domain.Code) string { return domain.AndList(codes) }
