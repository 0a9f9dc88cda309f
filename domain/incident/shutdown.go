package incident

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// shutting are the roles that can take something from the chain.
var shutting = []domain.Code{"chain-desk", "security-officer", "acib", "vcib", "coordinator"}

var shutdownCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[OrderShutdown], Roles: []domain.Code{"security-officer", "acib", "vcib"}, States: inLive,
		Events:  []string{"ShutdownOrdered"},
		Example: `{"part":"suwinet-inkijk","demonstration":"While it was off from 9:00 to 9:10 no more records left the network.","consulted":["uwv-security-officer"]}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ExecuteShutdown], Roles: handling, States: inLive,
		Events:  []string{"ShutdownExecuted"},
		Example: `{"part":"suwinet-inkijk"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[LiftShutdown], Roles: handling, States: inKept,
		Events:  []string{"ShutdownLifted"},
		Example: `{"part":"suwinet-inkijk"}`}},
}

var shutdownEvents = []eventRow{
	told[ShutdownOrdered](1),
	told[ShutdownExecuted](1),
	told[ShutdownLifted](1),
}

// ShutdownOrdered says that a part of the chain's network is to be shut down,
// what showed that this ends the harm, and who was consulted: roles and
// contacts by code, persons by id.
type ShutdownOrdered struct {
	Part             domain.Code       `json:"part" rule:"required"`
	Demonstration    domain.Text       `json:"demonstration,omitzero" seal:"aggregate"`
	Consulted        []domain.Code     `json:"consulted,omitempty"`
	ConsultedPersons []domain.PersonID `json:"consultedPersons,omitempty"`
	At               time.Time         `json:"at" rule:"required,past"`
}

// ShutdownExecuted says that the part is off.
type ShutdownExecuted struct {
	Part domain.Code `json:"part" rule:"required"`
	At   time.Time   `json:"at" rule:"required,past"`
}

// ShutdownLifted says that the part may be on again.
type ShutdownLifted struct {
	Part domain.Code `json:"part" rule:"required"`
	At   time.Time   `json:"at" rule:"required,past"`
}

func (ShutdownOrdered) EventName() string  { return "ShutdownOrdered" }
func (ShutdownExecuted) EventName() string { return "ShutdownExecuted" }
func (ShutdownLifted) EventName() string   { return "ShutdownLifted" }

// OrderShutdown orders that a part of the chain's network be shut down. Only in
// a calamity, where it is demonstrated that this ends the harm, and after the
// security officers of the parties were consulted (SEV-09).
type OrderShutdown struct {
	// Part is what is to be shut down.
	Part domain.Code `json:"part" rule:"required"`
	// Demonstration tells what showed that shutting it down ends the harm.
	Demonstration domain.Text `json:"demonstration" rule:"required"`
	// Consulted are those consulted: ids of persons, or codes of roles and contacts.
	Consulted []domain.Code `json:"consulted" rule:"required,min=1"`
}

// ExecuteShutdown says that a part was shut down as ordered (SEV-09).
type ExecuteShutdown struct {
	// Part is what is off now.
	Part domain.Code `json:"part" rule:"required"`
}

// LiftShutdown says that a part is on again, or that the order is called off
// before it was carried out (SEV-09).
type LiftShutdown struct {
	// Part is what may be on again.
	Part domain.Code `json:"part" rule:"required"`
}

func (OrderShutdown) CommandName() string   { return "OrderShutdown" }
func (ExecuteShutdown) CommandName() string { return "ExecuteShutdown" }
func (LiftShutdown) CommandName() string    { return "LiftShutdown" }

// Refusals of shutting down.
const (
	RefusedNoCalamity domain.Code = "no_calamity"
	RefusedNotOrdered domain.Code = "not_ordered"
)

// A Shutdown is ordered, and executed or not yet.
type Shutdown struct {
	Part     domain.Code
	Executed bool
}

// shutdown finds the shutdown of a part that is not lifted.
func (c *Chain) shutdown(part domain.Code) (i int, ok bool) {
	i = slices.IndexFunc(c.Shutdowns, func(s Shutdown) bool { return s.Part == part })
	return i, i >= 0
}

func (c OrderShutdown) decide(d *deciding) error {
	if _, ok := d.s.Chain.shutdown(c.Part); ok {
		return noChange("SEV-09", "the shutdown of %s is already ordered", c.Part)
	}
	if d.s.Severity() != SeverityVeryHigh {
		r := domain.Refuse(RefusedNoCalamity, "SEV-09", "only a calamity, of very high severity, justifies shutting down a part of the chain; classify the severity first (ClassifySeverity)")
		r.Allowed = []string{"ClassifySeverity"}
		if err := d.rule(r); err != nil {
			return err
		}
	}
	e := ShutdownOrdered{Part: c.Part, Demonstration: c.Demonstration, At: d.at}
	for _, who := range c.Consulted {
		var id domain.PersonID
		if id.UnmarshalText([]byte(who)) == nil {
			e.ConsultedPersons = append(e.ConsultedPersons, id)
		} else {
			e.Consulted = append(e.Consulted, who)
		}
	}
	d.emit(e)
	return nil
}

func (c ExecuteShutdown) decide(d *deciding) error {
	i, ordered := d.s.Chain.shutdown(c.Part)
	switch {
	case !ordered:
		r := domain.Refuse(RefusedNotOrdered, "SEV-09", "nobody ordered that %s be shut down (OrderShutdown)", c.Part)
		r.Allowed = []string{"OrderShutdown"}
		if err := d.rule(r); err != nil {
			return err
		}
	case d.s.Chain.Shutdowns[i].Executed:
		return noChange("SEV-09", "%s is already shut down", c.Part)
	}
	d.emit(ShutdownExecuted{Part: c.Part, At: d.at})
	return nil
}

func (c LiftShutdown) decide(d *deciding) error {
	if _, ok := d.s.Chain.shutdown(c.Part); !ok {
		return unknown("part", "no shutdown of %s is ordered or in force", c.Part)
	}
	d.emit(ShutdownLifted{Part: c.Part, At: d.at})
	return nil
}

// open lists what was taken from the chain and not given back.
func (c *Chain) open() []openItem {
	var out []openItem
	for _, e := range c.Environments {
		out = append(out, openItem{"test-environment", fmt.Sprintf("the test environment %s is not given back (ReturnTestEnvironment)", e)})
	}
	for _, s := range c.Shutdowns {
		out = append(out, openItem{"shutdown", fmt.Sprintf("the shutdown of %s is not lifted (LiftShutdown)", s.Part)})
	}
	return out
}

// rederive implements rederiver.
func (e ShutdownOrdered) rederive(*deciding, domain.Event) (domain.Event, error) {
	if len(e.Consulted)+len(e.ConsultedPersons) == 0 {
		return e, malformed("fields.consulted", "a shutdown is ordered after somebody was consulted")
	}
	return e, nil
}

func (e ShutdownOrdered) evolve(s *Incident, _ *posting) {
	s.Chain.Shutdowns = append(slices.Clip(s.Chain.Shutdowns), Shutdown{Part: e.Part})
}

func (e ShutdownExecuted) evolve(s *Incident, _ *posting) {
	done := Shutdown{Part: e.Part, Executed: true}
	s.Chain.Shutdowns = append(without(s.Chain.Shutdowns, e.Part), done)
}

func (e ShutdownLifted) evolve(s *Incident, _ *posting) {
	s.Chain.Shutdowns = without(s.Chain.Shutdowns, e.Part)
}

// without gives a new list that lacks the shutdown of a part.
func without(all []Shutdown, part domain.Code) []Shutdown {
	return slices.DeleteFunc(slices.Clone(all), func(s Shutdown) bool { return s.Part == part })
}
