package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var escalateCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[Escalate], Roles: append(slices.Clip(handling), "board", "representative", "expert"), States: inLive,
		Events:  []string{"IncidentEscalated"},
		Example: `{"to":"secretary","kind":"hierarchical","level":2,"because":"manual","reason":"A decision on shutting the counters is needed."}`}},
	{CommandType: domain.CommandType{New: blank[AcknowledgeEscalation], States: inKept,
		Events: []string{"EscalationAcknowledged"}, Example: `{"escalation":` + person + `}`}},
}

var escalateEvents = []eventRow{
	told[IncidentEscalated](1),
	told[EscalationAcknowledged](1),
}

// IncidentEscalated says that the incident was put before a role or person.
// Exactly one of To and ToPerson is given.
type IncidentEscalated struct {
	Escalation domain.Key      `json:"escalation"`
	To         domain.Code     `json:"to,omitzero" rule:"codes=roles"`
	ToPerson   domain.PersonID `json:"toPerson,omitzero"`
	Kind       domain.Code     `json:"kind" rule:"required,oneof=functional|hierarchical|external"`
	Level      int             `json:"level" rule:"required,min=1,max=9"`
	Because    domain.Code     `json:"because" rule:"required,oneof=deadline|manual|calamity|overrun"`
	Reason     domain.Text     `json:"reason,omitzero" seal:"aggregate"`
	At         time.Time       `json:"at" rule:"required,past"`
}

// EscalationAcknowledged says that the one escalated to has taken notice.
type EscalationAcknowledged struct {
	Escalation domain.Key `json:"escalation" rule:"required"`
	At         time.Time  `json:"at" rule:"required,past"`
}

func (IncidentEscalated) EventName() string      { return "IncidentEscalated" }
func (EscalationAcknowledged) EventName() string { return "EscalationAcknowledged" }

// Escalate puts the incident before a role or a person for help or decision
// (MAJ-09, BCM-02, NOT-01).
type Escalate struct {
	// To is a role code or the id of a person.
	To domain.Code `json:"to" rule:"required"`
	// Kind tells whether expertise, authority or somebody outside is called.
	Kind domain.Code `json:"kind" rule:"required,oneof=functional|hierarchical|external"`
	// Level is the step of the ladder, from 1.
	Level int `json:"level" rule:"required,min=1,max=9"`
	// Because tells what led to it.
	Because domain.Code `json:"because" rule:"required,oneof=deadline|manual|calamity|overrun"`
	// Reason says what is asked and why.
	Reason domain.Text `json:"reason" rule:"required"`
}

// AcknowledgeEscalation says that the one escalated to has taken notice
// (MAJ-09).
type AcknowledgeEscalation struct {
	// Escalation is the id that the receipt of Escalate gave.
	Escalation domain.Key `json:"escalation" rule:"required"`
}

func (Escalate) CommandName() string              { return "Escalate" }
func (AcknowledgeEscalation) CommandName() string { return "AcknowledgeEscalation" }

func (c Escalate) decide(d *deciding) error {
	e := IncidentEscalated{
		To: c.To, Kind: c.Kind, Level: c.Level, Because: c.Because, Reason: c.Reason, At: d.at,
	}
	if err := e.ToPerson.UnmarshalText([]byte(c.To)); err == nil {
		e.To = ""
	} else if e.ToPerson = (domain.PersonID{}); !d.set.HasCode("roles", c.To) {
		return malformed("to", "to is %q, which is neither a role of the adopted policy set nor the id of a person", c.To)
	}
	e.Escalation = d.made("escalation")
	d.emit(e)
	return nil
}

func (c AcknowledgeEscalation) decide(d *deciding) error {
	for _, e := range d.s.Escalations {
		if e.ID != c.Escalation {
			continue
		}
		if !e.Acknowledged.IsZero() {
			return noChange("MAJ-09", "the escalation was acknowledged at %s", stamp(e.Acknowledged))
		}
		d.emit(EscalationAcknowledged{Escalation: c.Escalation, At: d.at})
		return nil
	}
	return unknown("escalation", "the incident has no escalation %s", c.Escalation)
}

// escalation makes the escalation that follows by itself: one step above those
// before it.
func (d *deciding) escalation(s *Incident, to, because domain.Code) IncidentEscalated {
	level := 1
	for _, e := range s.Escalations {
		level = min(max(level, e.Level+1), 9)
	}
	return IncidentEscalated{Escalation: d.made("escalation"), To: to, Kind: "hierarchical", Level: level, Because: because, At: d.at}
}

// tellEscalations adds the escalations, so that a policy can let one that nobody
// answers go a step further (MAJ-09).
func (t *Told) tellEscalations(f *policy.Facts) {
	if len(t.Escalations) == 0 {
		return
	}
	items := make([]policy.Item, len(t.Escalations))
	for i, e := range t.Escalations {
		items[i] = policy.Item{
			N:    i + 1,
			At:   map[policy.Path]time.Time{policy.EscalationAt: e.At},
			Code: map[policy.Path]domain.Code{policy.EscalationKind: e.Kind},
			Num:  map[policy.Path]int64{policy.EscalationLevel: int64(e.Level)},
		}
		if !e.Acknowledged.IsZero() {
			items[i].At[policy.EscalationAnswered] = e.Acknowledged
		}
	}
	f.Each[policy.EachEscalation] = items
}

// unknown refuses a reference to something the incident does not have.
func unknown(field, format string, args ...any) *domain.Refusal {
	r := domain.Refuse(RefusedUnknown, "contract 3", format, args...)
	r.Field = field
	return r
}

func (e IncidentEscalated) evolve(s *Incident, _ *posting) {
	s.Escalations = append(s.Escalations, Escalation{ID: e.Escalation, To: e.To, ToPerson: e.ToPerson, Kind: e.Kind, Level: e.Level, At: e.At})
}

func (e EscalationAcknowledged) evolve(s *Incident, _ *posting) {
	for i := range s.Escalations {
		if s.Escalations[i].ID == e.Escalation {
			s.Escalations[i].Acknowledged = e.At
		}
	}
}
