package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/projections"
	"incidentledger/projections/register"
)

// worklistOperations tell what is to be done now.
func (s *server) worklistOperations() []*operation {
	return []*operation{{id: "list-work", method: http.MethodGet, path: "/organisations/{org}/worklist", tag: "views", do: (*request).worklist,
		summary: "What is to be done now, by whom and until when: what is due first comes first",
		about: "Made while it is read, from the states of the incidents that the register shows as open, of those withdrawn or rejected after an authority was told, and from the improvements that are not done: " +
			"running terms, what nobody decided yet, escalations that nobody acknowledged, who must still hear of it, what the evaluation lacks. " +
			"It takes as long as folding those incidents does. Of a closed incident what is still owed is on the list of deadlines.",
		gives: page[work]{}, headers: []string{"Ledger-Seq"}, waits: []string{register.Name},
		query: []param{
			incidentParam, {name: "role", kind: word, doc: "what is expected of this role"},
			{name: "person", kind: id, doc: "what is expected of this person by name"},
			{name: "overdue", kind: flag, doc: "true: only what is late"},
			exercisesParam("with"),
			limitParam, cursorParam,
		}}}
}

// A work is one line of the worklist.
type work struct {
	Due         time.Time       `json:"due,omitzero" doc:"absent: it has no term of its own"`
	Late        bool            `json:"late" doc:"the term has passed"`
	Kind        domain.KindName `json:"kind" doc:"incident or improvement"`
	Key         domain.Key      `json:"key"`
	Number      string          `json:"number,omitempty"`
	Priority    int             `json:"priority,omitempty"`
	Exercise    bool            `json:"exercise"`
	Step        int             `json:"step" doc:"of the nine of the procedure"`
	What        domain.Code     `json:"what" doc:"the term, the point of a checklist, or what is missing"`
	Command     string          `json:"command" doc:"does it"`
	Requirement string          `json:"requirement" doc:"asks for it"`
	Roles       []domain.Code   `json:"roles" doc:"who is expected to do it"`
	Person      domain.PersonID `json:"person,omitzero" doc:"who is expected to by name"`

	projections.Stamp // the last entry of what it is about
}

func workOf(t incident.Todo) work {
	return work{Due: t.Due, Kind: incident.Name, Step: t.Step, What: t.What, Command: t.Command, Requirement: t.Requirement,
		Roles: append([]domain.Code{}, t.Roles...), Person: t.Person}
}

func (q *request) worklist() (*answer, error) {
	limit, at, err := q.page()
	if err != nil {
		return nil, err
	}
	now := q.now()
	of, err := q.incidentAsked()
	if err != nil {
		return nil, err
	}
	all, seq, err := q.works(of, now)
	if err != nil {
		return nil, err
	}
	role, person := q.code("role"), domain.PersonID{UUID: q.uuid("person")}
	all = slices.DeleteFunc(all, func(w work) bool {
		return role != "" && !slices.Contains(w.Roles, role) || !person.IsZero() && w.Person != person ||
			q.isSet("overdue") && !w.Late || !q.practised(w.Exercise, "with")
	})
	slices.SortStableFunc(all, func(a, b work) int {
		switch {
		case a.Due.IsZero() == b.Due.IsZero():
			return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(cmp.Or(a.Priority, 6), cmp.Or(b.Priority, 6)))
		case a.Due.IsZero():
			return 1
		}
		return -1
	})
	total := len(all)
	part := all[min(at.Skip, total):min(at.Skip+limit, total)]
	for i := range part {
		if part[i].Stamp, err = q.stampOf(part[i].Seq); err != nil {
			return nil, err
		}
	}
	out := page[work]{Items: append([]work{}, part...), Total: &total}
	if n := at.Skip + len(out.Items); n < total {
		if out.Next, err = makeCursor(skipped{n}); err != nil {
			return nil, err
		}
	}
	return (&answer{body: out}).seq(seq), nil
}

// works gives everything that waits: of open incidents, newest last, and of
// improvements. With a key it is what waits of one incident, and of the
// improvements that came of it.
func (q *request) works(of domain.Key, now time.Time) ([]work, domain.Seq, error) {
	want := register.Query{Waiting: true, Now: now}
	if !of.IsZero() {
		want.Keys = []domain.Key{of}
	}
	rows, seq, err := q.rows(want)
	if err != nil {
		return nil, 0, err
	}
	law := q.office.Law()
	var out []work
	for i := range rows {
		st, err := q.stateOf(rows[i].Key)
		if err != nil {
			return nil, 0, err
		}
		for _, t := range st.Todo(&law, now) {
			if t.Command == "AssignImprovement" {
				continue // improvements wait by themselves
			}
			w := workOf(t)
			w.Key, w.Number, w.Priority, w.Exercise = rows[i].Key, rows[i].Number, st.Priority(), st.Report.Exercise
			w.Seq = rows[i].Last
			w.Late = !w.Due.IsZero() && now.After(w.Due)
			out = append(out, w)
		}
	}
	return append(out, q.improvementsDue(of, now)...), seq, nil
}

// improvementsDue gives the improvements that wait for somebody; with a key those
// that came of one incident.
func (q *request) improvementsDue(of domain.Key, now time.Time) []work {
	if q.office.Improvements == nil {
		return nil
	}
	var out []work
	for _, f := range q.office.Improvements(of) {
		w := work{Stamp: projections.Stamp{Seq: f.Seq}, Due: f.Due, Late: f.Late(now), Kind: improvement.Name, Key: f.Key, Step: 8, What: "improvement/" + f.Phase,
			Command: f.Next(), Requirement: "EVA-05", Roles: []domain.Code{"secretary", "security-officer"}}
		switch w.Command {
		case "":
			continue
		case "CompleteImprovement":
			w.Person, w.Roles = f.Person, []domain.Code{}
			if f.Role != "" {
				w.Roles = []domain.Code{f.Role}
			}
		case "VerifyImprovement":
			w.Due, w.Roles = time.Time{}, []domain.Code{"controller", "security-officer"}
		default:
			w.Due = time.Time{}
		}
		out = append(out, w)
	}
	return out
}

// rows gives every row of the register that answers a query, by when it was
// recorded.
func (q *request) rows(want register.Query) ([]register.Row, domain.Seq, error) {
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return nil, 0, err
	}
	defer snap.Close()
	g, err := register.In(snap)
	if err != nil {
		return nil, 0, err
	}
	want.Limit = everything
	rows, _, err := g.List(want)
	return rows, g.Seq(), err
}

// stateOf folds an incident.
func (q *request) stateOf(key domain.Key) (*incident.Incident, error) {
	st, _, err := q.office.Desk.State(q.Context(), domain.Ref{Kind: incident.Name, Key: key}, 0)
	if err != nil {
		return nil, err
	}
	return st.(*incident.Incident), nil
}
