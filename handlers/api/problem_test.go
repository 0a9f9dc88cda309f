package api

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"incidentledger/domain"
	"incidentledger/projections"
)

// Errors of the rooms below have their status; what can be tried again says
// when, and what is unknown names the order.
func TestErrorsHaveTheirStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   domain.Code
		again  bool
	}{
		{domain.ErrUnavailable, 503, "unavailable", true},
		{domain.ErrUnknown, 503, "unknown_outcome", true},
		{errors.Join(domain.ErrUnknown, context.DeadlineExceeded), 503, "unknown_outcome", true},
		{domain.ErrNotFound, 404, "not_found", false},
		{projections.ErrNoView, 404, "not_found", false},
		{projections.ErrNotBuilt, 503, "view_not_built", true},
		{projections.ErrStopped, 503, "view_stopped", true},
		{context.DeadlineExceeded, 503, "not_yet", true},
		{domain.Refuse(domain.CodeConflict, "contract 2", "x"), 409, "conflict", false},
		{domain.Refuse(domain.CodeReused, "contract 2", "x"), 409, "order_id_reused", false},
		{domain.Refuse("still_open", "CLO-01", "x"), 422, "still_open", false},
		{errors.New("a secret of the house"), 500, "internal", false},
	} {
		w := httptest.NewRecorder()
		p := problemOf(fmt.Errorf("room: %w", c.err))
		p.write(w, httptest.NewRequest("GET", "/x", nil), "id")
		if w.Code != c.status || p.Code != c.code || (w.Header().Get("Retry-After") != "") != c.again {
			t.Errorf("%v: %d %s %v", c.err, w.Code, p.Code, w.Header())
		}
		if c.status == 500 && (p.Detail == c.err.Error() || p.cause == nil) {
			t.Errorf("an internal error is shown: %s", p.Detail)
		}
	}
}
