package incident

import (
	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var holdCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[PlaceOnHold], Roles: handling, States: inMoving,
		Events:  []string{"ClockPaused"},
		Example: `{"waitingFor":"supplier","reason":"The spare part comes tomorrow."}`}},
	{CommandType: domain.CommandType{New: blank[ResumeIncident], Roles: handling, States: []domain.Code{PhaseOnHold},
		Events:  []string{"ClockResumed"},
		Example: `{"reason":"The part was delivered."}`}},
}

// PlaceOnHold says that the handling waits for somebody or something. Only
// service terms stand still; what the law sets runs on.
type PlaceOnHold struct {
	// WaitingFor tells for whom or what.
	WaitingFor domain.Code `json:"waitingFor" rule:"required,oneof=user|supplier|evidence|change|customer"`
	// Reason says why nothing can be done meanwhile.
	Reason domain.Text `json:"reason" rule:"required"`
}

// ResumeIncident says that the handling goes on.
type ResumeIncident struct {
	// Reason says what ended the wait.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (PlaceOnHold) CommandName() string    { return "PlaceOnHold" }
func (ResumeIncident) CommandName() string { return "ResumeIncident" }

func (c PlaceOnHold) decide(d *deciding) error {
	if n := len(d.s.Holds); n > 0 && d.at.Before(d.s.Holds[n-1].To) {
		return domain.Refuse(RefusedHold, "contract 3", "the last hold lasted until %s; a new one cannot begin at %s", stamp(d.s.Holds[n-1].To), stamp(d.at))
	}
	d.emit(policy.ClockPaused{Clocks: d.s.serviceClocks(), WaitingFor: c.WaitingFor, From: d.at, Reason: c.Reason})
	return nil
}

func (c ResumeIncident) decide(d *deciding) error {
	if from := d.s.Holds[len(d.s.Holds)-1].From; d.at.Before(from) {
		return domain.Refuse(RefusedHold, "contract 3", "the hold began at %s; it cannot end at %s", stamp(from), stamp(d.at))
	}
	d.endHold(c.Reason)
	return nil
}

// endHold ends a hold that lasts, where one does.
func (d *deciding) endHold(reason domain.Text) {
	n := len(d.s.Holds)
	if n == 0 || !d.s.Holds[n-1].To.IsZero() {
		return
	}
	to := d.at
	if from := d.s.Holds[n-1].From; to.Before(from) {
		to = from
	}
	d.emit(policy.ClockResumed{Clocks: d.s.serviceClocks(), To: to, Reason: reason})
}

// holdsInOrder refuses corrected holds that cannot have been: each begins after
// the one before has ended, and only one that lasts has no end.
func (s *Incident) holdsInOrder(d *deciding) error {
	for i, h := range s.Holds {
		if err := domain.CheckInstant("fields.from", h.From, d.now, true); err != nil {
			return err
		}
		if h.To.IsZero() {
			if i == len(s.Holds)-1 && s.Phase == PhaseOnHold {
				continue
			}
			return malformed("fields.to", "the hold from %s has ended; say when", stamp(h.From))
		}
		if err := domain.CheckInstant("fields.to", h.To, d.now, true); err != nil {
			return err
		}
		if h.To.Before(h.From) || i > 0 && h.From.Before(s.Holds[i-1].To) {
			return domain.Refuse(RefusedHold, "contract 3", "then the hold from %s would end before it begins or overlap another", stamp(h.From))
		}
	}
	return nil
}

// hold folds the beginning and the end of a hold.
func (s *Incident) hold(e domain.Event) {
	n := len(s.Holds)
	lasts := n > 0 && s.Holds[n-1].To.IsZero()
	switch e := e.(type) {
	case policy.ClockPaused:
		if lasts {
			return
		}
		s.Holds = append(s.Holds, policy.Hold{From: e.From})
		s.WaitingFor = e.WaitingFor
		if s.Phase == PhaseReported || s.Phase == PhaseRegistered {
			s.Phase = PhaseOnHold
		}
	case policy.ClockResumed:
		if !lasts {
			return
		}
		s.Holds[n-1].To = e.To
		s.WaitingFor = ""
		if s.Phase == PhaseOnHold {
			s.Phase = s.standing()
		}
	}
}
