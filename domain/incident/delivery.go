package incident

import "incidentledger/domain"

var deliveryCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[RecordDelivery], System: true,
		Events:  []string{"AlertDelivered", "AlertFailed"},
		Example: `{"alert":` + person + `,"channel":"webhook","attempt":1,"outcome":"delivered","status":200}`}},
}

var deliveryEvents = []eventRow{
	told[AlertDelivered](1),
	told[AlertFailed](1),
}

// AlertDelivered says that a message about the incident reached its receiver.
type AlertDelivered struct {
	Alert   domain.Key  `json:"alert" rule:"required"`
	Clock   domain.Code `json:"clock,omitzero"`
	Channel domain.Code `json:"channel" rule:"required"`
	Attempt int         `json:"attempt" rule:"required,min=1"`
	Status  int         `json:"status,omitzero"`
}

// AlertFailed says that an attempt to deliver a message did not succeed.
type AlertFailed struct {
	Alert   domain.Key  `json:"alert" rule:"required"`
	Clock   domain.Code `json:"clock,omitzero"`
	Channel domain.Code `json:"channel" rule:"required"`
	Attempt int         `json:"attempt" rule:"required,min=1"`
	Status  int         `json:"status,omitzero"`
}

func (AlertDelivered) EventName() string { return "AlertDelivered" }
func (AlertFailed) EventName() string    { return "AlertFailed" }

// RecordDelivery says how an attempt to deliver an alert ended. The program
// itself gives it after every attempt.
type RecordDelivery struct {
	// Alert is the id of the message.
	Alert domain.Key `json:"alert" rule:"required"`
	// Clock is the clock it is about, where it is about one.
	Clock domain.Code `json:"clock,omitzero"`
	// Channel is the way it went.
	Channel domain.Code `json:"channel" rule:"required"`
	// Attempt counts the attempts, from 1.
	Attempt int `json:"attempt" rule:"required,min=1"`
	// Outcome tells whether it arrived.
	Outcome domain.Code `json:"outcome" rule:"required,oneof=delivered|failed"`
	// Status is what the receiving side answered, such as 200 or 550.
	Status int `json:"status,omitzero"`
}

func (RecordDelivery) CommandName() string { return "RecordDelivery" }

func (c RecordDelivery) decide(d *deciding) error {
	delivered := c.Outcome == "delivered"
	if d.s.deliveries[delivery{c.Alert, c.Channel, c.Attempt, delivered}] {
		return noChange("ARC-05", "attempt %d of alert %s by %s is already recorded", c.Attempt, c.Alert, c.Channel)
	}
	if delivered {
		d.emit(AlertDelivered{Alert: c.Alert, Clock: c.Clock, Channel: c.Channel, Attempt: c.Attempt, Status: c.Status})
	} else {
		d.emit(AlertFailed{Alert: c.Alert, Clock: c.Clock, Channel: c.Channel, Attempt: c.Attempt, Status: c.Status})
	}
	return nil
}

func (s *Incident) record(v delivery) {
	if s.deliveries == nil {
		s.deliveries = map[delivery]bool{}
	}
	s.deliveries[v] = true
}

func (e AlertDelivered) evolve(s *Incident, _ *posting) {
	s.record(delivery{e.Alert, e.Channel, e.Attempt, true})
}

func (e AlertFailed) evolve(s *Incident, _ *posting) {
	s.record(delivery{e.Alert, e.Channel, e.Attempt, false})
}
