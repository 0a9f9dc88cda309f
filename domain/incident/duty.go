package incident

import (
	"maps"
	"slices"
	"strings"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var dutyCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[DecideDuty], Roles: statutory, States: inKept,
		Events:  []string{"DutyDecided"},
		Example: `{"duty":"gdpr-33/ap/initial/1","applicable":false,"grounds":"The disk was encrypted and its key is safe, so that nobody runs a risk."}`}},
	{CommandType: domain.CommandType{New: blank[RecordExemption], Roles: statutory, States: inKept,
		Events:  []string{"ExemptionRecorded"},
		Example: `{"duty":"gdpr-34/data-subjects/initial/1","exemption":"encrypted","reason":"The files were encrypted with a key that did not leak."}`}},
}

var dutyEvents = []eventRow{
	told[DutyDecided](1),
	told[ExemptionRecorded](1),
}

// RefusedExemption is the refusal of a ground that the rule does not know.
const RefusedExemption domain.Code = "no_such_exemption"

// DutyDecided says whether a duty applies after all. It replaces an earlier
// decision and an exemption.
type DutyDecided struct {
	Duty       domain.Code `json:"duty" rule:"required"`
	Applicable bool        `json:"applicable"`
	Grounds    domain.Text `json:"grounds,omitzero" seal:"aggregate"`
}

// ExemptionRecorded says on which ground of the law a duty is left undone.
type ExemptionRecorded struct {
	Duty      domain.Code `json:"duty" rule:"required"`
	Exemption domain.Code `json:"exemption" rule:"required,codes=exemptions"`
	Reason    domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (DutyDecided) EventName() string       { return "DutyDecided" }
func (ExemptionRecorded) EventName() string { return "ExemptionRecorded" }

// DecideDuty says whether something that the rules find owed is owed indeed. No
// duty is passed over in silence: each is done or decided with grounds before
// the incident can be closed (NOT-04, EVA-07).
type DecideDuty struct {
	// Duty is the id of its clock.
	Duty domain.Code `json:"duty" rule:"required"`
	// Applicable says that it is owed; a duty that is not is settled by the grounds.
	Applicable bool `json:"applicable,omitzero"`
	// Grounds tells why.
	Grounds domain.Text `json:"grounds" rule:"required"`
}

// RecordExemption says that the law itself lets a duty be left undone, on one of
// the grounds that its rule names.
type RecordExemption struct {
	// Duty is the id of its clock.
	Duty domain.Code `json:"duty" rule:"required"`
	// Exemption is the ground, one that the rule of the duty names.
	Exemption domain.Code `json:"exemption" rule:"required,codes=exemptions"`
	// Reason tells why the ground is met here.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (DecideDuty) CommandName() string      { return "DecideDuty" }
func (RecordExemption) CommandName() string { return "RecordExemption" }

// Obliged is what the organisation owes others, and what was told to whom.
type Obliged struct {
	Leak            Leak
	Significance    *SignificanceAssessed // the last assessment; never changed in place
	SignificantOnce bool
	Duties          map[domain.Code]*Decided // what was decided, by the id of the duty
	Informed        Informed
	Messages        []Message
}

// A Decided is what was last decided of a duty.
type Decided struct {
	Applicable bool
	Exemption  domain.Code // the ground of the law on which it is left undone
}

// excused reports whether the duty is settled without being done. The zero
// Decided says that nobody decided anything.
func (d *Decided) excused() bool { return d != nil && !d.Applicable }

func (c DecideDuty) decide(d *deciding) error {
	if _, err := d.duty(c.Duty); err != nil {
		return err
	}
	if was := d.s.Duties[c.Duty]; was != nil && was.Applicable == c.Applicable && was.Exemption == "" {
		return noChange("NOT-04", "that was decided of %s before", c.Duty)
	}
	d.emit(DutyDecided(c))
	return nil
}

func (c RecordExemption) decide(d *deciding) error {
	clock, err := d.duty(c.Duty)
	if err != nil {
		return err
	}
	allowed := d.ruleOf(clock).Exemptions
	if !slices.Contains(allowed, c.Exemption) {
		r := domain.Refuse(RefusedExemption, "X-01", "%s knows no exemption; do it, or decide with grounds that it is not owed (DecideDuty)", clock.Rule)
		if len(allowed) > 0 {
			r.Text = string(clock.Rule) + " is left undone only on the ground " + orList(allowed) + "; else decide with grounds that it is not owed (DecideDuty)"
		}
		r.Field, r.Allowed = "exemption", []string{"DecideDuty"}
		return r
	}
	if was := d.s.Duties[c.Duty]; was != nil && was.Exemption == c.Exemption {
		return noChange("X-01", "that exemption of %s is recorded", c.Duty)
	}
	d.emit(ExemptionRecorded(c))
	return nil
}

// duty gives the clock of a duty, or refuses.
func (d *deciding) duty(id domain.Code) (policy.Clock, error) {
	c, ok := d.s.Clocks[policy.ClockID(id)]
	switch {
	case !ok:
		return c, unknown("duty", "the incident has no duty %s", id)
	case !c.ID.Owed():
		r := domain.Refuse(RefusedNoDuty, "NOT-04", "%s is a term that the house sets itself, no duty towards somebody", id)
		r.Field = "duty"
		return c, r
	}
	return c, nil
}

// duties gives the clocks of all duties, those of law and the others, sorted by id.
func (s *Incident) duties() []policy.Clock {
	out := slices.SortedFunc(maps.Values(s.Clocks), func(a, b policy.Clock) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return slices.DeleteFunc(out, func(c policy.Clock) bool { return !c.ID.Owed() })
}

// ruleOf gives the rule that a clock follows: that of the set under which it was
// armed.
func (d *deciding) ruleOf(c policy.Clock) policy.Rule {
	set := d.set
	if s := d.basis.Sets[c.Policy]; s != nil {
		set = s
	}
	r, _ := set.Rule(c.Rule)
	return r
}

// excuses tells which duties are settled without being done.
func (s *Incident) excuses(f *policy.Facts) {
	for id, was := range s.Duties {
		if was.excused() {
			if f.Excused == nil {
				f.Excused = map[policy.ClockID]bool{}
			}
			f.Excused[policy.ClockID(id)] = true
		}
	}
}

// openDuties lists every duty that is neither done nor decided, with what does
// it, and the awareness from which such terms count where nobody has said it
// (EVA-07, NOT-05).
func (s *Incident) openDuties() []openItem {
	var out []openItem
	for _, c := range s.duties() {
		if !c.Running() {
			continue
		}
		text := string(c.ID) + " is owed to " + string(c.Recipient)
		if !c.Due.IsZero() {
			text += " by " + stamp(c.Due)
		}
		out = append(out, openItem{domain.Code(c.ID), text + " (" + doing(c) + " or DecideDuty)"})
	}
	if s.owedUnaware() {
		out = append(out, openItem{"awareness", "since when the organisation knows is not decided (EstablishAwareness)"})
	}
	return out
}

// owedUnaware reports whether a duty rests on an awareness that nobody has
// established, even where the duty itself was met.
func (s *Incident) owedUnaware() bool {
	provisional := slices.ContainsFunc(s.duties(), func(c policy.Clock) bool {
		return c.Provisional && !c.Cancelled && !s.Duties[domain.Code(c.ID)].excused()
	})
	return provisional && s.unaware()
}

// unaware reports whether nobody has said since when the organisation knows of
// what it owes something for.
func (t *Told) unaware() bool {
	if t.Significance.is() && t.AwareOf(OfSignificant).IsZero() {
		return true
	}
	if !t.leakStands() {
		return false
	}
	if len(t.Leak.Processings) == 0 {
		return t.AwareIn("").IsZero()
	}
	return slices.ContainsFunc(t.Leak.Processings, func(p Processing) bool {
		return p.PersonalData != "none" && p.Risk != "unlikely" && t.AwareIn(p.Code).IsZero()
	})
}

// doing names the command that does what is owed.
func doing(c policy.Clock) string {
	switch c.Recipient {
	case "data-subjects":
		return "InformDataSubjects"
	case "controller-of-processing":
		return "NotifyController"
	case "service-recipients":
		return "InformParty"
	}
	if c.Stage == "answer" {
		return "InformParty"
	}
	return "NotifyAuthority"
}

func (e DutyDecided) evolve(s *Incident, _ *posting) {
	s.decided(e.Duty, Decided{Applicable: e.Applicable})
}

func (e ExemptionRecorded) evolve(s *Incident, _ *posting) {
	s.decided(e.Duty, Decided{Exemption: e.Exemption})
}

func (t *Told) decided(duty domain.Code, d Decided) {
	if t.Duties = maps.Clone(t.Duties); t.Duties == nil {
		t.Duties = map[domain.Code]*Decided{}
	}
	t.Duties[duty] = &d
}
