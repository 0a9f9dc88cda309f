package api

import (
	"context"
	"net/http"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// Alerting is what the API can tell and do about alerts.
type Alerting struct {
	// Status tells who would be told and how the last deliveries ended.
	Status func() AlertStatus
	// Try sends a test message now: to those who have a role, to one receiver, or,
	// where both are empty, to everybody by every channel.
	Try func(ctx context.Context, role, receiver domain.Code) ([]AlertTrial, error)
}

// An AlertStatus tells where alerting stands.
type AlertStatus struct {
	Configured bool           `json:"configured" doc:"somebody or something is told of what is due"`
	Receivers  int            `json:"receivers" doc:"people on call, at any time"`
	Endpoints  int            `json:"endpoints" doc:"webhooks"`
	Failing    []AlertChannel `json:"failing" doc:"channels whose last delivery failed, since the program began"`
}

// An AlertChannel is a channel whose last delivery failed.
type AlertChannel struct {
	Channel domain.Code `json:"channel"`
	At      time.Time   `json:"at"`
	Status  int         `json:"status,omitempty" doc:"what was answered; absent: nothing"`
}

// An AlertTrial is what happened to a test message by one channel.
type AlertTrial struct {
	Receiver  domain.Code `json:"receiver"`
	Channel   domain.Code `json:"channel"`
	Delivered bool        `json:"delivered"`
	Status    int         `json:"status,omitempty" doc:"what was answered; absent: nothing"`
	Detail    string      `json:"detail,omitempty" doc:"why it was not delivered"`
}

// alertTest says whom a test message goes to.
type alertTest struct {
	Role     domain.Code `json:"role,omitempty" doc:"only those who have this role"`
	Receiver domain.Code `json:"receiver,omitempty" doc:"only this receiver"`
}

// alertTime is how long a round of test messages may take.
const alertTime = 5 * time.Minute

func (s *server) alertOperations() []*operation {
	const alerts = "/organisations/{org}/alerts"
	return []*operation{
		{id: "show-alerting", method: http.MethodGet, path: alerts, tag: "alerts", gives: AlertStatus{}, do: (*request).alerting,
			summary: "Who would be told of what is due, and how the last deliveries ended"},
		{id: "test-alerts", method: http.MethodPost, path: alerts + "/test", tag: "alerts", gives: page[AlertTrial]{}, do: (*request).testAlerts,
			summary: "Send a test message now by every channel, and tell what happened",
			about:   "The message says that it is a test and tells of no incident. It leaves no entry.",
			body:    &body{media: []string{"application/json"}, schema: alertTest{}, example: `{"role":"security-officer"}`, max: 4 << 10, optional: true},
			refuses: []int{413, 415, 422}},
	}
}

// alertStatus is that of an office; one that knows of no alerting has none.
func (o *Office) alertStatus() AlertStatus {
	if o.Alerting == nil {
		return AlertStatus{Failing: []AlertChannel{}}
	}
	return o.Alerting.Status()
}

func (q *request) alerting() (*answer, error) {
	return &answer{body: q.office.alertStatus()}, nil
}

func (q *request) testAlerts() (*answer, error) {
	b, err := q.readBody()
	if err != nil {
		return nil, err
	}
	var t alertTest
	if len(b) > 0 {
		if err := handlers.DecodeStrict(b, &t); err != nil {
			return nil, err
		}
	}
	if !q.office.alertStatus().Configured {
		return nil, domain.Refuse("alerts_not_configured", "ARC-05", "nobody is to be told of anything: name people or webhooks in the configuration file")
	}
	ctx, stop := context.WithTimeout(q.Context(), alertTime)
	defer stop()
	list, err := q.office.Alerting.Try(ctx, t.Role, t.Receiver)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		if t.Role == "" && t.Receiver == "" {
			return nil, missing("nobody can be told: neither onCall in the configuration nor a contact with a role and a mail address")
		}
		return nil, missing("no receiver fits role %q and receiver %q", clip(string(t.Role), 60), clip(string(t.Receiver), 60))
	}
	return &answer{body: pageOf(list)}, nil
}
