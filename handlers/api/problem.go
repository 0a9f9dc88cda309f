package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"incidentledger/domain"
	"incidentledger/handlers"
	"incidentledger/projections"
)

// A Problem is what a request that is not fulfilled gets (RFC 9457).
type Problem struct {
	Type        string         `json:"type" doc:"urn:incidentledger:problem: and the code"`
	Title       string         `json:"title"`
	Status      int            `json:"status"`
	Detail      string         `json:"detail"`
	Instance    string         `json:"instance,omitempty" doc:"path of the request"`
	Code        domain.Code    `json:"code"`
	Requirement string         `json:"requirement,omitempty" doc:"requirement, law article or section of the contract that it rests on"`
	Field       string         `json:"field,omitempty" doc:"the member, parameter or header at fault"`
	Allowed     []string       `json:"allowed,omitempty" doc:"what would be allowed"`
	OrderID     domain.OrderID `json:"orderId,omitzero" doc:"the order to give again, where its outcome is unknown"`
	RequestID   string         `json:"requestId,omitempty"`

	retryAfter int   // seconds; 0: trying again will not help
	cause      error // of what went wrong inside, for the log alone
}

// Error implements error.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// statuses are the refusals that have a status of their own; every other refusal
// is a rule's: 422.
var statuses = map[domain.Code]int{
	domain.CodeMalformed: http.StatusBadRequest,
	domain.CodeNotFound:  http.StatusNotFound,
	domain.CodeConflict:  http.StatusConflict,
	domain.CodeReused:    http.StatusConflict,
	domain.CodeStale:     http.StatusPreconditionFailed,
	domain.CodeDenied:    http.StatusForbidden,
	"not_begun":          http.StatusNotFound,
}

// problemOf tells an error as a problem. What is nobody's fault outside keeps its
// reason for the log.
func problemOf(err error) *Problem {
	var p *Problem
	var r *domain.Refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		cp := *p
		return &cp
	case errors.As(err, &r):
		status, ok := statuses[r.Code]
		if !ok {
			status = http.StatusUnprocessableEntity
		}
		return &Problem{Status: status, Code: r.Code, Detail: r.Text, Requirement: r.Requirement, Field: r.Field, Allowed: r.Allowed}
	case errors.As(err, &large):
		return problem(http.StatusRequestEntityTooLarge, "too_large", "the body is larger than %d bytes", large.Limit)
	case errors.Is(err, domain.ErrUnknown):
		return later(1, "unknown_outcome", "whether the order was accepted is unknown; give the same order again, under the same id: that tells").because(err)
	case errors.Is(err, domain.ErrUnavailable):
		return later(5, "unavailable", "nothing was written, and trying again later is safe: %s", clip(err.Error(), 500)).because(err)
	case errors.Is(err, domain.ErrNotFound):
		return problem(http.StatusNotFound, domain.CodeNotFound, "there is no such thing here")
	case errors.Is(err, projections.ErrNoView):
		return problem(http.StatusNotFound, domain.CodeNotFound, "there is no such view")
	case errors.Is(err, projections.ErrNotBuilt):
		return later(5, "view_not_built", "the view is being built; try again in a while")
	case errors.Is(err, projections.ErrStopped):
		return later(60, "view_stopped", "the view has stopped at an entry it cannot apply; /readyz tells which").because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, projections.ErrClosed):
		return later(1, "not_yet", "the entry asked for is not to be seen yet; try again")
	}
	return problem(http.StatusInternalServerError, "internal", "the program failed; the log says why, under this request's id").because(err)
}

// because keeps what went wrong inside for the log.
func (p *Problem) because(err error) *Problem {
	p.cause = err
	return p
}

func problem(status int, code domain.Code, format string, args ...any) *Problem {
	return &Problem{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func later(seconds int, code domain.Code, format string, args ...any) *Problem {
	p := problem(http.StatusServiceUnavailable, code, format, args...)
	p.retryAfter = seconds
	return p
}

// malformed is the problem of a request that cannot be read.
func malformed(field, format string, args ...any) *Problem {
	p := problem(http.StatusBadRequest, domain.CodeMalformed, format, args...)
	p.Field, p.Requirement = field, "contract 4"
	return p
}

func missing(format string, args ...any) *Problem {
	return problem(http.StatusNotFound, domain.CodeNotFound, format, args...)
}

// noCommand is the problem of a command that a kind does not have.
func noCommand(kind *domain.Kind, name string, all []domain.Kind) *Problem {
	r := handlers.NoCommand(kind, name, all)
	p := missing("%s", r.Text)
	p.Requirement, p.Allowed = r.Requirement, r.Allowed
	return p
}

// write answers with the problem.
func (p *Problem) write(w http.ResponseWriter, r *http.Request, id string) {
	p.Type = "urn:incidentledger:problem:" + string(p.Code)
	p.Title = http.StatusText(p.Status)
	p.Instance, p.RequestID = clip(r.URL.EscapedPath(), 200), id
	h := w.Header()
	for _, name := range []string{"Etag", "Location", "Ledger-Seq"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	b, err := encode(p)
	if err != nil { // it has no field that cannot be encoded
		b = []byte("{}\n")
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(b) // a failure is the connection's: the status is on its way
}

// encode writes a value as JSON with a line end, without escaping what only HTML
// needs escaped.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func clip(s string, n int) string {
	if len(s) <= n {
		return strings.ToValidUTF8(s, "?")
	}
	return strings.ToValidUTF8(s[:n], "?") + "…"
}
