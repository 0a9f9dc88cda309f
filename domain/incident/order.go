package incident

import (
	"slices"

	"incidentledger/domain"
)

// mediums are the ways in which somebody's word can reach the actor.
var mediums = []domain.Code{"oral", "phone", "paper", "email"}

// checkOrder judges what every order has besides its command. These are rules of
// form: no fact gets past them.
func (d *deciding) checkOrder() error {
	o := &d.o
	if !o.Occurred.IsZero() {
		if err := domain.CheckInstant("occurred", o.Occurred.Time, d.now, true); err != nil {
			return err
		}
	}
	if o.Occurred.Precision != "" && !o.Occurred.Precision.Valid() {
		return malformed("precision", "precision is %q; choose one of second, minute, hour, day, about", o.Occurred.Precision)
	}
	if err := domain.CheckText("happened", string(o.Happened), domain.DefaultTextMax); err != nil {
		return err
	}
	if o.By == nil {
		return nil
	}
	if !slices.Contains(mediums, o.By.Medium) {
		return malformed("by.medium", "by.medium is %q; choose one of oral, phone, paper, email", o.By.Medium)
	}
	given := 0
	for _, ok := range []bool{!o.By.Person.IsZero(), !o.By.Contact.IsZero(), o.By.Text != ""} {
		if ok {
			given++
		}
	}
	if given != 1 {
		return malformed("by", "by names %d of person, contact and text; give exactly one", given)
	}
	return domain.CheckText("by.text", string(o.By.Text), 300)
}

// checkActor judges who gives the order.
func (d *deciding) checkActor(row commandRow) error {
	a := d.o.Actor
	switch a.Proof {
	case "anonymous":
		return d.checkAnonymous()
	case "system":
		return nil
	}
	if c, ok := report(d.o.Command); ok && c.Anonymous {
		return domain.Refuse(RefusedAnonymous, "INT-06", "an anonymous report names nobody: give the order itself anonymously, without actor")
	}
	if row.System {
		return domain.Refuse(domain.CodeDenied, "contract 3", "%s is given by the program itself, by nobody else", row.Name())
	}
	if !d.set.HasCode("roles", a.Role) {
		return malformed("role", "role is %q, which is not in the list roles of the adopted policy set", a.Role)
	}
	if row.Roles != nil && !slices.Contains(row.Roles, a.Role) {
		return domain.Refuse(domain.CodeDenied, "ORG-04", "%s is for %s, not for %s", row.Name(), orList(row.Roles), a.Role)
	}
	return nil
}

// checkAnonymous keeps every trace of the reporter out of an anonymous report
// (INT-06).
func (d *deciding) checkAnonymous() error {
	a := d.o.Actor
	c, ok := report(d.o.Command)
	switch {
	case !ok || !c.Anonymous:
		return domain.Refuse(RefusedAnonymous, "INT-06", "without a name only a report with anonymous true is accepted")
	case !a.ID.IsZero() || a.For != "" || a.Door != "":
		return domain.Refuse(RefusedAnonymous, "INT-06", "an anonymous report names no actor, organisation or door")
	case d.o.By != nil:
		return domain.Refuse(RefusedAnonymous, "INT-06", "an anonymous report stands on nobody's word: leave by out")
	case c.Reporter != "":
		r := domain.Refuse(RefusedAnonymous, "INT-06", "an anonymous report names no reporter: leave reporter out")
		r.Field = "reporter"
		return r
	}
	return nil
}

func malformed(field, format string, args ...any) *domain.Refusal {
	r := domain.Refuse(domain.CodeInvalid, "contract 3", format, args...)
	r.Field = field
	return r
}
