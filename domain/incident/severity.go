package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
)

// Severities of an incident of privacy and security, beside its priority (SEV-12).
const (
	SeverityNone     domain.Code = "none" // about availability alone: nothing more is asked (SEV-02)
	SeverityLight    domain.Code = "light"
	SeverityHigh     domain.Code = "high"
	SeverityVeryHigh domain.Code = "very-high" // a calamity
)

// assessing are the officers who judge severity (SEV-11).
var assessing = []domain.Code{"security-officer", "privacy-officer", "dpo", "acib", "vcib", "coordinator"}

var severityCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[ClassifySeverity], Roles: assessing, States: inLive,
		Events:  []string{"SeverityAssessed", "CalamityDeclared", "IncidentEscalated"},
		Example: `{"aspects":["privacy","confidentiality"],"extent":"limited","correctable":true}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RecordComplaint], Roles: handling, States: inKept,
		Events:  []string{"ComplaintRecorded", "SeverityRaised", "IncidentReopened"},
		Example: `{"received":"2026-11-21T09:00:00+01:00","complainant":"J. de Vries","text":"My file lay open on the counter."}`}},
}

// RefusedAspects is a classification that leaves out what a breach has broken.
const RefusedAspects domain.Code = "aspects_left_out"

var severityEvents = []eventRow{
	told[SeverityAssessed](1),
	told[ComplaintRecorded](1),
	kept[SeverityRaised](1),
	kept[CalamityDeclared](1),
}

// SeverityAssessed says how grave the incident is for privacy and security, by
// which answers, and how grave it was held before.
type SeverityAssessed struct {
	Aspects                []domain.Code `json:"aspects" rule:"required,oneof=privacy|availability|integrity|confidentiality"`
	Extent                 domain.Code   `json:"extent" rule:"required,oneof=limited|considerable"`
	Correctable            bool          `json:"correctable"`
	RealRisk               bool          `json:"realRisk"`
	AffectsPartyOperations bool          `json:"affectsPartyOperations"`
	AffectsMinistry        bool          `json:"affectsMinistry"`
	PublicMatter           bool          `json:"publicMatter"`

	ConfidentialityBreaches []domain.Code `json:"confidentialityBreaches,omitempty" rule:"codes=confidentialityBreaches"`
	PrivacyBreaches         []domain.Code `json:"privacyBreaches,omitempty" rule:"codes=privacyBreaches"`

	Complained bool        `json:"complained"` // a complaint made it high
	Severity   domain.Code `json:"severity"`
	Was        domain.Code `json:"was,omitzero"`
}

// ComplaintRecorded says that somebody whose privacy it concerns complained.
type ComplaintRecorded struct {
	Received    time.Time   `json:"received" rule:"required,past"`
	Complainant domain.Text `json:"complainant,omitzero" seal:"aggregate" rule:"max=300"`
	Text        domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// SeverityRaised says that a complaint made the incident graver than it was
// assessed. A change that prevents a recurrence can no longer be left out.
type SeverityRaised struct {
	Severity domain.Code `json:"severity"`
	Was      domain.Code `json:"was,omitzero"`
	Because  domain.Code `json:"because"` // complaint
}

// CalamityDeclared says that the incident is of very high severity. The
// representatives of the parties involved are called.
type CalamityDeclared struct {
	At time.Time `json:"at"`
}

func (SeverityAssessed) EventName() string  { return "SeverityAssessed" }
func (ComplaintRecorded) EventName() string { return "ComplaintRecorded" }
func (SeverityRaised) EventName() string    { return "SeverityRaised" }
func (CalamityDeclared) EventName() string  { return "CalamityDeclared" }

// ClassifySeverity answers what decides how grave an incident of privacy and
// security is (SEV-01 to SEV-08). It is judged beside the priority, by the
// officers for security and privacy (SEV-11, SEV-12). Very high is a calamity:
// it is put before the representatives at once. Where a breach of confidentiality
// or integrity is assessed, availability alone is refused.
type ClassifySeverity struct {
	// Aspects are what was touched; availability alone asks nothing more (SEV-01, SEV-02).
	Aspects []domain.Code `json:"aspects" rule:"required,oneof=privacy|availability|integrity|confidentiality"`
	// Extent is how far the breach goes (SEV-05, SEV-07).
	Extent domain.Code `json:"extent" rule:"required,oneof=limited|considerable"`
	// Correctable says that it can be corrected without harm to the persons concerned (SEV-05).
	Correctable bool `json:"correctable,omitzero"`
	// RealRisk says that the persons run a real risk of harm (SEV-07).
	RealRisk bool `json:"realRisk,omitzero"`
	// AffectsPartyOperations says that it touches the operations of a party of the chain (SEV-08).
	AffectsPartyOperations bool `json:"affectsPartyOperations,omitzero"`
	// AffectsMinistry says that it touches the ministry (SEV-08).
	AffectsMinistry bool `json:"affectsMinistry,omitzero"`
	// PublicMatter says that it becomes a public matter (SEV-08).
	PublicMatter bool `json:"publicMatter,omitzero"`
	// ConfidentialityBreaches are the ways in which access was open, used or not (SEV-03).
	ConfidentialityBreaches []domain.Code `json:"confidentialityBreaches,omitempty" rule:"codes=confidentialityBreaches"`
	// PrivacyBreaches are the ways in which personal data was open to others, seen or not (SEV-04).
	PrivacyBreaches []domain.Code `json:"privacyBreaches,omitempty" rule:"codes=privacyBreaches"`
}

// RecordComplaint says that somebody whose privacy it concerns complained. From
// then on the severity is at least high, whenever the complaint came (SEV-10);
// a closed incident goes on.
type RecordComplaint struct {
	// Received is when the complaint came in.
	Received time.Time `json:"received" rule:"required,past"`
	// Complainant is who complains.
	Complainant domain.Text `json:"complainant" rule:"required,max=300"`
	// Text is the complaint.
	Text domain.Text `json:"text" rule:"required"`
}

func (ClassifySeverity) CommandName() string { return "ClassifySeverity" }
func (RecordComplaint) CommandName() string  { return "RecordComplaint" }

func (c ClassifySeverity) decide(d *deciding) error {
	e := SeverityAssessed{
		Aspects: c.Aspects, Extent: c.Extent, Correctable: c.Correctable, RealRisk: c.RealRisk,
		AffectsPartyOperations: c.AffectsPartyOperations, AffectsMinistry: c.AffectsMinistry, PublicMatter: c.PublicMatter,
		ConfidentialityBreaches: c.ConfidentialityBreaches, PrivacyBreaches: c.PrivacyBreaches, Was: d.s.Severity(),
	}
	if p := d.s.Leak.beyond(); p != "" && !beyondAvailability(c.Aspects) {
		r := domain.Refuse(RefusedAspects, "SEV-01", "not availability alone was touched: the breach of %s is one of confidentiality or integrity; name these aspects, or assess that breach anew", p)
		r.Field, r.Allowed = "aspects", []string{"AssessBreach"}
		if err := d.rule(r); err != nil {
			return err
		}
	}
	e.weigh(d.s.Complaints > 0)
	if a := d.s.SeverityAssessed; a != nil && e.same(a) && e.Severity == e.Was {
		return noChange("SEV-12", "the severity was assessed so before and is %s", e.Severity)
	}
	d.emit(e)
	return nil
}

// weigh gives the severity. Whatever is not wholly light is at least high, and
// so is whatever somebody complained about, be it by its answers about availability
// alone (SEV-10, requirements 22.13).
func (e *SeverityAssessed) weigh(complained bool) {
	switch {
	case !beyondAvailability(e.Aspects):
		e.Severity = SeverityNone
	case e.AffectsPartyOperations, e.AffectsMinistry, e.PublicMatter:
		e.Severity = SeverityVeryHigh
	case e.Extent == "considerable", !e.Correctable, e.RealRisk:
		e.Severity = SeverityHigh
	default:
		e.Severity = SeverityLight
	}
	if e.Complained = complained && belowHigh(e.Severity); e.Complained {
		e.Severity = SeverityHigh
	}
}

// belowHigh reports whether a complaint raises a severity.
func belowHigh(s domain.Code) bool { return s == SeverityNone || s == SeverityLight }

// beyondAvailability reports whether something else than availability is among
// what was touched.
func beyondAvailability(aspects []domain.Code) bool {
	return slices.ContainsFunc(aspects, func(a domain.Code) bool { return a != "availability" })
}

// contradicted gives the processing whose breach shows that the incident is not one
// of availability alone, as it was classified before that was known.
func (t *Told) contradicted() domain.Code {
	if t.SeverityAssessed == nil || beyondAvailability(t.SeverityAssessed.Aspects) {
		return ""
	}
	return t.Leak.beyond()
}

func (e SeverityAssessed) same(other *SeverityAssessed) bool {
	return slices.Equal(e.Aspects, other.Aspects) && slices.Equal(e.ConfidentialityBreaches, other.ConfidentialityBreaches) &&
		slices.Equal(e.PrivacyBreaches, other.PrivacyBreaches) && e.Extent == other.Extent && e.Correctable == other.Correctable && e.RealRisk == other.RealRisk &&
		e.AffectsPartyOperations == other.AffectsPartyOperations && e.AffectsMinistry == other.AffectsMinistry && e.PublicMatter == other.PublicMatter
}

// rederive implements rederiver.
func (e SeverityAssessed) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	e.Was = was.(SeverityAssessed).Was
	e.weigh(d.s.Complaints > 0)
	return e, nil
}

func (c RecordComplaint) decide(d *deciding) error {
	d.emit(ComplaintRecorded(c))
	if was := d.s.Severity(); was == "" || belowHigh(was) {
		d.emit(SeverityRaised{Severity: SeverityHigh, Was: was, Because: "complaint"})
	}
	if d.s.Phase == PhaseClosed {
		d.emit(IncidentReopened{Because: "complaint", Leg: d.s.Leg, At: d.at})
	}
	return nil
}

// Gravity is what was told of the severity.
type Gravity struct {
	SeverityAssessed *SeverityAssessed // the last; never changed in place
	Complaints       int
	Calamity         time.Time // when it was declared; zero: it is none
}

// Severity is how grave the incident is; empty while nobody judged it and nobody
// complained.
func (g *Gravity) Severity() domain.Code {
	switch {
	case g.SeverityAssessed == nil && g.Complaints == 0:
		return ""
	case g.SeverityAssessed == nil, belowHigh(g.SeverityAssessed.Severity) && g.Complaints > 0:
		return SeverityHigh
	}
	return g.SeverityAssessed.Severity
}

// calls puts a calamity before the representatives of the parties involved
// (SEV-08), once for each time that the incident becomes one.
func (d *deciding) calls(s *Incident) []domain.Event {
	if s.Dropped() || s.Severity() != SeverityVeryHigh || !s.Calamity.IsZero() {
		return nil
	}
	return []domain.Event{CalamityDeclared{At: d.at}, d.escalation(s, "representative", "calamity")}
}

func (e SeverityAssessed) evolve(s *Incident, _ *posting) {
	s.SeverityAssessed = &e
	if e.Severity != SeverityVeryHigh {
		s.Calamity = time.Time{}
	}
	if e.Severity != SeverityLight {
		s.PreventiveSkipped = false
	}
}

func (ComplaintRecorded) evolve(s *Incident, _ *posting) { s.Complaints++ }

func (SeverityRaised) evolve(s *Incident, _ *posting) { s.PreventiveSkipped = false }

func (e CalamityDeclared) evolve(s *Incident, _ *posting) { s.Calamity = e.At }
