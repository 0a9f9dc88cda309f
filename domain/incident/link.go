package incident

import (
	"slices"

	"incidentledger/domain"
)

var linkCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[LinkIncident], Roles: handling, States: inKept,
		Events:  []string{"IncidentLinked"},
		Example: `{"other":` + person + `,"relation":"sibling","organisation":"kompas"}`}},
}

var linkEvents = []eventRow{
	told[IncidentLinked](1),
}

// IncidentLinked says how another incident, here or at another organisation,
// hangs together with this one.
type IncidentLinked struct {
	Other        domain.Key   `json:"other" rule:"required"`
	Relation     domain.Code  `json:"relation" rule:"required,oneof=sibling|duplicate|cause"`
	Organisation domain.OrgID `json:"organisation,omitzero"`
}

// EventName implements domain.Event.
func (IncidentLinked) EventName() string { return "IncidentLinked" }

// LinkIncident says that another incident hangs together with this one. Each
// organisation keeps its own incident, and its own duties (CHN-13, NOT-11).
type LinkIncident struct {
	// Other is the other incident: its number or id, its id where it is another organisation's.
	Other domain.Key `json:"other" rule:"required,incident=organisation"`
	// Relation tells whether it is the same event elsewhere, the same report again, or what caused this one.
	Relation domain.Code `json:"relation" rule:"required,oneof=sibling|duplicate|cause"`
	// Organisation is whose incident it is, where it is not this one's.
	Organisation domain.OrgID `json:"organisation,omitzero"`
}

// CommandName implements domain.Command.
func (LinkIncident) CommandName() string { return "LinkIncident" }

func (c LinkIncident) decide(d *deciding) error {
	if c.Organisation == d.o.Org {
		c.Organisation = ""
	}
	switch e := IncidentLinked(c); {
	case c.Other == d.s.Key && c.Organisation == "":
		return malformed("other", "other names the incident itself")
	case slices.Contains(d.s.Links, e):
		return noChange("CHN-13", "the incidents are already linked so")
	default:
		d.emit(e)
	}
	if c.Relation == "duplicate" && c.Organisation == "" {
		d.warn("goes_on_twice", "REG-03", "both incidents go on: MergeReport ends the one that is a duplicate")
	}
	return nil
}

func (e IncidentLinked) evolve(s *Incident, _ *posting) { s.Links = append(slices.Clip(s.Links), e) }
