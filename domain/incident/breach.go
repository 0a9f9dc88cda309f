package incident

import (
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

var breachCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AssessBreach], Roles: statutory, States: inKept,
		Events: []string{"BreachAssessed", "DutyDecided", "IncidentReopened", "IncidentRegistered", "RecipientsDetermined"},
		Example: `{"processing":"youth-care","role":"controller","personalData":"confirmed","nature":["confidentiality"],"risk":"high-risk","ongoing":false,"from":"2026-11-20T16:40:00+01:00",` +
			`"groups":["children"],"subjectsMin":40,"subjectsMax":60,"records":60,"dataKinds":["name-address","bsn"],"specialCategories":["health"],"measuresBefore":["none"],` +
			`"measuresTaken":"Wiped from afar.","consequences":"Others may read the files.","reasons":"The disk was not encrypted and the files tell of care given to children."}`}},
	{CommandType: domain.CommandType{New: blank[WithdrawSuspicion], Roles: statutory, States: inKept,
		Events:  []string{"SuspicionWithdrawn"},
		Example: `{"grounds":"The laptop was in the safe all the time."}`}},
}

var breachEvents = []eventRow{
	told[BreachAssessed](1),
	told[SuspicionWithdrawn](1),
}

// Refusals of this file.
const (
	RefusedConfirmed   domain.Code = "breach_confirmed" // a suspicion that is none any more
	RefusedNoSuspicion domain.Code = "no_suspicion"     // nothing is suspected
)

// BreachAssessed says what a breach did to one processing of personal data. It
// replaces an earlier assessment of that processing.
type BreachAssessed struct {
	Processing        domain.Code   `json:"processing" rule:"required"`
	Role              domain.Code   `json:"role" rule:"required,oneof=controller|joint|processor"`
	Controller        domain.Code   `json:"controller,omitzero"`
	PersonalData      domain.Code   `json:"personalData" rule:"required,oneof=confirmed|suspected|none"`
	Nature            []domain.Code `json:"nature,omitempty" rule:"oneof=confidentiality|integrity|availability"`
	Risk              domain.Code   `json:"risk" rule:"required,oneof=unlikely|risk|high-risk|undetermined"`
	Ongoing           bool          `json:"ongoing"`
	From              time.Time     `json:"from,omitzero" rule:"past"`
	To                time.Time     `json:"to,omitzero" rule:"past"`
	Groups            []domain.Code `json:"groups,omitempty" rule:"codes=groups"`
	SubjectsMin       *int64        `json:"subjectsMin,omitempty" rule:"min=0"`
	SubjectsMax       *int64        `json:"subjectsMax,omitempty" rule:"min=0"`
	Records           *int64        `json:"records,omitempty" rule:"min=0"`
	DataKinds         []domain.Code `json:"dataKinds,omitempty" rule:"codes=dataKinds"`
	SpecialCategories []domain.Code `json:"specialCategories,omitempty" rule:"codes=specialCategories"`
	MeasuresBefore    []domain.Code `json:"measuresBefore,omitempty" rule:"codes=measuresBefore"`
	MeasuresTaken     domain.Text   `json:"measuresTaken,omitzero" seal:"aggregate"`
	MeasuresProposed  domain.Text   `json:"measuresProposed,omitzero" seal:"aggregate"`
	Consequences      domain.Text   `json:"consequences,omitzero" seal:"aggregate"`
	Enisa             Enisa         `json:"enisa,omitzero"`
	EnisaScore        int64         `json:"enisaScore,omitzero"` // in hundredths
	EnisaLevel        domain.Code   `json:"enisaLevel,omitzero" rule:"oneof=low|medium|high|very-high"`
	Reasons           domain.Text   `json:"reasons,omitzero" seal:"aggregate"`
}

// SuspicionWithdrawn says that a suspected data leak proved to be none. The
// incident stays, and so does everything that was notified.
type SuspicionWithdrawn struct {
	At      time.Time   `json:"at" rule:"required,past"`
	Grounds domain.Text `json:"grounds,omitzero" seal:"aggregate"`
}

func (BreachAssessed) EventName() string     { return "BreachAssessed" }
func (SuspicionWithdrawn) EventName() string { return "SuspicionWithdrawn" }

// AssessBreach says what a breach did to one processing of personal data and
// how great the risk for those concerned is (DBR-01, X-01). Each processing is
// assessed by itself, as often as more is known; each has its own duties. What
// need not be notified is documented by its reasons all the same (DBR-06).
type AssessBreach struct {
	// Processing is the code of the processing in the register of processings.
	Processing domain.Code `json:"processing" rule:"required"`
	// Role is what the organisation is in that processing: a processor tells the controller, not the authority.
	Role domain.Code `json:"role" rule:"required,oneof=controller|joint|processor"`
	// Controller is the code of the organisation for which it is processed, where that is another.
	Controller domain.Code `json:"controller,omitzero"`
	// PersonalData tells whether personal data are hit; mere business information is no data leak (DBR-01).
	PersonalData domain.Code `json:"personalData" rule:"required,oneof=confirmed|suspected|none"`
	// Nature is what was broken; destruction counts as well as leaking (DBR-01).
	Nature []domain.Code `json:"nature,omitempty" rule:"oneof=confidentiality|integrity|availability"`
	// Risk is the risk for the rights and freedoms of those concerned.
	Risk domain.Code `json:"risk" rule:"required,oneof=unlikely|risk|high-risk|undetermined"`
	// Ongoing says that the breach still lasts.
	Ongoing bool `json:"ongoing,omitzero"`
	// From is when the breach began.
	From time.Time `json:"from,omitzero" rule:"past"`
	// To is when it ended.
	To time.Time `json:"to,omitzero" rule:"past"`
	// Groups are the groups of people concerned.
	Groups []domain.Code `json:"groups,omitempty" rule:"codes=groups"`
	// SubjectsMin is the least number of people concerned.
	SubjectsMin *int64 `json:"subjectsMin,omitempty" rule:"min=0"`
	// SubjectsMax is the greatest number of people concerned.
	SubjectsMax *int64 `json:"subjectsMax,omitempty" rule:"min=0"`
	// Records is the number of records.
	Records *int64 `json:"records,omitempty" rule:"min=0"`
	// DataKinds are the kinds of personal data.
	DataKinds []domain.Code `json:"dataKinds,omitempty" rule:"codes=dataKinds"`
	// SpecialCategories are those of article 9 of the GDPR.
	SpecialCategories []domain.Code `json:"specialCategories,omitempty" rule:"codes=specialCategories"`
	// MeasuresBefore protected the data when it happened.
	MeasuresBefore []domain.Code `json:"measuresBefore,omitempty" rule:"codes=measuresBefore"`
	// MeasuresTaken tells what was done against the breach and its effects.
	MeasuresTaken domain.Text `json:"measuresTaken,omitzero"`
	// MeasuresProposed tells what will be done.
	MeasuresProposed domain.Text `json:"measuresProposed,omitzero"`
	// Consequences tells what the breach may lead to.
	Consequences domain.Text `json:"consequences,omitzero"`
	// Enisa weighs the breach by the method of ENISA, as advice beside the risk.
	Enisa Enisa `json:"enisa,omitzero"`
	// Reasons tells why the risk is taken to be this; whoever does not notify answers by it.
	Reasons domain.Text `json:"reasons" rule:"required"`
}

// WithdrawSuspicion says that a suspected data leak was a false alarm. What was
// owed for it is owed no more; the incident and all that was notified are kept,
// and everybody who was told must hear of it (REG-10, NOT-06).
type WithdrawSuspicion struct {
	// Grounds tells what showed that there was no leak.
	Grounds domain.Text `json:"grounds" rule:"required"`
}

func (AssessBreach) CommandName() string      { return "AssessBreach" }
func (WithdrawSuspicion) CommandName() string { return "WithdrawSuspicion" }

func (c AssessBreach) decide(d *deciding) error {
	e := BreachAssessed{
		Processing: c.Processing, Role: c.Role, Controller: c.Controller, PersonalData: c.PersonalData, Nature: c.Nature, Risk: c.Risk,
		Ongoing: c.Ongoing, From: c.From, To: c.To, Groups: c.Groups, SubjectsMin: c.SubjectsMin, SubjectsMax: c.SubjectsMax,
		Records: c.Records, DataKinds: c.DataKinds, SpecialCategories: c.SpecialCategories, MeasuresBefore: c.MeasuresBefore,
		MeasuresTaken: c.MeasuresTaken, MeasuresProposed: c.MeasuresProposed, Consequences: c.Consequences, Enisa: c.Enisa, Reasons: c.Reasons,
	}
	if err := e.coherent(""); err != nil {
		return err
	}
	if err := e.weigh("enisa"); err != nil {
		return err
	}
	d.emit(e)
	d.advise(&e)
	if e.PersonalData != "none" {
		d.unprofiled()
	}
	was, n := d.s.Leak.find(c.Processing)
	before := was.weight()
	switch {
	case d.s.Leak.Withdrawn: // nothing was owed any more
		before = 0
	case n == 1 && was.Code == "" && d.s.SuspectsLeak(): // it takes the suspicion over
		before = weigh("suspected", "undetermined")
	}
	if weigh(e.PersonalData, e.Risk) <= before {
		return nil
	}
	d.reopenFor("breach")
	d.owedAgain(n, c.Reasons)
	return nil
}

// coherent refuses what cannot all be true of one breach.
func (e BreachAssessed) coherent(under string) error {
	switch {
	case e.PersonalData != "none" && len(e.Nature) == 0:
		return malformed(under+"nature", "a breach of personal data is one of confidentiality, integrity or availability; name at least one")
	case !e.From.IsZero() && e.To.Before(e.From) && !e.To.IsZero():
		return malformed(under+"to", "the breach would end (%s) before it begins (%s)", stamp(e.To), stamp(e.From))
	case e.Ongoing && !e.To.IsZero():
		return malformed(under+"to", "what is ongoing has not ended yet; leave to out")
	case e.SubjectsMin != nil && e.SubjectsMax != nil && *e.SubjectsMin > *e.SubjectsMax:
		return malformed(under+"subjectsMin", "the least number of people (%d) is above the greatest (%d)", *e.SubjectsMin, *e.SubjectsMax)
	}
	return nil
}

// rederive implements rederiver.
func (e BreachAssessed) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	if old := was.(BreachAssessed).Processing; e.Processing != old {
		return e, malformed("fields.processing", "the assessment is of %s; assess the other processing by itself", old)
	}
	if err := e.weigh("fields.enisa"); err != nil {
		return e, err
	}
	return e, e.coherent("fields.")
}

// owedAgain decides anew what was decided not to be owed of a processing: the
// decision rested on an assessment that no longer stands.
func (d *deciding) owedAgain(n int, reasons domain.Text) {
	for _, c := range d.s.duties() {
		if id := domain.Code(c.ID); c.N == n && d.s.Duties[id].excused() && strings.HasPrefix(string(d.ruleOf(c).Met), "breach.") {
			d.emit(DutyDecided{Duty: id, Applicable: true, Grounds: reasons})
			d.warn("duty_open", "NOT-11", "%s is owed again, since the breach weighs more than when it was decided not to be", id)
		}
	}
}

func (c WithdrawSuspicion) decide(d *deciding) error {
	confirmed := func(p Processing) bool { return p.PersonalData == "confirmed" }
	switch {
	case !d.s.SuspectsLeak():
		return domain.Refuse(RefusedNoSuspicion, "REG-10", "no data leak is suspected in this incident; a report that is none as a whole has WithdrawReport")
	case d.s.Leak.Withdrawn:
		return noChange("REG-10", "the suspicion was withdrawn before")
	case slices.ContainsFunc(d.s.Leak.Processings, confirmed):
		r := domain.Refuse(RefusedConfirmed, "REG-10", "a confirmed breach is no suspicion; assess it anew, with personalData none where that was wrong")
		r.Allowed = []string{"AssessBreach"}
		if err := d.rule(r); err != nil {
			return err
		}
	}
	d.emit(SuspicionWithdrawn{At: d.at, Grounds: c.Grounds})
	d.tellAgain()
	return nil
}

// dropsLeak refuses whoever would end a suspicion by saying otherwise than by
// WithdrawSuspicion, and has no role that may give it (ORG-04).
func (d *deciding) dropsLeak(next *Incident) error {
	a := d.o.Actor
	if !d.s.leakStands() || next.leakStands() || a.Proof == "system" || slices.Contains(statutory, a.Role) {
		return nil
	}
	return domain.Refuse(domain.CodeDenied, "ORG-04", "to end the suspicion of a data leak is for %s, not for %s; they give WithdrawSuspicion", orList(statutory), a.Role)
}

// tellAgain names everybody who was told of what proved false.
func (d *deciding) tellAgain() {
	for _, n := range d.s.Notifications {
		if !n.Withdrawn {
			d.warn("still_notified", "REG-10", "the notification %s to %s under %s stands; withdraw it there too (WithdrawNotification)", n.ID, n.Authority, n.Regime)
		}
	}
	for _, who := range d.s.Informed.everybody() {
		d.warn("tell_withdrawal", "REG-10", "%s and must now be told that it was a false alarm (InformParty)", who)
	}
}

func (e BreachAssessed) evolve(s *Incident, p *posting) {
	s.Leak.assess(e, p.occurred)
}

func (e SuspicionWithdrawn) evolve(s *Incident, _ *posting) { s.Leak.Withdrawn = true }
