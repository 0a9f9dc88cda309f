package domain

import (
	"fmt"
	"slices"
	"time"
)

// A Dossier is the folded state of an aggregate whose commands record facts: what
// its entries tell, corrections worked in. It holds no sealed text. A kind of
// such aggregates is a Table; what is particular to it stands with its commands
// and events.
type Dossier[S any] struct {
	Org        OrgID
	Key        Key
	Seq        Seq // of its last entry
	Told       S
	Deviations int // facts accepted against a rule
	log        []Posting
}

// A Posting is an entry as far as folding needs it: who told what, and when.
type Posting struct {
	Seq      Seq
	Command  string
	Actor    PersonID // zero: nobody by name
	Occurred time.Time
	events   []Event // their open part
}

// Standing is what a state is, besides what it tells. It is copied by value:
// evolving never changes a list or map in place.
type Standing interface {
	// Phase is where the aggregate stands; empty: it has not begun.
	Phase() Code
}

// A Decider is a command of a Table: it judges itself and emits events, or
// returns a refusal.
type Decider[S any] interface {
	Command
	Decide(d *Deciding[S]) error
}

// An Evolver is an event of a Table: it changes the state and reads open fields
// only.
type Evolver[S any] interface {
	Event
	Evolve(s *S, p Posting)
}

// A Coherent event refuses what cannot be true together. was is what it leaves of
// the event that it corrects, nil where it is told for the first time.
type Coherent interface{ Coherent(was Event) error }

// A CommandRow declares one command. Fact says that it records something that
// can have happened although the phase is against it: then a reason given with
// the order lets it pass. One that begins an aggregate and names States can be
// given again in these.
type CommandRow struct {
	CommandType
	Fact bool
}

// A Table declares a kind of aggregate by its commands and events. CorrectFact,
// FactCorrected and RuleDeviated are added to them.
type Table[S Standing] struct {
	Name       KindName
	Commands   []CommandRow
	Events     EventTable
	Correctors []Code // the roles that may give CorrectFact
	Known      Known  // nil: nothing is asked of other aggregates
}

// Refusals of any kind of aggregate.
const (
	CodeNotBegun     Code = "not_begun"     // there is no such aggregate yet
	CodeAlreadyBegun Code = "already_begun" // it was begun before
	CodeWrongState   Code = "wrong_state"   // not in this phase
)

// Kind gives the kind. law is asked at each decision for the code lists that are
// adopted and where in the ledger that stands; nil: decisions are not asked for.
func (t Table[S]) Kind(law func() (Codes, []Basis)) Kind {
	t.Commands = append(slices.Clip(t.Commands), CommandRow{CommandType: CommandType{
		New: func() Command { return new(CorrectFact) }, Roles: t.Correctors, Events: []string{"FactCorrected"},
		Example: `{"corrects":10,"fields":{"validFrom":"2026-01-01T00:00:00+01:00"},"reason":"Typing error."}`,
	}})
	t.Events = append(slices.Clip(t.Events), Kept[FactCorrected](1), Kept[RuleDeviated](1))
	k := Kind{
		Name: t.Name,
		New:  func() State { return Dossier[S]{} },
		Decide: func(st State, o Order) (Decision, error) {
			if law == nil {
				return Decision{}, fmt.Errorf("%s %s: decisions are not asked for", t.Name, o.Key)
			}
			codes, refs := law()
			return t.decide(st.(Dossier[S]), o, codes, refs)
		},
		Evolve: func(st State, en Entry) (State, error) { return t.evolve(st.(Dossier[S]), en) },
	}
	for _, r := range t.Commands {
		r.Events = append(slices.Clip(r.Events), "RuleDeviated")
		k.Commands = append(k.Commands, r.CommandType)
	}
	for _, r := range t.Events {
		k.Events = append(k.Events, r.EventType)
	}
	return k
}

// evolve adds an entry to the state.
func (t Table[S]) evolve(s Dossier[S], en Entry) (Dossier[S], error) {
	p := Posting{Seq: en.Seq, Command: en.Command, Actor: en.Actor.ID, Occurred: en.Occurred.Time}
	if p.Occurred.IsZero() {
		p.Occurred = en.Recorded
	}
	for _, r := range en.Events {
		open, _ := SetApart(r.Event, Ref{}, OrderID{})
		err := s.apply(p, open)
		if e, ok := open.(FactCorrected); ok {
			err = s.mend(e, t.Events)
		}
		if err != nil {
			return s, fmt.Errorf("%s %s: entry %d: %w", t.Name, en.Key, en.Seq, err)
		}
		p.events = append(p.events, open)
	}
	s.log = append(slices.Clip(s.log), p)
	s.Org, s.Key, s.Seq = en.Org, en.Key, en.Seq
	return s, nil
}

// apply folds one event.
func (s *Dossier[S]) apply(p Posting, e Event) error {
	switch e := e.(type) {
	case Evolver[S]:
		e.Evolve(&s.Told, p)
	case RuleDeviated:
		s.Deviations++
	case FactCorrected: // worked into the log where it belongs
	default:
		return fmt.Errorf("event %s is unknown here", e.EventName())
	}
	return nil
}

// mend works a correction into the log and tells everything anew.
func (s *Dossier[S]) mend(e FactCorrected, t EventTable) error {
	i := s.posting(e.Corrects)
	if i < 0 {
		return fmt.Errorf("FactCorrected names entry %d, which is none of it", e.Corrects)
	}
	told, err := e.Mend(s.log[i].events, t)
	if err != nil {
		return err
	}
	s.log = slices.Clone(s.log)
	s.log[i].events = told
	s.Told, s.Deviations = *new(S), 0
	for _, p := range s.log {
		for _, e := range p.events {
			if err := s.apply(p, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// posting finds an entry of the aggregate by its place in the ledger; -1: none.
func (s *Dossier[S]) posting(seq Seq) int {
	return slices.IndexFunc(s.log, func(p Posting) bool { return p.Seq == seq })
}

// Blank gives an empty command, for CommandType.New.
func Blank[C any, P interface {
	*C
	Command
}]() Command {
	return P(new(C))
}
