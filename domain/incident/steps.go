package incident

import (
	"slices"

	"incidentledger/domain"
)

// A Step is one of the nine steps of the procedure as this incident stands in it
// (GOV-21). They are one flow with one step that is current; what lies further
// can be under way already.
type Step struct {
	N      int
	Name   domain.Code
	State  domain.Code     // done, current, open, skipped
	Owner  domain.Code     // the role that answers for it
	Person domain.PersonID // who acts in that role; zero: nobody was named
	Next   *Todo           // what comes next in it
}

// States of a step.
const (
	StepDone    domain.Code = "done"
	StepCurrent domain.Code = "current"
	StepOpen    domain.Code = "open"
	StepSkipped domain.Code = "skipped" // this incident does not need it
)

var stepNames = []domain.Code{"report", "register", "analyse", "collect-evidence", "prepare-measures", "take-measures", "communicate", "evaluate", "account"}

// Steps gives the nine steps, from what is to be done now. A step is done when
// its mark is reached and nothing of it is left.
func (s *Incident) Steps(todo []Todo) []Step {
	if !s.Begun() {
		return nil
	}
	out := make([]Step, len(stepNames))
	current := !s.Dropped()
	for i, name := range stepNames {
		st := Step{N: i + 1, Name: name, State: StepOpen}
		if next := slices.IndexFunc(todo, func(t Todo) bool { return t.Step == st.N }); next >= 0 {
			st.Next = &todo[next]
		}
		st.Owner, st.Person = s.conductor(st.N)
		reached, needed := s.reached(st.N)
		switch {
		case st.Next == nil && reached:
			st.State = StepDone
		case st.Next == nil && !needed:
			st.State = StepSkipped
		case current:
			st.State, current = StepCurrent, false
		}
		out[i] = st
	}
	return out
}

// reached tells whether a step came to its mark, and whether it is needed at all.
func (s *Incident) reached(step int) (reached, needed bool) {
	over := !s.Resolved.IsZero() || !s.Handled.IsZero()
	goesOn := !s.Dropped()
	switch step {
	case 1:
		return true, true
	case 2:
		return !s.Registered.IsZero() || s.Dropped(), true
	case 3:
		return s.Assessed != nil, goesOn && !over
	case 4:
		return s.Evidence.Needed && s.Evidence.secured(), goesOn && (s.Evidence.Needed || s.security() && !s.Evidence.Decided)
	case 5:
		return len(s.Team.Members) > 0 || len(s.Reviews.Agreed) > 0 || s.Upscaling != nil || len(s.Measures.List) > 0, goesOn && s.Major && !over
	case 6:
		return over, goesOn
	case 7:
		return over && s.grave(), goesOn && s.grave()
	case 8:
		return !s.Evaluation.Approved.IsZero(), goesOn && s.grave()
	}
	return !s.Closed.IsZero(), goesOn
}

// conductor gives who answers for a step: the reporter for reporting, from then
// on the coordinator whom the management named, else the security officer.
func (s *Incident) conductor(step int) (domain.Code, domain.PersonID) {
	if step == 1 {
		return "employee", domain.PersonID{}
	}
	for _, role := range []domain.Code{"coordinator", "security-officer"} {
		for _, a := range slices.Backward(s.Acting) {
			if a.Role == role {
				return role, a.Person
			}
		}
	}
	return "security-officer", s.Owner
}
