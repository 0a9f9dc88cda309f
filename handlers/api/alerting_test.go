package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"incidentledger/domain"
)

// A test message is sent on request, and what would be told is no secret.
func TestAlertsAreTriedOnRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if a := h.ask(http.MethodPost, base+"/alerts/test", "").must(t, 422); a.str("code") != "alerts_not_configured" {
		t.Errorf("without anybody on call: %s", a.str("code"))
	}
	if body := string(h.get("/readyz").must(t, 200).raw); !strings.Contains(body, `"alerts":{"configured":false`) {
		t.Errorf("/readyz says %s", body)
	}
	failing := []AlertChannel{}
	h.office.Alerting = &Alerting{
		Status: func() AlertStatus { return AlertStatus{Configured: true, Receivers: 1, Failing: failing} },
		Try: func(_ context.Context, role, receiver domain.Code) ([]AlertTrial, error) {
			if role == "board" {
				return nil, nil
			}
			return []AlertTrial{{Receiver: "els", Channel: "mail:els", Detail: string(role + receiver)}}, nil
		},
	}
	if a := h.ask(http.MethodPost, base+"/alerts/test", `{"role":"dpo"}`).must(t, 200); a.str("items", 0, "detail") != "dpo" {
		t.Errorf("it tells %s", a.raw)
	}
	h.ask(http.MethodPost, base+"/alerts/test", `{"role":"board"}`).must(t, 404)
	h.ask(http.MethodPost, base+"/alerts/test", `{"rolle":"dpo"}`).must(t, 400)
	h.ask(http.MethodPost, base+"/alerts/test", `[]`).must(t, 400)
	failing = append(failing, AlertChannel{Channel: "mail:els", Status: 451})
	if a := h.get(base+"/alerts").must(t, 200); a.str("failing", 0, "channel") != "mail:els" {
		t.Errorf("it tells %s", a.raw)
	}
	h.get("/readyz").must(t, 200) // orders are taken all the same
}
