package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

// todo tells what waits for a role; for any without one.
func (st *story) todo(role domain.Code) []string {
	out := []string{strings.TrimRight("todo "+string(role), " ")}
	for _, t := range st.s.Todo(&st.basis, st.now) {
		if role != "" && !slices.Contains(t.Roles, role) {
			continue
		}
		line := fmt.Sprintf("  %d %s: %s (%s)", t.Step, t.What, t.Command, t.Requirement)
		if !t.Due.IsZero() {
			line += " by " + t.Due.UTC().Format(time.RFC3339)
		}
		if role == "" && len(t.Roles) > 0 {
			line += " " + strings.Trim(fmt.Sprint(t.Roles), "[]")
		}
		out = append(out, st.named(line))
	}
	return out
}

// steps tells how far the procedure is.
func (st *story) steps() []string {
	out := []string{"steps"}
	for _, s := range st.s.Steps(st.s.Todo(&st.basis, st.now)) {
		line := fmt.Sprintf("  %d %s: %s, %s", s.N, s.Name, s.State, s.Owner)
		if s.Next != nil {
			line += ", next " + s.Next.Command
		}
		out = append(out, st.named(line))
	}
	return out
}

// checkTodo holds that each thing that waits names a command that the phase allows
// to whoever is expected to give it, and that an incident that goes on always
// waits for something: nothing is forgotten (GOV-21). Once it is over, what stands in
// the way of closing is on the list by a command that its text names, and closing is
// on it when nothing does.
func checkTodo(t failer, w *world) {
	s := w.s
	list := s.Todo(&w.basis, w.now)
	for _, td := range list {
		row, ok := byName[td.Command]
		if ok = ok || td.Command == "AssignImprovement" || td.Command == "ProposeImprovement"; !ok || row.States != nil && !slices.Contains(row.States, s.Phase) {
			t.Fatalf("%s waits for %s, which is refused while %s", td.What, td.Command, s.Phase)
		}
		for _, r := range td.Roles {
			if row.Roles != nil && !slices.Contains(row.Roles, r) {
				t.Fatalf("%s waits for %s, who may not give %s", td.What, r, td.Command)
			}
		}
		if td.Step < 1 || td.Step > len(stepNames) || td.Requirement == "" || td.What == "" {
			t.Fatalf("%+v", td)
		}
	}
	if over := !s.Resolved.IsZero() && slices.Contains(inLive, s.Phase); over {
		open := w.inTheWay()
		if offered := slices.ContainsFunc(list, func(td Todo) bool { return td.Command == "CloseIncident" }); offered != (len(open) == 0) {
			t.Fatalf("closing is offered: %t, with %+v open", offered, open)
		}
		for _, o := range open {
			if !slices.ContainsFunc(list, func(td Todo) bool { return strings.Contains(o.text, td.Command) }) {
				t.Fatalf("closing waits for %s, and the work list has none of what it names: %+v", o.text, list)
			}
		}
	}
	current := 0
	for _, st := range s.Steps(list) {
		if st.State == StepCurrent {
			current++
		}
	}
	if live := slices.Contains(inLive, s.Phase); live && (current != 1 || len(list) == 0) {
		t.Fatalf("it is %s with %d current steps, and waits for %+v", s.Phase, current, list)
	}
}
