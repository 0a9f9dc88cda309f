package incident

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

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
var events = slices.Concat(
	reportEvents,
	recipientEvents,
	reporterEvents,
	reclassifyEvents,
	linkEvents,
	shareEvents,
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
	derivedEvents,
)

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

// An eventRow is one stored shape. Shapes that CorrectFact can correct have
// check and decode.
type eventRow struct {
	domain.EventType
	check  func(e domain.Event, now time.Time, codes domain.Codes) error
	decode func(open []byte) (domain.Event, error)
}

// kept declares an event that no CorrectFact touches: it is derived, or it is a
// line of the logbook or a correction, which have corrections of their own.
func kept[E domain.Event](v int) eventRow { return eventRow{EventType: domain.Shape[E](v)} }

// told declares an event that tells a fact, so that it can be corrected.
func told[E domain.Event](v int) eventRow {
	return eventRow{
		EventType: domain.Shape[E](v),
		check: func(e domain.Event, now time.Time, codes domain.Codes) error {
			return domain.Check(fact[E]{Fields: e.(E)}, now, codes)
		},
		decode: func(open []byte) (domain.Event, error) {
			var e E
			d := json.NewDecoder(bytes.NewReader(open))
			d.DisallowUnknownFields()
			err := d.Decode(&e)
			return e, err
		},
	}
}

// fact lets domain.Check judge a corrected event by the rule tags of its type.
type fact[E domain.Event] struct {
	Fields E `json:"fields"`
}

func (f fact[E]) CommandName() string { return f.Fields.EventName() }

// correctable finds the row of an event type that can be corrected.
func correctable(name string) (eventRow, bool) {
	for _, r := range events {
		if r.Name == name && r.check != nil {
			return r, true
		}
	}
	return eventRow{}, false
}

// EventTypes gives every stored shape of an incident's events, clocks included.
func EventTypes() []domain.EventType {
	out := make([]domain.EventType, len(events))
	for i, r := range events {
		out[i] = r.EventType
	}
	return out
}
