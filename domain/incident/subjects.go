package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var subjectCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[NotifyController], Roles: statutory,
		Events:  []string{"ControllerNotified"},
		Example: `{"controller":"gemeente-sittard","processing":"payroll","submitted":"2026-11-21T09:30:00+01:00","channels":[{"kind":"email","at":"2026-11-21T09:30:00+01:00","outcome":"delivered"}],"answers":{"nature":"A list of salaries was sent to the wrong person."}}`}},
	{CommandType: domain.CommandType{New: blank[InformDataSubjects], Roles: handling,
		Events:  []string{"DataSubjectsInformed"},
		Example: `{"group":"children","count":52,"complete":true,"medium":"letter","at":"2026-11-22T15:00:00+01:00","content":"What happened, what it may lead to, what we did and whom you can call."}`}},
}

var subjectEvents = []eventRow{
	told[ControllerNotified](1),
	told[DataSubjectsInformed](1),
}

// ControllerNotified says that a processor told the controller of a breach.
type ControllerNotified struct {
	Controller      domain.Code           `json:"controller" rule:"required"`
	Processing      domain.Code           `json:"processing" rule:"required"`
	Submitted       time.Time             `json:"submitted" rule:"required,past"`
	Channels        []Channel             `json:"channels" rule:"required"`
	Answers         map[domain.Code]Given `json:"answers,omitempty"`
	MissingChannels []domain.Code         `json:"missingChannels,omitempty"`
}

// DataSubjectsInformed says that people concerned were told of the breach.
type DataSubjectsInformed struct {
	Processing domain.Code `json:"processing,omitzero"`
	Group      domain.Code `json:"group" rule:"required,codes=groups"`
	Count      int64       `json:"count" rule:"min=0"`
	Complete   bool        `json:"complete"`
	Medium     domain.Code `json:"medium" rule:"required,codes=media"`
	At         time.Time   `json:"at" rule:"required,past"`
	Content    domain.Text `json:"content,omitzero" seal:"aggregate"`
}

func (ControllerNotified) EventName() string   { return "ControllerNotified" }
func (DataSubjectsInformed) EventName() string { return "DataSubjectsInformed" }

// NotifyController says that the organisation, being the processor, told the
// controller of a breach. The controller judges the risk; the processor does not
// wait for that (GDPR 33(2), X-01).
type NotifyController struct {
	// Controller is the code of the organisation for which the data are processed.
	Controller domain.Code `json:"controller" rule:"required"`
	// Processing is the code of the processing, as assessed.
	Processing domain.Code `json:"processing" rule:"required"`
	// Submitted is when it was sent.
	Submitted time.Time `json:"submitted" rule:"required,past"`
	// Channels are the attempts, each with its outcome; only delivered counts.
	Channels []Channel `json:"channels" rule:"required"`
	// Answers are what was told, by field.
	Answers map[domain.Code]Answer `json:"answers,omitempty"`
}

// InformDataSubjects says that people concerned were told of the breach (NOT-07,
// The duty is met once all of them are.
type InformDataSubjects struct {
	// Processing is the code of the processing, as assessed; without it all that were assessed so far.
	Processing domain.Code `json:"processing,omitzero"`
	// Group is the group of people told.
	Group domain.Code `json:"group" rule:"required,codes=groups"`
	// Count is the number of people told.
	Count int64 `json:"count" rule:"min=0"`
	// Complete says that with them everybody concerned was told.
	Complete bool `json:"complete,omitzero"`
	// Medium is the way they were told; website or press where telling each would ask too much.
	Medium domain.Code `json:"medium" rule:"required,codes=media"`
	// At is when.
	At time.Time `json:"at" rule:"required,past"`
	// Content is what they were told.
	Content domain.Text `json:"content" rule:"required"`
}

func (NotifyController) CommandName() string   { return "NotifyController" }
func (InformDataSubjects) CommandName() string { return "InformDataSubjects" }

// A SubjectsTold is one telling of people concerned.
type SubjectsTold struct {
	Processing domain.Code
	Upto       int // without a processing: the number of those that were assessed
	Group      domain.Code
	Complete   bool
	At         time.Time
}

// A ControllerTold is one telling of a controller that reached it.
type ControllerTold struct {
	Controller, Processing domain.Code
	At                     time.Time
}

func (t SubjectsTold) covers(processing domain.Code, n int) bool {
	if t.Processing != "" {
		return t.Processing == processing
	}
	return n <= t.Upto
}

func (c NotifyController) decide(d *deciding) error {
	if err := d.sinceBegun("submitted", c.Submitted); err != nil {
		return err
	}
	p, err := d.processing(c.Processing)
	if err != nil {
		return err
	}
	n := Notification{Channels: c.Channels}
	_, missing := n.Complete()
	e := ControllerNotified{
		Controller: c.Controller, Processing: c.Processing, Submitted: c.Submitted, Channels: withReferences(c.Channels),
		Answers: given(c.Answers), MissingChannels: missing,
	}
	if err := unasked("answers", c.Controller, d.questions("controller-of-processing", RegimeGDPR), e.Answers, nil); err != nil {
		return err
	}
	d.emit(e)
	switch {
	case p.Role != "processor":
		d.warn("no_duty", "X-01", "of %s the organisation is the %s itself; telling another meets no duty towards the authority", p.Code, p.Role)
	case p.Controller != "" && p.Controller != c.Controller:
		d.warn("duty_open", "X-01", "%s is processed for %s; telling %s leaves the duty open", p.Code, p.Controller, c.Controller)
	case len(missing) > 0:
		d.warn("missing_channels", "X-01", "nothing reached %s yet; the duty stays open", c.Controller)
	}
	return nil
}

// rederive implements rederiver.
func (e ControllerNotified) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	known := d.questions("controller-of-processing", RegimeGDPR)
	if err := unasked("fields.answers", e.Controller, known, e.Answers, was.(ControllerNotified).Answers); err != nil {
		return e, err
	}
	e.Channels = withReferences(e.Channels)
	n := Notification{Channels: e.Channels}
	_, e.MissingChannels = n.Complete()
	return e, nil
}

// processing finds an assessed processing, or refuses.
func (d *deciding) processing(code domain.Code) (Processing, error) {
	p, _ := d.s.Leak.find(code)
	if p.Code == "" {
		return p, unknown("processing", "the processing %s was not assessed in this incident; assess it first (AssessBreach)", code)
	}
	return p, nil
}

func (c InformDataSubjects) decide(d *deciding) error {
	if c.Processing != "" {
		if _, err := d.processing(c.Processing); err != nil {
			return err
		}
	}
	d.emit(DataSubjectsInformed(c))
	if !c.Complete {
		d.warn("duty_open", "NOT-07", "not everybody concerned was told yet; a duty towards them stays open until one order says complete")
	}
	return nil
}

func (e ControllerNotified) evolve(s *Incident, _ *posting) {
	n := Notification{Channels: e.Channels}
	if at, missing := n.Complete(); len(missing) == 0 {
		s.Informed.Controllers = append(slices.Clip(s.Informed.Controllers), ControllerTold{e.Controller, e.Processing, at})
	}
}

func (e DataSubjectsInformed) evolve(s *Incident, _ *posting) {
	s.Informed.Subjects = append(slices.Clip(s.Informed.Subjects), SubjectsTold{
		Processing: e.Processing, Upto: max(1, len(s.Leak.Processings)), Group: e.Group, Complete: e.Complete, At: e.At,
	})
}
