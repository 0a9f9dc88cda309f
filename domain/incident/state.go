package incident

import (
	"maps"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Phases: where a report or incident stands in its handling.
const (
	PhaseReported   domain.Code = "reported"
	PhaseRegistered domain.Code = "registered"
	PhaseOnHold     domain.Code = "on-hold"
	PhaseResolved   domain.Code = "resolved"
	PhaseClosed     domain.Code = "closed"
	PhaseRejected   domain.Code = "rejected"
	PhaseWithdrawn  domain.Code = "withdrawn"
	PhaseMerged     domain.Code = "merged"
)

// An Incident is the folded state of one incident. It holds no sealed text. The
// zero Incident has not begun.
type Incident struct {
	Org domain.OrgID
	Key domain.Key
	Seq domain.Seq // of its last entry

	Told // what its entries tell, corrections worked in

	Clocks map[policy.ClockID]policy.Clock

	marks      map[mark]time.Time
	deliveries map[delivery]outcome
	log        []posting
}

// Told is the part of the state that a correction folds anew: everything that
// somebody told, and nothing that was derived from it.
type Told struct {
	Phase        domain.Code      // empty: not begun
	Report       IncidentReported // with what was reclassified since
	Recorded     time.Time        // when the desk wrote the report
	Recipients   []domain.Code
	Verdict      domain.Code // of verification: confirmed, presumed
	Registered   time.Time
	RoutedTo     domain.Code
	RoutedByRule bool       // nobody decided where it went
	Into         domain.Key // the incident it was merged into
	Owner        domain.PersonID
	ContactPoint domain.PersonID

	Assessed   *PriorityAssessed // the last assessment; never changed in place
	Overridden int               // 0: the computed priority holds

	Leg          int       // service leg, from 1
	Legs         []Leg     // those that are over, in their order
	Reopened     time.Time // when the running leg began, from leg 2
	TakenUp      time.Time // when somebody first did, in whatever leg
	Acknowledged time.Time // in the running leg
	Resolved     time.Time // in the running leg: when service or safety was restored
	Handled      time.Time
	Closed       time.Time
	ClosedOpen   []domain.Code // what stood open when it was closed by override

	Holds         []policy.Hold
	WaitingFor    domain.Code
	Escalations   []Escalation
	Notifications []Notification
	Aware         []Awareness
	Chain         Chain
	Continuity    Continuity
	Deviations    int // facts accepted against a rule

	RecipientsDecided []RecipientDecided // in place of what the report suggests
	Acting            []RoleAssigned     // who acts in which role
	Links             []IncidentLinked
	Confidentiality   *ConfidentialitySet // the last; never changed in place
	Shares            []IncidentShared
	Misfiled          []domain.Seq // entries that belong elsewhere

	Gravity
	// PreventiveSkipped says that the change that prevents a recurrence was left
	// out. Only a light incident may stand so: a higher severity takes it back.
	PreventiveSkipped bool
	Standing
	Analysed   bool
	Damaged    time.Time // when damage that may be claimed was first suffered
	Overruns   []Overrun
	Team       Team
	Evidence   Evidence
	Measures   Measures
	Reviews    Reviews
	Evaluation Evaluation
	Obliged
}

// A Leg is a service leg that ended before the incident went on after all.
type Leg struct {
	Began    time.Time // when it was reopened; zero: with the incident
	Restored time.Time
}

// An Escalation is one call for attention or decision.
type Escalation struct {
	ID           domain.Key
	To           domain.Code
	ToPerson     domain.PersonID
	Kind         domain.Code
	Level        int
	At           time.Time
	Acknowledged time.Time
}

// An Awareness tells since when the organisation knows of a breach or of a
// significant incident, for one processing or for all.
type Awareness struct {
	Of, Processing domain.Code
	At             time.Time
}

// A mark remembers a stage of a clock that was said.
type mark struct {
	clock policy.ClockID
	stage domain.Code
}

// A posting is one entry as far as corrections need it: the open part of what it
// told, without what was derived.
type posting struct {
	seq      domain.Seq
	occurred time.Time
	recorded time.Time
	role     domain.Code // of the actor
	command  string
	events   []domain.Event
}

// Begun reports whether anything was reported yet.
func (s *Incident) Begun() bool { return s.Phase != "" }

// Dropped reports whether the report was rejected, withdrawn or merged: then
// nothing more is owed under it.
func (t *Told) Dropped() bool {
	return t.Phase == PhaseRejected || t.Phase == PhaseWithdrawn || t.Phase == PhaseMerged
}

// Priority is the priority that holds; 0 while there is none.
func (t *Told) Priority() int {
	computed := 0
	if t.Assessed != nil {
		computed = t.Assessed.Computed
	}
	return PriorityThatHolds(computed, t.Overridden, t.Critical)
}

// AwareOf gives since when the organisation knows of a breach or a significant
// incident: the earliest over all processings, zero while nobody said.
func (t *Told) AwareOf(of domain.Code) time.Time {
	var first time.Time
	for _, a := range t.Aware {
		if a.Of == of && (first.IsZero() || a.At.Before(first)) {
			first = a.At
		}
	}
	return first
}

// SuspectsLeak reports whether it was ever thought that personal data leaked: it
// was reported or assessed so, or the organisation knew of a breach.
func (t *Told) SuspectsLeak() bool {
	return t.Report.SuspectedDataLeak || !t.AwareOf(OfBreach).IsZero() ||
		slices.ContainsFunc(t.Leak.Processings, func(p Processing) bool { return p.PersonalData != "none" })
}

// leakStands reports whether a leak is suspected or known that was not withdrawn.
func (t *Told) leakStands() bool { return t.SuspectsLeak() && !t.Leak.Withdrawn }

// standing is the phase that follows from what is known, for an incident that is
// neither closed nor dropped.
func (t *Told) standing() domain.Code {
	switch {
	case len(t.Holds) > 0 && t.Holds[len(t.Holds)-1].To.IsZero():
		return PhaseOnHold
	case !t.Resolved.IsZero():
		return PhaseResolved
	case !t.Registered.IsZero():
		return PhaseRegistered
	}
	return PhaseReported
}

// Clone gives a state that can evolve on its own.
func (s *Incident) Clone() *Incident {
	cp := *s
	cp.Holds = slices.Clone(s.Holds)
	cp.Escalations = slices.Clone(s.Escalations)
	cp.Notifications = slices.Clone(s.Notifications)
	cp.Aware = slices.Clone(s.Aware)
	cp.Clocks = maps.Clone(s.Clocks)
	cp.marks = maps.Clone(s.marks)
	cp.deliveries = maps.Clone(s.deliveries)
	cp.log = slices.Clip(s.log)
	return &cp
}
