package incident

import (
	"time"

	"incidentledger/domain"
)

var deliveryCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[RecordDelivery], System: true,
		Events:  []string{"AlertDelivered", "AlertFailed"},
		Example: `{"alert":` + person + `,"channel":"webhook","attempt":1,"outcome":"delivered","status":200}`}},
	{CommandType: domain.CommandType{New: blank[RecordNobodyOnCall], System: true,
		Events:  []string{"NobodyOnCall"},
		Example: `{"alert":` + person + `,"role":"security-officer"}`}},
}

var deliveryEvents = []eventRow{
	told[AlertDelivered](1),
	told[AlertFailed](1),
	kept[NobodyOnCall](1),
}

// AlertDelivered says that a message about the incident reached its receiver.
type AlertDelivered struct {
	Alert   domain.Key  `json:"alert" rule:"required"`
	Clock   domain.Code `json:"clock,omitzero"`
	Channel domain.Code `json:"channel" rule:"required"`
	Attempt int         `json:"attempt" rule:"required,min=1"`
	Status  int         `json:"status,omitzero"`

	Receiver domain.Code `json:"receiver,omitzero"` // who was to get it
	About    domain.Code `json:"about,omitzero"`    // what it told of: due-soon, escalation …
}

// AlertFailed says that an attempt to deliver a message did not succeed.
type AlertFailed struct {
	Alert   domain.Key  `json:"alert" rule:"required"`
	Clock   domain.Code `json:"clock,omitzero"`
	Channel domain.Code `json:"channel" rule:"required"`
	Attempt int         `json:"attempt" rule:"required,min=1"`
	Status  int         `json:"status,omitzero"`

	Receiver domain.Code `json:"receiver,omitzero"` // who was to get it
	About    domain.Code `json:"about,omitzero"`    // what it told of: due-soon, escalation …
	Last     bool        `json:"last,omitzero"`     // this way was given up
}

// NobodyOnCall says that a message found nobody who has the role, or not the
// person, it was meant for. It went to whoever comes next.
type NobodyOnCall struct {
	Alert  domain.Key      `json:"alert"`
	Role   domain.Code     `json:"role,omitzero"`
	Person domain.PersonID `json:"person,omitzero"`
	Clock  domain.Code     `json:"clock,omitzero"`
}

func (AlertDelivered) EventName() string { return "AlertDelivered" }
func (AlertFailed) EventName() string    { return "AlertFailed" }
func (NobodyOnCall) EventName() string   { return "NobodyOnCall" }

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
	// Receiver is who was to get it, where that is somebody on call.
	Receiver domain.Code `json:"receiver,omitzero"`
	// About is what the message told of.
	About domain.Code `json:"about,omitzero"`
	// Last says that this way is given up after a failure.
	Last bool `json:"last,omitzero"`
}

// RecordNobodyOnCall says that there is nobody to tell. The program itself gives
// it, once for each message and role (ARC-05).
type RecordNobodyOnCall struct {
	// Alert is the id of the message.
	Alert domain.Key `json:"alert" rule:"required"`
	// Role is the role that nobody has now.
	Role domain.Code `json:"role,omitzero"`
	// Person is the person that no way leads to, in place of a role.
	Person domain.PersonID `json:"person,omitzero"`
	// Clock is the clock it is about, where it is about one.
	Clock domain.Code `json:"clock,omitzero"`
}

func (RecordDelivery) CommandName() string     { return "RecordDelivery" }
func (RecordNobodyOnCall) CommandName() string { return "RecordNobodyOnCall" }

func (c RecordDelivery) decide(d *deciding) error {
	delivered := c.Outcome == "delivered"
	if _, ok := d.s.deliveries[delivery{c.Alert, c.Channel, c.Attempt, delivered}]; ok {
		return noChange("ARC-05", "attempt %d of alert %s by %s is already recorded", c.Attempt, c.Alert, c.Channel)
	}
	if delivered {
		d.emit(AlertDelivered{Alert: c.Alert, Clock: c.Clock, Channel: c.Channel, Attempt: c.Attempt, Status: c.Status, Receiver: c.Receiver, About: c.About})
	} else {
		d.emit(AlertFailed{Alert: c.Alert, Clock: c.Clock, Channel: c.Channel, Attempt: c.Attempt, Status: c.Status, Receiver: c.Receiver, About: c.About, Last: c.Last})
	}
	return nil
}

func (c RecordNobodyOnCall) decide(d *deciding) error {
	if (c.Role == "") == c.Person.IsZero() {
		return malformed("role", "give either a role or a person")
	}
	d.emit(NobodyOnCall(c))
	return nil
}

// A delivery is one outcome of one attempt.
type delivery struct {
	alert     domain.Key
	channel   domain.Code
	attempt   int
	delivered bool
}

// A Trial sums up the attempts to bring a message by one way.
type Trial struct {
	Attempts  int
	Last      time.Time // when the last attempt was recorded
	Delivered bool
	GivenUp   bool
}

// Tried tells what became of a message by one way.
func (s *Incident) Tried(alert domain.Key, channel domain.Code) Trial {
	var t Trial
	for d, o := range s.deliveries {
		if d.alert != alert || d.channel != channel {
			continue
		}
		t.Attempts = max(t.Attempts, d.attempt)
		t.Delivered = t.Delivered || d.delivered
		t.GivenUp = t.GivenUp || o.last
		if o.at.After(t.Last) {
			t.Last = o.at
		}
	}
	return t
}

// An outcome is when an attempt was recorded and whether it was the last.
type outcome struct {
	at   time.Time
	last bool
}

func (s *Incident) record(v delivery, o outcome) {
	if s.deliveries == nil {
		s.deliveries = map[delivery]outcome{}
	}
	s.deliveries[v] = o
}

func (e AlertDelivered) evolve(s *Incident, p *posting) {
	s.record(delivery{e.Alert, e.Channel, e.Attempt, true}, outcome{at: p.recorded})
}

func (e AlertFailed) evolve(s *Incident, p *posting) {
	s.record(delivery{e.Alert, e.Channel, e.Attempt, false}, outcome{p.recorded, e.Last})
}

func (NobodyOnCall) evolve(*Incident, *posting) {}
