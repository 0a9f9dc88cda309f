package policy

import (
	"time"

	"incidentledger/domain"
)

// Origin is where a clock comes from; it stands in every event that sets one.
type Origin struct {
	Rule       domain.Code `json:"rule"`
	Recipient  domain.Code `json:"recipient"`
	Stage      domain.Code `json:"stage"`
	N          int         `json:"n"`
	Policy     domain.Hash `json:"policy"`
	Engine     domain.Code `json:"engine"`
	TZDB       domain.Code `json:"tzdb"` // hash of the time-zone rules used
	Zone       domain.Code `json:"zone"`
	AnchorPath domain.Code `json:"anchorPath"`
	Anchor     time.Time   `json:"anchor"`
}

// ClockArmed says that a term started to run.
type ClockArmed struct {
	Clock       domain.Code `json:"clock"`
	Origin      Origin      `json:"origin"`
	Due         time.Time   `json:"due,omitzero"` // absent: no fixed term
	Provisional bool        `json:"provisional"`
	Statutory   bool        `json:"statutory"`
	Service     bool        `json:"service"`
	Warn        []time.Time `json:"warn,omitempty"`
	Tolerance   int64       `json:"tolerance,omitempty"` // seconds after due before it is overdue
	Paused      bool        `json:"paused,omitempty"`    // the incident is on hold
}

// ClockMoved says that a later fact moved a term: its anchor, its due instant or
// whether it is provisional.
type ClockMoved struct {
	Clock       domain.Code `json:"clock"`
	Origin      Origin      `json:"origin"`
	Was         time.Time   `json:"was,omitzero"`
	Due         time.Time   `json:"due,omitzero"`
	Provisional bool        `json:"provisional"`
	Statutory   bool        `json:"statutory"`
	Service     bool        `json:"service"`
	Warn        []time.Time `json:"warn,omitempty"`
	Tolerance   int64       `json:"tolerance,omitempty"` // seconds after due before it is overdue
	Paused      bool        `json:"paused,omitempty"`    // the incident is on hold
	Reopened    bool        `json:"reopened,omitempty"`  // it was met or cancelled and runs again
}

// ClockMet says that what was owed was done.
type ClockMet struct {
	Clock  domain.Code `json:"clock"`
	At     time.Time   `json:"at"`
	Due    time.Time   `json:"due,omitzero"`
	OnTime bool        `json:"onTime"`
}

// ClockCancelled says that nothing is owed any more.
type ClockCancelled struct {
	Clock domain.Code `json:"clock"`
}

// ClockPaused says that an incident was put on hold and which terms stand still.
type ClockPaused struct {
	Clocks     []domain.Code `json:"clocks"`
	WaitingFor domain.Code   `json:"waitingFor" rule:"required"`
	From       time.Time     `json:"from"`
	Reason     domain.Text   `json:"reason,omitzero" seal:"aggregate"`
}

// ClockResumed says that the terms run again.
type ClockResumed struct {
	Clocks []domain.Code `json:"clocks"`
	To     time.Time     `json:"to"`
	Reason domain.Text   `json:"reason,omitzero" seal:"aggregate"`
}

// ClockDueSoon says that a warning instant of a running term has come.
type ClockDueSoon struct {
	Clock domain.Code `json:"clock"`
	Stage domain.Code `json:"stage"` // which warning: warn-1 is the first
	Due   time.Time   `json:"due"`
}

// ClockOverdue says that a term passed without being met.
type ClockOverdue struct {
	Clock domain.Code `json:"clock"`
	Due   time.Time   `json:"due"`
}

func (ClockArmed) EventName() string     { return "ClockArmed" }
func (ClockMoved) EventName() string     { return "ClockMoved" }
func (ClockMet) EventName() string       { return "ClockMet" }
func (ClockCancelled) EventName() string { return "ClockCancelled" }
func (ClockPaused) EventName() string    { return "ClockPaused" }
func (ClockResumed) EventName() string   { return "ClockResumed" }
func (ClockDueSoon) EventName() string   { return "ClockDueSoon" }
func (ClockOverdue) EventName() string   { return "ClockOverdue" }

// ClockNotes implements domain.ClockNoter.
func (e ClockArmed) ClockNotes() []domain.ClockNote {
	return []domain.ClockNote{{ID: string(e.Clock), Change: "armed", Due: e.Due, Provisional: e.Provisional}}
}

// ClockNotes implements domain.ClockNoter.
func (e ClockMoved) ClockNotes() []domain.ClockNote {
	return []domain.ClockNote{{ID: string(e.Clock), Change: "moved", Due: e.Due, Provisional: e.Provisional}}
}

// ClockNotes implements domain.ClockNoter.
func (e ClockMet) ClockNotes() []domain.ClockNote {
	return []domain.ClockNote{{ID: string(e.Clock), Change: "met", Due: e.Due}}
}

// ClockNotes implements domain.ClockNoter.
func (e ClockCancelled) ClockNotes() []domain.ClockNote {
	return []domain.ClockNote{{ID: string(e.Clock), Change: "cancelled"}}
}

// ClockNotes implements domain.ClockNoter.
func (e ClockDueSoon) ClockNotes() []domain.ClockNote {
	return []domain.ClockNote{{ID: string(e.Clock), Change: "due-soon", Due: e.Due}}
}

// ClockNotes implements domain.ClockNoter.
func (e ClockOverdue) ClockNotes() []domain.ClockNote {
	return []domain.ClockNote{{ID: string(e.Clock), Change: "overdue", Due: e.Due}}
}

// ClockNotes implements domain.ClockNoter.
func (e ClockPaused) ClockNotes() []domain.ClockNote { return notes(e.Clocks, "paused") }

// ClockNotes implements domain.ClockNoter.
func (e ClockResumed) ClockNotes() []domain.ClockNote { return notes(e.Clocks, "resumed") }

func notes(ids []domain.Code, change string) []domain.ClockNote {
	out := make([]domain.ClockNote, len(ids))
	for i, id := range ids {
		out[i] = domain.ClockNote{ID: string(id), Change: change}
	}
	return out
}

// EventTypes are the stored shapes of clock events, for kinds that have clocks.
func EventTypes() []domain.EventType {
	return []domain.EventType{
		domain.Shape[ClockArmed](1),
		domain.Shape[ClockMoved](1),
		domain.Shape[ClockMet](1),
		domain.Shape[ClockCancelled](1),
		domain.Shape[ClockPaused](1),
		domain.Shape[ClockResumed](1),
		domain.Shape[ClockDueSoon](1),
		domain.Shape[ClockOverdue](1),
	}
}
