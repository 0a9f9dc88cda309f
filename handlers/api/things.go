package api

import (
	"cmp"
	"iter"
	"net/http"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
	"incidentledger/projections/register"
)

// thingOperations are lists of what incidents and registers are made of: each
// row says who told it, when it happened and when it was recorded.
func (s *server) thingOperations() []*operation {
	return slices.Concat(s.owedOperations(), s.keptOperations(), s.directoryOperations())
}

// thingsList is an operation that lists a view of things.
func thingsList(id, path, view, summary string, gives any, do func(*request) (*answer, error), query ...param) *operation {
	return &operation{id: id, method: http.MethodGet, path: "/organisations/{org}/" + path, tag: "views", do: do, summary: summary, gives: gives,
		headers: []string{"Ledger-Seq"}, waits: []string{view, register.Name}, query: append(query, limitParam, cursorParam)}
}

// Parameters of lists of things.
var (
	textParam     = param{name: "q", kind: phrase, doc: "words of their texts, whole reference numbers among them; all must be there, the last one by its beginning"}
	incidentParam = param{name: "key", kind: word, doc: "of one incident: its key or number"}
	openParam     = param{name: "open", kind: flag, doc: "true: only what is still to be done"}
	overdueParam  = param{name: "overdue", kind: flag, doc: "true: only what is open and past its term, by the clock of the server"}
	sinceParam    = param{name: "since", kind: instant, doc: "then or later"}
	untilParam    = param{name: "until", kind: instant, doc: "before then"}
)

// exercisesParam chooses between what is practised and what is real.
func exercisesParam(without string) param {
	return param{name: "exercises", kind: word, oneof: []string{"with", "without", "only"}, doc: "without it " + without}
}

// practised reports whether an exercise, or what is real, is asked for; without
// the parameter as otherwise says.
func (q *request) practised(exercise bool, otherwise string) bool {
	return exercise && cmp.Or(q.text("exercises"), otherwise) != "without" || !exercise && q.text("exercises") != "only"
}

// A browsing is a view of things in a snapshot, with the numbers of incidents.
type browsing struct {
	*projections.ThingReader
	snap    *projections.Snapshot
	numbers *register.Register
	known   map[domain.Key]register.Row
	behind  uint64 // entries that were not searched
}

// browse reads a view of things.
func (q *request) browse(v *projections.Things, do func(*browsing) (*answer, error)) (*answer, error) {
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	r, err := v.In(snap, nil)
	if err != nil {
		return nil, err
	}
	g, err := register.In(snap)
	if err != nil {
		return nil, err
	}
	return do(&browsing{ThingReader: r, snap: snap, numbers: g, known: map[domain.Key]register.Row{}})
}

// incident is the one that the query names; zero: none.
func (s *browsing) incident(q *request) (domain.Key, error) { return incidentIn(s.snap, q) }

// browseWords reads a view of what incidents are made of, with the words of the
// incident that the query names; none where it names none: a list of many opens
// no text.
func (q *request) browseWords(v *projections.Things, do func(s *browsing, key domain.Key, texts map[told]map[string]words) (*answer, error)) (*answer, error) {
	return q.browse(v, func(s *browsing) (*answer, error) {
		key, err := s.incident(q)
		if err != nil {
			return nil, err
		}
		if key.IsZero() {
			return do(s, key, nil)
		}
		f, err := q.readKey(key)
		if err != nil {
			return nil, err
		}
		texts, err := q.texts(f)
		if err != nil {
			return nil, err
		}
		return do(s, key, texts)
	})
}

// row gives an incident as the register has it; empty where it has none.
func (s *browsing) row(key domain.Key) register.Row {
	r, ok := s.known[key]
	if !ok {
		r, _ = s.numbers.ByKey(key, nil) // what is wrong with the register, its own list tells
		s.known[key] = r
	}
	return r
}

// number gives the number of an incident, where it has one.
func (s *browsing) number(key domain.Key) string { return s.row(key).Number }

// exercise reports whether an incident is one.
func (s *browsing) exercise(key domain.Key) bool { return s.row(key).Exercise }

// those leaves of rows about incidents the ones that exercises asks for.
func those[R any](q *request, s *browsing, otherwise string, rows iter.Seq[R], of func(*R) domain.Key) iter.Seq[R] {
	return func(yield func(R) bool) {
		for row := range rows {
			if q.practised(s.exercise(of(&row)), otherwise) && !yield(row) {
				return
			}
		}
	}
}

// stampOf says who gave an entry, when what it tells happened and when it was
// recorded. What is reckoned from many bears that of the last it rests on.
func (q *request) stampOf(seq domain.Seq) (projections.Stamp, error) {
	en, err := q.office.Log.Entry(seq)
	if err != nil {
		return projections.Stamp{}, err
	}
	return projections.Stamp{Seq: seq, Author: en.Actor.ID, Role: en.Actor.Role, Occurred: en.Occurred.Time, Precision: en.Occurred.Precision, Recorded: en.Recorded}, nil
}

// overdueAt is the instant at which open things are asked to be overdue; zero:
// nobody asks.
func (q *request) overdueAt() time.Time {
	if !q.isSet("overdue") {
		return time.Time{}
	}
	return q.now()
}

// part answers a page of rows: those behind the ones that earlier pages showed.
func part[R, S any](q *request, s *browsing, rows iter.Seq[R], show func(R) (S, error)) (*answer, error) {
	limit, at, err := q.page()
	if err != nil {
		return nil, err
	}
	out := pageOf[S](nil)
	n := 0
	for row := range rows {
		if n++; n <= at.Skip {
			continue
		}
		if len(out.Items) == limit {
			if out.Next, err = makeCursor(skipped{n - 1}); err != nil {
				return nil, err
			}
			break
		}
		shown, err := show(row)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, shown)
	}
	if s.Err() != nil {
		return nil, s.Err()
	}
	out.Unsearched = s.behind
	return (&answer{body: out}).seq(s.Seq()), nil
}

// among gives, of rows that are aggregates of a kind, those that the words of q
// find; all where it is not given.
func among[R any](q *request, s *browsing, kind domain.KindName, rows iter.Seq[R], key func(R) domain.Key) (iter.Seq[R], error) {
	if !q.has("q") {
		return rows, nil
	}
	keys, behind, err := q.search(kind, s.Seq())
	if err != nil {
		return nil, err
	}
	s.behind = behind
	return func(yield func(R) bool) {
		for row := range rows {
			if slices.Contains(keys, key(row)) && !yield(row) {
				return
			}
		}
	}, nil
}

// speaker gives the words of one event by their paths; nil: it has none there.
func speaker(texts map[told]map[string]words, of told) func(path string) *words {
	return func(path string) *words {
		w, ok := texts[of][path]
		if !ok {
			return nil
		}
		return &w
	}
}

// latest gives the words of the last event that has one of some names, among
// those of an aggregate that is no incident.
func (q *request) latest(ref domain.Ref, names ...string) (func(path string) *words, error) {
	f := &file{key: ref.Key}
	for en, err := range q.office.Log.Load(q.Context(), ref, 0) {
		if err != nil {
			return nil, err
		}
		f.entries = append(f.entries, en)
	}
	texts, err := q.texts(f)
	if err != nil {
		return nil, err
	}
	var last told
	for _, en := range f.entries {
		for i := range en.Events {
			if slices.Contains(names, en.Events[i].Type) {
				last = told{en.Seq, en.Events[i].Type}
			}
		}
	}
	return speaker(texts, last), nil
}
