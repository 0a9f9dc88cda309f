package incident

import (
	"slices"

	"incidentledger/domain"
)

var peopleCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AssignOwner], Roles: handling, States: inLive,
		Events: []string{"OwnerAssigned"}, Example: `{"person":` + person + `}`}},
	{CommandType: domain.CommandType{New: blank[SetContactPoint], Roles: handling, States: inLive,
		Events: []string{"ContactPointSet"}, Example: `{"person":` + person + `}`}},
	{CommandType: domain.CommandType{New: blank[AssignRole], Roles: handling, States: inLive,
		Events: []string{"RoleAssigned"}, Example: `{"person":` + person + `,"role":"coordinator"}`}},
	{CommandType: domain.CommandType{New: blank[ReleaseRole], Roles: handling, States: inKept,
		Events: []string{"RoleReleased"}, Example: `{"person":` + person + `,"role":"coordinator"}`}},
}

var peopleEvents = []eventRow{
	told[OwnerAssigned](1),
	told[ContactPointSet](1),
	told[RoleAssigned](1),
	told[RoleReleased](1),
}

// OwnerAssigned says who owns the incident from now on; there is one owner.
type OwnerAssigned struct {
	Person domain.PersonID `json:"person" rule:"required"`
}

// ContactPointSet says who is the one fixed point of contact.
type ContactPointSet struct {
	Person domain.PersonID `json:"person" rule:"required"`
}

// RoleAssigned says that a person acts in a role in this incident.
type RoleAssigned struct {
	Person domain.PersonID `json:"person" rule:"required"`
	Role   domain.Code     `json:"role" rule:"required,codes=roles"`
}

// RoleReleased says that a person no longer acts in a role in this incident.
type RoleReleased struct {
	Person domain.PersonID `json:"person" rule:"required"`
	Role   domain.Code     `json:"role" rule:"required,codes=roles"`
}

func (OwnerAssigned) EventName() string   { return "OwnerAssigned" }
func (ContactPointSet) EventName() string { return "ContactPointSet" }
func (RoleAssigned) EventName() string    { return "RoleAssigned" }
func (RoleReleased) EventName() string    { return "RoleReleased" }

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

// AssignRole says who acts in which role in this incident: who assesses it
// (REG-06), coordinates it, or speaks to the press (REG-09). It gives no rights.
type AssignRole struct {
	// Person is who acts.
	Person domain.PersonID `json:"person" rule:"required"`
	// Role is the role in which that person acts here.
	Role domain.Code `json:"role" rule:"required,codes=roles"`
}

// ReleaseRole says that a person no longer acts in a role in this incident
// (REG-06, REG-09).
type ReleaseRole struct {
	// Person is who acted.
	Person domain.PersonID `json:"person" rule:"required"`
	// Role is the role that ends.
	Role domain.Code `json:"role" rule:"required,codes=roles"`
}

func (AssignOwner) CommandName() string     { return "AssignOwner" }
func (SetContactPoint) CommandName() string { return "SetContactPoint" }
func (AssignRole) CommandName() string      { return "AssignRole" }
func (ReleaseRole) CommandName() string     { return "ReleaseRole" }

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

func (c AssignRole) decide(d *deciding) error {
	if slices.Contains(d.s.Acting, RoleAssigned(c)) {
		return noChange("REG-06", "this person already acts as %s", c.Role)
	}
	d.emit(RoleAssigned(c))
	return nil
}

func (c ReleaseRole) decide(d *deciding) error {
	if !slices.Contains(d.s.Acting, RoleAssigned(c)) {
		return noChange("REG-06", "this person does not act as %s", c.Role)
	}
	d.emit(RoleReleased(c))
	return nil
}

// noChange refuses a command after which everything would be as before: an entry
// tells something new or is not written.
func noChange(requirement, format string, args ...any) *domain.Refusal {
	return domain.Refuse(RefusedNoChange, requirement, format, args...)
}

func (e OwnerAssigned) evolve(s *Incident, _ *posting)   { s.Owner = e.Person }
func (e ContactPointSet) evolve(s *Incident, _ *posting) { s.ContactPoint = e.Person }
func (e RoleAssigned) evolve(s *Incident, _ *posting)    { s.Acting = append(slices.Clip(s.Acting), e) }
func (e RoleReleased) evolve(s *Incident, _ *posting) {
	s.Acting = slices.DeleteFunc(slices.Clone(s.Acting), func(a RoleAssigned) bool { return a == RoleAssigned(e) })
}
