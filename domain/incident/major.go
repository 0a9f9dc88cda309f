package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// RefusedCritical: a critical incident gets no priority below 2.
const RefusedCritical domain.Code = "critical"

// declaring are the roles that set an incident apart.
var declaring = append(slices.Clip(directing), "response-team", "crisis-team", "board")

var majorCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[DeclareMajor], Roles: declaring, States: inLive,
		Events:  []string{"MajorIncidentDeclared"},
		Example: `{"criteria":["vital-function-hit"],"reason":"Nobody can say when the counters open again."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[StandDownMajor], Roles: declaring, States: inKept,
		Events:  []string{"MajorIncidentStoodDown"},
		Example: `{"reason":"The counters are open again."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[DeclareCritical], Roles: declaring, States: inLive,
		Events:  []string{"CriticalIncidentDeclared", "IncidentReclassified", "RecipientsDetermined", "IncidentRegistered"},
		Example: `{"criteria":["servers-infected"],"reason":"Four servers are encrypted."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ClassifyKSZMajor], Roles: statutory, States: inKept,
		Events:  []string{"KSZMajorClassified"},
		Example: `{"reason":"The general policy of social security calls it major."}`}},
}

var majorEvents = []eventRow{
	told[MajorIncidentDeclared](1),
	told[MajorIncidentStoodDown](1),
	told[CriticalIncidentDeclared](1),
	told[KSZMajorClassified](1),
}

// MajorIncidentDeclared says that another team and another process take over.
type MajorIncidentDeclared struct {
	Criteria []domain.Code `json:"criteria" rule:"required,codes=majorCriteria"`
	Reason   domain.Text   `json:"reason,omitzero" seal:"aggregate"`
	At       time.Time     `json:"at" rule:"required,past"`
}

// MajorIncidentStoodDown says that the ordinary process goes on.
type MajorIncidentStoodDown struct {
	Criteria []domain.Code `json:"criteria,omitempty" rule:"codes=majorCriteria"`
	Reason   domain.Text   `json:"reason,omitzero" seal:"aggregate"`
	At       time.Time     `json:"at" rule:"required,past"`
}

// CriticalIncidentDeclared says that the incident is critical: its priority is
// 1 or 2 from then on.
type CriticalIncidentDeclared struct {
	Criteria []domain.Code `json:"criteria" rule:"required,codes=criticalCriteria"`
	Reason   domain.Text   `json:"reason,omitzero" seal:"aggregate"`
	At       time.Time     `json:"at" rule:"required,past"`
}

// KSZMajorClassified says that the incident is major in the sense of social
// security's own policy.
type KSZMajorClassified struct {
	Criteria []domain.Code `json:"criteria,omitempty" rule:"codes=majorCriteria"`
	Reason   domain.Text   `json:"reason,omitzero" seal:"aggregate"`
	At       time.Time     `json:"at" rule:"required,past"`
}

func (MajorIncidentDeclared) EventName() string    { return "MajorIncidentDeclared" }
func (MajorIncidentStoodDown) EventName() string   { return "MajorIncidentStoodDown" }
func (CriticalIncidentDeclared) EventName() string { return "CriticalIncidentDeclared" }
func (KSZMajorClassified) EventName() string       { return "KSZMajorClassified" }

// DeclareMajor calls for another team and a process of its own (MAJ-01). One
// criterion is enough (MAJ-02, MAJ-07).
type DeclareMajor struct {
	// Criteria are those that are met.
	Criteria []domain.Code `json:"criteria" rule:"required,codes=majorCriteria"`
	// Reason tells what shows it.
	Reason domain.Text `json:"reason" rule:"required"`
}

// StandDownMajor gives the incident back to the ordinary process (MAJ-01).
type StandDownMajor struct {
	// Criteria are those that are met no longer.
	Criteria []domain.Code `json:"criteria,omitempty" rule:"codes=majorCriteria"`
	// Reason tells what shows it.
	Reason domain.Text `json:"reason" rule:"required"`
}

// DeclareCritical says that the incident is critical by the checklists of the
// procedure: one criterion is enough, and its priority is never below 2
// (MAJ-04 to MAJ-07).
type DeclareCritical struct {
	// Criteria are those that are met. Exposed personal data is a suspected leak (requirements 22.1).
	Criteria []domain.Code `json:"criteria" rule:"required,codes=criticalCriteria"`
	// Reason tells what shows it.
	Reason domain.Text `json:"reason" rule:"required"`
}

// ClassifyKSZMajor says that the incident is major under the general policy of
// social security: the Crossroads Bank must hear of it where that policy is in
// force (MAJ-10, NOT-09).
type ClassifyKSZMajor struct {
	// Criteria are those that are met, where they are among ours.
	Criteria []domain.Code `json:"criteria,omitempty" rule:"codes=majorCriteria"`
	// Reason tells what makes it so.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (DeclareMajor) CommandName() string     { return "DeclareMajor" }
func (StandDownMajor) CommandName() string   { return "StandDownMajor" }
func (DeclareCritical) CommandName() string  { return "DeclareCritical" }
func (ClassifyKSZMajor) CommandName() string { return "ClassifyKSZMajor" }

func (c DeclareMajor) decide(d *deciding) error {
	if d.s.Major {
		return noChange("MAJ-01", "the incident is already major")
	}
	d.emit(MajorIncidentDeclared{Criteria: c.Criteria, Reason: c.Reason, At: d.at})
	return nil
}

func (c StandDownMajor) decide(d *deciding) error {
	if !d.s.Major {
		return noChange("MAJ-01", "the incident is not major")
	}
	d.emit(MajorIncidentStoodDown{Criteria: c.Criteria, Reason: c.Reason, At: d.at})
	return nil
}

func (c DeclareCritical) decide(d *deciding) error {
	if d.s.Critical {
		return noChange("MAJ-06", "the incident is already critical")
	}
	d.emit(CriticalIncidentDeclared{Criteria: c.Criteria, Reason: c.Reason, At: d.at})
	d.leaks(c.Criteria)
	return nil
}

func (c ClassifyKSZMajor) decide(d *deciding) error {
	if !d.s.KSZMajor.IsZero() {
		return noChange("MAJ-10", "the incident was classified so at %s", stamp(d.s.KSZMajor))
	}
	d.emit(KSZMajorClassified{Criteria: c.Criteria, Reason: c.Reason, At: d.at})
	return nil
}

// Standing is what sets an incident apart from the ordinary ones.
type Standing struct {
	Major    bool
	Critical bool
	KSZMajor time.Time // since when; zero: it is not

	Upscaling     *UpscalingDecided // the last; never changed in place
	Communication domain.Code       // who speaks: crisis-team, safety-region, own
	Spokesperson  domain.PersonID
}

// tellStanding adds what a policy may read of severity and standing.
func (t *Told) tellStanding(f *policy.Facts) {
	if s := t.Severity(); s != "" {
		f.Code[policy.IncidentSeverity] = s
	}
	f.Flag[policy.IncidentMajor] = t.Major
	f.Flag[policy.IncidentCritical] = t.Critical
	f.Flag[policy.IncidentKSZMajor] = !t.KSZMajor.IsZero()
	if !t.KSZMajor.IsZero() {
		f.At[policy.IncidentKSZMajorAt] = t.KSZMajor
	}
}

func (e MajorIncidentDeclared) evolve(s *Incident, _ *posting)    { s.Major = true }
func (e MajorIncidentStoodDown) evolve(s *Incident, _ *posting)   { s.Major = false }
func (e CriticalIncidentDeclared) evolve(s *Incident, _ *posting) { s.Critical = true }
func (e KSZMajorClassified) evolve(s *Incident, _ *posting)       { s.KSZMajor = e.At }
