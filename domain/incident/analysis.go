package incident

import (
	"slices"

	"incidentledger/domain"
)

// investigating are those who find out, secure and repair: who handles, and
// experts called in from outside.
var investigating = append(slices.Clip(handling), "expert", "supplier")

var analysisCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[RecordAnalysis], Roles: investigating, States: inLive,
		Events:  []string{"AnalysisRecorded"},
		Example: `{"cause":"A macro in an invoice.","extent":"Two workstations.","involved":["The cashier"],"damage":"Half a day of work.","course":"It stops here: both are off the network.","aspects":["integrity"]}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RecordDecision], Roles: append(slices.Clip(handling), "board", "council", "representative"), States: inLive,
		Events:  []string{"DecisionRecorded"},
		Example: `{"subject":"continuity","decision":"The counter works on paper today.","alternatives":"Closing the counter.","reason":"Residents with an appointment can be helped."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RecordDamage], Roles: investigating, States: inKept,
		Events:  []string{"DamageRecorded"},
		Example: `{"kind":"financial","amountEUR":2500,"text":"Forensic examination, one day.","claimable":true}`}},
}

var analysisEvents = []eventRow{
	told[AnalysisRecorded](1),
	told[DecisionRecorded](1),
	told[DamageRecorded](1),
}

// AnalysisRecorded says what is known of the cause, the extent and the risk. A
// later one stands beside it: the logbook shows how the insight grew.
type AnalysisRecorded struct {
	Cause    domain.Text   `json:"cause,omitzero" seal:"aggregate"`
	Extent   domain.Text   `json:"extent,omitzero" seal:"aggregate"`
	Involved []Named       `json:"involved,omitempty"`
	Damage   domain.Text   `json:"damage,omitzero" seal:"aggregate"`
	Course   domain.Text   `json:"course,omitzero" seal:"aggregate"`
	Aspects  []domain.Code `json:"aspects,omitempty" rule:"oneof=privacy|availability|integrity|confidentiality"`
}

// DecisionRecorded says what was decided, over what else, and why.
type DecisionRecorded struct {
	Subject      domain.Code `json:"subject" rule:"required,codes=decisions"`
	Decision     domain.Text `json:"decision,omitzero" seal:"aggregate"`
	Alternatives domain.Text `json:"alternatives,omitzero" seal:"aggregate"`
	Reason       domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// DamageRecorded says what the incident cost, and whether somebody can be held
// to pay for it.
type DamageRecorded struct {
	Kind      domain.Code `json:"kind" rule:"required,codes=damageKinds"`
	AmountEUR *int64      `json:"amountEUR,omitempty" rule:"min=0"`
	Text      domain.Text `json:"text,omitzero" seal:"aggregate"`
	Claimable bool        `json:"claimable"`
}

func (AnalysisRecorded) EventName() string { return "AnalysisRecorded" }
func (DecisionRecorded) EventName() string { return "DecisionRecorded" }
func (DamageRecorded) EventName() string   { return "DamageRecorded" }

// RecordAnalysis says what was found out: the cause (ANA-01), the extent, the
// persons involved and the risks (ANA-02). It can be given again as more is known.
type RecordAnalysis struct {
	// Cause is what led to it.
	Cause domain.Text `json:"cause" rule:"required"`
	// Extent is how far it reaches.
	Extent domain.Text `json:"extent" rule:"required"`
	// Involved are the persons concerned: ids, or names. It blames nobody (REG-13).
	Involved []Someone `json:"involved,omitempty"`
	// Damage is what was damaged, and what follows from that.
	Damage domain.Text `json:"damage,omitzero"`
	// Course is how the damage grows if nothing is done.
	Course domain.Text `json:"course,omitzero"`
	// Aspects are the security aspects touched (REG-07).
	Aspects []domain.Code `json:"aspects,omitempty" rule:"oneof=privacy|availability|integrity|confidentiality"`
}

// RecordDecision writes down a decision that has no command of its own, such as
// letting somebody see log files (LOG-05) or turning to a lawyer (ANA-05). On
// whose word it is stands in by.
type RecordDecision struct {
	// Subject is what the decision is about.
	Subject domain.Code `json:"subject" rule:"required,codes=decisions"`
	// Decision is what was decided.
	Decision domain.Text `json:"decision" rule:"required"`
	// Alternatives are what else was weighed.
	Alternatives domain.Text `json:"alternatives,omitzero"`
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// RecordDamage writes down a damage, so that it can be claimed (EVI-01, SUP-07).
// The insurer must hear of one that can be.
type RecordDamage struct {
	// Kind is what kind of damage it is.
	Kind domain.Code `json:"kind" rule:"required,codes=damageKinds"`
	// AmountEUR is the amount in whole euros, where it is known.
	AmountEUR *int64 `json:"amountEUR,omitempty" rule:"min=0"`
	// Text describes it.
	Text domain.Text `json:"text" rule:"required"`
	// Claimable says that somebody else may have to pay for it.
	Claimable bool `json:"claimable,omitzero"`
}

func (RecordAnalysis) CommandName() string { return "RecordAnalysis" }
func (RecordDecision) CommandName() string { return "RecordDecision" }
func (RecordDamage) CommandName() string   { return "RecordDamage" }

func (c RecordAnalysis) decide(d *deciding) error {
	involved, err := d.each("involved", c.Involved)
	if err != nil {
		return err
	}
	d.emit(AnalysisRecorded{Cause: c.Cause, Extent: c.Extent, Involved: involved, Damage: c.Damage, Course: c.Course, Aspects: c.Aspects})
	return nil
}

func (c RecordDecision) decide(d *deciding) error {
	d.emit(DecisionRecorded(c))
	return nil
}

func (c RecordDamage) decide(d *deciding) error {
	d.emit(DamageRecorded(c))
	return nil
}

func (e AnalysisRecorded) evolve(s *Incident, _ *posting) {
	s.Analysed = true
	s.Team.add(e.Involved)
}

func (DecisionRecorded) evolve(*Incident, *posting) {}

func (e DamageRecorded) evolve(s *Incident, p *posting) {
	if e.Claimable && (s.Damaged.IsZero() || p.occurred.Before(s.Damaged)) {
		s.Damaged = p.occurred
	}
}
