package improvement

import (
	"slices"
	"time"

	"incidentledger/domain"
)

// Who may do what: measures are assigned by way of the management (EVA-05); who
// tests whether they work is not whoever carries them out (GOV-17).
var (
	proposing = append(slices.Clip(directing), "employee", "help-desk", "hr", "ict", "communication", "counsellor", "response-team", "crisis-team", "expert", "resolver",
		"auditor", "representative", "council", "policy-officer")
	directing = []domain.Code{"security-officer", "acib", "vcib", "coordinator", "department-head", "process-owner", "secretary", "board", "controller", "dpo",
		"privacy-officer", "chain-desk"}
	checking = []domain.Code{"security-officer", "acib", "vcib", "coordinator", "secretary", "controller", "auditor", "dpo", "privacy-officer"}
)

var (
	inOpen = []domain.Code{PhaseProposed, PhaseAssigned, PhaseCompleted, PhaseIneffective}
	inPlan = []domain.Code{PhaseProposed, PhaseAssigned, PhaseIneffective}
)

var commands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[ProposeImprovement], Begins: true, Roles: proposing,
		Events: []string{"ImprovementProposed"}, Example: `{"kind":"prevent","title":"Encrypt laptops","text":"Every laptop that leaves the building is encrypted."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[AssignImprovement], Roles: directing, States: inPlan,
		Events: []string{"ImprovementAssigned"}, Example: `{"owner":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11","role":"ict","due":"2027-02-01T17:00:00+01:00"}`}},
	{Fact: true, CommandType: domain.CommandType{New: domain.Blank[CompleteImprovement], Roles: proposing, States: []domain.Code{PhaseAssigned},
		Events: []string{"ImprovementCompleted"}, Example: `{"result":"All 140 laptops are encrypted."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[VerifyImprovement], Roles: checking, States: []domain.Code{PhaseCompleted},
		Events: []string{"ImprovementVerified"}, Example: `{"effective":true,"finding":"A sample of ten laptops was encrypted."}`}},
	{CommandType: domain.CommandType{New: domain.Blank[DropImprovement], Roles: directing, States: inOpen,
		Events: []string{"ImprovementDropped"}, Example: `{"reason":"The laptops are replaced by thin clients."}`}},
}

var events = domain.EventTable{
	domain.Told[ImprovementProposed](1),
	domain.Told[ImprovementAssigned](1),
	domain.Told[ImprovementCompleted](1),
	domain.Told[ImprovementVerified](1),
	domain.Told[ImprovementDropped](1),
}

// ImprovementProposed says what should be done so that it happens less, or less
// badly.
type ImprovementProposed struct {
	Kind     domain.Code `json:"kind" rule:"required,codes=measureKinds"`
	Incident domain.Key  `json:"incident,omitzero"`
	Supplier domain.Code `json:"supplier,omitzero"`
	Document domain.Code `json:"document,omitzero"`
	Title    domain.Text `json:"title,omitzero" seal:"aggregate" rule:"max=200"`
	Text     domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// ImprovementAssigned says who does it, and until when.
type ImprovementAssigned struct {
	Owner domain.PersonID `json:"owner" rule:"required"`
	Role  domain.Code     `json:"role,omitzero" rule:"codes=roles"`
	Due   time.Time       `json:"due" rule:"required"`
	Note  domain.Text     `json:"note,omitzero" seal:"aggregate"`
}

// ImprovementCompleted says that it was carried out.
type ImprovementCompleted struct {
	Result domain.Text `json:"result,omitzero" seal:"aggregate"`
}

// ImprovementVerified says whether it has the effect that was meant.
type ImprovementVerified struct {
	Effective bool        `json:"effective"`
	Finding   domain.Text `json:"finding,omitzero" seal:"aggregate"`
}

// ImprovementDropped says that it will not be done.
type ImprovementDropped struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (ImprovementProposed) EventName() string  { return "ImprovementProposed" }
func (ImprovementAssigned) EventName() string  { return "ImprovementAssigned" }
func (ImprovementCompleted) EventName() string { return "ImprovementCompleted" }
func (ImprovementVerified) EventName() string  { return "ImprovementVerified" }
func (ImprovementDropped) EventName() string   { return "ImprovementDropped" }

// ProposeImprovement proposes a measure of improvement or prevention, as a lesson
// of an incident or without one (EVA-05).
type ProposeImprovement struct {
	// Kind is what it is meant to do.
	Kind domain.Code `json:"kind" rule:"required,codes=measureKinds"`
	// Incident is the incident that taught it: its number or id.
	Incident domain.Key `json:"incident,omitzero" rule:"incident"`
	// Supplier is the code of the supplier it concerns, for instance whose breach of the supplier policy it mends (SUP-14).
	Supplier domain.Code `json:"supplier,omitzero"`
	// Document is the code of the procedure, playbook or checklist that has to take it up (EVA-04).
	Document domain.Code `json:"document,omitzero"`
	// Title says it in a few words.
	Title domain.Text `json:"title" rule:"required,max=200"`
	// Text says what should be done, and why.
	Text domain.Text `json:"text" rule:"required"`
}

// AssignImprovement says who does it and until when. It can be assigned anew, and
// must be when it did not have the effect that was meant (EVA-05).
type AssignImprovement struct {
	// Owner is who is responsible for it.
	Owner domain.PersonID `json:"owner" rule:"required"`
	// Role is the role in which.
	Role domain.Code `json:"role,omitzero" rule:"codes=roles"`
	// Due is until when.
	Due time.Time `json:"due" rule:"required"`
	// Note tells what to adjust, or anything else.
	Note domain.Text `json:"note,omitzero"`
}

// CompleteImprovement says that it was carried out. Its effect is yet to be
// checked (EVA-05).
type CompleteImprovement struct {
	// Result tells what was done.
	Result domain.Text `json:"result" rule:"required"`
}

// VerifyImprovement says whether it has the effect that was meant. If not, it
// goes round again (EVA-05).
type VerifyImprovement struct {
	// Effective says that it has.
	Effective bool `json:"effective,omitzero"`
	// Finding tells how that was checked.
	Finding domain.Text `json:"finding" rule:"required"`
}

// DropImprovement decides not to do it (EVA-05).
type DropImprovement struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (ProposeImprovement) CommandName() string  { return "ProposeImprovement" }
func (AssignImprovement) CommandName() string   { return "AssignImprovement" }
func (CompleteImprovement) CommandName() string { return "CompleteImprovement" }
func (VerifyImprovement) CommandName() string   { return "VerifyImprovement" }
func (DropImprovement) CommandName() string     { return "DropImprovement" }

// Refusals of improvements.
const (
	RefusedPassed   domain.Code = "due_passed" // an assignment that is late from the start
	RefusedOwnCheck domain.Code = "own_check"  // by who carried it out
)

// Decide implements domain.Decider.
func (c ProposeImprovement) Decide(d *domain.Deciding[State]) error {
	return d.Emit(ImprovementProposed(c))
}

// Decide implements domain.Decider.
func (c AssignImprovement) Decide(d *domain.Deciding[State]) error {
	if !c.Due.After(d.At) {
		if err := d.Rule(domain.Refuse(RefusedPassed, "EVA-05", "due lies at %s, before it is assigned; give a time to come", c.Due.Format(time.RFC3339))); err != nil {
			return err
		}
	}
	return d.Emit(ImprovementAssigned(c))
}

// Decide implements domain.Decider.
func (c CompleteImprovement) Decide(d *domain.Deciding[State]) error {
	return d.Emit(ImprovementCompleted(c))
}

// Decide implements domain.Decider.
func (c VerifyImprovement) Decide(d *domain.Deciding[State]) error {
	if a := d.Order.Actor.ID; !a.IsZero() && a == d.Told.Assignment.Owner {
		if err := d.Rule(domain.Refuse(RefusedOwnCheck, "GOV-17", "whoever carried it out does not check its effect: somebody else does")); err != nil {
			return err
		}
	}
	return d.Emit(ImprovementVerified(c))
}

// Decide implements domain.Decider.
func (c DropImprovement) Decide(d *domain.Deciding[State]) error {
	return d.Emit(ImprovementDropped(c))
}

// Evolve implements domain.Evolver.
func (e ImprovementProposed) Evolve(s *State, p domain.Posting) {
	s.At, s.Improvement, s.Proposed = PhaseProposed, e, p.Occurred
}

// Evolve implements domain.Evolver.
func (e ImprovementAssigned) Evolve(s *State, _ domain.Posting) {
	s.At, s.Assignment, s.Completed = PhaseAssigned, e, time.Time{}
}

// Evolve implements domain.Evolver.
func (e ImprovementCompleted) Evolve(s *State, p domain.Posting) {
	s.At, s.Completed = PhaseCompleted, p.Occurred
}

// Evolve implements domain.Evolver.
func (e ImprovementVerified) Evolve(s *State, p domain.Posting) {
	s.At, s.Checked = PhaseVerified, p.Occurred
	if !e.Effective {
		s.At = PhaseIneffective
		s.Rounds++
	}
}

// Evolve implements domain.Evolver.
func (e ImprovementDropped) Evolve(s *State, _ domain.Posting) { s.At = PhaseDropped }
