package incident

import (
	"slices"

	"incidentledger/domain"
)

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
// and out of the answers to what is asked about it (INT-06).
func (d *deciding) checkAnonymous() error {
	a := d.o.Actor
	c, reports := report(d.o.Command)
	switch {
	case !(reports && c.Anonymous) && !(answers(d.o.Command) && d.s.Report.Anonymous):
		return domain.Refuse(RefusedAnonymous, "INT-06", "without a name only a report with anonymous true is accepted, and answers to what is asked about one")
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
	return domain.Invalid(field, format, args...)
}
