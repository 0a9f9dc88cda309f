package domain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Deciding is one order on its way through the rules.
type Deciding[S any] struct {
	Told     S // as it stands; never changed here
	Order    Order
	Codes    Codes
	Known    Known     // nil: nothing is known of other aggregates
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
	if o.Command == nil {
		return Decision{}, Refuse(CodeMalformed, "contract 3", "the order has no command")
	}
	row, ok := t.command(o.Command.CommandName())
	if !ok {
		return Decision{}, Refuse(CodeMalformed, "contract 3", "%s has no command %s", t.Name, o.Command.CommandName())
	}
	d := &Deciding[S]{Told: s.Told, Order: o, Codes: codes, Known: t.Known, At: o.Occurred.Time}
	if d.At.IsZero() {
		d.At = o.Recorded
	}
	if err := t.judge(d, s, row); err != nil {
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

// command finds the row of a command.
func (t Table[S]) command(name string) (CommandRow, bool) {
	for _, r := range t.Commands {
		if r.Name() == name {
			return r, true
		}
	}
	return CommandRow{}, false
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
	if told, ok := t.command(s.log[i].Command); ok {
		if err := c.Keeps(told.New(), d.Order.Recorded, d.Codes); err != nil {
			return err
		}
	}
	if e, ok := is.(Coherent); ok {
		left, err := c.Left(was, row)
		if err != nil {
			return err
		}
		if err := e.Coherent(left); err != nil {
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
