package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var significanceCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AssessSignificance], Roles: statutory, States: inKept,
		Events:  []string{"SignificanceAssessed", "IncidentReopened"},
		Example: `{"significant":true,"criteria":["severe-operational-disruption"],"malicious":true,"crossBorder":false,"reasons":"No counter can open and nobody knows until when."}`}},
	{CommandType: domain.CommandType{New: blank[MarkHandled], Roles: handling, States: inKept,
		Events:  []string{"IncidentHandled"},
		Example: `{"handledAt":"2026-11-21T16:00:00+01:00"}`}},
}

var significanceEvents = []eventRow{
	told[SignificanceAssessed](1),
	told[IncidentHandled](1),
}

// SignificanceAssessed says whether the incident is significant under the
// Cyberbeveiligingswet or the Belgian NIS2 law. It replaces an earlier
// assessment.
type SignificanceAssessed struct {
	Significant bool          `json:"significant"`
	Criteria    []domain.Code `json:"criteria,omitempty" rule:"codes=criteria"`
	Malicious   *bool         `json:"malicious,omitempty"`
	CrossBorder *bool         `json:"crossBorder,omitempty"`
	Reasons     domain.Text   `json:"reasons,omitzero" seal:"aggregate"`
}

// IncidentHandled says when the handling of the incident was over: from then
// the final report of a lasting incident is due.
type IncidentHandled struct {
	HandledAt time.Time `json:"handledAt" rule:"required,past"`
}

func (SignificanceAssessed) EventName() string { return "SignificanceAssessed" }
func (IncidentHandled) EventName() string      { return "IncidentHandled" }

// AssessSignificance says whether the incident is significant: a person decides
// so by criteria, with reasons. Whether that makes anything owed
// follows from what the organisation is by law.
type AssessSignificance struct {
	// Significant is the decision.
	Significant bool `json:"significant,omitzero"`
	// Criteria are those met; a significant incident meets at least one.
	Criteria []domain.Code `json:"criteria,omitempty" rule:"codes=criteria"`
	// Malicious tells whether an unlawful or malicious act is suspected; left out while nobody can say.
	Malicious *bool `json:"malicious,omitempty"`
	// CrossBorder tells whether other countries can be hit; left out while nobody can say.
	CrossBorder *bool `json:"crossBorder,omitempty"`
	// Reasons tells why.
	Reasons domain.Text `json:"reasons" rule:"required"`
}

// MarkHandled says when the handling was over. The final report on an incident
// that still went on when that report fell due is owed a month after.
type MarkHandled struct {
	// HandledAt is when nothing was left to handle.
	HandledAt time.Time `json:"handledAt" rule:"required,past"`
}

func (AssessSignificance) CommandName() string { return "AssessSignificance" }
func (MarkHandled) CommandName() string        { return "MarkHandled" }

func (c AssessSignificance) decide(d *deciding) error {
	if c.Significant && len(c.Criteria) == 0 {
		return malformed("criteria", "a significant incident meets at least one criterion; name it")
	}
	d.emit(SignificanceAssessed(c))
	d.unprofiled()
	if c.Significant && !d.s.Significance.is() {
		d.reopenFor("significance")
	}
	return nil
}

// rederive implements rederiver.
func (e SignificanceAssessed) rederive(*deciding, domain.Event) (domain.Event, error) {
	if e.Significant && len(e.Criteria) == 0 {
		return e, malformed("fields.criteria", "a significant incident meets at least one criterion; name it")
	}
	return e, nil
}

func (c MarkHandled) decide(d *deciding) error {
	if !d.s.Handled.IsZero() {
		return noChange("X-02", "the incident was handled at %s; CorrectFact corrects that", stamp(d.s.Handled))
	}
	if err := d.sinceBegun("handledAt", c.HandledAt); err != nil {
		return err
	}
	d.emit(IncidentHandled(c))
	return nil
}

// is reports whether the incident is significant; nobody has said so by a nil
// assessment.
func (e *SignificanceAssessed) is() bool { return e != nil && e.Significant }

// unjudged reports whether nobody said of an incident of security and ICT that came
// about whether it is significant.
func (t *Told) unjudged() bool {
	return t.occurred() && t.security() && t.Report.ICT && t.Significance == nil
}

// obliged reports whether an organisation is an important or essential entity under
// the Cyberbeveiligingswet or the Belgian NIS2 law.
func obliged(p map[policy.Path]domain.Code) bool {
	is := func(class domain.Code) bool { return class != "" && class != "none" }
	return is(p[policy.OrgCbwClass]) || is(p[policy.OrgNIS2Class])
}

// ongoing reports whether the incident outlasted the term of its final report:
// the organisation said so by the progress report in its place.
func (t *Told) ongoing() bool {
	return slices.ContainsFunc(t.Notifications, func(n Notification) bool { return n.replacesFinal() })
}

// significance tells the facts of a significant incident.
func (s *Incident) significance(f *policy.Facts) {
	if t := s.AwareOf(OfSignificant); !t.IsZero() {
		f.At[policy.SignificantAware] = t
	}
	if s.Significance != nil {
		f.Flag[policy.IncidentSignificant] = s.Significance.Significant
		f.Flag[policy.SignificantResolved] = s.SignificantOnce && !s.Significance.Significant
	}
	f.Flag[policy.IncidentOngoing] = s.ongoing()
}

// unhandled asks for the end of an incident that outlasted its final report: its
// last report counts from then.
func (s *Incident) unhandled() []openItem {
	if !s.ongoing() || !s.Handled.IsZero() || !s.Significance.is() {
		return nil
	}
	return []openItem{{"handled", "when the handling was over is not said, and the final report counts from then (MarkHandled)"}}
}

func (e SignificanceAssessed) evolve(s *Incident, _ *posting) {
	s.Significance = &e
	s.SignificantOnce = s.SignificantOnce || e.Significant
}

func (e IncidentHandled) evolve(s *Incident, _ *posting) { s.Handled = e.HandledAt }
