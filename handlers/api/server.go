package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Root is where the API begins.
const Root = "/api/v1"

// New gives the API of some organisations, with the status page and the health
// checks. It may be served over TCP on loopback, over a Unix socket, or called
// within the process. An error is a declaration that cannot be described.
//
// Over TCP a request whose Host is not loopback is refused, and so is one that a
// page of another origin sends: nobody signs in yet, so a page in the user's own
// browser must not be able to give orders.
func New(c Config) (http.Handler, error) {
	s := &server{Config: c.complete(), mux: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	s.operations = slices.Concat(s.metaOperations(), s.listOperations(), s.thingOperations(), s.incidentOperations(), s.clockOperations(), s.policyOperations(),
		s.viewOperations(), s.worklistOperations(), s.figuresOperations(), s.reportOperations(), s.kitOperations(), s.fileOperations(), s.eventOperations(), s.alertOperations(), s.orderOperations())
	for _, op := range s.operations {
		if _, isList := op.isList(); isList {
			op.query = append(op.query, formatParam)
		}
		s.mux.HandleFunc(op.method+" "+Root+op.path, s.serve(op))
	}
	if err := s.describe(); err != nil {
		return nil, fmt.Errorf("api: description: %w", err)
	}
	s.mux.HandleFunc("GET /livez", s.livez)
	s.mux.HandleFunc("GET /readyz", s.readyz)
	s.mux.HandleFunc("GET /{$}", s.statusPage)
	s.mux.HandleFunc("/", s.nothing)
	return s.guard(s.mux), nil
}

// nothing answers what no route takes: with the methods that the path has, or
// that there is no such path.
func (s *server) nothing(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := s.mux.Handler(other); pattern != "/" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		s.refuse(w, r, missing("there is nothing at this path; %s/openapi.json describes what there is", Root))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	p := problem(http.StatusMethodNotAllowed, "method_not_allowed", "this path does not take %s", clip(r.Method, 20))
	p.Allowed = allowed
	s.refuse(w, r, p)
}

// refuse answers with the problem that an error is. What went wrong inside is
// logged under the request's id.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p, id := problemOf(err), requestID(r)
	if p.cause != nil {
		s.Log.ErrorContext(r.Context(), "request failed", "request", id, "route", r.Pattern, "error", p.cause)
	}
	p.write(w, r, id)
}
