package incident

import (
	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// The tracks of an incident: each has its own series of numbers.
const (
	TrackNormal    domain.Code = "normal"
	TrackIntegrity domain.Code = "integrity"
)

// EventTypes gives every stored shape of an incident's events, clocks included.
func EventTypes() []domain.EventType {
	types := []domain.EventType{
		domain.Shape[IncidentReported](1),
		domain.Shape[RecipientsDetermined](1),
		domain.Shape[IncidentRegistered](1),
		domain.Shape[ReportVerified](1),
		domain.Shape[ReportRejected](1),
		domain.Shape[ReportWithdrawn](1),
		domain.Shape[ReportMerged](1),
		domain.Shape[ReportRouted](1),
		domain.Shape[OwnerAssigned](1),
		domain.Shape[ContactPointSet](1),
		domain.Shape[PriorityAssessed](1),
		domain.Shape[PriorityOverridden](1),
		domain.Shape[IncidentAcknowledged](1),
		domain.Shape[IncidentEscalated](1),
		domain.Shape[EscalationAcknowledged](1),
		domain.Shape[LogEntryAdded](1),
		domain.Shape[EntryCorrected](1),
		domain.Shape[FactCorrected](1),
		domain.Shape[AwarenessEstablished](1),
		domain.Shape[AwarenessCorrected](1),
		domain.Shape[AuthorityNotified](1),
		domain.Shape[NotificationChannelAdded](1),
		domain.Shape[NotificationWithdrawn](1),
		domain.Shape[IncidentResolved](1),
		domain.Shape[IncidentReopened](1),
		domain.Shape[IncidentClosed](1),
		domain.Shape[AlertDelivered](1),
		domain.Shape[AlertFailed](1),
		domain.Shape[domain.RuleDeviated](1),
	}
	return append(types, policy.EventTypes()...)
}
