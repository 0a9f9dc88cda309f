package incident

import (
	"slices"

	"incidentledger/domain"
)

var measureCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[IsolateAsset], Roles: investigating,
		Events:  []string{"AssetIsolated"},
		Example: `{"asset":"File server 2","executor":"Forensics Ltd, first expert","method":"Network cable pulled; left running."}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[PlanMeasure], Roles: investigating, States: inLive,
		Events:  []string{"MeasurePlanned"},
		Example: `{"kind":"recover","text":"Put back the copy of last night.","executor":"ict","authorisedBy":"security-officer"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ExecuteMeasure], Roles: investigating, States: inLive,
		Events:  []string{"MeasureExecuted"},
		Example: `{"kind":"contain","text":"Blocked the account.","executor":"ict","authorisedBy":"security-officer"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[FailMeasure], Roles: investigating, States: inLive,
		Events:  []string{"MeasureFailed"},
		Example: `{"measure":` + person + `,"text":"The copy of last night is encrypted too."}`}},
}

var measureEvents = []eventRow{
	told[AssetIsolated](1),
	told[MeasurePlanned](1),
	told[MeasureExecuted](1),
	told[MeasureFailed](1),
}

// MeasurePrevent is the kind of measure that keeps it from happening again. It
// destroys no evidence and changes nothing of the harm done.
const MeasurePrevent domain.Code = "prevent"

// RefusedAccess is recovery work by a person who was not let in.
const RefusedAccess domain.Code = "no_access"

// AssetIsolated says that equipment was cut off from every network.
type AssetIsolated struct {
	Asset    domain.Text `json:"asset,omitzero" seal:"aggregate" rule:"max=300"`
	Executor Named       `json:"executor"`
	Method   domain.Text `json:"method,omitzero" seal:"aggregate"`
}

// MeasurePlanned says what is going to be done, by whom and with whose leave.
type MeasurePlanned struct {
	Measure      domain.Key  `json:"measure"`
	Kind         domain.Code `json:"kind" rule:"required,oneof=contain|eradicate|recover|prevent"`
	Text         domain.Text `json:"text,omitzero" seal:"aggregate"`
	Executor     Named       `json:"executor,omitzero"`
	AuthorisedBy Named       `json:"authorisedBy,omitzero"`
}

// MeasureExecuted says what was done, by whom and with whose leave.
type MeasureExecuted struct {
	Measure      domain.Key  `json:"measure"`
	Kind         domain.Code `json:"kind" rule:"required,oneof=contain|eradicate|recover|prevent"`
	Text         domain.Text `json:"text,omitzero" seal:"aggregate"`
	Executor     Named       `json:"executor"`
	AuthorisedBy Named       `json:"authorisedBy"`
}

// MeasureFailed says that a measure could not be taken, or did not help.
type MeasureFailed struct {
	Measure domain.Key  `json:"measure" rule:"required"`
	Text    domain.Text `json:"text,omitzero" seal:"aggregate"`
}

func (AssetIsolated) EventName() string   { return "AssetIsolated" }
func (MeasurePlanned) EventName() string  { return "MeasurePlanned" }
func (MeasureExecuted) EventName() string { return "MeasureExecuted" }
func (MeasureFailed) EventName() string   { return "MeasureFailed" }

// IsolateAsset says that equipment was cut off from every network connection, by
// an expert where that can be had, so that no traces are lost (EVI-07). No rule
// ever stands in its way.
type IsolateAsset struct {
	// Asset is what was cut off.
	Asset domain.Text `json:"asset" rule:"required,max=300"`
	// Executor is who did it: the id of a person, a role, or a name.
	Executor Someone `json:"executor" rule:"required"`
	// Method is how, and in what state it was left.
	Method domain.Text `json:"method" rule:"required"`
}

// PlanMeasure says what is going to be done to contain, eradicate, recover or
// prevent (MEA-06). The receipt names the measure.
type PlanMeasure struct {
	// Kind is what it is for.
	Kind domain.Code `json:"kind" rule:"required,oneof=contain|eradicate|recover|prevent"`
	// Text describes it.
	Text domain.Text `json:"text" rule:"required"`
	// Executor is who is to do it (MEA-01).
	Executor Someone `json:"executor,omitzero"`
	// AuthorisedBy is who gave leave.
	AuthorisedBy Someone `json:"authorisedBy,omitzero"`
}

// ExecuteMeasure says that a measure was taken, planned or not, by whom and with
// whose leave (MEA-07, MEA-08). Evidence goes first: while it is undecided
// whether evidence is needed, and while measures can wait for it, only a
// preventive one is accepted (EVI-02). A person recovers only while access is
// granted to them; of a role or of somebody outside, who hold no access of their
// own here, whoever gave leave answers for who they are.
type ExecuteMeasure struct {
	// Measure is the id that the receipt of PlanMeasure gave; without it the measure was not planned.
	Measure domain.Key `json:"measure,omitzero"`
	// Kind is what it is for; of a planned measure it need not be said again.
	Kind domain.Code `json:"kind,omitzero" rule:"oneof=contain|eradicate|recover|prevent"`
	// Text describes what was done, in detail.
	Text domain.Text `json:"text" rule:"required"`
	// Executor is who did it: the id of a person, a role, or a name.
	Executor Someone `json:"executor" rule:"required"`
	// AuthorisedBy is who gave leave: the id of a person, a role, or a name.
	AuthorisedBy Someone `json:"authorisedBy" rule:"required"`
}

// FailMeasure says that a measure could not be taken, or did not help. It stays
// in the logbook (MEA-08).
type FailMeasure struct {
	// Measure is the id that a receipt gave.
	Measure domain.Key `json:"measure" rule:"required"`
	// Text says what went wrong.
	Text domain.Text `json:"text" rule:"required"`
}

func (IsolateAsset) CommandName() string   { return "IsolateAsset" }
func (PlanMeasure) CommandName() string    { return "PlanMeasure" }
func (ExecuteMeasure) CommandName() string { return "ExecuteMeasure" }
func (FailMeasure) CommandName() string    { return "FailMeasure" }

func (c IsolateAsset) decide(d *deciding) error {
	by, err := d.named("executor", c.Executor)
	if err != nil {
		return err
	}
	d.emit(AssetIsolated{Asset: c.Asset, Executor: by, Method: c.Method})
	return nil
}

func (c PlanMeasure) decide(d *deciding) error {
	e := MeasurePlanned{Kind: c.Kind, Text: c.Text}
	for _, f := range []struct {
		name string
		who  Someone
		to   *Named
	}{{"executor", c.Executor, &e.Executor}, {"authorisedBy", c.AuthorisedBy, &e.AuthorisedBy}} {
		if f.who == (Someone{}) {
			continue
		}
		n, err := d.named(f.name, f.who)
		if err != nil {
			return err
		}
		*f.to = n
	}
	e.Measure = d.made("measure")
	d.emit(e)
	return nil
}

func (c ExecuteMeasure) decide(d *deciding) error {
	e := MeasureExecuted{Measure: c.Measure, Kind: c.Kind, Text: c.Text}
	if !c.Measure.IsZero() {
		m, err := d.measure(c.Measure)
		switch {
		case err != nil:
			return err
		case m.Executed && !m.Failed:
			return noChange("MEA-08", "the measure was executed before; FailMeasure says that it did not help")
		case c.Kind != "" && c.Kind != m.Kind:
			return malformed("kind", "kind is %s, but the measure was planned to %s", c.Kind, m.Kind)
		}
		e.Kind = m.Kind
	}
	if e.Kind == "" {
		return malformed("kind", "kind is required of a measure that was not planned")
	}
	var err error
	if e.Executor, err = d.named("executor", c.Executor); err != nil {
		return err
	}
	if e.AuthorisedBy, err = d.named("authorisedBy", c.AuthorisedBy); err != nil {
		return err
	}
	if e.Executor == e.AuthorisedBy {
		d.warn("own_leave", "MEA-07", "who executed the measure gave the leave for it too")
	}
	if e.Kind != MeasurePrevent {
		if r := d.s.Evidence.gate(); r != nil {
			if err := d.rule(r); err != nil {
				return err
			}
		}
	}
	if p := e.Executor.Person; e.Kind == "recover" && !p.IsZero() && !d.s.Measures.admitted(p, d.at) {
		r := domain.Refuse(RefusedAccess, "MEA-07", "no access to the systems is granted to the executor for this time; only who was let in recovers them")
		r.Field, r.Allowed = "executor", []string{"GrantRecoveryAccess"}
		if err := d.rule(r); err != nil {
			return err
		}
	}
	if e.Measure.IsZero() {
		e.Measure = d.made("measure")
	}
	d.emit(e)
	return nil
}

func (c FailMeasure) decide(d *deciding) error {
	m, err := d.measure(c.Measure)
	if err != nil {
		return err
	}
	if m.Failed {
		return noChange("MEA-08", "the measure failed before")
	}
	d.emit(MeasureFailed(c))
	return nil
}

// A Measure is one measure, as far as rules need it.
type Measure struct {
	ID               domain.Key
	Kind             domain.Code
	Executor         domain.PersonID
	Executed, Failed bool
}

func (d *deciding) measure(id domain.Key) (Measure, error) {
	for _, m := range d.s.Measures.List {
		if m.ID == id {
			return m, nil
		}
	}
	return Measure{}, unknown("measure", "the incident has no measure %s", id)
}

func (AssetIsolated) evolve(*Incident, *posting) {}

func (e MeasurePlanned) evolve(s *Incident, _ *posting) {
	s.Measures.List = append(slices.Clip(s.Measures.List), Measure{ID: e.Measure, Kind: e.Kind})
}

func (e MeasureExecuted) evolve(s *Incident, _ *posting) {
	ms := &s.Measures
	done := Measure{ID: e.Measure, Kind: e.Kind, Executor: e.Executor.Person, Executed: true}
	ms.List = slices.Clone(ms.List)
	if i := slices.IndexFunc(ms.List, func(m Measure) bool { return m.ID == e.Measure }); i >= 0 {
		ms.List[i] = done
	} else {
		ms.List = append(ms.List, done)
	}
	if e.Kind != MeasurePrevent {
		ms.Touched, ms.Confirmed = true, nil
	}
	ms.Reviewed = ms.Reviewed && e.Kind != "recover"
	s.Team.add([]Named{e.Executor})
}

func (e MeasureFailed) evolve(s *Incident, _ *posting) {
	s.Measures.List = slices.Clone(s.Measures.List)
	for i := range s.Measures.List {
		if m := &s.Measures.List[i]; m.ID == e.Measure {
			m.Failed = true
		}
	}
}

// rederive implements rederiver.
func (e MeasurePlanned) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Measure = was.(MeasurePlanned).Measure
	return e, nil
}

// rederive implements rederiver.
func (e MeasureExecuted) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Measure = was.(MeasureExecuted).Measure
	return e, nil
}
