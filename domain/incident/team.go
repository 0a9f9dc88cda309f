package incident

import (
	"slices"

	"incidentledger/domain"
)

var teamCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[ComposeResponseTeam], Roles: directing, States: inLive,
		Events:  []string{"ResponseTeamComposed"},
		Example: `{"members":[` + person + `,"Forensics Ltd, first expert"],"orderedBy":"secretary"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[EngageExpert], Roles: handling, States: inLive,
		Events:  []string{"ExpertDecided"},
		Example: `{"engage":true,"expertise":"forensic","who":"Forensics Ltd","reason":"Traces of an intruder must be kept."}`}},
}

var teamEvents = []eventRow{
	told[ResponseTeamComposed](1),
	told[ExpertDecided](1),
}

// RefusedMandate is an order to act by somebody who cannot give it.
const RefusedMandate domain.Code = "no_mandate"

// ResponseTeamComposed says who forms the response team from now on, and by
// whose order. It replaces an earlier team.
type ResponseTeamComposed struct {
	Members   []Named `json:"members" rule:"required"`
	OrderedBy Named   `json:"orderedBy"`
}

// ExpertDecided says that somebody from outside is called in, or that it was
// weighed and is not needed.
type ExpertDecided struct {
	Engage    bool        `json:"engage"`
	Expertise domain.Code `json:"expertise" rule:"required,oneof=forensic|legal|technical|communication"`
	Who       domain.Text `json:"who,omitzero" seal:"aggregate" rule:"max=300"`
	Reason    domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (ResponseTeamComposed) EventName() string { return "ResponseTeamComposed" }
func (ExpertDecided) EventName() string        { return "ExpertDecided" }

// ComposeResponseTeam names those who are needed to handle the incident
// (MEA-01, ANA-03), by whose order (MEA-02). A team of a major incident is
// formed by order of the secretary or a person.
type ComposeResponseTeam struct {
	// Members are the whole team: ids of persons, roles, or names of outsiders.
	Members []Someone `json:"members" rule:"required"`
	// OrderedBy is a role, or the id of the person, by whose order.
	OrderedBy Someone `json:"orderedBy" rule:"required"`
}

// EngageExpert decides whether expertise from outside is called in (MEA-03),
// legal expertise among it (ANA-05). No is a decision too.
type EngageExpert struct {
	// Engage says yes; without it the answer is no.
	Engage bool `json:"engage,omitzero"`
	// Expertise is the kind of expertise.
	Expertise domain.Code `json:"expertise" rule:"required,oneof=forensic|legal|technical|communication"`
	// Who is called in.
	Who domain.Text `json:"who,omitzero" rule:"max=300"`
	// Reason says why or why not, and for legal expertise what the legal impact is.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (ComposeResponseTeam) CommandName() string { return "ComposeResponseTeam" }
func (EngageExpert) CommandName() string        { return "EngageExpert" }

func (c ComposeResponseTeam) decide(d *deciding) error {
	members, err := d.each("members", c.Members)
	if err != nil {
		return err
	}
	by, err := d.named("orderedBy", c.OrderedBy)
	if err != nil {
		return err
	}
	if d.s.Major && by.Person.IsZero() && by.Role != "secretary" {
		r := domain.Refuse(RefusedMandate, "MEA-02", "the response team of a major incident is formed by order of the secretary; name the role secretary, or the person, in orderedBy")
		r.Field = "orderedBy"
		if err := d.rule(r); err != nil {
			return err
		}
	}
	d.emit(ResponseTeamComposed{Members: members, OrderedBy: by})
	return nil
}

func (c EngageExpert) decide(d *deciding) error {
	if c.Engage && c.Who == "" {
		return malformed("who", "who is required: say who is called in")
	}
	d.emit(ExpertDecided(c))
	return nil
}

// A Team is who had a part in the incident, as far as they are persons: all of
// them take part in its evaluation (EVA-01).
type Team struct {
	Members []Named           // the response team of now; never changed in place
	Taken   []domain.PersonID // who was in it, acted, or was involved; never changed in place
}

// add takes persons up among those who had a part.
func (t *Team) add(list []Named) {
	for _, n := range list {
		if !n.Person.IsZero() && !slices.Contains(t.Taken, n.Person) {
			t.Taken = append(slices.Clip(t.Taken), n.Person)
		}
	}
}

func (e ResponseTeamComposed) evolve(s *Incident, _ *posting) {
	s.Team.Members = make([]Named, len(e.Members))
	for i, n := range e.Members {
		s.Team.Members[i] = n.open()
	}
	s.Team.add(e.Members)
}

func (ExpertDecided) evolve(*Incident, *posting) {}
