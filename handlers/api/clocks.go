package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/register"
)

// clockOf shows a clock as it stands at an instant. That a due instant has
// passed is seen here whether or not the program has said so yet.
func clockOf(c policy.Clock, at time.Time) clock {
	out := clock{
		ID: string(c.ID), Rule: c.Rule, Recipient: c.Recipient, Stage: c.Stage, N: c.N, State: "running",
		Anchor: c.Anchor, AnchorPath: c.AnchorPath, Due: c.Due, Warn: c.Warn, Met: c.Met,
		Provisional: c.Provisional, Statutory: c.Statutory, Service: c.Service, Policy: c.Policy, Zone: c.TZ,
	}
	switch {
	case c.Cancelled:
		out.State = "cancelled"
	case !c.Met.IsZero() && c.Due.IsZero():
		out.State = "done"
	case !c.Met.IsZero() && c.OnTime():
		out.State = "met"
	case !c.Met.IsZero():
		out.State = "met-late"
	case c.Paused:
		out.State = "paused"
	case c.Due.IsZero():
	case at.After(c.OverdueAt()):
		out.State = "overdue"
	case len(c.Warn) > 0 && !at.Before(c.Warn[0]):
		out.State = "due-soon"
	}
	return out
}

// clockIn shows a clock of the deadlines view.
func clockIn(c *deadlines.Clock, at time.Time) clock {
	out := clockOf(c.Clock, at)
	out.Key, out.Number, out.Exercise, out.Priority = c.Key, c.Number, c.Exercise, c.Priority
	return out
}

// clockOperations show an incident's terms, tell how they came to stand as they
// do, and reckon what another policy would make of them.
func (s *server) clockOperations() []*operation {
	const one = "/organisations/{org}/incidents/{key}"
	get := func(id, path, summary string, gives any, do func(*request) (*answer, error), query ...param) *operation {
		return &operation{id: id, method: http.MethodGet, path: one + path, tag: "clocks", summary: summary, gives: gives, do: do,
			query: append(query, atParams...), headers: []string{"Ledger-Seq"}, waits: []string{register.Name}}
	}
	byName := get("explain-clock-by-name", "/explanation", "One clock, line by line; the clock as a parameter", explanation{}, (*request).explain,
		param{name: "clock", kind: word, doc: "id of the clock, such as gdpr-33/ap/initial/1"})
	return []*operation{
		get("list-clocks", "/clocks", "All terms of an incident, met and cancelled ones included", page[clock]{}, (*request).clocks),
		get("explain-clock", "/clocks/{clock}/explanation", "One clock, line by line: rule, source, anchor, arithmetic, what would move it", explanation{}, (*request).explain),
		byName,
		{id: "what-if", method: http.MethodPost, path: one + "/what-if", tag: "clocks", do: (*request).whatIf,
			summary: "What another policy would make of an incident's terms", gives: whatIf{}, refuses: []int{413, 415, 422},
			about: "The body is a rule file; its rules are worked into the adopted policy set and every clock is reckoned anew from the incident's facts. " +
				"Nothing is written and nothing is sent.",
			query: atParams, headers: []string{"Ledger-Seq"}, waits: []string{register.Name},
			body: &body{media: []string{"application/yaml", "text/yaml", "application/x-yaml", "text/plain"}, max: 1 << 20,
				schema: map[string]any{"type": "string"}, example: `"golden-hour: {elapsed: PT30M}\n"`}},
	}
}

// stateAt reads the incident of the address as it stood at the moment asked for,
// and the instant at which to judge its clocks.
func (q *request) stateAt() (*file, time.Time, error) {
	m, err := q.moment()
	if err != nil {
		return nil, time.Time{}, err
	}
	f, err := q.read()
	if err != nil {
		return nil, time.Time{}, err
	}
	f.cut(m)
	if err := f.fold(q.office); err != nil {
		return nil, time.Time{}, err
	}
	if f.state == nil {
		return nil, time.Time{}, missing("incident %s was not reported yet at that moment", f.key)
	}
	judged := q.now()
	switch {
	case !m.at.IsZero():
		judged = m.at
	case m.seq > 0:
		judged = f.entries[len(f.entries)-1].Recorded
	}
	return f, judged, nil
}

func (q *request) clocks() (*answer, error) {
	f, at, err := q.stateAt()
	if err != nil {
		return nil, err
	}
	out := pageOf[clock](nil)
	for _, c := range f.state.Clocks {
		out.Items = append(out.Items, clockOf(c, at))
	}
	slices.SortFunc(out.Items, func(a, b clock) int { return cmp.Compare(a.ID, b.ID) })
	return (&answer{body: out}).seq(f.last()), nil
}

// An explanation tells how a clock came to stand as it does.
type explanation struct {
	Key   domain.Key     `json:"key"`
	Clock policy.ClockID `json:"clock"`
	Lines []string       `json:"lines"`
}

func (q *request) explain() (*answer, error) {
	id := policy.ClockID(cmp.Or(q.PathValue("clock"), q.text("clock")))
	if id == "" {
		return nil, malformed("clock", "say which clock: clock is missing")
	}
	f, _, err := q.stateAt()
	if err != nil {
		return nil, err
	}
	lines, err := policy.Explain(incident.Facts(f.state), q.office.Law().Basis, id)
	if err != nil {
		p := problemOf(notHere(err, "the incident has no clock %s", clip(string(id), 100)))
		if p.Status == http.StatusNotFound {
			p.Requirement = "contract 2"
			for _, c := range f.state.Clocks {
				p.Allowed = append(p.Allowed, string(c.ID))
			}
			slices.Sort(p.Allowed)
		}
		return nil, p
	}
	return (&answer{body: explanation{f.key, id, lines}}).seq(f.last()), nil
}

// A whatIf is what another policy would make of an incident's terms.
type whatIf struct {
	Key     domain.Key  `json:"key"`
	Seq     domain.Seq  `json:"seq" doc:"the incident as of this entry"`
	Written bool        `json:"written" doc:"always false"`
	Note    string      `json:"note"`
	Policy  domain.Hash `json:"policy" doc:"of the set that was reckoned with"`
	Clocks  []clock     `json:"clocks" doc:"as they would stand"`
	Changes []change    `json:"changes" doc:"where that differs from what the law of each clock makes of the same facts"`
}

// A change is one clock that would stand otherwise.
type change struct {
	Clock  string    `json:"clock"`
	Change string    `json:"change" doc:"new, gone or moved"`
	Was    time.Time `json:"was,omitzero"`
	Due    time.Time `json:"due,omitzero"`
	State  string    `json:"state,omitempty"`
}

func (q *request) whatIf() (*answer, error) {
	src, err := q.readBody()
	if err != nil {
		return nil, err
	}
	f, at, err := q.stateAt()
	if err != nil {
		return nil, err
	}
	basis := q.office.Law().Basis
	if basis.Current == nil || q.s.Overlay == nil {
		return nil, problem(http.StatusUnprocessableEntity, "no_policy", "no policy set is adopted")
	}
	set, err := q.s.Overlay(basis.Current, "body", src)
	if err != nil {
		return nil, faultyFile(err)
	}
	is, would, err := policy.Suppose(incident.Facts(f.state), basis, set)
	if err != nil {
		return nil, err
	}
	out := whatIf{Key: f.key, Seq: f.last(), Policy: set.Hash(), Clocks: []clock{},
		Note: "WHAT-IF: reckoned from the facts of this incident under another policy; nothing was written and nothing was sent"}
	for _, c := range would {
		out.Clocks = append(out.Clocks, clockOf(c, at))
	}
	out.Changes = differences(is, would, at)
	return (&answer{body: out}).seq(f.last()), nil
}

func differences(is, would []policy.Clock, at time.Time) []change {
	out := []change{}
	left := make(map[policy.ClockID]policy.Clock, len(is))
	for _, c := range is {
		left[c.ID] = c
	}
	for _, c := range would {
		was, ok := left[c.ID]
		delete(left, c.ID)
		next := change{Clock: string(c.ID), Was: was.Due, Due: c.Due, State: string(clockOf(c, at).State)}
		switch {
		case !ok:
			next.Change = "new"
		case !was.Due.Equal(c.Due), clockOf(was, at).State != clockOf(c, at).State:
			next.Change = "moved"
		default:
			continue
		}
		out = append(out, next)
	}
	for id, was := range left {
		out = append(out, change{Clock: string(id), Change: "gone", Was: was.Due})
	}
	slices.SortFunc(out, func(a, b change) int { return cmp.Compare(a.Clock, b.Clock) })
	return out
}
