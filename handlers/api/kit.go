package api

import (
	"net/http"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/report"
)

// A KitState tells how the kit stands that the program keeps in a folder.
type KitState struct {
	Kept  bool       `json:"kept" doc:"the configuration names a folder for it"`
	Dir   string     `json:"dir,omitempty"`
	Made  time.Time  `json:"made,omitzero" doc:"when it was made last, since the program began"`
	Seq   domain.Seq `json:"seq,omitempty" doc:"of the last entry that it rests on"`
	Error string     `json:"error,omitempty" doc:"why it could not be made again since"`
}

func (s *server) kitOperations() []*operation {
	const kit = "/organisations/{org}/kit"
	return []*operation{
		{id: "make-kit", method: http.MethodGet, path: kit, tag: "reports", gives: report.Kit{}, do: (*request).kit,
			summary: "The offline kit: whom to call, what to do first, the procedures, and forms to fill in by hand",
			about: "As of now, from the ledger and the adopted policy set. html and pdf need nothing beside them. " +
				"It holds names, numbers and texts opened: whoever keeps it keeps it as confidential as they are.",
			query: documentParams, headers: []string{"Ledger-Seq"}},
		{id: "show-kit-state", method: http.MethodGet, path: kit + "/state", tag: "reports", gives: KitState{}, do: (*request).kitState,
			summary: "When the kit in the configured folder was made last, and what is wrong with it"},
	}
}

func (q *request) kit() (*answer, error) {
	if q.office.Kit == nil {
		return nil, missing("no kit is made here")
	}
	k, err := q.office.Kit(q.Context(), q.now())
	if err != nil {
		return nil, err
	}
	return q.written(k, k.Made, "kit", func(w *catalogue.Words) *report.Document { return k.Document(w) })
}

// kitState is that of an office; one that keeps no kit has none.
func (o *Office) kitState() KitState {
	if o.KitState == nil {
		return KitState{}
	}
	return o.KitState()
}

func (q *request) kitState() (*answer, error) { return &answer{body: q.office.kitState()}, nil }
