package incident

import (
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
)

var environmentCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[RevokeTestEnvironment], Roles: shutting, States: inLive,
		Events:  []string{"TestEnvironmentRevoked"},
		Example: `{"environment":"suwinet-acceptance","reason":"The fault is to be reproduced there."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ReturnTestEnvironment], Roles: shutting, States: inKept,
		Events:  []string{"TestEnvironmentReturned"},
		Example: `{"environment":"suwinet-acceptance","reason":"The fault is found."}`}},
}

var environmentEvents = []eventRow{
	told[TestEnvironmentRevoked](1),
	told[TestEnvironmentReturned](1),
}

// TestEnvironmentRevoked says that the chain desk took a test environment from
// the parties to handle the incident with. Priority is what the chain gave the
// incident then.
type TestEnvironmentRevoked struct {
	Environment domain.Code `json:"environment" rule:"required"`
	Reason      domain.Text `json:"reason,omitzero" seal:"aggregate"`
	Priority    int         `json:"priority,omitzero"`
	At          time.Time   `json:"at" rule:"required,past"`
}

// TestEnvironmentReturned says that the parties have it again.
type TestEnvironmentReturned struct {
	Environment domain.Code `json:"environment" rule:"required"`
	Reason      domain.Text `json:"reason,omitzero" seal:"aggregate"`
	At          time.Time   `json:"at" rule:"required,past"`
}

func (TestEnvironmentRevoked) EventName() string  { return "TestEnvironmentRevoked" }
func (TestEnvironmentReturned) EventName() string { return "TestEnvironmentReturned" }

// RevokeTestEnvironment takes a test environment from the parties, so that the
// chain desk can use it itself. Only priorities 1 and 2 in the chain give that
// right (CHN-10).
type RevokeTestEnvironment struct {
	// Environment is the environment that was released to the parties.
	Environment domain.Code `json:"environment" rule:"required"`
	// Reason says what it is needed for.
	Reason domain.Text `json:"reason" rule:"required"`
}

// ReturnTestEnvironment gives it back (CHN-10).
type ReturnTestEnvironment struct {
	// Environment is the environment that was taken.
	Environment domain.Code `json:"environment" rule:"required"`
	// Reason says why it is needed no more.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (RevokeTestEnvironment) CommandName() string { return "RevokeTestEnvironment" }
func (ReturnTestEnvironment) CommandName() string { return "ReturnTestEnvironment" }

// RefusedChainClass is given where the chain's priority does not give the right.
const RefusedChainClass domain.Code = "chain_class"

func (c RevokeTestEnvironment) decide(d *deciding) error {
	if slices.Contains(d.s.Chain.Environments, c.Environment) {
		return noChange("CHN-10", "%s is already taken", c.Environment)
	}
	n := d.s.chainPriority()
	if n != 1 && n != 2 {
		has := "none yet"
		if n != 0 {
			has = strconv.Itoa(n)
		}
		r := domain.Refuse(RefusedChainClass, "CHN-10", "only priority 1 or 2 in the chain gives the right to take a test environment; this incident has %s", has)
		if err := d.rule(r); err != nil {
			return err
		}
	}
	d.emit(TestEnvironmentRevoked{Environment: c.Environment, Reason: c.Reason, Priority: n, At: d.at})
	return nil
}

func (c ReturnTestEnvironment) decide(d *deciding) error {
	if !slices.Contains(d.s.Chain.Environments, c.Environment) {
		return unknown("environment", "no test environment %s was taken for this incident", c.Environment)
	}
	d.emit(TestEnvironmentReturned{Environment: c.Environment, Reason: c.Reason, At: d.at})
	return nil
}

// rederive implements rederiver.
func (e TestEnvironmentRevoked) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Priority = was.(TestEnvironmentRevoked).Priority
	return e, nil
}

func (e TestEnvironmentRevoked) evolve(s *Incident, _ *posting) {
	s.Chain.Environments = append(slices.Clip(s.Chain.Environments), e.Environment)
}

func (e TestEnvironmentReturned) evolve(s *Incident, _ *posting) {
	s.Chain.Environments = slices.DeleteFunc(slices.Clone(s.Chain.Environments), func(c domain.Code) bool { return c == e.Environment })
}
