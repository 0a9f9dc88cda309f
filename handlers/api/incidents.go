package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
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
				limitParam, cursorParam,
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

// number gives the incident's number; empty where it has none or the register
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
	limit, err := q.limit()
	if err != nil {
		return nil, err
	}
	if !q.has("limit") {
		limit = maxLimit
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
	Incident *detail     `json:"incident" doc:"null where the report itself came later"`
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

// texts gives the words of a file's events: by entry and event type, then by
// path; corrections stand in the place of what they correct.
func (q *request) texts(f *file) (map[told]map[string]words, error) {
	out := map[told]map[string]words{}
	for _, en := range f.entries {
		if len(en.Sealed) == 0 {
			continue
		}
		l, events, err := q.office.open(en)
		if err != nil {
			return nil, err
		}
		for i, e := range events {
			at := told{en.Seq, l.Events[i].Type}
			if out[at] == nil {
				out[at] = map[string]words{}
			}
			_, opened := domain.SetApart(e, domain.Ref{}, domain.OrderID{})
			for _, t := range opened {
				out[at][t.Path] = words{text: t.Value}
			}
			for name, v := range l.Events[i].Fields {
				if _, ok := v.(map[string]bool); ok {
					out[at][name] = words{erased: true}
				}
			}
			if c, ok := e.(incident.FactCorrected); ok {
				patch(out, c)
			}
		}
	}
	return out, nil
}

// told names an event of an entry.
type told struct {
	seq  domain.Seq
	kind string
}

func patch(out map[told]map[string]words, c incident.FactCorrected) {
	at := told{c.Corrects, string(c.Event)}
	if out[at] == nil {
		out[at] = map[string]words{}
	}
	for name, v := range c.Fields {
		if v.IsZero() {
			delete(out[at], string(name))
		}
	}
	for path, text := range c.Texts {
		out[at][string(path)] = words{text: string(text)}
	}
}
