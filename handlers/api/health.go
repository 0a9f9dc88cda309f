package api

import (
	"net/http"

	"incidentledger/domain"
)

// readyBehind is how many entries a view may be behind before the program is not
// ready: it catches up with more than that only after a start or a rebuild.
const readyBehind = 1000

// A health is what /readyz tells.
type health struct {
	Ready         bool        `json:"ready"`
	Version       string      `json:"version"`
	Organisations []orgHealth `json:"organisations"`
}

type orgHealth struct {
	Org   domain.OrgID `json:"org"`
	Ready bool         `json:"ready"`
	Seq   domain.Seq   `json:"seq" doc:"its last entry"`
	Error string       `json:"error,omitempty" doc:"why the ledger takes no entries"`
	Views []viewStatus `json:"views"`

	// Neither alerts nor the kit make the program unready: orders are taken all the
	// same.
	Alerts AlertStatus `json:"alerts"`
	Kit    KitState    `json:"kit"`
}

// health judges whether orders are taken and shown.
func (s *server) health() health {
	h := health{Ready: true, Version: s.Version, Organisations: []orgHealth{}}
	for _, o := range s.Offices() {
		oh := orgHealth{Org: o.Org, Ready: true, Seq: o.Log.Last(), Views: o.viewStatus(), Alerts: o.alertStatus(), Kit: o.kitState()}
		if o.Broken != nil {
			if err := o.Broken(); err != nil {
				oh.Error, oh.Ready = err.Error(), false
			}
		}
		for _, v := range oh.Views {
			if v.Error != "" || v.Behind > readyBehind {
				oh.Ready = false
			}
		}
		h.Ready = h.Ready && oh.Ready
		h.Organisations = append(h.Organisations, oh)
	}
	return h
}

// livez says that the program answers.
func (s *server) livez(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{\"live\":true}\n")) // a failure is the connection's
}

// readyz says whether orders are taken and shown: 200, or 503 with the reason.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	h := s.health()
	b, err := encode(h)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !h.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(b) // a failure is the connection's
}
