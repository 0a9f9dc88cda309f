package person

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var commands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[AddPerson], Begins: true, Roles: managing,
		Events: []string{"PersonAdded"}, Example: `{"name":"A. Jansen","language":"nl","channels":[{"kind":"email","address":"a.jansen@nuth.example"}]}`}},
	{CommandType: domain.CommandType{New: domain.Blank[GrantRole], Roles: managing, States: []domain.Code{PhaseActive},
		Events: []string{"RoleGranted"}, Example: `{"role":"security-officer","from":"2026-01-01T00:00:00+01:00"}`}},
	{CommandType: domain.CommandType{New: domain.Blank[WithdrawRole], Roles: managing, States: []domain.Code{PhaseActive, PhaseBlocked},
		Events: []string{"RoleWithdrawn"}, Example: `{"role":"security-officer","reason":"Another post."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[BlockPerson], Roles: managing, States: []domain.Code{PhaseActive},
		Events: []string{"PersonBlocked"}, Example: `{"reason":"The account may have been taken over."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[UnblockPerson], Roles: managing, States: []domain.Code{PhaseBlocked},
		Events: []string{"PersonUnblocked"}, Example: `{"reason":"The password was changed and the laptop checked."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[RemovePerson], Roles: managing, States: []domain.Code{PhaseActive, PhaseBlocked},
		Events: []string{"PersonRemoved"}, Example: `{"reason":"Leaves the organisation."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[AcknowledgeConfidentiality], States: []domain.Code{PhaseActive},
		Events: []string{"ConfidentialityAcknowledged"}, Example: `{"document":"confidentiality","version":"2026"}`}},
}

var events = domain.EventTable{
	domain.Told[PersonAdded](1),
	domain.Told[RoleGranted](1),
	domain.Told[RoleWithdrawn](1),
	domain.Told[PersonBlocked](1),
	domain.Told[PersonUnblocked](1),
	domain.Told[PersonRemoved](1),
	domain.Told[ConfidentialityAcknowledged](1),
}

// A Channel is one way to reach a person, where it says so for one organisation
// alone: whoever works for several has an address at each (ORG-08). Only one
// that is safe may carry what an incident is about.
type Channel struct {
	Kind    domain.Code  `json:"kind" rule:"required,oneof=phone|mobile|email|sms|messenger"`
	Address domain.Text  `json:"address,omitzero" seal:"aggregate" rule:"max=300"`
	For     domain.OrgID `json:"for,omitzero"`
	Safe    bool         `json:"safe,omitzero"`
}

// PersonAdded says that somebody can be given roles.
type PersonAdded struct {
	Person   domain.PersonID `json:"person,omitzero"`
	External bool            `json:"external"`
	Language domain.Code     `json:"language,omitzero" rule:"oneof=nl|fr|en|de"`
	Name     domain.Text     `json:"name,omitzero" seal:"aggregate" rule:"max=200"`
	Channels []Channel       `json:"channels,omitempty" rule:"max=20"`
	OnCall   []domain.Weekly `json:"onCall,omitempty"`
}

// RoleGranted says that the person may act in a role.
type RoleGranted struct {
	Role  domain.Code `json:"role" rule:"required,codes=roles"`
	From  time.Time   `json:"from" rule:"required"`
	Until time.Time   `json:"until,omitzero"`
}

// RoleWithdrawn says that the person no longer acts in a role.
type RoleWithdrawn struct {
	Role   domain.Code `json:"role" rule:"required,codes=roles"`
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// PersonBlocked says that the person may do nothing for the time being (GOV-08).
type PersonBlocked struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// PersonUnblocked says that the person may act again.
type PersonUnblocked struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// PersonRemoved says that the person may do nothing any more. What they did stays.
type PersonRemoved struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// ConfidentialityAcknowledged says that the person promised confidentiality.
type ConfidentialityAcknowledged struct {
	Document domain.Code `json:"document,omitzero"`
	Version  domain.Code `json:"version,omitzero"`
	At       time.Time   `json:"at" rule:"required,past"`
}

func (PersonAdded) EventName() string                 { return "PersonAdded" }
func (RoleGranted) EventName() string                 { return "RoleGranted" }
func (RoleWithdrawn) EventName() string               { return "RoleWithdrawn" }
func (PersonBlocked) EventName() string               { return "PersonBlocked" }
func (PersonUnblocked) EventName() string             { return "PersonUnblocked" }
func (PersonRemoved) EventName() string               { return "PersonRemoved" }
func (ConfidentialityAcknowledged) EventName() string { return "ConfidentialityAcknowledged" }

// AddPerson adds somebody who can be given roles (GOV-01 to GOV-04). They are
// known by a random id; what names them can be forgotten by destroying one key.
type AddPerson struct {
	// Person is the id, where the person is known by one already, for instance in another organisation.
	Person domain.PersonID `json:"person,omitzero"`
	// External says that the person is hired or works for somebody else (ORG-13).
	External bool `json:"external,omitzero"`
	// Language is in which they are written to.
	Language domain.Code `json:"language,omitzero" rule:"oneof=nl|fr|en|de"`
	// Name is the person's name.
	Name domain.Text `json:"name" rule:"required,max=200"`
	// Channels are the ways to reach them; for says for which organisation, if not for all (ORG-08).
	Channels []Channel `json:"channels,omitempty" rule:"max=20"`
	// OnCall is when they are on call.
	OnCall []domain.Weekly `json:"onCall,omitempty"`
}

// GrantRole lets the person act in a role (GOV-01 to GOV-04, SUP-14).
type GrantRole struct {
	// Role is which.
	Role domain.Code `json:"role" rule:"required,codes=roles"`
	// From is from when; absent: from when it happened.
	From time.Time `json:"from,omitzero"`
	// Until is until when, exclusive; absent: no end.
	Until time.Time `json:"until,omitzero"`
}

// WithdrawRole ends that the person acts in a role (GOV-01).
type WithdrawRole struct {
	// Role is which.
	Role domain.Code `json:"role" rule:"required,codes=roles"`
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// BlockPerson lets the person do nothing for the time being.
type BlockPerson struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// UnblockPerson lets the person act again (GOV-08).
type UnblockPerson struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// RemovePerson says that the person leaves: they may do nothing any more, for
// good (GOV-08).
type RemovePerson struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// AcknowledgeConfidentiality records that the person commits to confidentiality
// and to their security duties (ORG-13). They do so themselves, or somebody
// records what they signed: then by says how that came.
type AcknowledgeConfidentiality struct {
	// Document is the code of the document they acknowledge.
	Document domain.Code `json:"document,omitzero"`
	// Version is its version.
	Version domain.Code `json:"version,omitzero"`
}

func (AddPerson) CommandName() string                  { return "AddPerson" }
func (GrantRole) CommandName() string                  { return "GrantRole" }
func (WithdrawRole) CommandName() string               { return "WithdrawRole" }
func (BlockPerson) CommandName() string                { return "BlockPerson" }
func (UnblockPerson) CommandName() string              { return "UnblockPerson" }
func (RemovePerson) CommandName() string               { return "RemovePerson" }
func (AcknowledgeConfidentiality) CommandName() string { return "AcknowledgeConfidentiality" }

// AggregateKey implements domain.Keyed.
func (c AddPerson) AggregateKey(domain.OrgID) domain.Key { return domain.Key{UUID: c.Person.UUID} }

// Refusals of persons.
const (
	RefusedNoSuchRole domain.Code = "no_such_role" // the person does not have it
	RefusedNotOwnWord domain.Code = "not_own_word" // a promise that is not the person's own
)

// Decide implements domain.Decider.
func (c AddPerson) Decide(d *domain.Deciding[State]) error { return d.Emit(PersonAdded(c)) }

// Decide implements domain.Decider.
func (c GrantRole) Decide(d *domain.Deciding[State]) error {
	if c.From.IsZero() {
		c.From = d.At
	}
	if slices.ContainsFunc(d.Told.Grants, func(g RoleGranted) bool {
		return g.Role == c.Role && !g.From.After(c.From) && g.Until.Equal(c.Until)
	}) {
		return domain.Refuse(domain.CodeNoChange, "GOV-01", "the person has the role %s already", c.Role)
	}
	if len(d.Told.Promises) == 0 {
		d.Warn("confidentiality_missing", "ORG-13", "the person has not committed to confidentiality yet (AcknowledgeConfidentiality)")
	}
	return d.Emit(RoleGranted(c))
}

// Decide implements domain.Decider.
func (c WithdrawRole) Decide(d *domain.Deciding[State]) error {
	if !slices.ContainsFunc(d.Told.Grants, func(g RoleGranted) bool { return g.Role == c.Role }) {
		return domain.Refuse(RefusedNoSuchRole, "GOV-01", "the person does not have the role %s", c.Role)
	}
	return d.Emit(RoleWithdrawn(c))
}

// Decide implements domain.Decider.
func (c BlockPerson) Decide(d *domain.Deciding[State]) error { return d.Emit(PersonBlocked(c)) }

// Decide implements domain.Decider.
func (c UnblockPerson) Decide(d *domain.Deciding[State]) error { return d.Emit(PersonUnblocked(c)) }

// Decide implements domain.Decider.
func (c RemovePerson) Decide(d *domain.Deciding[State]) error { return d.Emit(PersonRemoved(c)) }

// Decide implements domain.Decider.
func (c AcknowledgeConfidentiality) Decide(d *domain.Deciding[State]) error {
	if d.Order.Actor.ID.UUID != d.Order.Key.UUID && d.Order.By == nil {
		return domain.Refuse(RefusedNotOwnWord, "ORG-13", "the promise is the person's own: they give it themselves, or by says how it came, such as paper for what they signed")
	}
	return d.Emit(ConfidentialityAcknowledged{Document: c.Document, Version: c.Version, At: d.At})
}

// Coherent implements domain.Coherent.
func (e PersonAdded) Coherent(was domain.Event) error {
	w, ok := was.(PersonAdded)
	if ok && w.Person != e.Person {
		return domain.Invalid("person", "a person's id never changes")
	}
	for _, c := range e.Channels {
		if len(w.Channels) == 0 && c.Address == "" { // of what was told before, only the open part is known
			return domain.Invalid("channels", "every channel has an address")
		}
	}
	return domain.CheckWeekly("onCall", e.OnCall)
}

// Coherent implements domain.Coherent.
func (e RoleGranted) Coherent(domain.Event) error {
	if !e.Until.IsZero() && !e.Until.After(e.From) {
		return domain.Invalid("until", "until does not lie behind from")
	}
	return nil
}

// Evolve implements domain.Evolver.
func (e PersonAdded) Evolve(s *State, _ domain.Posting) { s.At, s.Person = PhaseActive, e }

// Evolve implements domain.Evolver. A role granted anew stands as granted last.
func (e RoleGranted) Evolve(s *State, _ domain.Posting) {
	s.Grants = append(s.without(e.Role), e)
}

// Evolve implements domain.Evolver.
func (e RoleWithdrawn) Evolve(s *State, _ domain.Posting) { s.Grants = s.without(e.Role) }

// Evolve implements domain.Evolver.
func (e PersonBlocked) Evolve(s *State, _ domain.Posting) { s.At = PhaseBlocked }

// Evolve implements domain.Evolver.
func (e PersonUnblocked) Evolve(s *State, _ domain.Posting) { s.At = PhaseActive }

// Evolve implements domain.Evolver.
func (e PersonRemoved) Evolve(s *State, _ domain.Posting) { s.At, s.Grants = PhaseRemoved, nil }

// Evolve implements domain.Evolver.
func (e ConfidentialityAcknowledged) Evolve(s *State, _ domain.Posting) {
	s.Promises = append(slices.Clip(s.Promises), e)
}

func (s *State) without(role domain.Code) []RoleGranted {
	return slices.DeleteFunc(slices.Clone(s.Grants), func(g RoleGranted) bool { return g.Role == role })
}
