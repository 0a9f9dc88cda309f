package incident

import (
	"incidentledger/domain"
)

var reassessCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[ReassessClocks], States: inLive, System: true,
		Events: []string{"ClockArmed", "ClockMoved", "ClockMet", "ClockCancelled"}, Example: `{"policy":12,"profile":40}`}},
}

// ReassessClocks derives the terms of an open incident anew after the
// organisation's profile or policy changed (design 5): a profile set late, or
// rules that reach back, can make something owed of what was told before. Terms
// that run keep the law they began under. The program itself gives it, once for
// each open incident; where nothing comes out otherwise it is refused.
type ReassessClocks struct {
	// Policy is the entry of the adoption that the law rests on now.
	Policy domain.Seq `json:"policy,omitzero"`
	// Profile is the entry of the organisation's profile that the law rests on now.
	Profile domain.Seq `json:"profile,omitzero"`
}

// CommandName implements domain.Command.
func (ReassessClocks) CommandName() string { return "ReassessClocks" }

// decide has nothing to tell of its own: what follows is what every decision
// derives.
func (ReassessClocks) decide(*deciding) error { return nil }

// unprofiled warns that duties can be missing because nobody has said what the
// organisation is under the law.
func (d *deciding) unprofiled() {
	at := d.judgedAt()
	if d.basis.Profiled(at) {
		return
	}
	d.warn("no_profile", "X-03", "no profile of the organisation holds at %s, so no duty of the Cyberbeveiligingswet, NIS2 or Suwi arises; "+
		"give SetOrganisationProfile with a validFrom at or before then, and what is owed follows by itself", stamp(at))
}
