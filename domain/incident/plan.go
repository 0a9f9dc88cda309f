package incident

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

var planCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[ActivatePlan], Roles: planning, States: inLive,
		Events:  []string{"PlanActivated"},
		Example: `{"plan":"bcp","document":"continuity-plan-2026","reason":"The counters cannot work without the register."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[DeactivatePlan], Roles: planning, States: inKept,
		Events:  []string{"PlanDeactivated"},
		Example: `{"plan":"bcp","reason":"The register works again."}`}},
}

var planning = append(slices.Clip(directing), "response-team", "crisis-team", "process-owner", "board")

var planEvents = []eventRow{
	told[PlanActivated](1),
	told[PlanDeactivated](1),
}

// PlanActivated says that the continuity or the recovery plan is followed from
// now on.
type PlanActivated struct {
	Plan     domain.Code `json:"plan" rule:"required,oneof=bcp|drp"`
	Document domain.Code `json:"document,omitzero"`
	Reason   domain.Text `json:"reason,omitzero" seal:"aggregate"`
	At       time.Time   `json:"at" rule:"required,past"`
}

// PlanDeactivated says that the plan is followed no more.
type PlanDeactivated struct {
	Plan   domain.Code `json:"plan" rule:"required,oneof=bcp|drp"`
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
	At     time.Time   `json:"at" rule:"required,past"`
}

func (PlanActivated) EventName() string   { return "PlanActivated" }
func (PlanDeactivated) EventName() string { return "PlanDeactivated" }

// ActivatePlan decides that the organisation goes by its continuity plan, or
// restores by its recovery plan (BCM-03, BCM-04).
type ActivatePlan struct {
	// Plan is bcp for the business continuity plan, drp for the disaster recovery plan.
	Plan domain.Code `json:"plan" rule:"required,oneof=bcp|drp"`
	// Document is the code of the plan that is followed.
	Document domain.Code `json:"document,omitzero"`
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// DeactivatePlan decides that the plan is followed no more (BCM-03).
type DeactivatePlan struct {
	// Plan is bcp for the business continuity plan, drp for the disaster recovery plan.
	Plan domain.Code `json:"plan" rule:"required,oneof=bcp|drp"`
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (ActivatePlan) CommandName() string   { return "ActivatePlan" }
func (DeactivatePlan) CommandName() string { return "DeactivatePlan" }

func (c ActivatePlan) decide(d *deciding) error {
	if slices.Contains(d.s.Continuity.Plans, c.Plan) {
		return noChange("BCM-03", "the plan %s is already followed", c.Plan)
	}
	d.emit(PlanActivated{Plan: c.Plan, Document: c.Document, Reason: c.Reason, At: d.at})
	return nil
}

func (c DeactivatePlan) decide(d *deciding) error {
	if !slices.Contains(d.s.Continuity.Plans, c.Plan) {
		return noChange("BCM-03", "the plan %s is not followed", c.Plan)
	}
	d.emit(PlanDeactivated{Plan: c.Plan, Reason: c.Reason, At: d.at})
	return nil
}

// A Continuity is what suppliers told and how the organisation keeps going.
type Continuity struct {
	Notices   []SupplierNoticeRecorded
	Downtimes []DowntimeRecorded // in the order in which they came
	AtRisk    []ObligationAtRiskIdentified
	Informed  []customerOf
	Plans     []domain.Code // that are followed now
	Routed    []domain.Code // the suppliers who worked on it
}

// openContinuity lists what was begun for continuity and has no end.
func (t *Told) openContinuity() []openItem {
	out := append(t.openOutages(), t.openObligations()...)
	for _, plan := range t.Continuity.Plans {
		out = append(out, openItem{"plan", fmt.Sprintf("the plan %s is still followed (DeactivatePlan)", plan)})
	}
	return out
}

func (e PlanActivated) evolve(s *Incident, _ *posting) {
	s.Continuity.Plans = append(slices.Clip(s.Continuity.Plans), e.Plan)
}

func (e PlanDeactivated) evolve(s *Incident, _ *posting) {
	s.Continuity.Plans = slices.DeleteFunc(slices.Clone(s.Continuity.Plans), func(p domain.Code) bool { return p == e.Plan })
}
