package incident

import (
	"bytes"
	"encoding/json"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// The tracks of an incident: each has its own series of numbers.
const (
	TrackNormal    domain.Code = "normal"
	TrackIntegrity domain.Code = "integrity"
)

// events is the table of every stored shape of an incident's events. A retired
// shape stays in it for ever.
var events = []eventRow{
	told[IncidentReported](1),
	told[IncidentRegistered](1),
	told[ReportVerified](1),
	told[ReportRejected](1),
	told[ReportWithdrawn](1),
	told[ReportMerged](1),
	told[ReportRouted](1),
	told[OwnerAssigned](1),
	told[ContactPointSet](1),
	told[PriorityAssessed](1),
	told[PriorityOverridden](1),
	told[IncidentAcknowledged](1),
	told[policy.ClockPaused](1),
	told[policy.ClockResumed](1),
	told[IncidentEscalated](1),
	told[EscalationAcknowledged](1),
	told[AwarenessEstablished](1),
	told[AwarenessCorrected](1),
	told[AuthorityNotified](1),
	told[NotificationChannelAdded](1),
	told[NotificationWithdrawn](1),
	told[IncidentResolved](1),
	told[IncidentReopened](1),
	told[IncidentClosed](1),
	told[AlertDelivered](1),
	told[AlertFailed](1),
	kept[RecipientsDetermined](1),
	kept[LogEntryAdded](1),
	kept[EntryCorrected](1),
	kept[FactCorrected](1),
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
