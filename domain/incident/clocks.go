package incident

import (
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var clockCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[MarkDueSoon], System: true,
		Events: []string{"ClockDueSoon"}, Example: `{"clock":"gdpr-33/ap/initial/1","stage":"warn-1"}`}},
	{CommandType: domain.CommandType{New: blank[MarkOverdue], System: true,
		Events: []string{"ClockOverdue"}, Example: `{"clock":"gdpr-33/ap/initial/1"}`}},
}

// MarkDueSoon says that a warning instant of a running term has come. The
// program itself gives it, once for each stage and due instant.
type MarkDueSoon struct {
	// Clock is the id of the clock.
	Clock domain.Code `json:"clock" rule:"required"`
	// Stage is the warning: warn-1 is the first.
	Stage domain.Code `json:"stage" rule:"required"`
}

// MarkOverdue says that a term passed without being met. The program itself
// gives it, once for each due instant.
type MarkOverdue struct {
	// Clock is the id of the clock.
	Clock domain.Code `json:"clock" rule:"required"`
	// Stage is overdue, or left out.
	Stage domain.Code `json:"stage,omitzero" rule:"oneof=overdue"`
}

func (MarkDueSoon) CommandName() string { return "MarkDueSoon" }
func (MarkOverdue) CommandName() string { return "MarkOverdue" }

// StageOverdue is the stage of a clock that has passed.
const StageOverdue domain.Code = "overdue"

// WarnStage names the i-th warning of a clock, from 0.
func WarnStage(i int) domain.Code { return domain.Code("warn-" + strconv.Itoa(i+1)) }

func (c MarkDueSoon) decide(d *deciding) error {
	clock, err := d.running(c.Clock)
	if err != nil {
		return err
	}
	for i, at := range clock.Warn {
		if WarnStage(i) != c.Stage {
			continue
		}
		if d.now.Before(at) {
			return domain.Refuse(RefusedNotDue, "NOT-05", "the warning %s of %s comes at %s", c.Stage, c.Clock, stamp(at))
		}
		if d.s.marked(clock, c.Stage) {
			return noChange("NOT-05", "the warning %s of %s was given", c.Stage, c.Clock)
		}
		d.emit(policy.ClockDueSoon{Clock: c.Clock, Stage: c.Stage, Due: clock.Due})
		return nil
	}
	return malformed("stage", "clock %s has no warning %s; it has %d", c.Clock, c.Stage, len(clock.Warn))
}

func (c MarkOverdue) decide(d *deciding) error {
	clock, err := d.running(c.Clock)
	if err != nil {
		return err
	}
	switch {
	case clock.Due.IsZero():
		return domain.Refuse(RefusedNotDue, "NOT-05", "clock %s has no fixed term, so it is never overdue", c.Clock)
	case d.now.Before(clock.OverdueAt()):
		return domain.Refuse(RefusedNotDue, "NOT-05", "clock %s is overdue at %s, not before", c.Clock, stamp(clock.OverdueAt()))
	case d.s.marked(clock, StageOverdue):
		return noChange("NOT-05", "clock %s was marked overdue", c.Clock)
	}
	d.emit(policy.ClockOverdue{Clock: c.Clock, Due: clock.Due})
	return nil
}

// running gives a clock that runs now, or refuses.
func (d *deciding) running(id domain.Code) (policy.Clock, error) {
	c, ok := d.s.Clocks[policy.ClockID(id)]
	how := ""
	switch {
	case !ok:
		return c, unknown("clock", "the incident has no clock %s", id)
	case !c.Met.IsZero():
		how = "was met at " + stamp(c.Met)
	case c.Cancelled:
		how = "was cancelled"
	case c.Paused:
		how = "stands still while the incident is on hold"
	}
	if how != "" {
		return c, domain.Refuse(RefusedNotRunning, "NOT-05", "clock %s %s", id, how)
	}
	return c, nil
}

// marked reports whether a stage was said of the clock's present due instant: a
// clock that moved can be due again.
func (s *Incident) marked(c policy.Clock, stage domain.Code) bool {
	due, ok := s.marks[mark{c.ID, stage}]
	return ok && due.Equal(c.Due)
}

// tick folds a clock event.
func (s *Incident) tick(e domain.Event) {
	switch e := e.(type) {
	case policy.ClockDueSoon:
		s.setMark(e.Clock, e.Stage, e.Due)
	case policy.ClockOverdue:
		s.setMark(e.Clock, StageOverdue, e.Due)
	}
	if s.Clocks == nil {
		s.Clocks = map[policy.ClockID]policy.Clock{}
	}
	policy.Apply(s.Clocks, e)
}

func (s *Incident) setMark(clock, stage domain.Code, due time.Time) {
	if s.marks == nil {
		s.marks = map[mark]time.Time{}
	}
	s.marks[mark{policy.ClockID(clock), stage}] = due
}

// serviceClocks lists the running clocks that stand still on hold, sorted.
func (s *Incident) serviceClocks() []domain.Code {
	out := []domain.Code{}
	for id, c := range s.Clocks {
		if c.Service && c.Running() && c.N >= s.Leg {
			out = append(out, domain.Code(id))
		}
	}
	slices.Sort(out)
	return out
}
