package supplier

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var careCommands = []domain.CommandRow{
	{Fact: true, CommandType: domain.CommandType{New: domain.Blank[RecordAudit], Roles: append(slices.Clip(managing), "auditor"), States: inActive,
		Events:  []string{"AuditRecorded"},
		Example: `{"contract":"hosting-2026","at":"2026-10-05T10:00:00+02:00","outcome":"findings","finding":"Restore tests are not documented.","next":"2027-10-05T10:00:00+02:00"}`}},
	{Fact: true, CommandType: domain.CommandType{New: domain.Blank[RecordPlan], Roles: managing, States: inActive,
		Events: []string{"PlanRecorded"}, Example: `{"plan":"recovery","what":"exercise","at":"2026-10-12T09:00:00+02:00","text":"Restored the file server within two hours."}`}},
	{Fact: true, CommandType: domain.CommandType{New: domain.Blank[AttestMFA], Roles: append(slices.Clip(managing), "local-admin", "auditor"), States: inActive,
		Events: []string{"MFAAttested"}, Example: `{"enforced":true,"at":"2026-11-02T10:00:00+01:00","accounts":7,"suspended":2,"text":"Two idle guest accounts were suspended."}`}},
}

var careEvents = domain.EventTable{
	domain.Told[AuditRecorded](1),
	domain.Told[PlanRecorded](1),
	domain.Told[MFAAttested](1),
}

// AuditRecorded says that the supplier was audited.
type AuditRecorded struct {
	Contract domain.Code `json:"contract,omitzero"`
	At       time.Time   `json:"at" rule:"required,past"`
	Outcome  domain.Code `json:"outcome" rule:"required,oneof=in-order|findings|failed"`
	Next     time.Time   `json:"next,omitzero"`
	Finding  domain.Text `json:"finding,omitzero" seal:"aggregate"`
}

// PlanRecorded says that the supplier has a plan, or took part in an exercise of one.
type PlanRecorded struct {
	Plan domain.Code `json:"plan" rule:"required,oneof=crisis|continuity|recovery"`
	What domain.Code `json:"what" rule:"required,oneof=plan|exercise"`
	At   time.Time   `json:"at" rule:"required,past"`
	Text domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// MFAAttested says whether the supplier's accounts need several factors.
type MFAAttested struct {
	Enforced  bool        `json:"enforced"`
	At        time.Time   `json:"at" rule:"required,past"`
	Accounts  int         `json:"accounts,omitzero" rule:"min=0"`
	Suspended int         `json:"suspended,omitzero" rule:"min=0"`
	Text      domain.Text `json:"text,omitzero" seal:"aggregate"`
}

func (AuditRecorded) EventName() string { return "AuditRecorded" }
func (PlanRecorded) EventName() string  { return "PlanRecorded" }
func (MFAAttested) EventName() string   { return "MFAAttested" }

// RecordAudit says that the supplier was audited, or its terms were checked for
// correctness and continuity (SUP-09, SUP-10).
type RecordAudit struct {
	// Contract is the contract that was looked at; without it: the supplier as a whole.
	Contract domain.Code `json:"contract,omitzero"`
	// At is when.
	At time.Time `json:"at" rule:"required,past"`
	// Outcome is what came of it.
	Outcome domain.Code `json:"outcome" rule:"required,oneof=in-order|findings|failed"`
	// Next is when the next one is planned.
	Next time.Time `json:"next,omitzero"`
	// Finding tells what was found.
	Finding domain.Text `json:"finding,omitzero"`
}

// RecordPlan says that the supplier has a crisis, continuity or recovery plan, or
// took part in an exercise of one (SUP-12).
type RecordPlan struct {
	// Plan is which.
	Plan domain.Code `json:"plan" rule:"required,oneof=crisis|continuity|recovery"`
	// What says whether the plan was shown or an exercise held.
	What domain.Code `json:"what" rule:"required,oneof=plan|exercise"`
	// At is when.
	At time.Time `json:"at" rule:"required,past"`
	// Text tells where it lies, or how it went.
	Text domain.Text `json:"text,omitzero"`
}

// AttestMFA says whether the supplier's people need several factors to sign in,
// and what the check of their accounts showed (SUP-13).
type AttestMFA struct {
	// Enforced says that no account of theirs gets in without.
	Enforced bool `json:"enforced,omitzero"`
	// At is when that was checked.
	At time.Time `json:"at" rule:"required,past"`
	// Accounts is how many accounts of theirs were looked at.
	Accounts int `json:"accounts,omitzero" rule:"min=0"`
	// Suspended is how many were suspended because nobody used them.
	Suspended int `json:"suspended,omitzero" rule:"min=0"`
	// Text tells more.
	Text domain.Text `json:"text,omitzero"`
}

func (RecordAudit) CommandName() string { return "RecordAudit" }
func (RecordPlan) CommandName() string  { return "RecordPlan" }
func (AttestMFA) CommandName() string   { return "AttestMFA" }

// Decide implements domain.Decider.
func (c RecordAudit) Decide(d *domain.Deciding[State]) error {
	if c.Contract != "" && !d.Told.has(c.Contract) {
		return unknownContract(d.Told, c.Contract)
	}
	return d.Emit(AuditRecorded(c))
}

// Decide implements domain.Decider.
func (c RecordPlan) Decide(d *domain.Deciding[State]) error {
	return d.Emit(PlanRecorded(c))
}

// Decide implements domain.Decider.
func (c AttestMFA) Decide(d *domain.Deciding[State]) error {
	if !c.Enforced {
		d.Warn("mfa_missing", "SUP-13", "suppliers with access must use several factors; plan with ProposeImprovement how that is mended")
	}
	return d.Emit(MFAAttested(c))
}

// Coherent implements domain.Coherent.
func (e AuditRecorded) Coherent(domain.Event) error {
	if !e.Next.IsZero() && !e.Next.After(e.At) {
		return domain.Invalid("next", "the next audit does not lie behind this one")
	}
	return nil
}

// Coherent implements domain.Coherent.
func (e MFAAttested) Coherent(domain.Event) error {
	if e.Suspended > e.Accounts {
		return domain.Invalid("suspended", "%d of %d accounts cannot have been suspended", e.Suspended, e.Accounts)
	}
	return nil
}

// Evolve implements domain.Evolver.
func (e AuditRecorded) Evolve(s *State, _ domain.Posting) {
	s.Audits = append(slices.Clip(s.Audits), e)
}

// Evolve implements domain.Evolver.
func (e PlanRecorded) Evolve(s *State, _ domain.Posting) { s.Plans = append(slices.Clip(s.Plans), e) }

// Evolve implements domain.Evolver.
func (e MFAAttested) Evolve(s *State, _ domain.Posting) { s.MFA = append(slices.Clip(s.MFA), e) }
