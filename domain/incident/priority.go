package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var priorityCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[AssessPriority], Roles: handling, States: inLive,
		Events:  []string{"PriorityAssessed", "IncidentReclassified", "RecipientsDetermined", "IncidentRegistered"},
		Example: `{"urgency":"high","impact":"medium","financialEUR":2500}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[OverridePriority], Roles: append(slices.Clip(directing), "response-team", "crisis-team", "board"), States: inOpen,
		Events:  []string{"PriorityOverridden", "IncidentRegistered"},
		Example: `{"priority":1,"reason":"The council meets tonight and needs the system."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[AcknowledgeIncident], Roles: handling, States: inOpen,
		Events: []string{"IncidentAcknowledged"}, Example: `{}`}},
}

var priorityEvents = []eventRow{
	told[PriorityAssessed](1),
	told[PriorityOverridden](1),
	told[IncidentAcknowledged](1),
}

// PriorityAssessed says how urgent and how heavy the incident is, and which
// priority the matrix gives: 1 is the highest, 5 the lowest. It ends an earlier
// override.
type PriorityAssessed struct {
	Urgency      domain.Code   `json:"urgency" rule:"required,oneof=high|medium|low"`
	Impact       domain.Code   `json:"impact" rule:"required,oneof=high|medium|low"`
	Criteria     []domain.Code `json:"criteria,omitempty" rule:"codes=criteria"`
	FinancialEUR *int64        `json:"financialEUR,omitempty" rule:"min=0"`
	Weighed      domain.Code   `json:"weighed"` // the impact that counted: raised to what the amount demands
	Computed     int           `json:"computed"`
}

// PriorityOverridden says which priority holds in place of the computed one,
// which stays visible beside it.
type PriorityOverridden struct {
	Priority int         `json:"priority" rule:"required,min=1,max=5"`
	Reason   domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// IncidentAcknowledged says that somebody took the incident up. It meets the
// reaction clock.
type IncidentAcknowledged struct {
	At time.Time `json:"at" rule:"required,past"`
}

func (PriorityAssessed) EventName() string     { return "PriorityAssessed" }
func (PriorityOverridden) EventName() string   { return "PriorityOverridden" }
func (IncidentAcknowledged) EventName() string { return "IncidentAcknowledged" }

// AssessPriority weighs urgency and impact; the matrix of the policy gives the
// priority (PRI-01 to PRI-03), and the priority gives the terms (PRI-04, PRI-06).
// What is resolved and has a priority is not weighed anew.
type AssessPriority struct {
	// Urgency is how fast a solution is needed.
	Urgency domain.Code `json:"urgency" rule:"required,oneof=high|medium|low"`
	// Impact is the extent and the possible damage until it is solved.
	Impact domain.Code `json:"impact" rule:"required,oneof=high|medium|low"`
	// Criteria are the points of the guide that decided it. Compromised personal data is a suspected leak (requirements 22.1).
	Criteria []domain.Code `json:"criteria,omitempty" rule:"codes=criteria"`
	// FinancialEUR is the damage in whole euros; it can raise the impact (PRI-02).
	FinancialEUR *int64 `json:"financialEUR,omitempty" rule:"min=0"`
}

// OverridePriority sets another priority than the matrix gives. Both stay
// visible (PRI-09).
type OverridePriority struct {
	// Priority is what holds from now on: 1 is the highest, 5 the lowest.
	Priority int `json:"priority" rule:"required,min=1,max=5"`
	// Reason says why the matrix does not fit.
	Reason domain.Text `json:"reason" rule:"required"`
}

// AcknowledgeIncident says that somebody took the incident up. It meets the
// reaction term (PRI-04).
type AcknowledgeIncident struct{}

func (AssessPriority) CommandName() string      { return "AssessPriority" }
func (OverridePriority) CommandName() string    { return "OverridePriority" }
func (AcknowledgeIncident) CommandName() string { return "AcknowledgeIncident" }

func (c AssessPriority) decide(d *deciding) error {
	e := PriorityAssessed{Urgency: c.Urgency, Impact: c.Impact, Criteria: c.Criteria, FinancialEUR: c.FinancialEUR}
	if err := e.weigh(d.set); err != nil {
		return err
	}
	if !d.s.Resolved.IsZero() && (d.s.Assessed != nil || d.s.Overridden != 0) {
		r := domain.Refuse(RefusedWrongState, "PRI-04", "it is resolved, and its priority was %d: what its terms were measured by is not weighed anew. CorrectFact corrects what was wrong", d.s.Priority())
		r.Allowed = []string{"CorrectFact", "ReopenIncident"}
		if err := d.rule(r); err != nil {
			return err
		}
	}
	if d.s.Assessed != nil && d.s.Overridden == 0 && e.same(d.s.Assessed) {
		return noChange("PRI-03", "the priority was assessed so before and is %d", e.Computed)
	}
	if n := d.s.Overridden; n != 0 && n != e.Computed {
		d.warn("override_ends", "PRI-09", "priority %d no longer overrides: the matrix gives %d", n, e.Computed)
	}
	d.emit(e)
	d.leaks(c.Criteria)
	return nil
}

// leaks has a data leak suspected where criteria say that personal data is
// compromised: whoever weighs the impact need not know what the law makes of it
// (NOT-06, requirements 22.1).
func (d *deciding) leaks(criteria []domain.Code) {
	suspected := func(c domain.Code) bool { return d.set.HasCode("leakCriteria", c) }
	if yes := true; !d.s.leakStands() && slices.ContainsFunc(criteria, suspected) {
		d.emit(IncidentReclassified{SuspectedDataLeak: &yes})
	}
}

// weigh fills in what the policy makes of urgency, impact and amount.
func (e *PriorityAssessed) weigh(set *policy.Set) error {
	e.Weighed = e.Impact
	if e.FinancialEUR != nil {
		if floor := set.ImpactFloor(*e.FinancialEUR); weight(floor) > weight(e.Impact) {
			e.Weighed = floor
		}
	}
	p, ok := set.PriorityOf(e.Urgency, e.Weighed)
	if !ok {
		return domain.Refuse("no_priority", "PRI-07", "the adopted policy set gives no priority for urgency %s and impact %s", e.Urgency, e.Weighed)
	}
	e.Computed = p
	return nil
}

func weight(impact domain.Code) int {
	return slices.Index([]domain.Code{"low", "medium", "high"}, impact)
}

func (e PriorityAssessed) same(other *PriorityAssessed) bool {
	if (e.FinancialEUR == nil) != (other.FinancialEUR == nil) || e.FinancialEUR != nil && *e.FinancialEUR != *other.FinancialEUR {
		return false
	}
	return e.Urgency == other.Urgency && e.Impact == other.Impact && e.Computed == other.Computed && slices.Equal(e.Criteria, other.Criteria)
}

func (c OverridePriority) decide(d *deciding) error {
	if c.Priority == d.s.Priority() {
		return noChange("PRI-09", "the priority is already %d", c.Priority)
	}
	if d.s.Critical && c.Priority > lowestCritical {
		if err := d.rule(domain.Refuse(RefusedCritical, "MAJ-06", "the incident is critical: its priority is 1 or 2")); err != nil {
			return err
		}
	}
	d.emit(PriorityOverridden(c))
	return nil
}

func (AcknowledgeIncident) decide(d *deciding) error {
	if !d.s.Acknowledged.IsZero() {
		return noChange("PRI-04", "the incident was acknowledged at %s", stamp(d.s.Acknowledged))
	}
	d.emit(IncidentAcknowledged{At: d.at})
	return nil
}

// lowestCritical is the lowest priority of a critical incident (MAJ-06).
const lowestCritical = 2

// PriorityThatHolds gives the priority that follows from the matrix, from an
// override, 0 where there is none, and from the incident being critical.
func PriorityThatHolds(computed, overridden int, critical bool) int {
	n := computed
	if overridden != 0 {
		n = overridden
	}
	if critical && (n == 0 || n > lowestCritical) {
		n = lowestCritical
	}
	return n
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

func (e PriorityAssessed) evolve(s *Incident, _ *posting) { s.Assessed, s.Overridden = &e, 0 }

func (e PriorityOverridden) evolve(s *Incident, _ *posting) { s.Overridden = e.Priority }

func (e IncidentAcknowledged) evolve(s *Incident, _ *posting) {
	s.Acknowledged = e.At
	if s.TakenUp.IsZero() || e.At.Before(s.TakenUp) {
		s.TakenUp = e.At
	}
}
