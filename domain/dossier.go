package domain

import (
	"bytes"
	"encoding/json"
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

// A Coherent event refuses what cannot be true together. was is the event that
// it corrects, nil where it is told for the first time.
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

// Deciding is one order on its way through the rules.
type Deciding[S any] struct {
	Told     S // as it stands; never changed here
	Order    Order
	Codes    Codes
	At       time.Time // when it happened, as the actor says
	events   []Event
	warnings []Warning
}

// Emit adds events to the decision. It gives nil, so that a command can end with
// it.
func (d *Deciding[S]) Emit(e ...Event) error {
	d.events = append(d.events, e...)
	return nil
}

// Warn tells what stays open although the order is accepted.
func (d *Deciding[S]) Warn(code Code, requirement, format string, args ...any) {
	d.warnings = append(d.warnings, Warning{Code: code, Requirement: requirement, Text: fmt.Sprintf(format, args...)})
}

// Rule judges an intention: it gives the refusal back, unless the order says that
// the thing has already happened.
func (d *Deciding[S]) Rule(r *Refusal) error {
	e, ok := Deviation(d.Order, r)
	if !ok {
		return r
	}
	return d.Emit(e)
}

func (t Table[S]) decide(s Dossier[S], o Order, codes Codes, refs []Basis) (Decision, error) {
	if codes == nil {
		return Decision{}, fmt.Errorf("%s %s: no policy set is adopted", t.Name, o.Key)
	}
	i := slices.IndexFunc(t.Commands, func(r CommandRow) bool { return o.Command != nil && r.Name() == o.Command.CommandName() })
	if i < 0 {
		return Decision{}, Refuse(CodeMalformed, "contract 3", "the order has no command of kind %s", t.Name)
	}
	d := &Deciding[S]{Told: s.Told, Order: o, Codes: codes, At: o.Occurred.Time}
	if d.At.IsZero() {
		d.At = o.Recorded
	}
	if err := t.judge(d, s, t.Commands[i]); err != nil {
		if r, ok := err.(*Refusal); ok && r.Allowed == nil {
			switch r.Code {
			case CodeWrongState, CodeAlreadyBegun, CodeNotBegun, CodeDenied:
				r.Allowed = t.allowed(s.Told.Phase(), o.Actor)
			}
		}
		return Decision{}, err
	}
	return Decision{Events: d.events, Basis: refs, Warnings: d.warnings}, nil
}

// judge runs an order through its checks: form, who, when, the command's own
// rules, and that it tells something new.
func (t Table[S]) judge(d *Deciding[S], s Dossier[S], row CommandRow) error {
	o := d.Order
	if err := CheckOrder(o); err != nil {
		return err
	}
	if err := Check(o.Command, o.Recorded, d.Codes); err != nil {
		return err
	}
	if err := checkActor(o.Actor, row.CommandType, d.Codes); err != nil {
		return err
	}
	phase := s.Told.Phase()
	if phase == "" && !row.Begins {
		return Refuse(CodeNotBegun, "contract 3", "there is no such %s yet", t.Name)
	}
	if phase != "" && row.Begins && row.States == nil {
		return Refuse(CodeAlreadyBegun, "contract 3", "this %s is there already, as of entry %d", t.Name, s.Seq)
	}
	if phase != "" && row.States != nil && !slices.Contains(row.States, phase) {
		r := Refuse(CodeWrongState, "contract 3", "%s is not possible while the %s is %s; it is possible while it is %s", row.Name(), t.Name, phase, OrList(row.States))
		if !row.Fact {
			return r
		}
		if err := d.Rule(r); err != nil {
			return err
		}
	}
	if c, ok := o.Command.(*CorrectFact); ok {
		return t.correct(d, s, *c)
	}
	if err := o.Command.(Decider[S]).Decide(d); err != nil {
		return err
	}
	for _, e := range d.events {
		if c, ok := e.(Coherent); ok {
			if err := c.Coherent(nil); err != nil {
				return err
			}
		}
	}
	if o.Happened != "" && !slices.ContainsFunc(d.events, func(e Event) bool { _, ok := e.(RuleDeviated); return ok }) {
		d.Warn("happened_unused", "contract 3", "no rule stood against this fact, so the reason given for breaking one is not kept")
	}
	return t.news(d, s)
}

// news refuses an order after which everything would be as before: an entry
// tells something new or is not written. What is sealed is not compared.
func (t Table[S]) news(d *Deciding[S], s Dossier[S]) error {
	was, err := json.Marshal(s.Told)
	if err != nil {
		return fmt.Errorf("%s %s: %w", t.Name, d.Order.Key, err)
	}
	p := Posting{Seq: s.Seq, Actor: d.Order.Actor.ID, Occurred: d.At}
	for _, e := range d.events {
		open, texts := SetApart(e, Ref{d.Order.Kind, d.Order.Key}, d.Order.ID)
		if len(texts) > 0 {
			return nil
		}
		if err := s.apply(p, open); err != nil {
			return fmt.Errorf("%s %s: %w", t.Name, d.Order.Key, err)
		}
	}
	is, err := json.Marshal(s.Told)
	if err == nil && bytes.Equal(was, is) {
		return Refuse(CodeNoChange, "contract 3", "the %s already stands so", t.Name)
	}
	return err
}

// correct decides a correction of any fact of the aggregate.
func (t Table[S]) correct(d *Deciding[S], s Dossier[S], c CorrectFact) error {
	i := s.posting(c.Corrects)
	if i < 0 {
		r := Refuse(CodeUnknownEntry, "contract 3", "entry %d is none of this %s", c.Corrects, t.Name)
		r.Field = "corrects"
		return r
	}
	was, row, err := c.Choose(s.log[i].events, t.Events)
	if err != nil {
		return err
	}
	is, err := c.Patch(was, row)
	if err != nil {
		return err
	}
	if err := row.Check(is, d.Order.Recorded, d.Codes); err != nil {
		return err
	}
	if e, ok := is.(Coherent); ok {
		if err := e.Coherent(was); err != nil {
			return err
		}
	}
	e, err := c.Correct(d.Order, was, is, is)
	if err != nil {
		return err
	}
	return d.Emit(e)
}

// checkActor judges who gives an order (ORG-04).
func checkActor(a Actor, row CommandType, codes Codes) error {
	switch {
	case a.Proof == "system":
		return nil
	case a.Proof == "anonymous":
		return Refuse(CodeDenied, "INT-06", "without a name only a report of an incident is accepted")
	case row.System:
		return Refuse(CodeDenied, "contract 3", "%s is given by the program itself, by nobody else", row.Name())
	case !codes.HasCode("roles", a.Role):
		return Invalid("role", "role is %q, which is not in the list roles of the adopted policy set", a.Role)
	case row.Roles != nil && !slices.Contains(row.Roles, a.Role):
		return Refuse(CodeDenied, "ORG-04", "%s is for %s, not for %s", row.Name(), OrList(row.Roles), a.Role)
	}
	return nil
}

// allowed lists what an actor could do now, in the order of the table.
func (t Table[S]) allowed(phase Code, a Actor) []string {
	var out []string
	for _, r := range t.Commands {
		switch {
		case phase == "" && !r.Begins,
			phase != "" && r.Begins && r.States == nil,
			phase != "" && r.States != nil && !slices.Contains(r.States, phase),
			checkActor(a, r.CommandType, anyCode{}) != nil:
			continue
		}
		out = append(out, r.Name())
	}
	return out
}

// anyCode takes every code for one of its lists.
type anyCode struct{}

func (anyCode) HasCode(string, Code) bool { return true }
func (anyCode) CodesOf(string) []Code     { return nil }

// evolve adds an entry to the state.
func (t Table[S]) evolve(s Dossier[S], en Entry) (Dossier[S], error) {
	p := Posting{Seq: en.Seq, Actor: en.Actor.ID, Occurred: en.Occurred.Time}
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
