package api

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/register"
)

// A place among deadlines: behind this one.
type behind struct {
	Due time.Time      `json:"d"`
	Key domain.Key     `json:"k"`
	ID  policy.ClockID `json:"c"`
}

func (q *request) deadlines() (*answer, error) {
	limit, err := q.limit(usualLimit)
	if err != nil {
		return nil, err
	}
	var at behind
	if err := q.at(&at); err != nil {
		return nil, err
	}
	now := q.now()
	if q.has("at") {
		now = q.instant("at")
	}
	want := deadlines.Query{
		Statutory: q.isSet("statutory"), Recipient: q.code("recipient"), HideExercises: q.text("exercises") == "without", OnlyExercises: q.text("exercises") == "only",
		After: deadlines.Cursor{Due: at.Due, Key: at.Key, ID: at.ID}, Limit: limit,
	}
	if span, ok := parseDuration(q.text("within")); ok {
		want.To = now.Add(span)
	}
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	d, err := deadlines.In(snap)
	if err != nil {
		return nil, err
	}
	found, next, err := d.Find(want)
	if err != nil {
		return nil, err
	}
	out := pageOf(make([]clock, len(found)))
	for i := range found {
		out.Items[i] = clockIn(&found[i], now)
	}
	if !next.Key.IsZero() {
		if out.Next, err = makeCursor(behind{next.Due, next.Key, next.ID}); err != nil {
			return nil, err
		}
	}
	return (&answer{body: out}).seq(d.Seq()), nil
}

func (q *request) audit() (*answer, error) {
	limit, err := q.limit(usualLimit)
	if err != nil {
		return nil, err
	}
	var before domain.Seq
	if err := q.at(&before); err != nil {
		return nil, err
	}
	want := audit.Query{
		Actor: domain.PersonID{UUID: q.uuid("actor")}, Kind: domain.KindName(q.text("kind")), For: domain.OrgID(q.text("for")),
		Command: q.commandName(q.text("command")), From: q.instant("since"), To: q.instant("until"), Before: before, Limit: limit,
	}
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	if q.has("key") {
		if want.Kind == "" {
			want.Kind = incident.Name
		}
		if k, ok := q.office.Desk.Kind(want.Kind); ok && k.Name != incident.Name {
			want.Key, err = keyOf(k, q.office.Org, q.text("key"))
		} else {
			want.Key, err = findKey(snap, q.text("key"))
		}
		if err != nil {
			return nil, err
		}
	}
	a, err := audit.In(snap)
	if err != nil {
		return nil, err
	}
	found, err := a.Find(want)
	if err != nil {
		return nil, err
	}
	out := pageOf(make([]audited, len(found.Rows)))
	for i, row := range found.Rows {
		out.Items[i] = audited{row, q.office.trust(row.Seq)}
	}
	if found.Next > 0 {
		if out.Next, err = makeCursor(found.Next); err != nil {
			return nil, err
		}
	}
	return (&answer{body: out}).seq(a.Seq()), nil
}

// commandName gives a command's own name for either of its forms. One that no
// kind has is taken as it is: old entries may hold it.
func (q *request) commandName(name string) string {
	for i := range q.s.Kinds {
		if ct, ok := commandNamed(&q.s.Kinds[i], name); ok {
			return ct.Name()
		}
	}
	return name
}

// incidentAsked is the incident that the query names; zero: none.
func (q *request) incidentAsked() (domain.Key, error) {
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return domain.Key{}, err
	}
	defer snap.Close()
	return incidentIn(snap, q)
}

// incidentIn is the incident that the query names; zero: none.
func incidentIn(snap *projections.Snapshot, q *request) (domain.Key, error) {
	if !q.has("key") {
		return domain.Key{}, nil
	}
	return findKey(snap, q.text("key"))
}

// findKey reads a key, or the number of an incident.
func findKey(snap *projections.Snapshot, text string) (domain.Key, error) {
	if _, _, ok := incident.ParseNumber(text); !ok {
		return parseKey(text)
	}
	g, err := register.In(snap)
	if err != nil {
		return domain.Key{}, err
	}
	row, err := g.ByNumber(text, nil)
	if err != nil {
		return domain.Key{}, notHere(err, "there is no incident %s", text)
	}
	return row.Key, nil
}
