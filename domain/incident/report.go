package incident

import (
	"time"

	"incidentledger/domain"
)

var reportCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[ReportIncident], Begins: true,
		Events:  []string{"IncidentReported", "ReportRouted", "RecipientsDetermined", "IncidentRegistered"},
		Example: `{"kind":"incident","title":"Laptop left on the train","description":"A laptop with the files of the youth team was left on the train to Sittard.","category":"laptop-lost-or-stolen","channel":"phone","discovered":"2026-11-20T17:40:00+01:00","ict":true,"securityRelevant":true,"suspectedDataLeak":true}`}},
}

var reportEvents = []eventRow{
	told[IncidentReported](1),
	told[IncidentRegistered](1),
}

// IncidentReported says that somebody told of an incident, a weakness or a
// service request. Reported is always given: where nobody said when, it is the
// moment of the order.
type IncidentReported struct {
	Kind              domain.Code       `json:"kind" rule:"required,oneof=incident|weakness|service-request"`
	Title             domain.Text       `json:"title,omitzero" seal:"aggregate" rule:"max=200"`
	Description       domain.Text       `json:"description,omitzero" seal:"aggregate"`
	Category          domain.Code       `json:"category" rule:"required,codes=categories"`
	Channel           domain.Code       `json:"channel" rule:"required,oneof=phone|email|form|intranet|in-person|monitoring|supplier|chain|import"`
	Discovered        time.Time         `json:"discovered,omitzero" rule:"past"`
	Reported          time.Time         `json:"reported" rule:"required,past"`
	Started           time.Time         `json:"started,omitzero" rule:"past"`
	Location          domain.Text       `json:"location,omitzero" seal:"aggregate" rule:"max=300"`
	Department        domain.Code       `json:"department,omitzero"`
	ICT               bool              `json:"ict"`
	SecurityRelevant  bool              `json:"securityRelevant"`
	Suspected         bool              `json:"suspected"`
	SuspectedDataLeak bool              `json:"suspectedDataLeak"`
	Anonymous         bool              `json:"anonymous"`
	Reporter          domain.Text       `json:"reporter,omitzero" seal:"aggregate" rule:"max=300"`
	HasReporter       bool              `json:"hasReporter"`
	OwnReference      domain.Text       `json:"ownReference,omitzero" seal:"aggregate" rule:"max=100"`
	HasOwnReference   bool              `json:"hasOwnReference"`
	Exercise          bool              `json:"exercise"`
	Affected          []domain.Code     `json:"affected,omitempty"`
	Chain             domain.Code       `json:"chain,omitzero"`
	Track             domain.Code       `json:"track" rule:"required,oneof=normal|integrity"`
	WithholdFrom      []domain.PersonID `json:"withholdFrom,omitempty"`
}

// IncidentRegistered says that the report entered the register of incidents,
// and what made it so.
type IncidentRegistered struct {
	Because domain.Code `json:"because" rule:"oneof=verified|suspected-data-leak|priority-1"`
	At      time.Time   `json:"at" rule:"required,past"`
}

func (IncidentReported) EventName() string   { return "IncidentReported" }
func (IncidentRegistered) EventName() string { return "IncidentRegistered" }

// ReportIncident tells of an incident, a weakness or a service request. Anybody
// may report (INT-01, INT-02); a report is kept even where nothing comes of it
// (INT-18). A suspected data leak enters the register at once.
type ReportIncident struct {
	// Kind tells whether something happened, whether something could, or whether a service is asked for (INT-02, INT-16).
	Kind domain.Code `json:"kind" rule:"required,oneof=incident|weakness|service-request"`
	// Title says in a few words what it is about.
	Title domain.Text `json:"title" rule:"required,max=200"`
	// Description tells what happened, where, and what was seen.
	Description domain.Text `json:"description" rule:"required"`
	// Category is its type in the catalogue (INT-12 to INT-14).
	Category domain.Code `json:"category" rule:"required,codes=categories"`
	// Channel is the way the report came in (INT-04).
	Channel domain.Code `json:"channel" rule:"required,oneof=phone|email|form|intranet|in-person|monitoring|supplier|chain|import"`
	// Discovered is when it was first noticed (INT-03).
	Discovered time.Time `json:"discovered,omitzero" rule:"past"`
	// Reported is when it was told; without it the moment of the order (INT-03).
	Reported time.Time `json:"reported,omitzero" rule:"past"`
	// Started is when it began, where that is known.
	Started time.Time `json:"started,omitzero" rule:"past"`
	// Location is where it happened.
	Location domain.Text `json:"location,omitzero" rule:"max=300"`
	// Department is the code of the department concerned.
	Department domain.Code `json:"department,omitzero"`
	// ICT says that it concerns information technology; the help desk then gets it (INT-07).
	ICT bool `json:"ict,omitzero"`
	// SecurityRelevant says that it concerns information security; the security officer then gets it (INT-07).
	SecurityRelevant bool `json:"securityRelevant,omitzero"`
	// Suspected says that it is not certain yet (INT-02).
	Suspected bool `json:"suspected,omitzero"`
	// SuspectedDataLeak says that personal data may have leaked: terms run at once (NOT-06).
	SuspectedDataLeak bool `json:"suspectedDataLeak,omitzero"`
	// Anonymous says that nobody may learn who reported (INT-06).
	Anonymous bool `json:"anonymous,omitzero"`
	// Reporter is who told, where that is not the actor (INT-05).
	Reporter domain.Text `json:"reporter,omitzero" rule:"max=300"`
	// OwnReference is the reporter's own number for it.
	OwnReference domain.Text `json:"ownReference,omitzero" rule:"max=100"`
	// Exercise says that it is a drill: it gets no number and alarms nobody outside (BCM-09).
	Exercise bool `json:"exercise,omitzero"`
	// Affected lists the services hit.
	Affected []domain.Code `json:"affected,omitempty"`
	// Chain is the chain it belongs to, such as suwi (CHN-01).
	Chain domain.Code `json:"chain,omitzero" rule:"codes=chains"`
	// Track keeps integrity cases apart (REG-13); without it normal.
	Track domain.Code `json:"track,omitzero" rule:"oneof=normal|integrity"`
	// WithholdFrom lists persons who may not see it.
	WithholdFrom []domain.PersonID `json:"withholdFrom,omitempty"`
}

// CommandName implements domain.Command.
func (ReportIncident) CommandName() string { return "ReportIncident" }

// report gives the report that a command is, where it is one.
func report(c domain.Command) (ReportIncident, bool) {
	switch c := c.(type) {
	case ReportIncident:
		return c, true
	case *ReportIncident:
		return *c, true
	}
	return ReportIncident{}, false
}

func (c ReportIncident) decide(d *deciding) error {
	e := IncidentReported{
		Kind: c.Kind, Title: c.Title, Description: c.Description, Category: c.Category, Channel: c.Channel,
		Discovered: c.Discovered, Reported: c.Reported, Started: c.Started,
		Location: c.Location, Department: c.Department,
		ICT: c.ICT, SecurityRelevant: c.SecurityRelevant, Suspected: c.Suspected, SuspectedDataLeak: c.SuspectedDataLeak,
		Anonymous: c.Anonymous, Reporter: c.Reporter, HasReporter: c.Reporter != "",
		OwnReference: c.OwnReference, HasOwnReference: c.OwnReference != "",
		Exercise: c.Exercise, Affected: c.Affected, Chain: c.Chain, Track: c.Track, WithholdFrom: c.WithholdFrom,
	}
	if e.Reported.IsZero() {
		e.Reported = d.at
	}
	if e.Track == "" {
		e.Track = TrackNormal
	}
	if err := e.coherent(); err != nil {
		return err
	}
	if e.Channel == "in-person" && !e.HasReporter && !e.Anonymous {
		d.warn("reporter_unnamed", "INT-05", "the report was made in person and names no reporter: the form shows whoever recorded it, nobody else")
	}
	d.hits(e.Affected)
	d.emit(e, e.routed())
	if e.SuspectedDataLeak {
		d.unprofiled()
	}
	return nil
}

// coherent refuses instants that cannot all be true (INT-03): nobody reports
// what nobody has discovered, nor discovers what has not begun.
func (e IncidentReported) coherent() error {
	const layout = time.RFC3339
	switch {
	case e.Discovered.After(e.Reported):
		return malformed("discovered", "discovered (%s) lies after reported (%s)", e.Discovered.Format(layout), e.Reported.Format(layout))
	case e.Started.After(e.Reported):
		return malformed("started", "started (%s) lies after reported (%s)", e.Started.Format(layout), e.Reported.Format(layout))
	}
	return nil
}

// unsaidBeginning is how long before its report an incident whose beginning
// nobody has told may have begun.
const unsaidBeginning = 31 * 24 * time.Hour

// begun is the earliest instant at which anything can have been done about it:
// the start or discovery that was told, else unsaidBeginning before the report.
func (e IncidentReported) begun() time.Time {
	switch {
	case e.Reported.IsZero():
		return time.Time{}
	case e.Started.IsZero() && e.Discovered.IsZero():
		return e.Reported.Add(-unsaidBeginning)
	case e.Started.IsZero(), !e.Discovered.IsZero() && e.Discovered.Before(e.Started):
		return e.Discovered
	}
	return e.Started
}

// sinceBegun refuses an instant before the incident began: it is a slip of the
// hand, and would meet a duty, or undo it, years before there was one (INT-03).
func (d *deciding) sinceBegun(field string, at time.Time) error {
	begun := d.s.Report.begun()
	if begun.IsZero() || !at.Before(begun) {
		return nil
	}
	r := domain.Refuse(RefusedBeforeBegun, "INT-03", "%s (%s) lies before the incident can have begun (%s); mend the instant, or correct when it started", field, stamp(at), stamp(begun))
	r.Field = field
	r.Allowed = []string{"CorrectFact"}
	return d.rule(r)
}

func (e IncidentReported) evolve(s *Incident, p *posting) {
	s.Report, s.Recorded = e, p.recorded
	s.Phase, s.Leg = PhaseReported, 1
}

func (e IncidentRegistered) evolve(s *Incident, _ *posting) {
	s.Registered = e.At
	if s.Phase == PhaseReported {
		s.Phase = PhaseRegistered
	}
}
