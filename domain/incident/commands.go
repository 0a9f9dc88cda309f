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

// commands is the table of every command of an incident.
var commands = []commandRow{
	{CommandType: domain.CommandType{New: blank[ReportIncident], Begins: true,
		Events:  []string{"IncidentReported", "RecipientsDetermined", "IncidentRegistered"},
		Example: `{"kind":"incident","title":"Laptop left on the train","description":"A laptop with the files of the youth team was left on the train to Sittard.","category":"laptop-lost-or-stolen","channel":"phone","discovered":"2026-11-20T17:40:00+01:00","ict":true,"securityRelevant":true,"suspectedDataLeak":true}`}},
	{CommandType: domain.CommandType{New: blank[VerifyReport], Roles: verifying, States: inLive,
		Events:  []string{"ReportVerified", "IncidentRegistered"},
		Example: `{"verdict":"confirmed","grounds":"The device is gone and was not encrypted."}`}},
	{CommandType: domain.CommandType{New: blank[RejectReport], Roles: verifying, States: []domain.Code{PhaseReported},
		Events:  []string{"ReportRejected"},
		Example: `{"grounds":"The mail was a newsletter, not a phishing attempt."}`}},
	{CommandType: domain.CommandType{New: blank[WithdrawReport], Roles: verifying, States: inLive,
		Events:  []string{"ReportWithdrawn", "ClockResumed"},
		Example: `{"grounds":"The laptop lay at the reception desk the whole time."}`}},
	{CommandType: domain.CommandType{New: blank[MergeReport], Roles: verifying, States: inLive,
		Events:  []string{"ReportMerged", "ClockResumed"},
		Example: `{"into":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11","grounds":"The same outage of the same server."}`}},
	{CommandType: domain.CommandType{New: blank[RouteReport], Roles: handling, States: inOpen,
		Events:  []string{"ReportRouted"},
		Example: `{"to":"help-desk","reason":"A fault of the network."}`}},
	{CommandType: domain.CommandType{New: blank[AssignOwner], Roles: handling, States: inLive,
		Events: []string{"OwnerAssigned"}, Example: `{"person":` + person + `}`}},
	{CommandType: domain.CommandType{New: blank[SetContactPoint], Roles: handling, States: inLive,
		Events: []string{"ContactPointSet"}, Example: `{"person":` + person + `}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[AssessPriority], Roles: handling, States: inOpen,
		Events:  []string{"PriorityAssessed", "IncidentRegistered"},
		Example: `{"urgency":"high","impact":"medium","financialEUR":2500}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[OverridePriority], Roles: append(slices.Clip(directing), "response-team", "crisis-team", "board"), States: inOpen,
		Events:  []string{"PriorityOverridden", "IncidentRegistered"},
		Example: `{"priority":1,"reason":"The council meets tonight and needs the system."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[AcknowledgeIncident], Roles: handling, States: inOpen,
		Events: []string{"IncidentAcknowledged"}, Example: `{}`}},
	{CommandType: domain.CommandType{New: blank[PlaceOnHold], Roles: handling, States: inMoving,
		Events:  []string{"ClockPaused"},
		Example: `{"waitingFor":"supplier","reason":"The spare part comes tomorrow."}`}},
	{CommandType: domain.CommandType{New: blank[ResumeIncident], Roles: handling, States: []domain.Code{PhaseOnHold},
		Events:  []string{"ClockResumed"},
		Example: `{"reason":"The part was delivered."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[Escalate], Roles: append(slices.Clip(handling), "board", "representative", "expert"), States: inLive,
		Events:  []string{"IncidentEscalated"},
		Example: `{"to":"secretary","kind":"hierarchical","level":2,"because":"manual","reason":"A decision on shutting the counters is needed."}`}},
	{CommandType: domain.CommandType{New: blank[AcknowledgeEscalation], States: inKept,
		Events: []string{"EscalationAcknowledged"}, Example: `{"escalation":` + person + `}`}},
	{CommandType: domain.CommandType{New: blank[AddLogEntry],
		Events: []string{"LogEntryAdded"}, Example: `{"text":"Called the railway's lost property office; nothing found yet."}`}},
	{CommandType: domain.CommandType{New: blank[CorrectEntry],
		Events: []string{"EntryCorrected"}, Example: `{"corrects":12,"text":"The call was at 18:10, not 17:10.","reason":"Typing error."}`}},
	{CommandType: domain.CommandType{New: blank[CorrectFact], Roles: append(slices.Clip(handling), "representative"),
		Events:  []string{"FactCorrected", "RecipientsDetermined", "IncidentRegistered"},
		Example: `{"corrects":10,"fields":{"discovered":"2026-11-20T16:40:00+01:00"},"reason":"The train left an hour earlier."}`}},
	{CommandType: domain.CommandType{New: blank[EstablishAwareness], Roles: statutory, States: inKept,
		Events:  []string{"AwarenessEstablished", "IncidentReopened", "IncidentRegistered", "RecipientsDetermined"},
		Example: `{"of":"breach","awareAt":"2026-11-20T18:30:00+01:00","basis":"The owner of the laptop confirmed that it held case files."}`}},
	{CommandType: domain.CommandType{New: blank[CorrectAwareness], Roles: statutory, States: inKept,
		Events:  []string{"AwarenessCorrected", "IncidentReopened"},
		Example: `{"of":"breach","awareAt":"2026-11-20T18:00:00+01:00","basis":"The confirmation came by an earlier mail."}`}},
	{CommandType: domain.CommandType{New: blank[NotifyAuthority], Roles: statutory,
		Events:  []string{"AuthorityNotified"},
		Example: `{"authority":"ap","regime":"gdpr","stage":"initial","submitted":"2026-11-21T09:05:00+01:00","channels":[{"kind":"webform","at":"2026-11-21T09:05:00+01:00","outcome":"delivered","reference":"2026-118"}],"answers":{"subject-count":{"unknown":true,"expectedBy":"2026-11-24T12:00:00+01:00"}}}`}},
	{CommandType: domain.CommandType{New: blank[AddNotificationChannel], Roles: statutory,
		Events:  []string{"NotificationChannelAdded"},
		Example: `{"notification":` + person + `,"channel":{"kind":"phone","at":"2026-11-21T09:20:00+01:00","outcome":"delivered","person":"duty desk"}}`}},
	{CommandType: domain.CommandType{New: blank[WithdrawNotification], Roles: statutory,
		Events:  []string{"NotificationWithdrawn"},
		Example: `{"notification":` + person + `,"submitted":"2026-11-22T10:00:00+01:00","channels":[{"kind":"webform","at":"2026-11-22T10:00:00+01:00","outcome":"delivered"}],"reason":"The disk proved to be encrypted."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ResolveIncident], Roles: handling, States: []domain.Code{PhaseRegistered, PhaseOnHold},
		Events:  []string{"IncidentResolved", "ClockResumed"},
		Example: `{"cause":"A worn cable.","resolution":"Cable replaced, link tested.","restoredAt":"2026-11-21T11:15:00+01:00"}`}},
	{CommandType: domain.CommandType{New: blank[ReopenIncident], Roles: handling, States: inEnded,
		Events: []string{"IncidentReopened"}, Example: `{"reason":"The link fails again."}`}},
	{CommandType: domain.CommandType{New: blank[CloseIncident], Roles: closing, States: inLive,
		Events: []string{"IncidentClosed", "ClockResumed"}, Example: `{}`}},
	{CommandType: domain.CommandType{New: blank[MarkDueSoon], System: true,
		Events: []string{"ClockDueSoon"}, Example: `{"clock":"gdpr-33/ap/initial/1","stage":"warn-1"}`}},
	{CommandType: domain.CommandType{New: blank[MarkOverdue], System: true,
		Events: []string{"ClockOverdue"}, Example: `{"clock":"gdpr-33/ap/initial/1"}`}},
	{CommandType: domain.CommandType{New: blank[RecordDelivery], System: true,
		Events:  []string{"AlertDelivered", "AlertFailed"},
		Example: `{"alert":` + person + `,"channel":"webhook","attempt":1,"outcome":"delivered","status":200}`}},
}

func blank[C any, P interface {
	*C
	domain.Command
}]() domain.Command {
	return P(new(C))
}

// always are events that any order can cause: clocks follow from facts and from
// the policy adopted meanwhile, and a fact can break a rule.
var always = []string{"ClockArmed", "ClockMoved", "ClockMet", "ClockCancelled", "RuleDeviated"}

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
