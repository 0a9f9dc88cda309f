package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
	"incidentledger/projections/logbook"
	"incidentledger/projections/register"
)

// incidentOperations show one incident.
func (s *server) incidentOperations() []*operation {
	const one = "/organisations/{org}/incidents/{key}"
	return []*operation{
		{id: "show-incident", method: http.MethodGet, path: one, tag: "incidents", do: (*request).incident,
			summary: "One incident: where it stands, with its words opened", gives: detail{}, also: []int{http.StatusNotModified},
			headers: []string{"Ledger-Seq", "If-None-Match"}, waits: []string{register.Name}},
		{id: "show-logbook", method: http.MethodGet, path: one + "/logbook", tag: "incidents", do: (*request).logbook,
			summary: "What was done: one line an entry", gives: page[line]{},
			headers: []string{"Ledger-Seq"}, waits: []string{register.Name, logbook.Name},
			query: []param{
				{name: "sort", kind: word, oneof: []string{"recorded", "occurred"}, doc: "without it recorded"},
				{name: "order", kind: word, oneof: []string{"asc", "desc"}, doc: "without it asc"},
				{name: "limit", kind: number, doc: "at most so many, 1 to 1000; without it 1000, and of a table all"}, cursorParam,
			}},
		{id: "show-timeline", method: http.MethodGet, path: one + "/timeline", tag: "incidents", do: (*request).timeline,
			summary: "The incident as it was known then, and the entries up to there", gives: timeline{},
			about:   "Nothing is written. Where the report itself came later there is no state.",
			headers: []string{"Ledger-Seq"}, waits: []string{register.Name}, query: atParams},
	}
}

func (q *request) incident() (*answer, error) {
	f, err := q.read()
	if err != nil {
		return nil, err
	}
	tag := formatTag(f.last())
	a := (&answer{}).set("ETag", tag).seq(f.last())
	for _, given := range strings.Split(q.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(given), "W/") == tag {
			a.status = http.StatusNotModified
			return a, nil
		}
	}
	if a.body, err = q.detail(f, q.now()); err != nil {
		return nil, err
	}
	return a, nil
}

// numberOf gives the incident's number; empty where it has none or the register
// does not show it yet.
func (q *request) numberOf(key domain.Key) (string, error) {
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return "", err
	}
	defer snap.Close()
	g, err := register.In(snap)
	if err != nil {
		return "", err
	}
	row, err := g.ByKey(key, nil)
	if errors.Is(err, domain.ErrNotFound) {
		return "", nil
	}
	return row.Number, err
}

func (q *request) logbook() (*answer, error) {
	key, err := q.key()
	if err != nil {
		return nil, err
	}
	limit, err := q.limit(maxLimit)
	if err != nil {
		return nil, err
	}
	var at skipped
	if err := q.at(&at); err != nil {
		return nil, err
	}
	want := logbook.Query{Newest: q.text("order") == "desc", Skip: at.Skip, Limit: limit}
	if q.text("sort") == "occurred" {
		want.Order = logbook.ByOccurred
	}
	rows, total, seq, err := readLogbook(q.office.Views, key, want)
	if err == nil && total == 0 { // perhaps it was reported a moment ago
		if err = q.catchUpWith(q.office.Log.Last(), logbook.Name); err == nil {
			rows, total, seq, err = readLogbook(q.office.Views, key, want)
		}
	}
	if err != nil {
		return nil, err
	}
	if total == 0 {
		return nil, missing("there is no incident %s", key)
	}
	out := page[line]{Items: make([]line, len(rows)), Total: &total}
	for i := range rows {
		en, err := q.office.Log.Entry(rows[i].Seq)
		if err != nil {
			return nil, err
		}
		if out.Items[i], _, err = q.office.open(en); err != nil {
			return nil, err
		}
		out.Items[i].mark(&rows[i])
	}
	if n := at.Skip + len(rows); n < total && len(rows) > 0 {
		if out.Next, err = makeCursor(skipped{n}); err != nil {
			return nil, err
		}
	}
	return (&answer{body: out}).seq(seq), nil
}

func readLogbook(db *projections.DB, key domain.Key, want logbook.Query) ([]logbook.Row, int, domain.Seq, error) {
	snap, err := db.Snapshot()
	if err != nil {
		return nil, 0, 0, err
	}
	defer snap.Close()
	l, err := logbook.In(snap)
	if err != nil {
		return nil, 0, 0, err
	}
	rows, total, err := l.OfIncident(key, want)
	return rows, total, l.Seq(), err
}

// mark adds what the logbook says of an entry.
func (l *line) mark(r *logbook.Row) {
	l.Corrects, l.CorrectedBy, l.Late, l.Deviates = r.Corrects, r.CorrectedBy, r.Late, r.Deviates
}

// A timeline is an incident at a moment.
type timeline struct {
	Key      domain.Key  `json:"key"`
	Axis     domain.Code `json:"axis"`
	At       time.Time   `json:"at,omitzero"`
	Seq      domain.Seq  `json:"seq" doc:"the last of the entries"`
	Last     domain.Seq  `json:"last" doc:"the incident's last entry of all"`
	Incident *detail     `json:"incident,omitempty" doc:"absent where the report itself came later"`
	Entries  []line      `json:"entries" doc:"in order of the axis"`
}

func (q *request) timeline() (*answer, error) {
	m, err := q.moment()
	if err != nil {
		return nil, err
	}
	f, err := q.read()
	if err != nil {
		return nil, err
	}
	out := timeline{Key: f.key, Axis: "recorded", At: m.at, Last: f.last(), Entries: []line{}}
	f.cut(m)
	out.Seq = f.last()
	judged := q.now()
	switch {
	case !m.at.IsZero():
		judged = m.at
	case m.seq > 0 && len(f.entries) > 0:
		judged = f.entries[len(f.entries)-1].Recorded
	}
	d, err := q.detail(f, judged)
	if err != nil {
		return nil, err
	}
	out.Incident = d
	for _, en := range f.entries {
		l, _, err := q.office.open(en)
		if err != nil {
			return nil, err
		}
		if seq, ok := corrects(en); ok {
			l.Corrects = []domain.Seq{seq}
		}
		out.Entries = append(out.Entries, l)
	}
	if m.occurred {
		out.Axis = "occurred"
		slices.SortStableFunc(out.Entries, func(a, b line) int { return a.Occurred.Compare(b.Occurred) })
	}
	return (&answer{body: out}).seq(out.Last), nil
}
