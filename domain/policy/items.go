package policy

import (
	"strings"
	"time"

	"incidentledger/domain"
)

// An Item is one of several things of a kind in an incident, each with clocks of
// its own: a processing of personal data, an agreed review, an outage. A rule
// with each reads the item's facts before those of the incident; what belongs to
// the kind of the item is read from the item alone, so that nothing known of one
// is taken for known of another. N counts them from 1 in the order in which they
// came, and ends the id of the clock.
type Item struct {
	N    int
	At   map[Path]time.Time
	Code map[Path]domain.Code
	Num  map[Path]int64
	Flag map[Path]bool
}

// What there can be several of: the values of a rule's each.
const (
	EachProcessing     domain.Code = "processing"      // of personal data; facts breach.…
	EachReview         domain.Code = "review"          // agreed moments of evaluation and communication (MEA-04)
	EachRequest        domain.Code = "request"         // what somebody outside asked to be answered
	EachSupplement     domain.Code = "supplement"      // answers that an authority is still owed (requirements 22.14)
	EachDowntime       domain.Code = "downtime"        // outages of services (BCM-04)
	EachEscalation     domain.Code = "escalation"      // escalations that wait to be acknowledged
	EachSupplierNotice domain.Code = "supplier-notice" // what suppliers told, and when they promised to tell more
)

// prefixes are what the facts of each kind of item begin with.
var prefixes = map[domain.Code]string{
	EachProcessing: "breach.", EachReview: "review.", EachRequest: "request.", EachSupplement: "supplement.",
	EachDowntime: "downtime.", EachEscalation: "escalation.", EachSupplierNotice: "notice.",
}

// named is the fact by which people know an item of each kind.
var named = map[domain.Code]Path{
	EachProcessing: BreachProcessing, EachRequest: RequestFrom, EachSupplement: SupplementTo, EachDowntime: DowntimeService,
	EachEscalation: EscalationKind, EachSupplierNotice: NoticeSupplier,
}

// kindOfItem gives the kind of item that a fact belongs to; empty for facts of
// the incident or the organisation.
func kindOfItem(p Path) domain.Code {
	for each, prefix := range prefixes {
		if strings.HasPrefix(string(p), prefix) {
			return each
		}
	}
	return ""
}

// The facts of items, and of the incident in its chain.
const (
	ReviewAt           Path = "review.at"           // At: when it was agreed to be
	ReviewHeld         Path = "review.held"         // At: when it was
	RequestFrom        Path = "request.from"        // Code: who asked
	RequestReceived    Path = "request.received"    // At
	RequestAnswerBy    Path = "request.answerBy"    // At: the term that they set
	RequestAnswered    Path = "request.answered"    // At
	SupplementTo       Path = "supplement.to"       // Code: who is owed the answers
	SupplementRegime   Path = "supplement.regime"   // Code
	SupplementSince    Path = "supplement.since"    // At: when the notification without them was complete
	SupplementExpected Path = "supplement.expected" // At: when they were promised
	SupplementGiven    Path = "supplement.given"    // At
	DowntimeService    Path = "downtime.service"    // Code
	DowntimeFrom       Path = "downtime.from"       // At
	DowntimeTo         Path = "downtime.to"         // At
	DowntimeRTO        Path = "downtime.rto"        // Num: minutes, of the service's recovery objectives
	EscalationAt       Path = "escalation.at"       // At
	EscalationAnswered Path = "escalation.answered" // At: acknowledged
	EscalationLevel    Path = "escalation.level"    // Num
	EscalationKind     Path = "escalation.kind"     // Code
	NoticeSupplier     Path = "notice.supplier"     // Code
	NoticeReceived     Path = "notice.received"     // At
	NoticeNextAt       Path = "notice.nextAt"       // At: when more was promised
	NoticeNext         Path = "notice.next"         // At: when more came

	ChainReported      Path = "chain.reported"      // At: when the chain desk was told
	ChainRegistered    Path = "chain.registered"    // At: when it gave its number
	ChainRouted        Path = "chain.routed"        // At: when it first went to a resolver group
	ChainPriority      Path = "chain.priority"      // Num 1..5
	ChainIndicativeDue Path = "chain.indicativeDue" // At: the chain's own indication

	IncidentMajor    Path = "incident.major"    // Flag
	IncidentCritical Path = "incident.critical" // Flag
)

// itemFact tells what stands at a path of this file; unknownFact elsewhere.
func itemFact(p Path) kindOfFact {
	switch p {
	case ReviewAt, ReviewHeld, RequestReceived, RequestAnswerBy, RequestAnswered, SupplementSince, SupplementExpected, SupplementGiven,
		DowntimeFrom, DowntimeTo, EscalationAt, EscalationAnswered, NoticeReceived, NoticeNextAt, NoticeNext,
		ChainReported, ChainRegistered, ChainRouted, ChainIndicativeDue:
		return atFact
	case RequestFrom, SupplementTo, SupplementRegime, DowntimeService, EscalationKind, NoticeSupplier:
		return codeFact
	case DowntimeRTO, EscalationLevel, ChainPriority:
		return numFact
	case IncidentMajor, IncidentCritical:
		return flagFact
	}
	return unknownFact
}
