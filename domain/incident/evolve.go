package incident

import (
	"cmp"
	"fmt"
	"slices"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// An evolver is an event of this room: it changes the state in place and reads
// open fields only.
type evolver interface {
	domain.Event
	evolve(s *Incident, p *posting)
}

// Evolve adds an entry to the state, in place, and returns it. An event that
// this version does not know, or a correction of an entry that is not there, is
// an error: such a state must not be used.
func Evolve(s *Incident, en domain.Entry) (*Incident, error) {
	p := posting{seq: en.Seq, occurred: en.Occurred.Time, recorded: en.Recorded, role: en.Actor.Role, command: en.Command}
	if p.occurred.IsZero() {
		p.occurred = en.Recorded
	}
	kept := make([]domain.Event, 0, len(en.Events))
	for _, r := range en.Events {
		open, _ := domain.SetApart(r.Event, domain.Ref{}, domain.OrderID{})
		if err := s.apply(&p, open); err != nil {
			return nil, fmt.Errorf("incident %s: entry %d: %w", en.Key, en.Seq, err)
		}
		if !derived(open) {
			kept = append(kept, open)
		}
	}
	p.events = kept
	s.log = append(s.log, p)
	s.Org, s.Key, s.Seq = en.Org, en.Key, en.Seq
	return s, nil
}

// apply folds one event, clocks included.
func (s *Incident) apply(p *posting, e domain.Event) error {
	switch e := e.(type) {
	case FactCorrected:
		return s.correct(e)
	case evolver:
		e.evolve(s, p)
	case domain.RuleDeviated:
		s.Deviations++
	case policy.ClockPaused, policy.ClockResumed:
		s.hold(e)
		s.tick(e)
	case policy.ClockArmed, policy.ClockMoved, policy.ClockMet, policy.ClockCancelled, policy.ClockDueSoon, policy.ClockOverdue:
		s.tick(e)
	default:
		return fmt.Errorf("event %s is unknown to incidents", e.EventName())
	}
	return nil
}

// derived reports whether an event follows from others, so that nobody told it
// and nobody can correct it by itself.
func derived(e domain.Event) bool {
	switch e.(type) {
	case policy.ClockArmed, policy.ClockMoved, policy.ClockMet, policy.ClockCancelled, policy.ClockDueSoon, policy.ClockOverdue:
		return true
	}
	return false
}

// refold tells everything anew from the log; clocks and what was said of them
// stay, since they moved by events of their own.
func (s *Incident) refold() {
	s.Told = Told{}
	s.deliveries = nil
	for i := range s.log {
		p := &s.log[i]
		for _, e := range p.events {
			switch e := e.(type) {
			case FactCorrected: // worked into the log where it belongs
			case evolver:
				e.evolve(s, p)
			case domain.RuleDeviated:
				s.Deviations++
			default:
				s.hold(e)
			}
		}
	}
}

// posting finds an entry of this incident by its place in the ledger.
func (s *Incident) posting(seq domain.Seq) (int, bool) {
	return slices.BinarySearchFunc(s.log, seq, func(p posting, seq domain.Seq) int { return cmp.Compare(p.seq, seq) })
}
