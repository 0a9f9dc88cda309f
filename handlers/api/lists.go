package api

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections/audit"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/register"
)

var phases = []string{"reported", "registered", "on-hold", "resolved", "closed", "rejected", "withdrawn", "merged"}

// listOperations are the views over all incidents.
func (s *server) listOperations() []*operation {
	const org = "/organisations/{org}"
	var columns []string
	for _, c := range register.Columns() {
		columns = append(columns, string(c))
	}
	return []*operation{
		{id: "list-incidents", method: http.MethodGet, path: org + "/incidents", tag: "views", do: (*request).incidents,
			summary: "The register: incidents by their open fields",
			about:   "Without sort the newest come first; with q, what was written to last.",
			gives:   page[summary]{}, headers: []string{"Ledger-Seq"}, waits: []string{register.Name, audit.Name},
			query: []param{
				searchParam,
				{name: "state", kind: list, oneof: phases, doc: "any of these"},
				{name: "open", kind: flag, doc: "true: neither closed, rejected, withdrawn nor merged"},
				{name: "priority", kind: list, oneof: []string{"0", "1", "2", "3", "4", "5"}, doc: "any of these; 0: none yet"},
				{name: "category", kind: word}, {name: "kind", kind: word}, {name: "channel", kind: word},
				{name: "department", kind: word}, {name: "chain", kind: word}, {name: "routedTo", kind: word},
				{name: "track", kind: word, oneof: []string{"normal", "integrity"}},
				{name: "owner", kind: id, doc: "a person"},
				{name: "since", kind: instant, doc: "recorded then or later"}, {name: "until", kind: instant, doc: "recorded before"},
				{name: "overdue", kind: flag, doc: "true: a running term has passed"},
				{name: "leak", kind: flag, doc: "true: a data leak is suspected or known"},
				exercisesParam("with"),
				{name: "sort", kind: word, oneof: columns}, {name: "order", kind: word, oneof: []string{"asc", "desc"}},
				limitParam, cursorParam,
			}},
		{id: "list-deadlines", method: http.MethodGet, path: org + "/deadlines", tag: "views", do: (*request).deadlines,
			summary: "Running terms, next due first",
			about:   "Terms that stand still, are met or cancelled, or have no fixed due instant are not among them; those of one incident are.",
			gives:   page[clock]{}, headers: []string{"Ledger-Seq"}, waits: []string{deadlines.Name},
			query: []param{
				{name: "within", kind: duration, doc: "due by then, counted from at; those past due are among them"},
				{name: "at", kind: instant, doc: "taken for now; it judges what is overdue among the terms known today"},
				{name: "recipient", kind: word, doc: "to whom something is owed"},
				{name: "statutory", kind: flag, doc: "true: only those from law or agreement"},
				exercisesParam("with"),
				limitParam, cursorParam,
			}},
		{id: "list-audit", method: http.MethodGet, path: org + "/audit", tag: "views", do: (*request).audit,
			summary: "Who did what: every entry, newest first",
			gives:   page[audited]{}, headers: []string{"Ledger-Seq"}, waits: []string{audit.Name, register.Name},
			query: []param{
				{name: "actor", kind: id}, {name: "key", kind: word, doc: "an aggregate, an incident's number, or with kind a short code"},
				{name: "kind", kind: word, doc: "of aggregate; with a key and without kind: incident"},
				{name: "for", kind: word, doc: "organisation acted for"}, {name: "command", kind: word},
				{name: "since", kind: instant, doc: "recorded then or later"}, {name: "until", kind: instant, doc: "recorded before"},
				limitParam, cursorParam,
			}},
	}
}

// A summary is an incident as the register lists it.
type summary struct {
	Key               domain.Key      `json:"key"`
	Number            string          `json:"number,omitempty" doc:"absent for an exercise"`
	Seq               domain.Seq      `json:"seq" doc:"its last entry"`
	Kind              domain.Code     `json:"kind"`
	Category          domain.Code     `json:"category"`
	Channel           domain.Code     `json:"channel"`
	State             domain.Code     `json:"state"`
	Priority          int             `json:"priority,omitempty" doc:"1 to 5; absent: none yet"`
	Severity          domain.Code     `json:"severity,omitempty" doc:"none, light, high, very-high; absent: nobody judged it"`
	Major             bool            `json:"major"`
	Critical          bool            `json:"critical"`
	Track             domain.Code     `json:"track"`
	Department        domain.Code     `json:"department,omitempty"`
	Chain             domain.Code     `json:"chain,omitempty"`
	RoutedTo          domain.Code     `json:"routedTo,omitempty"`
	Owner             domain.PersonID `json:"owner,omitzero"`
	Recorded          time.Time       `json:"recorded"`
	LastRecorded      time.Time       `json:"lastRecorded"`
	Discovered        time.Time       `json:"discovered,omitzero"`
	Resolved          time.Time       `json:"resolved,omitzero"`
	Closed            time.Time       `json:"closed,omitzero"`
	NextDue           time.Time       `json:"nextDue,omitzero"`
	Overdue           int             `json:"overdue" doc:"running terms that have passed, by the clock of the server"`
	SuspectedDataLeak bool            `json:"suspectedDataLeak"`
	Exercise          bool            `json:"exercise"`
	Author            domain.PersonID `json:"author,omitzero" doc:"who recorded the report; absent: nobody by name"`
	Role              domain.Code     `json:"authorRole,omitempty"`
	Occurred          time.Time       `json:"occurred,omitzero" doc:"when it was reported"`
}

func summaryOf(r *register.Row, now time.Time) summary {
	return summary{
		Key: r.Key, Number: r.Number, Seq: r.Last, Kind: r.Kind, Category: r.Category, Channel: r.Channel, State: r.Phase,
		Priority: r.Priority, Severity: r.Severity, Major: r.Major, Critical: r.Critical, Track: r.Class.Track, Department: r.Department, Chain: r.Chain, RoutedTo: r.RoutedTo, Owner: r.Owner,
		Recorded: r.Recorded, LastRecorded: r.LastRecorded, Discovered: r.Discovered, Resolved: r.Resolved, Closed: r.Closed,
		NextDue: r.NextDue(), Overdue: r.Overdue(now), SuspectedDataLeak: r.SuspectedDataLeak || !r.Aware.IsZero(), Exercise: r.Exercise,
	}
}

// A place in the register: so many rows were shown.
type skipped struct {
	Skip int `json:"s"`
}

// page says which part of a list is asked for: how many rows, behind those that
// earlier pages showed.
func (q *request) page() (limit int, at skipped, err error) {
	if limit, err = q.limit(usualLimit); err == nil {
		err = q.at(&at)
	}
	return limit, at, err
}

func (q *request) incidents() (*answer, error) {
	limit, at, err := q.page()
	if err != nil {
		return nil, err
	}
	want := register.Query{
		Phases: q.codes("state"), Open: q.isSet("open"), Kind: q.code("kind"), Category: q.code("category"), Channel: q.code("channel"),
		Department: q.code("department"), Chain: q.code("chain"), RoutedTo: q.code("routedTo"), Track: q.code("track"),
		Owner: domain.PersonID{UUID: q.uuid("owner")}, From: q.instant("since"), To: q.instant("until"),
		Now: q.now(), Overdue: q.isSet("overdue"), Leak: q.isSet("leak"), Skip: at.Skip, Limit: limit,
		Sort: register.Column(q.text("sort")), Newest: q.text("order") == "desc" || !q.has("sort") && !q.has("order"),
	}
	for _, p := range q.codes("priority") {
		want.Priority = append(want.Priority, int(p[0]-'0'))
	}
	switch q.text("exercises") {
	case "without":
		want.Exercises = register.Without
	case "only":
		want.Exercises = register.Only
	}
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	g, err := register.In(snap)
	if err != nil {
		return nil, err
	}
	who, err := audit.In(snap)
	if err != nil {
		return nil, err
	}
	rows, total, behind, err := q.find(g, want)
	if err != nil {
		return nil, err
	}
	out := page[summary]{Items: make([]summary, len(rows)), Total: &total, Unsearched: behind}
	for i := range rows {
		out.Items[i] = summaryOf(&rows[i], want.Now)
		if line, told, err := who.Line(rows[i].First); err != nil {
			return nil, err
		} else if told {
			out.Items[i].Author, out.Items[i].Role, out.Items[i].Occurred = line.Actor, line.Role, line.Occurred
		}
	}
	if n := at.Skip + len(rows); n < total && len(rows) > 0 {
		if out.Next, err = makeCursor(skipped{n}); err != nil {
			return nil, err
		}
	}
	return (&answer{body: out}).seq(g.Seq()), nil
}

// find reads q: a key, or else a number or its beginning, a code of one of the
// fields by which incidents are told apart, or words of their texts: what any of
// these finds is listed, what was written to last first. behind is how many entries
// were not searched.
func (q *request) find(g *register.Register, want register.Query) (rows []register.Row, total int, behind uint64, err error) {
	text := strings.TrimSpace(q.text("q"))
	if !q.has("q") {
		rows, total, err = g.List(want)
		return rows, total, 0, err
	}
	if u, ok := parseUUID(text); ok {
		want.Keys = []domain.Key{{UUID: u}}
		rows, total, err = g.List(want)
		return rows, total, 0, err
	}
	want.Keys, behind, err = q.search(incident.Name, g.Seq())
	if err != nil {
		return nil, 0, 0, err
	}
	for _, reading := range readings(text) {
		all := register.Query{Limit: math.MaxInt, Allow: want.Allow}
		reading(&all)
		rows, _, err := g.List(all)
		if err != nil {
			return nil, 0, 0, err
		}
		for i := range rows {
			want.Keys = append(want.Keys, rows[i].Key)
		}
	}
	slices.SortFunc(want.Keys, func(a, b domain.Key) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	want.Keys = append([]domain.Key{}, slices.Compact(want.Keys)...)
	if !q.has("sort") && !q.has("order") {
		want.Sort = register.Last
	}
	rows, total, err = g.List(want)
	return rows, total, behind, err
}

// readings are the open fields that q can be meant for.
func readings(text string) []func(*register.Query) {
	switch {
	case text == "" || domain.CheckWord("q", text) != nil:
		return nil
	case text[0] >= '0' && text[0] <= '9':
		return []func(*register.Query){func(w *register.Query) { w.Number = text }}
	}
	code := domain.Code(text)
	return []func(*register.Query){
		func(w *register.Query) { w.Category = code },
		func(w *register.Query) { w.Department = code },
		func(w *register.Query) { w.Chain = code },
		func(w *register.Query) { w.RoutedTo = code },
	}
}

// search gives the aggregates of a kind in whose texts the words of q stand, once
// the entry that the caller names was read.
func (q *request) search(kind domain.KindName, upTo domain.Seq) (keys []domain.Key, behind uint64, err error) {
	if q.office.Find == nil {
		return nil, 0, nil
	}
	x := q.office.Find()
	seq, err := q.named()
	if err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(q.Context(), q.s.Patience)
	defer cancel()
	if err := x.WaitFor(ctx, seq); err != nil {
		return nil, 0, err
	}
	keys, behind = x.Search(kind, q.text("q"), upTo)
	return keys, behind, nil
}
