package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/report"
)

const (
	mediaZIP  = "application/zip"
	mediaText = "text/plain; charset=utf-8"
)

// How a document can be had.
var documentParams = []param{
	{name: "as", kind: word, oneof: []string{"json", "html", "pdf"}, doc: "without it json"},
	{name: "lang", kind: word, oneof: catalogue.Languages(), doc: "language of html and pdf; without it nl"},
}

// reportOperations make documents.
func (s *server) reportOperations() []*operation {
	return []*operation{
		{id: "evaluate-incident", method: http.MethodGet, path: "/organisations/{org}/incidents/{key}/evaluation", tag: "reports",
			do: (*request).evaluation, summary: "The evaluation of an incident, from the ledger alone",
			about: "Terms met and missed with their derivation, times, decisions and who took them, what was known only later, " +
				"both timelines, lessons and improvements. html and pdf are for people.",
			gives: report.Evaluation{}, query: documentParams, headers: []string{"Ledger-Seq"}, waits: []string{"register"}},
		{id: "export-incident", method: http.MethodGet, path: "/organisations/{org}/incidents/{key}/bundle", tag: "reports",
			do: (*request).bundle, summary: "The evidence bundle of an incident, to be checked without this program",
			about: "A ZIP file with the entries up to the order PrepareExport, word for word, with the proof of their place in the sealed log. " +
				"The same order gives the same bytes, but for timestamps that have come since.",
			media: mediaZIP, query: []param{{name: "seq", kind: number, doc: "the entry of PrepareExport; without it the last one"}},
			headers: []string{"Ledger-Seq"}, waits: []string{"register"}},
		{id: "sign-receipt", method: http.MethodGet, path: "/organisations/{org}/receipts/{seq}", tag: "orders",
			do: (*request).receipt, summary: "A signed receipt for an accepted order",
			about: "A signed note (c2sp.org/signed-note) under the log's key: the leaf hash of the entry, and by when it is sealed. " +
				"Whoever keeps it can show later that the order was accepted: incidentledger verify --receipt.",
			media: mediaText},
		{id: "fill-form", method: http.MethodGet, path: "/organisations/{org}/incidents/{key}/forms/{form}", tag: "reports",
			do: (*request).form, summary: "A form, filled in from the ledger: registration, logbook, or that of an authority by its code",
			about: "An authority's form has its own questions in its own order; what the ledger does not know is marked as unknown. " +
				"Without regime and stage it is that of the duty to it that is due first, else its first form.",
			gives: report.Form{}, query: append([]param{
				{name: "regime", kind: word, doc: "of an authority's form: gdpr, cbw, suwi and so on"},
				{name: "stage", kind: word, doc: "of an authority's form: initial, early-warning, final and so on"},
			}, documentParams...), headers: []string{"Ledger-Seq"}, waits: []string{"register"}},
	}
}

// receipt gives the signed receipt for an entry.
func (q *request) receipt() (*answer, error) {
	seq, err := strconv.ParseUint(q.PathValue("seq"), 10, 62)
	if err != nil {
		return nil, missing("there is no entry %q", clip(q.PathValue("seq"), 20))
	}
	note, err := q.office.Receipt(domain.Seq(seq))
	if err != nil {
		return nil, notHere(err, "there is no entry %d", seq)
	}
	q.w.Header().Set("Content-Type", mediaText)
	_, _ = q.w.Write(note) // a failure is the connection's
	return nil, nil
}

// bundle gives the evidence bundle of an incident, as its export was prepared.
func (q *request) bundle() (*answer, error) {
	key, err := q.key()
	if err != nil {
		return nil, err
	}
	name, data, err := q.office.Bundle(q.Context(), key, domain.Seq(q.number("seq")))
	if err != nil {
		return nil, notHere(err, "no export of this incident was prepared there; order PrepareExport first")
	}
	h := q.w.Header()
	h.Set("Content-Type", mediaZIP)
	h.Set("Content-Disposition", `attachment; filename="`+name+`.zip"`)
	_, _ = q.w.Write(data) // a failure is the connection's
	return nil, nil
}

// source is the office as reports read it.
func (q *request) source() *report.Source {
	o := q.office
	return &report.Source{
		Org: o.Org, Name: o.Name, Zone: o.Zone, Desk: o.Desk, Log: o.Log, Opener: o.Opener, Law: o.Law, Who: o.Who, Improvements: o.Improvements,
		Number: func(key domain.Key) string {
			n, err := q.numberOf(key)
			if err != nil {
				return ""
			}
			return n
		},
	}
}

func (q *request) evaluation() (*answer, error) {
	key, err := q.key()
	if err != nil {
		return nil, err
	}
	e, err := q.source().Evaluate(q.Context(), key, q.now())
	if err != nil {
		return nil, notHere(err, "there is no incident %s", key)
	}
	return q.written(e, e.Made, "evaluation-"+cmp.Or(e.Number, key.String()), func(w *catalogue.Words) *report.Document { return e.Document(w) })
}

func (q *request) form() (*answer, error) {
	key, err := q.key()
	if err != nil {
		return nil, err
	}
	name, src := q.PathValue("form"), q.source()
	if known := src.Forms(q.now()); !slices.Contains(known, name) {
		p := missing("there is no form %q", clip(name, 60))
		p.Allowed = known
		return nil, p
	}
	f, err := src.Form(q.Context(), key, name, q.code("regime"), q.code("stage"), q.now())
	if err != nil {
		return nil, notHere(err, "there is no incident %s, or no such form of %s", key, name)
	}
	return q.written(f, f.Made, name+"-"+cmp.Or(f.Number, key.String()), func(w *catalogue.Words) *report.Document { return f.Document(w) })
}

// written answers a report as data, or as the document that it is for people.
func (q *request) written(data any, made time.Time, name string, doc func(*catalogue.Words) *report.Document) (*answer, error) {
	as := q.text("as")
	if as == "" || as == "json" {
		return &answer{body: data}, nil
	}
	lang := q.text("lang")
	if lang == "" {
		lang = "nl"
	}
	w, err := catalogue.In(lang)
	if err != nil {
		return nil, err
	}
	d := doc(w)
	media, b := "text/html; charset=utf-8", []byte(nil)
	if as == "pdf" {
		media = "application/pdf"
		b, err = d.PDF(made)
	} else {
		b, err = d.HTML()
	}
	if err != nil {
		return nil, err
	}
	h := q.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Language", lang)
	h.Set("Content-Disposition", `inline; filename="`+name+"."+as+`"`)
	_, _ = q.w.Write(b) // a failure is the connection's
	return nil, nil
}
