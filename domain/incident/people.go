package incident

import "incidentledger/domain"

var peopleCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AssignOwner], Roles: handling, States: inLive,
		Events: []string{"OwnerAssigned"}, Example: `{"person":` + person + `}`}},
	{CommandType: domain.CommandType{New: blank[SetContactPoint], Roles: handling, States: inLive,
		Events: []string{"ContactPointSet"}, Example: `{"person":` + person + `}`}},
}

var peopleEvents = []eventRow{
	told[OwnerAssigned](1),
	told[ContactPointSet](1),
}

// OwnerAssigned says who owns the incident from now on; there is one owner.
type OwnerAssigned struct {
	Person domain.PersonID `json:"person" rule:"required"`
}

// ContactPointSet says who is the one fixed point of contact.
type ContactPointSet struct {
	Person domain.PersonID `json:"person" rule:"required"`
}

func (OwnerAssigned) EventName() string   { return "OwnerAssigned" }
func (ContactPointSet) EventName() string { return "ContactPointSet" }

// AssignOwner names the one owner of the incident (REG-05).
type AssignOwner struct {
	// Person is the owner from now on.
	Person domain.PersonID `json:"person" rule:"required"`
}

// SetContactPoint names the one fixed point of contact (REG-05).
type SetContactPoint struct {
	// Person is the point of contact from now on.
	Person domain.PersonID `json:"person" rule:"required"`
}

func (AssignOwner) CommandName() string     { return "AssignOwner" }
func (SetContactPoint) CommandName() string { return "SetContactPoint" }

func (c AssignOwner) decide(d *deciding) error {
	if c.Person == d.s.Owner {
		return noChange("REG-05", "the incident already has this owner")
	}
	d.emit(OwnerAssigned(c))
	return nil
}

func (c SetContactPoint) decide(d *deciding) error {
	if c.Person == d.s.ContactPoint {
		return noChange("REG-05", "the incident already has this point of contact")
	}
	d.emit(ContactPointSet(c))
	return nil
}

// noChange refuses a command after which everything would be as before: an entry
// tells something new or is not written.
func noChange(requirement, format string, args ...any) *domain.Refusal {
	return domain.Refuse(RefusedNoChange, requirement, format, args...)
}

func (e OwnerAssigned) evolve(s *Incident, _ *posting)   { s.Owner = e.Person }
func (e ContactPointSet) evolve(s *Incident, _ *posting) { s.ContactPoint = e.Person }
