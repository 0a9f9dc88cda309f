package incident

import (
	"slices"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// The tracks of an incident: each has its own series of numbers.
const (
	TrackNormal    domain.Code = "normal"
	TrackIntegrity domain.Code = "integrity"
)

// events is the table of every stored shape of an incident's events; each file
// declares its own. A retired shape stays in it for ever.
var events = domain.EventTable(slices.Concat(
	reportEvents,
	recipientEvents,
	reporterEvents,
	reclassifyEvents,
	linkEvents,
	shareEvents,
	exportEvents,
	verifyEvents,
	peopleEvents,
	priorityEvents,
	severityEvents,
	majorEvents,
	upscaleEvents,
	overrunEvents,
	escalateEvents,
	logEvents,
	correctEvents,
	awareEvents,
	analysisEvents,
	teamEvents,
	checklistEvents,
	reviewEvents,
	evidenceEvents,
	custodyEvents,
	examineEvents,
	measureEvents,
	recoveryEvents,
	breachEvents,
	significanceEvents,
	dutyEvents,
	resolveEvents,
	evaluationEvents,
	distributeEvents,
	preventEvents,
	deliveryEvents,
	notificationEvents,
	chainEvents,
	routingEvents,
	environmentEvents,
	shutdownEvents,
	noticeEvents,
	downtimeEvents,
	obligationEvents,
	creditEvents,
	planEvents,
	messageEvents,
	informEvents,
	subjectEvents,
	derivedEvents,
))

// derivedEvents follow from others, or are those of every kind of aggregate.
var derivedEvents = []eventRow{
	told[policy.ClockPaused](1),
	told[policy.ClockResumed](1),
	kept[domain.RuleDeviated](1),
	kept[policy.ClockArmed](1),
	kept[policy.ClockMoved](1),
	kept[policy.ClockMet](1),
	kept[policy.ClockCancelled](1),
	kept[policy.ClockDueSoon](1),
	kept[policy.ClockOverdue](1),
}

// An eventRow is one stored shape.
type eventRow = domain.EventRow

// kept declares an event that no CorrectFact touches: it is derived, or it is a
// line of the logbook or a correction, which have corrections of their own.
func kept[E domain.Event](v int) eventRow { return domain.Kept[E](v) }

// told declares an event that tells a fact, so that it can be corrected.
func told[E domain.Event](v int) eventRow { return domain.Told[E](v) }

// EventTypes gives every stored shape of an incident's events, clocks included.
func EventTypes() []domain.EventType {
	out := make([]domain.EventType, len(events))
	for i, r := range events {
		out[i] = r.EventType
	}
	return out
}
