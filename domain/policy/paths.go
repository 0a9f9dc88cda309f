package policy

import (
	"strings"

	"incidentledger/domain"
)

// Paths that a policy may read. An aggregate fills those it knows; the others
// are unknown, which is neither true nor false.
const (
	IncidentKind             Path = "incident.kind"             // Code: incident, weakness, service-request
	IncidentExercise         Path = "incident.exercise"         // Flag
	IncidentCategory         Path = "incident.category"         // Code
	IncidentChannel          Path = "incident.channel"          // Code
	IncidentTrack            Path = "incident.track"            // Code: normal, integrity
	IncidentStarted          Path = "incident.started"          // At
	IncidentDiscovered       Path = "incident.discovered"       // At
	IncidentReported         Path = "incident.reported"         // At
	IncidentRecorded         Path = "incident.recorded"         // At: when the desk wrote the report
	IncidentRegistered       Path = "incident.registered"       // At
	IncidentPriority         Path = "incident.priority"         // Num 1..5
	IncidentAcknowledged     Path = "incident.acknowledged"     // At, in the running leg
	IncidentResolved         Path = "incident.resolved"         // At, in the running leg
	IncidentReopened         Path = "incident.reopened"         // At: when the running leg began, from leg 2
	IncidentHandled          Path = "incident.handled"          // At
	IncidentClosed           Path = "incident.closed"           // At
	IncidentDropped          Path = "incident.dropped"          // Flag: the report was rejected, withdrawn or merged into another
	IncidentSecurityRelevant Path = "incident.securityRelevant" // Flag
	IncidentICT              Path = "incident.ict"              // Flag
	IncidentSuspected        Path = "incident.suspected"        // Flag
	IncidentSuspectedLeak    Path = "incident.suspectedDataLeak"
	IncidentChain            Path = "incident.chain"           // Code, such as suwi
	IncidentSeverity         Path = "incident.severity"        // Code: none, light, high, very-high
	IncidentGoldenHour       Path = "incident.goldenHour"      // Flag: the first hour is kept
	IncidentGoldenHourKept   Path = "incident.goldenHour.kept" // At: its checklist was completed
	IncidentSignificant      Path = "incident.significant"     // Flag: decided under NIS2 or the Cyberbeveiligingswet
	IncidentOngoing          Path = "incident.ongoing"         // Flag: still going on when its final report falls due
	IncidentOffenceAt        Path = "incident.offence.at"      // At: since when a criminal offence is suspected (EVI-01)
	IncidentDamageAt         Path = "incident.damage.at"       // At: when damage that may be claimed was first recorded
	IncidentKSZMajor         Path = "incident.kszMajor"        // Flag
	IncidentKSZMajorAt       Path = "incident.kszMajor.at"     // At: when it was classified so

	BreachProcessing    Path = "breach.processing"     // Code: of the processing, once it is named
	BreachPersonalData  Path = "breach.personalData"   // Code: none, suspected, confirmed
	BreachAware         Path = "breach.aware"          // At: awareness as established
	BreachRisk          Path = "breach.risk"           // Code: unlikely, risk, high-risk, undetermined
	BreachRole          Path = "breach.role"           // Code: controller, joint, processor
	BreachWithdrawn     Path = "breach.withdrawn"      // Flag: the suspicion was withdrawn
	BreachHighRiskAt    Path = "breach.highRisk.at"    // At: when high risk was decided
	BreachSuspectedAt   Path = "breach.suspected.at"   // At: when it was first suspected
	SubjectsInformed    Path = "breach.informed"       // At: data subjects were informed, completely
	ControllerInformed  Path = "breach.controllerTold" // At: the controller was told by its processor
	SignificantAware    Path = "significant.aware"     // At: awareness of the significant incident
	SignificantResolved Path = "significant.withdrawn" // Flag: turned out not to be significant

	OrgCountry      Path = "org.country"      // Code: NL, BE
	OrgZone         Path = "org.zone"         // Code: an IANA zone; wins over the set's own
	OrgCbwClass     Path = "org.cbwClass"     // Code: none, important, essential
	OrgNIS2Class    Path = "org.nis2Class"    // Code: none, important, essential
	OrgTrustService Path = "org.trustService" // Flag
	OrgVTCCopy      Path = "org.vtcCopy"      // Flag: the VTC gets a copy of what the GBA is told
	OrgKSZConnected Path = "org.kszConnected" // Flag
	OrgKSZPolicy    Path = "org.kszPolicy"    // Flag: the general policy of social security on major incidents is in force
	OrgSuwiParty    Path = "org.suwiParty"    // Flag
	OrgCSIRT        Path = "org.csirt"        // Code: an authority
	OrgNotifiesVia  Path = "org.notifiesVia"  // Code: the organisation that notifies authorities in its place (NOT-12)
)

// Prefixes of paths that end in the code of an authority.
const (
	breachNotified = "breach.notified."
	submitted      = "notification."
	received       = "message.received."
	informed       = "informed."
)

// BreachNotified is the path of the instant at which a breach was notified to
// an authority: submitted through the last of its mandatory channels.
func BreachNotified(authority domain.Code) Path { return Path(breachNotified + string(authority)) }

// Submitted is the path of the instant at which a notification of a stage was
// submitted to an authority under a regime, such as
// notification.cbw.early-warning.cbw-csirt.
func Submitted(regime, stage, authority domain.Code) Path {
	return Path(submitted + string(regime) + "." + string(stage) + "." + string(authority))
}

// MessageReceived is the path of the instant at which somebody outside first
// told something after having been notified.
func MessageReceived(from domain.Code) Path { return Path(received + string(from)) }

// Informed is the path of the instant at which a party was first told of the
// incident.
func Informed(party domain.Code) Path { return Path(informed + string(party)) }

// A kindOfFact says in which map of Facts a path stands.
type kindOfFact int

const (
	unknownFact kindOfFact = iota
	atFact
	codeFact
	codesFact
	numFact
	flagFact
)

// factOf tells what stands at a path; unknownFact where no aggregate fills it.
func factOf(p Path) kindOfFact {
	switch p {
	case IncidentStarted, IncidentDiscovered, IncidentReported, IncidentRecorded, IncidentRegistered,
		IncidentAcknowledged, IncidentResolved, IncidentReopened, IncidentHandled, IncidentClosed,
		IncidentGoldenHourKept, IncidentKSZMajorAt, IncidentOffenceAt, IncidentDamageAt, BreachAware, BreachHighRiskAt, BreachSuspectedAt,
		SubjectsInformed, ControllerInformed, SignificantAware:
		return atFact
	case IncidentKind, IncidentCategory, IncidentChannel, IncidentTrack, IncidentChain, IncidentSeverity,
		BreachProcessing, BreachPersonalData, BreachRisk, BreachRole, OrgCountry, OrgZone, OrgCbwClass, OrgNIS2Class, OrgCSIRT, OrgNotifiesVia:
		return codeFact
	case IncidentPriority:
		return numFact
	case IncidentExercise, IncidentDropped, IncidentSecurityRelevant, IncidentICT, IncidentSuspected,
		IncidentSuspectedLeak, IncidentGoldenHour, IncidentSignificant, IncidentOngoing, IncidentKSZMajor,
		BreachWithdrawn, SignificantResolved, OrgTrustService, OrgVTCCopy, OrgKSZConnected, OrgKSZPolicy, OrgSuwiParty:
		return flagFact
	}
	for _, prefix := range []string{breachNotified, submitted, received, informed} {
		if strings.HasPrefix(string(p), prefix) {
			return atFact
		}
	}
	return itemFact(p)
}
