package incident

import (
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

var resolveCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[ResolveIncident], Roles: handling, States: []domain.Code{PhaseRegistered, PhaseOnHold},
		Events:  []string{"IncidentResolved", "ClockResumed"},
		Example: `{"cause":"A worn cable.","resolution":"Cable replaced, link tested.","restoredAt":"2026-11-21T11:15:00+01:00"}`}},
	{CommandType: domain.CommandType{New: blank[ReopenIncident], Roles: handling, States: inEnded,
		Events: []string{"IncidentReopened"}, Example: `{"reason":"The link fails again."}`}},
	{CommandType: domain.CommandType{New: blank[CloseIncident], Roles: closing, States: inLive,
		Events: []string{"IncidentClosed", "ClockResumed"}, Example: `{}`}},
}

var resolveEvents = []eventRow{
	told[IncidentResolved](1),
	told[IncidentReopened](1),
	told[IncidentClosed](1),
}

// IncidentResolved says that the service or the safe state is restored. It meets
// the resolution clock at RestoredAt.
type IncidentResolved struct {
	Cause      domain.Text `json:"cause,omitzero" seal:"aggregate"`
	Resolution domain.Text `json:"resolution,omitzero" seal:"aggregate"`
	RestoredAt time.Time   `json:"restoredAt" rule:"required,past"`
}

// IncidentReopened says that the incident goes on after all. Leg is the service
// leg that runs from At: one more than before where the service failed again.
type IncidentReopened struct {
	Because domain.Code `json:"because" rule:"oneof=manual|awareness|breach|significance|complaint"`
	Leg     int         `json:"leg" rule:"min=1"`
	At      time.Time   `json:"at" rule:"required,past"`
	Reason  domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// IncidentClosed says that nothing is left to do, or who closed it with what
// still open and why.
type IncidentClosed struct {
	At         time.Time     `json:"at" rule:"required,past"`
	Overridden bool          `json:"overridden"`
	Open       []domain.Code `json:"open,omitempty"` // what stood open: clock ids, registration, resolution, evidence, evaluation and so on
	Reason     domain.Text   `json:"reason,omitzero" seal:"aggregate"`
}

func (IncidentResolved) EventName() string { return "IncidentResolved" }
func (IncidentReopened) EventName() string { return "IncidentReopened" }
func (IncidentClosed) EventName() string   { return "IncidentClosed" }

// ResolveIncident says that service or safety is restored. It meets the
// resolution term (PRI-04) and ends a hold.
type ResolveIncident struct {
	// Cause tells what caused it (ANA-01).
	Cause domain.Text `json:"cause" rule:"required"`
	// Resolution tells what was done.
	Resolution domain.Text `json:"resolution" rule:"required"`
	// RestoredAt is when it worked again.
	RestoredAt time.Time `json:"restoredAt" rule:"required,past"`
}

// ReopenIncident says that it goes on after all. After a resolution a new
// service leg begins; the clocks of the old one are kept.
type ReopenIncident struct {
	// Reason says what is not over.
	Reason domain.Text `json:"reason" rule:"required"`
}

// CloseIncident ends the handling. Whatever is still open is listed in the
// refusal (EVA-07); an override needs a reason that every report shows.
type CloseIncident struct {
	// Override closes it all the same.
	Override *Override `json:"override,omitempty"`
}

// An Override closes an incident with something still open.
type Override struct {
	// Reason says why it may stay open.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (ResolveIncident) CommandName() string { return "ResolveIncident" }
func (ReopenIncident) CommandName() string  { return "ReopenIncident" }
func (CloseIncident) CommandName() string   { return "CloseIncident" }

func (c ResolveIncident) decide(d *deciding) error {
	if !d.s.Resolved.IsZero() {
		return noChange("PRI-04", "the incident was resolved at %s; CorrectFact corrects that, ReopenIncident begins anew", stamp(d.s.Resolved))
	}
	if err := d.sinceLeg("restoredAt", c.RestoredAt); err != nil {
		return err
	}
	d.endHold("")
	d.emit(IncidentResolved(c))
	return nil
}

// sinceLeg refuses an instant before the running leg began: what was restored
// before the incident went on after all restored nothing of this leg.
func (d *deciding) sinceLeg(field string, at time.Time) error {
	if !at.Before(d.s.Reopened) {
		return d.sinceBegun(field, at)
	}
	r := domain.Refuse(RefusedBeforeBegun, "INT-03", "%s (%s) lies before the incident was reopened (%s); mend the instant, or correct when it was reopened", field, stamp(at), stamp(d.s.Reopened))
	r.Field = field
	r.Allowed = []string{"CorrectFact"}
	return d.rule(r)
}

// rederive implements rederiver. A resolution of an earlier leg is none of the
// running one.
func (e IncidentResolved) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	switch at := was.(IncidentResolved).RestoredAt; {
	case e.RestoredAt.Equal(at):
		return e, nil
	case at.Equal(d.s.Resolved):
		return e, d.sinceLeg("fields.restoredAt", e.RestoredAt)
	}
	return e, d.sinceBegun("fields.restoredAt", e.RestoredAt)
}

func (c ReopenIncident) decide(d *deciding) error {
	e := IncidentReopened{Because: "manual", Leg: d.s.Leg, At: d.at, Reason: c.Reason}
	if !d.s.Resolved.IsZero() && !d.s.Dropped() {
		e.Leg++
	}
	d.emit(e)
	return nil
}

func (c CloseIncident) decide(d *deciding) error {
	open := d.open()
	if len(open) == 0 || c.Override != nil {
		e := IncidentClosed{At: d.at, Overridden: len(open) > 0}
		for _, o := range open {
			e.Open = append(e.Open, o.code)
		}
		if c.Override != nil {
			if !slices.Contains(overriding, d.o.Actor.Role) && d.o.Actor.Proof != "system" {
				return domain.Refuse(domain.CodeDenied, "EVA-07", "closing with something still open is for %s, not for %s", orList(overriding), d.o.Actor.Role)
			}
			e.Reason = c.Override.Reason
		}
		d.endHold("")
		d.emit(e)
		d.warnClosing()
		return nil
	}
	lines := make([]string, len(open))
	for i, o := range open {
		lines[i] = o.text
	}
	return domain.Refuse(RefusedStillOpen, "EVA-07", "still open: %s", strings.Join(lines, "; "))
}

// overriding are the roles that may close an incident with something open.
var overriding = []domain.Code{"security-officer", "coordinator", "secretary"}

// An openItem stands in the way of closing.
type openItem struct {
	code domain.Code
	text string
}

// open lists what must be done before the incident can be closed (EVA-07).
func (s *Incident) open() []openItem {
	var out []openItem
	if s.Registered.IsZero() {
		out = append(out, openItem{"registration", "the report is neither verified nor rejected (VerifyReport)"})
	}
	if s.Resolved.IsZero() && s.Handled.IsZero() {
		out = append(out, openItem{"resolution", "it is not resolved (ResolveIncident)"})
	}
	out = append(out, s.Chain.open()...)
	out = append(out, s.openContinuity()...)
	out = append(out, s.openDuties()...)
	out = append(out, s.unhandled()...)
	out = append(out, s.unheard()...)
	return append(out, s.unfinished()...)
}

func (e IncidentResolved) evolve(s *Incident, _ *posting) {
	s.Resolved = e.RestoredAt
	switch s.Phase {
	case PhaseReported, PhaseRegistered, PhaseOnHold:
		s.Phase = PhaseResolved
	}
}

func (e IncidentReopened) evolve(s *Incident, _ *posting) {
	if e.Leg > s.Leg {
		s.Legs = append(slices.Clip(s.Legs), Leg{s.Reopened, s.Resolved})
		s.Leg, s.Reopened = e.Leg, e.At
		s.Acknowledged, s.Resolved, s.Handled = time.Time{}, time.Time{}, time.Time{}
		s.Evaluation.Submitted, s.Evaluation.Approved = false, time.Time{} // the new leg is evaluated too
	}
	s.Closed, s.ClosedOpen, s.Into = time.Time{}, nil, domain.Key{}
	s.Phase = s.standing()
}

func (e IncidentClosed) evolve(s *Incident, _ *posting) {
	s.Closed, s.ClosedOpen = e.At, e.Open
	s.Phase = PhaseClosed
}
