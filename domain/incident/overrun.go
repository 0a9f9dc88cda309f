package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Refusals about terms that will not be kept.
const (
	RefusedOverrunLate domain.Code = "overrun_late"   // announced when the term had passed
	RefusedStatutory   domain.Code = "statutory_term" // nobody can agree on what the law sets
	RefusedNoForecast  domain.Code = "no_forecast"    // nothing was announced that could be answered
)

var overrunCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[ForecastOverrun], Roles: append(slices.Clip(handling), "supplier"), States: inOpen,
		Events:  []string{"OverrunForecast"},
		Example: `{"clock":"local-p3-resolution/own/resolution/1","expectedAt":"2026-11-21T18:00:00+01:00","reason":"The part comes tomorrow."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[AcceptOverrun], Roles: append(slices.Clip(handling), "employee"), States: inOpen,
		Events:  []string{"OverrunAccepted"},
		Example: `{"clock":"local-p3-resolution/own/resolution/1","agreedBy":"The head of the counters","reason":"The paper procedure carries us."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RejectOverrun], Roles: append(slices.Clip(handling), "employee"), States: inOpen,
		Events:  []string{"OverrunRejected", "IncidentEscalated"},
		Example: `{"clock":"local-p3-resolution/own/resolution/1","reason":"The counters cannot stay shut tomorrow."}`}},
}

var overrunEvents = []eventRow{
	told[OverrunForecast](1),
	told[OverrunAccepted](1),
	told[OverrunRejected](1),
}

// OverrunForecast says that a term will not be kept, and until when it takes.
// The term stays due when it is due.
type OverrunForecast struct {
	Clock      domain.Code `json:"clock" rule:"required"`
	Due        time.Time   `json:"due"`
	ExpectedAt time.Time   `json:"expectedAt" rule:"required"`
	AgreedBy   domain.Text `json:"agreedBy,omitzero" seal:"aggregate" rule:"max=300"`
	Reason     domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// OverrunAccepted says that both sides live with the overrun. The term stays due
// when it is due.
type OverrunAccepted struct {
	Clock      domain.Code `json:"clock" rule:"required"`
	ExpectedAt time.Time   `json:"expectedAt" rule:"required"`
	AgreedBy   domain.Text `json:"agreedBy,omitzero" seal:"aggregate" rule:"max=300"`
	Reason     domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// OverrunRejected says that the overrun is not accepted: it escalates.
type OverrunRejected struct {
	Clock      domain.Code `json:"clock" rule:"required"`
	ExpectedAt time.Time   `json:"expectedAt" rule:"required"`
	AgreedBy   domain.Text `json:"agreedBy,omitzero" seal:"aggregate" rule:"max=300"`
	Reason     domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (OverrunForecast) EventName() string { return "OverrunForecast" }
func (OverrunAccepted) EventName() string { return "OverrunAccepted" }
func (OverrunRejected) EventName() string { return "OverrunRejected" }

// ForecastOverrun says in time that a term of service will not be kept. Whoever
// reported and whoever solves then agree, or it escalates (CHN-09).
type ForecastOverrun struct {
	// Clock is the id of the term.
	Clock domain.Code `json:"clock" rule:"required"`
	// ExpectedAt is when it will be done.
	ExpectedAt time.Time `json:"expectedAt" rule:"required"`
	// AgreedBy is who was spoken to about it.
	AgreedBy domain.Text `json:"agreedBy,omitzero" rule:"max=300"`
	// Reason says what holds it up.
	Reason domain.Text `json:"reason" rule:"required"`
}

// AcceptOverrun says that both sides live with an announced overrun. It moves no
// term: what is done later than due is late, and was agreed (CHN-09).
type AcceptOverrun struct {
	// Clock is the id of the term.
	Clock domain.Code `json:"clock" rule:"required"`
	// ExpectedAt is the instant agreed upon; without it the one announced.
	ExpectedAt time.Time `json:"expectedAt,omitzero"`
	// AgreedBy is who accepts it on the other side.
	AgreedBy domain.Text `json:"agreedBy" rule:"required,max=300"`
	// Reason says why it can wait.
	Reason domain.Text `json:"reason,omitzero"`
}

// RejectOverrun says that an announced overrun is not accepted. It escalates at
// once (CHN-09).
type RejectOverrun struct {
	// Clock is the id of the term.
	Clock domain.Code `json:"clock" rule:"required"`
	// ExpectedAt is the instant that is refused; without it the one announced.
	ExpectedAt time.Time `json:"expectedAt,omitzero"`
	// AgreedBy is who was spoken to about it.
	AgreedBy domain.Text `json:"agreedBy,omitzero" rule:"max=300"`
	// Reason says why it cannot wait.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (ForecastOverrun) CommandName() string { return "ForecastOverrun" }
func (AcceptOverrun) CommandName() string   { return "AcceptOverrun" }
func (RejectOverrun) CommandName() string   { return "RejectOverrun" }

func (c ForecastOverrun) decide(d *deciding) error {
	clock, ok := d.s.Clocks[policy.ClockID(c.Clock)]
	switch {
	case !ok:
		return unknown("clock", "the incident has no clock %s", c.Clock)
	case clock.Statutory && !clock.Service:
		return domain.Refuse(RefusedStatutory, "CHN-09", "clock %s is set by law, not agreed: nobody can accept that it passes", c.Clock)
	case !clock.Running():
		return domain.Refuse(RefusedNotRunning, "CHN-09", "clock %s no longer runs", c.Clock)
	case !c.ExpectedAt.After(clock.Due):
		return malformed("expectedAt", "expectedAt (%s) is not after clock %s is due (%s), so nothing is overrun", stamp(c.ExpectedAt), c.Clock, stamp(clock.Due))
	}
	if o, ok := d.s.overrun(c.Clock); ok && o.Answer == "" && o.ExpectedAt.Equal(c.ExpectedAt) {
		return noChange("CHN-09", "the overrun of %s was announced and waits for an answer", c.Clock)
	}
	if d.at.After(clock.OverdueAt()) {
		err := d.rule(domain.Refuse(RefusedOverrunLate, "CHN-09", "clock %s was due at %s: an overrun is announced before (Escalate)", c.Clock, stamp(clock.Due)))
		if err != nil {
			return err
		}
	}
	d.emit(OverrunForecast{Clock: c.Clock, Due: clock.Due, ExpectedAt: c.ExpectedAt, AgreedBy: c.AgreedBy, Reason: c.Reason})
	return nil
}

func (c AcceptOverrun) decide(d *deciding) error {
	at, err := d.announced(c.Clock, c.ExpectedAt)
	if err != nil {
		return err
	}
	d.emit(OverrunAccepted{Clock: c.Clock, ExpectedAt: at, AgreedBy: c.AgreedBy, Reason: c.Reason})
	return nil
}

func (c RejectOverrun) decide(d *deciding) error {
	at, err := d.announced(c.Clock, c.ExpectedAt)
	if err != nil {
		return err
	}
	to := domain.Code("department-head")
	if d.s.Report.Chain != "" {
		to = "chain-desk"
	}
	d.emit(OverrunRejected{Clock: c.Clock, ExpectedAt: at, AgreedBy: c.AgreedBy, Reason: c.Reason}, d.escalation(d.s, to, "overrun"))
	return nil
}

// announced gives until when an overrun takes that waits for an answer: as given,
// else as announced.
func (d *deciding) announced(clock domain.Code, given time.Time) (time.Time, error) {
	o, ok := d.s.overrun(clock)
	if !ok {
		r := domain.Refuse(RefusedNoForecast, "CHN-09", "no overrun of clock %s was announced", clock)
		r.Field, r.Allowed = "clock", []string{"ForecastOverrun"}
		return given, r
	}
	if o.Answer != "" {
		return given, noChange("CHN-09", "the overrun of %s was %s", clock, o.Answer)
	}
	if given.IsZero() {
		given = o.ExpectedAt
	}
	return given, nil
}

// An Overrun is a term of which it was said that it will not be kept.
type Overrun struct {
	Clock      domain.Code
	ExpectedAt time.Time
	Answer     domain.Code // accepted, rejected; empty: none yet
}

// overrun gives what was last said of a term.
func (t *Told) overrun(clock domain.Code) (Overrun, bool) {
	for _, o := range t.Overruns {
		if o.Clock == clock {
			return o, true
		}
	}
	return Overrun{}, false
}

func (t *Told) setOverrun(o Overrun) {
	rest := slices.DeleteFunc(slices.Clone(t.Overruns), func(was Overrun) bool { return was.Clock == o.Clock })
	t.Overruns = append(rest, o)
}

func (e OverrunForecast) evolve(s *Incident, _ *posting) {
	s.setOverrun(Overrun{e.Clock, e.ExpectedAt, ""})
}

func (e OverrunAccepted) evolve(s *Incident, _ *posting) {
	s.setOverrun(Overrun{e.Clock, e.ExpectedAt, "accepted"})
}

func (e OverrunRejected) evolve(s *Incident, _ *posting) {
	s.setOverrun(Overrun{e.Clock, e.ExpectedAt, "rejected"})
}
