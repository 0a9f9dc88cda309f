package duties

import (
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "duties"

// New gives the view of duties.
func New() *projections.Things {
	heeded := projections.Whole(incident.Name, policy.ClockArmed{}, policy.ClockMoved{}, policy.ClockMet{}, policy.ClockCancelled{},
		incident.DutyDecided{}, incident.ExemptionRecorded{}, incident.AuthorityNotified{}, incident.NotificationChannelAdded{},
		incident.NotificationWithdrawn{}, incident.NotificationReceiptRecorded{}, incident.DataSubjectsInformed{}, incident.ControllerNotified{})
	return &projections.Things{
		Called: Name, Number: 2, Shapes: incident.EventTypes(), Index: index, Follows: follows, Classify: incident.Classify,
		Of: func(en *domain.Entry, e domain.Event) []string {
			if armed, ok := e.(policy.ClockArmed); ok && !policy.ClockID(armed.Clock).Owed() {
				return nil
			}
			return heeded(en, e)
		},
	}
}

// follows tells of what happens to clocks that are no duties as well.
func follows(e domain.Event) bool {
	switch e := e.(type) {
	case policy.ClockMoved:
		return !policy.ClockID(e.Clock).Owed()
	case policy.ClockMet, policy.ClockCancelled:
		return true
	}
	return false
}

// A Duty is something owed to somebody outside, as it stands.
type Duty struct {
	Key         domain.Key     `json:"key"`
	ID          policy.ClockID `json:"duty"`
	Rule        domain.Code    `json:"rule"`
	Recipient   domain.Code    `json:"recipient" doc:"to whom it is owed"`
	Stage       domain.Code    `json:"stage"`
	State       domain.Code    `json:"state" doc:"open, on-time, late, done (it had no fixed term), not-owed, exempted or cancelled"`
	Statutory   bool           `json:"statutory" doc:"from law or agreement"`
	Due         time.Time      `json:"due,omitzero" doc:"absent: the rule gives no fixed term"`
	Provisional bool           `json:"provisional"`
	Met         time.Time      `json:"met,omitzero"`
	Decided     domain.Code    `json:"decided,omitempty" doc:"owed, not-owed or exempted, where somebody decided"`
	Exemption   domain.Code    `json:"exemption,omitempty"`
	DecidedIn   domain.Seq     `json:"decidedIn,omitempty" doc:"the entry with the grounds"`

	MissingChannels []domain.Code `json:"missingChannels,omitempty"`
	MissingAnswers  []domain.Code `json:"missingAnswers,omitempty" doc:"what the recipient is still owed of what was sent"`
	Sent            []Sending     `json:"sent,omitempty"`

	projections.Stamp // who last told of it

	overdueAt time.Time
}

// A Sending is what was sent to meet a duty.
type Sending struct {
	Notification domain.Key    `json:"notification,omitzero"`
	To           domain.Code   `json:"to"`
	Regime       domain.Code   `json:"regime,omitempty"`
	Stage        domain.Code   `json:"stage,omitempty"`
	Submitted    time.Time     `json:"submitted"`
	Complete     time.Time     `json:"complete,omitzero" doc:"when it was delivered by every channel that is needed"`
	Channels     []domain.Code `json:"channels,omitempty" doc:"kind and outcome of each attempt"`
	Receipt      time.Time     `json:"receipt,omitzero" doc:"when the recipient acknowledged it"`
	Withdrawn    bool          `json:"withdrawn,omitempty"`
	LateReason   bool          `json:"lateReason,omitempty" doc:"the entry gives reasons for the delay"`

	missing, lacks []domain.Code

	projections.Stamp
}

// Open reports whether the duty is neither done nor decided.
func (d *Duty) Open() bool { return d.State == "open" }

// Overdue reports whether an open duty is overdue at an instant.
func (d *Duty) Overdue(at time.Time) bool {
	return d.Open() && !d.overdueAt.IsZero() && at.After(d.overdueAt)
}

// Of sums up the duties of an incident, by their ids.
func Of(t *projections.Thing) []Duty {
	clocks := map[policy.ClockID]policy.Clock{}
	last := map[policy.ClockID]*projections.Told{}
	decided := map[policy.ClockID]Duty{}
	decide := func(told *projections.Told, duty, what, exemption domain.Code) {
		id := policy.ClockID(duty)
		decided[id] = Duty{Decided: what, Exemption: exemption, DecidedIn: told.Seq}
		last[id] = told
	}
	for i := range t.Told {
		told := &t.Told[i]
		switch e := told.Event.(type) {
		case policy.ClockArmed:
			last[policy.ClockID(e.Clock)] = told
		case policy.ClockMoved:
			last[policy.ClockID(e.Clock)] = told
		case policy.ClockMet:
			last[policy.ClockID(e.Clock)] = told
		case policy.ClockCancelled:
			last[policy.ClockID(e.Clock)] = told
		case incident.DutyDecided:
			if e.Applicable {
				decide(told, e.Duty, "owed", "")
			} else {
				decide(told, e.Duty, "not-owed", "")
			}
		case incident.ExemptionRecorded:
			decide(told, e.Duty, "exempted", e.Exemption)
		}
		policy.Apply(clocks, told.Event)
	}
	sent := sendings(t)
	var out []Duty
	for id, c := range clocks {
		if !id.Owed() {
			continue
		}
		d := decided[id]
		d.Key, d.ID, d.Rule, d.Recipient, d.Stage, d.Statutory = t.Ref.Key, id, c.Rule, c.Recipient, c.Stage, c.Statutory
		d.Due, d.Provisional, d.Met, d.overdueAt, d.Stamp = c.Due, c.Provisional, c.Met, c.OverdueAt(), last[id].Stamp()
		d.State = state(c, d.Decided)
		d.answeredBy(sent)
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Duty) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

func state(c policy.Clock, decided domain.Code) domain.Code {
	switch {
	case !c.Met.IsZero() && c.Due.IsZero():
		return "done"
	case !c.Met.IsZero() && c.OnTime():
		return "on-time"
	case !c.Met.IsZero():
		return "late"
	case decided == "not-owed" || decided == "exempted":
		return decided
	case c.Cancelled:
		return "cancelled"
	}
	return "open"
}

// The orders in which duties stand in the index.
const (
	dated byte = iota
	undated
	settled
)

// place is where a duty stands in the index.
func place(d *Duty) []byte {
	order := dated
	if !d.Open() {
		order = settled
	} else if d.Due.IsZero() {
		order = undated
	}
	return projections.KeyText(projections.KeyTime([]byte{order}, d.Due), string(d.ID))
}

func index(t *projections.Thing) [][]byte {
	var out [][]byte
	for _, d := range Of(t) {
		out = append(out, place(&d))
	}
	return out
}
