package alerts

import (
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// Events that messages are made of, as integration events name them.
const (
	escalated    domain.Code = "IncidentEscalated"
	dueSoon      domain.Code = "ClockDueSoon"
	overdue      domain.Code = "ClockOverdue"
	armed        domain.Code = "ClockArmed"
	calamity     domain.Code = "CalamityDeclared"
	failed       domain.Code = "AlertFailed"
	nobodyOnCall domain.Code = "NobodyOnCall"
)

// subjectTokens is how the subjects of integration events name an event type.
var subjectTokens = map[domain.Code]string{
	escalated:    "incident-escalated",
	dueSoon:      "clock-due-soon",
	overdue:      "clock-overdue",
	armed:        "clock-armed",
	calamity:     "calamity-declared",
	failed:       "alert-failed",
	nobodyOnCall: "nobody-on-call",
}

// told is what a message needs to know of an integration event.
type told struct {
	Seq   domain.Seq      `json:"seq"`
	Index int             `json:"index"`
	Org   domain.OrgID    `json:"org"`
	Kind  domain.KindName `json:"kind"`
	Key   domain.Key      `json:"key"`
	Order domain.OrderID  `json:"order"`
	Type  domain.Code     `json:"type"`
	Event struct {
		Clock domain.Code `json:"clock"`
		Due   time.Time   `json:"due"`

		Escalation domain.Key      `json:"escalation"`
		To         domain.Code     `json:"to"`
		ToPerson   domain.PersonID `json:"toPerson"`
		Level      int             `json:"level"`
		At         time.Time       `json:"at"`

		Channel domain.Code `json:"channel"`
		About   domain.Code `json:"about"`
		Last    bool        `json:"last"`
	} `json:"event"`

	id   string
	time time.Time // when the ledger recorded it
}

func read(data []byte) (told, error) {
	var e event.Event
	var t told
	if err := e.UnmarshalJSON(data); err != nil {
		return t, fmt.Errorf("no CloudEvent: %w", err)
	}
	if err := json.Unmarshal(e.Data(), &t); err != nil {
		return t, fmt.Errorf("CloudEvent %s: %w", e.ID(), err)
	}
	t.id, t.time = e.ID(), e.Time()
	if t.Order.IsZero() || t.Key.IsZero() || t.Kind != incident.Name {
		return t, fmt.Errorf("CloudEvent %s does not say which incident it is about", t.id)
	}
	return t, nil
}

// instant is when that which is told of was due, or happened.
func (t *told) instant() time.Time {
	if !t.Event.Due.IsZero() {
		return t.Event.Due
	}
	return t.Event.At
}
