package api

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A step is one of the nine steps of the procedure.
type step struct {
	N      int             `json:"n"`
	Name   domain.Code     `json:"name"`
	State  domain.Code     `json:"state" doc:"done, current, open, skipped"`
	Owner  domain.Code     `json:"owner" doc:"the role that answers for it"`
	Person domain.PersonID `json:"person,omitzero" doc:"who acts in that role"`
	Next   string          `json:"next,omitempty" doc:"the command that comes next"`
	What   domain.Code     `json:"what,omitempty" doc:"what it is about"`
	Due    time.Time       `json:"due,omitzero"`
}

// steps shows how far the procedure is, by the policy adopted now.
func (q *request) steps(st *incident.Incident) []step {
	law := q.office.Law()
	out := []step{}
	for _, s := range st.Steps(st.Todo(&law, q.now())) {
		shown := step{N: s.N, Name: s.Name, State: s.State, Owner: s.Owner, Person: s.Person}
		if s.Next != nil {
			shown.Next, shown.What, shown.Due = s.Next.Command, s.Next.What, s.Next.Due
		}
		out = append(out, shown)
	}
	return out
}
