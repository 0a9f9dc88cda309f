package domain

import (
	"fmt"
	"time"
)

// An Order is a command on its way: who asks what, of which aggregate, and
// when it happened.
type Order struct {
	ID   OrderID
	Org  OrgID
	Kind KindName
	Key  Key // zero for a command that begins an aggregate: NewKey gives it

	Actor    Actor
	By       *By    // on whose word
	Occurred Moment // zero: the desk takes its own time, precision second
	Happened Text   // why a fact that breaks a rule is recorded all the same (contract 3)
	IfSeq    *Seq   // the caller's idea of the aggregate's last entry; nil: any

	Correlation OrderID
	Causation   OrderID
	DryRun      bool // decide, tell, write nothing

	Command Command

	Recorded time.Time // stamped by the desk; what Decide takes for now
}

// A Receipt answers an accepted order.
type Receipt struct {
	Seq      Seq               `json:"seq"` // 0 for a dry run
	Kind     KindName          `json:"kind"`
	Key      Key               `json:"key"`
	Number   string            `json:"number,omitzero"` // an incident's human number, where it has one yet
	Repeated bool              `json:"repeated"`        // this order was accepted before
	DryRun   bool              `json:"dryRun,omitzero"`
	Recorded time.Time         `json:"recorded"`
	Events   []string          `json:"events"` // event types, in order
	IDs      map[string]string `json:"ids"`
	Clocks   []ClockNote       `json:"clocks"`
	Duties   []string          `json:"duties"` // what is owed to others that the order created, changed or met: ids of their clocks
	Warnings []Warning         `json:"warnings"`

	Entry Entry `json:"-"` // what was appended, or would be
}

// A ClockNote tells what an order did to one clock.
type ClockNote struct {
	ID          string    `json:"id"`
	Change      string    `json:"change"`       // armed, moved, met, cancelled, due-soon, overdue, paused, resumed
	Due         time.Time `json:"due,omitzero"` // zero: no fixed term
	Provisional bool      `json:"provisional,omitempty"`
}

// ClockNoter is an event that does something to clocks.
type ClockNoter interface{ ClockNotes() []ClockNote }

// A Refusal is a rule's no. It changes nothing.
type Refusal struct {
	Code        Code     `json:"code"`
	Text        string   `json:"text"`
	Requirement string   `json:"requirement,omitempty"` // requirement id, law article or contract section
	Field       string   `json:"field,omitempty"`       // the field at fault, as a path
	Allowed     []string `json:"allowed,omitempty"`     // what would be allowed now
}

func (r *Refusal) Error() string {
	s := string(r.Code) + ": " + r.Text
	if r.Requirement != "" {
		s += " (" + r.Requirement + ")"
	}
	return s
}

// Refuse makes a refusal.
func Refuse(code Code, requirement, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Requirement: requirement, Text: fmt.Sprintf(format, args...)}
}

// Codes of refusals that doors map to an exit code or status of their own. All
// other refusals are rules: exit 3, status 422.
const (
	CodeInvalid   Code = "invalid"         // a field breaks its declaration: exit 3, status 422
	CodeMalformed Code = "malformed"       // not even readable as an order: exit 2, status 400
	CodeNotFound  Code = "not_found"       // exit 4, status 404
	CodeConflict  Code = "conflict"        // the aggregate moved on: exit 5, status 409
	CodeStale     Code = "stale"           // if-seq names another entry than the last: exit 5, status 412
	CodeReused    Code = "order_id_reused" // the same id with other content: exit 5, status 409
	CodeDenied    Code = "denied"          // the role may not: exit 6, status 403
)

// RuleDeviated stands among the events of a fact that was accepted although a
// rule refuses it as an intention (contract 3).
type RuleDeviated struct {
	Code        Code `json:"code"`
	Requirement Code `json:"requirement,omitzero"`
	Reason      Text `json:"reason,omitzero" seal:"aggregate"`
}

// EventName implements Event.
func (RuleDeviated) EventName() string { return "RuleDeviated" }
