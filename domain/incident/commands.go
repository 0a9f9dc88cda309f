package incident

import (
	"slices"

	"incidentledger/domain"
)

// Who may do what (ORG-04). A role has its place in a list by the seeds' division
// of work; which person has which role is not decided here.
var (
	verifying = []domain.Code{"help-desk", "security-officer", "acib", "vcib", "coordinator", "dpo", "privacy-officer", "department-head", "chain-desk"}
	handling  = append(slices.Clip(verifying), "ict", "resolver", "response-team", "crisis-team", "process-owner", "secretary", "hr", "controller", "counsellor", "communication")
	directing = []domain.Code{"security-officer", "acib", "vcib", "coordinator", "secretary", "department-head", "help-desk", "chain-desk", "dpo", "privacy-officer"}
	statutory = []domain.Code{"security-officer", "acib", "vcib", "coordinator", "dpo", "privacy-officer", "secretary", "representative", "chain-desk"}
	closing   = append(slices.Clip(directing), "resolver")
)

// In which phases.
var (
	inOpen   = []domain.Code{PhaseReported, PhaseRegistered, PhaseOnHold}
	inLive   = []domain.Code{PhaseReported, PhaseRegistered, PhaseOnHold, PhaseResolved}
	inKept   = []domain.Code{PhaseReported, PhaseRegistered, PhaseOnHold, PhaseResolved, PhaseClosed}
	inEnded  = []domain.Code{PhaseResolved, PhaseClosed, PhaseRejected, PhaseWithdrawn, PhaseMerged}
	inMoving = []domain.Code{PhaseReported, PhaseRegistered}
)

// A commandRow declares one command. fact says that it records something that
// can have happened although the phase is against it: then a reason given with
// the order lets it pass.
type commandRow struct {
	domain.CommandType
	fact bool
}

const person = `"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"`

// commands is the table of every command of an incident; each file declares
// its own.
var commands = slices.Concat(
	reportCommands,
	recipientCommands,
	reporterCommands,
	reclassifyCommands,
	linkCommands,
	shareCommands,
	exportCommands,
	verifyCommands,
	peopleCommands,
	priorityCommands,
	severityCommands,
	majorCommands,
	upscaleCommands,
	overrunCommands,
	holdCommands,
	escalateCommands,
	logCommands,
	correctCommands,
	awareCommands,
	breachCommands,
	significanceCommands,
	dutyCommands,
	notifyCommands,
	analysisCommands,
	teamCommands,
	checklistCommands,
	reviewCommands,
	evidenceCommands,
	custodyCommands,
	examineCommands,
	measureCommands,
	recoveryCommands,
	messageCommands,
	informCommands,
	subjectCommands,
	resolveCommands,
	evaluationCommands,
	distributeCommands,
	preventCommands,
	clockCommands,
	reassessCommands,
	deliveryCommands,
	chainCommands,
	routingCommands,
	environmentCommands,
	shutdownCommands,
	noticeCommands,
	downtimeCommands,
	obligationCommands,
	creditCommands,
	planCommands,
)

func blank[C any, P interface {
	*C
	domain.Command
}]() domain.Command {
	return P(new(C))
}

// always are events that any order can cause: clocks follow from facts and from
// the policy adopted meanwhile, points of the first hour from what was done before
// it was known to count, and a fact can break a rule.
var always = []string{"RecipientsDetermined", "ChecklistItemCompleted", "IncidentRegistered", "ClockArmed", "ClockMoved", "ClockMet", "ClockCancelled", "RuleDeviated"}

// CommandTypes gives every command of an incident.
func CommandTypes() []domain.CommandType {
	out := make([]domain.CommandType, len(commands))
	for i, r := range commands {
		out[i] = r.CommandType
		out[i].Events = append(slices.Clip(r.Events), always...)
	}
	return out
}

// byName finds a row without going through the table.
var byName = func() map[string]commandRow {
	m := make(map[string]commandRow, len(commands))
	for _, r := range commands {
		m[r.Name()] = r
	}
	return m
}()

// allowed lists what an actor could do now, in the order of the table.
func allowed(phase domain.Code, a domain.Actor) []string {
	var out []string
	for _, r := range commands {
		switch {
		case r.Begins != (phase == ""),
			r.States != nil && !slices.Contains(r.States, phase),
			r.System != (a.Proof == "system"),
			r.Roles != nil && !slices.Contains(r.Roles, a.Role):
			continue
		}
		out = append(out, r.Name())
	}
	return out
}
