package api

import (
	"net/http"
	"slices"

	"incidentledger/domain"
	"incidentledger/projections"
)

// A viewStatus tells where a view stands.
type viewStatus struct {
	View     string     `json:"view"`
	Shape    uint32     `json:"shape"`
	Seq      domain.Seq `json:"seq" doc:"last entry it knows of"`
	Behind   uint64     `json:"behind" doc:"entries it does not know of yet"`
	Building domain.Seq `json:"building,omitempty" doc:"how far a build beside it has come"`
	Error    string     `json:"error,omitempty" doc:"why it does not advance"`
}

// A viewDigest says what the rows of a view are.
type viewDigest struct {
	View   string      `json:"view"`
	Shape  uint32      `json:"shape"`
	Seq    domain.Seq  `json:"seq"`
	Digest domain.Hash `json:"digest"`
}

func digestOf(d projections.Digest) viewDigest { return viewDigest{d.View, d.Shape, d.Seq, d.Sum} }

// A rebuildLine is one line that a rebuild tells: how far it is, or, in the last
// line, what came of it.
type rebuildLine struct {
	View    string      `json:"view"`
	Seq     domain.Seq  `json:"seq"`
	Of      domain.Seq  `json:"of"`
	Done    bool        `json:"done"`
	Live    *viewDigest `json:"live,omitempty"`
	Rebuilt *viewDigest `json:"rebuilt,omitempty" doc:"with check"`
	Equal   *bool       `json:"equal,omitempty" doc:"with check: whether both digests are the same"`
	Problem *Problem    `json:"problem,omitempty" doc:"why it failed; the live view is as it was"`
}

func (s *server) viewOperations() []*operation {
	const views = "/organisations/{org}/views"
	return []*operation{
		{id: "list-views", method: http.MethodGet, path: views, tag: "views", do: (*request).views,
			summary: "Where the views stand", gives: page[viewStatus]{}, headers: []string{"Ledger-Seq"}},
		{id: "digest-view", method: http.MethodGet, path: views + "/{view}/digest", tag: "views", do: (*request).digest,
			summary: "The digest of a view's rows", gives: viewDigest{}, headers: []string{"Ledger-Seq"}},
		{id: "rebuild-view", method: http.MethodPost, path: views + "/{view}/rebuild", tag: "views", do: (*request).rebuild,
			summary: "Build a view anew beside the live one and exchange them, or check only",
			about: "Answers a line of JSON for each step of progress and a last one with done true or a problem. " +
				"With check the live view stays and both digests are compared. It stops when the caller goes away.",
			media: "application/x-ndjson", gives: rebuildLine{},
			query: []param{{name: "check", kind: flag, doc: "true: change nothing, compare digests"}}},
	}
}

func (o *Office) viewStatus() []viewStatus {
	last := o.Log.Last()
	var out []viewStatus
	for _, st := range o.Views.Status() {
		v := viewStatus{View: st.View, Shape: st.Shape, Seq: st.Seq, Behind: uint64(last - min(last, st.Seq))}
		if st.Building != nil {
			v.Building = st.Building.Seq
		}
		if st.Err != nil {
			v.Error = st.Err.Error()
		}
		out = append(out, v)
	}
	return out
}

func (q *request) views() (*answer, error) {
	return (&answer{body: pageOf(q.office.viewStatus())}).seq(q.office.Log.Last()), nil
}

// view is the view that the address names.
func (q *request) view() (string, error) {
	name := q.PathValue("view")
	var names []string
	for _, st := range q.office.Views.Status() {
		names = append(names, st.View)
	}
	if !slices.Contains(names, name) {
		p := missing("there is no view %q", clip(name, 60))
		p.Allowed = names
		return "", p
	}
	return name, nil
}

func (q *request) digest() (*answer, error) {
	view, err := q.view()
	if err != nil {
		return nil, err
	}
	if err := q.catchUp(view); err != nil {
		return nil, err
	}
	d, err := q.office.Views.Digest(q.Context(), view)
	if err != nil {
		return nil, err
	}
	return (&answer{body: digestOf(d)}).seq(d.Seq), nil
}

func (q *request) rebuild() (*answer, error) {
	view, err := q.view()
	if err != nil {
		return nil, err
	}
	out := &lines{w: q.w, of: q.office.Log.Last(), view: view}
	out.begin()
	last := rebuildLine{View: view, Of: out.of}
	if err := q.rebuilt(view, &last, out.progress); err != nil {
		p := problemOf(err)
		if p.cause != nil {
			q.s.Log.ErrorContext(q.Context(), "rebuild failed", "request", q.id, "org", q.office.Org, "view", view, "error", p.cause)
		}
		p.Type, p.Title, p.RequestID = "urn:incidentledger:problem:"+string(p.Code), http.StatusText(p.Status), q.id
		last.Problem = p
	}
	out.write(last)
	return nil, nil
}

func (q *request) rebuilt(view string, last *rebuildLine, progress func(domain.Seq)) error {
	o := q.office
	if q.isSet("check") {
		live, anew, err := o.Views.Check(q.Context(), o.Ledger, view, progress)
		if err != nil {
			return err
		}
		l, r, equal := digestOf(live), digestOf(anew), live == anew
		last.Seq, last.Live, last.Rebuilt, last.Equal, last.Done = live.Seq, &l, &r, &equal, true
		return nil
	}
	if err := o.Views.Rebuild(q.Context(), o.Ledger, view, progress); err != nil {
		return err
	}
	d, err := o.Views.Digest(q.Context(), view)
	if err != nil {
		return err
	}
	l := digestOf(d)
	last.Seq, last.Live, last.Done = d.Seq, &l, true
	return nil
}

// lines writes progress: at most a hundred lines, whatever the ledger's length.
type lines struct {
	w    http.ResponseWriter
	view string
	of   domain.Seq
	told domain.Seq
}

func (l *lines) begin() {
	l.w.Header().Set("Content-Type", "application/x-ndjson")
	l.w.WriteHeader(http.StatusOK)
}

func (l *lines) progress(seq domain.Seq) {
	if seq < l.told+max(1, l.of/100) {
		return
	}
	l.told = seq
	l.write(rebuildLine{View: l.view, Seq: seq, Of: l.of})
}

// write writes a line. Where the connection is gone, the request's context ends
// and the rebuild with it.
func (l *lines) write(v rebuildLine) {
	b, err := encode(v)
	if err != nil { // it has no field that cannot be encoded
		return
	}
	if _, err := l.w.Write(b); err == nil {
		_ = http.NewResponseController(l.w).Flush() // not every writer can; the lines come at the end then
	}
}
