package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var informCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[NotifyController], Roles: statutory,
		Events:  []string{"ControllerNotified"},
		Example: `{"controller":"gemeente-sittard","processing":"payroll","submitted":"2026-11-21T09:30:00+01:00","channels":[{"kind":"email","at":"2026-11-21T09:30:00+01:00","outcome":"delivered"}],"answers":{"nature":"A list of salaries was sent to the wrong person."}}`}},
	{CommandType: domain.CommandType{New: blank[InformDataSubjects], Roles: handling,
		Events:  []string{"DataSubjectsInformed"},
		Example: `{"group":"children","count":52,"complete":true,"medium":"letter","at":"2026-11-22T15:00:00+01:00","content":"What happened, what it may lead to, what we did and whom you can call."}`}},
	{CommandType: domain.CommandType{New: blank[InformParty], Roles: handling,
		Events:  []string{"PartyInformed"},
		Example: `{"party":{"role":"department-head"},"medium":"phone","at":"2026-11-20T18:10:00+01:00","content":"A laptop with case files is missing; nobody talks to the press.","tlp":"amber"}`}},
}

var informEvents = []eventRow{
	told[ControllerNotified](1),
	told[DataSubjectsInformed](1),
	told[PartyInformed](1),
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

// PartyInformed says who was told what of the incident, when and how.
type PartyInformed struct {
	Party   Who         `json:"party"`
	Medium  domain.Code `json:"medium" rule:"required,codes=media"`
	At      time.Time   `json:"at" rule:"required,past"`
	Content domain.Text `json:"content,omitzero" seal:"aggregate"`
	TLP     domain.Code `json:"tlp" rule:"required,codes=tlp"`
}

func (ControllerNotified) EventName() string   { return "ControllerNotified" }
func (DataSubjectsInformed) EventName() string { return "DataSubjectsInformed" }
func (PartyInformed) EventName() string        { return "PartyInformed" }

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

// InformParty says who was told of the incident, when and how: whoever must hear
// of it, is hit by it or needs to know (REG-08, COM-01, COM-06, NOT-08).
type InformParty struct {
	// Party is who was told.
	Party Party `json:"party" rule:"required"`
	// Medium is the way.
	Medium domain.Code `json:"medium" rule:"required,codes=media"`
	// At is when.
	At time.Time `json:"at" rule:"required,past"`
	// Content is what was told.
	Content domain.Text `json:"content" rule:"required"`
	// TLP tells to whom they may pass it on, by the Traffic Light Protocol.
	TLP domain.Code `json:"tlp" rule:"required,codes=tlp"`
}

func (NotifyController) CommandName() string   { return "NotifyController" }
func (InformDataSubjects) CommandName() string { return "InformDataSubjects" }
func (InformParty) CommandName() string        { return "InformParty" }

// Informed is who was told of the incident besides authorities, in order.
type Informed struct {
	Parties     []PartyTold
	Subjects    []SubjectsTold
	Controllers []ControllerTold
}

// A PartyTold is one telling of a party; Who is empty where a text named it.
type PartyTold struct {
	Who domain.Code
	At  time.Time
	Seq domain.Seq // of the entry
}

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
func (e ControllerNotified) rederive(*deciding, domain.Event) (domain.Event, error) {
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

func (c InformParty) decide(d *deciding) error {
	e := PartyInformed{Party: Who(c.Party), Medium: c.Medium, At: c.At, Content: c.Content, TLP: c.TLP}
	if err := e.Party.one("party"); err != nil {
		return err
	}
	d.emit(e)
	for _, duty := range d.s.duties() {
		code := e.Party.code()
		if !duty.Running() || duty.Recipient != code {
			continue
		}
		switch policy.Path(strings.ReplaceAll(string(d.ruleOf(duty).Met), "{recipient}", string(code))) {
		case policy.RequestAnswered, policy.Informed(code):
		default:
			d.warn("duty_open", "REG-08", "%s was told, but that does not meet %s (%s)", code, duty.ID, doing(code))
		}
	}
	return nil
}

// informed tells when each party was first told.
func (s *Incident) informed(f *policy.Facts) {
	for _, t := range s.Informed.Parties {
		path := policy.Informed(t.Who)
		if was, ok := f.At[path]; t.Who != "" && (!ok || t.At.Before(was)) {
			f.At[path] = t.At
		}
	}
}

// uninformed lists the recipients who have not heard of the incident: who gave
// an order on it has, and so has who was told.
func (s *Incident) uninformed() []domain.Code {
	return slices.DeleteFunc(slices.Clone(s.Recipients), func(role domain.Code) bool {
		return slices.ContainsFunc(s.log, func(p posting) bool { return p.role == role }) ||
			slices.ContainsFunc(s.Informed.Parties, func(t PartyTold) bool { return t.Who == role })
	})
}

// unheard asks that everybody who must hear of an incident or a weakness has
// (REG-08). What comes over from another system was handled there.
func (s *Incident) unheard() []openItem {
	left := s.uninformed()
	if len(left) == 0 || s.Report.Kind == "service-request" || s.Report.Channel == "import" {
		return nil
	}
	return []openItem{{"informed", fmt.Sprintf("%s must still hear of it (InformParty)", andList(left))}}
}

// everybody says who was told and how they can be found, for telling them more.
func (i *Informed) everybody() []string {
	var out []string
	said := map[domain.Code]bool{}
	for _, t := range i.Parties {
		switch {
		case t.Who == "":
			out = append(out, fmt.Sprintf("whom entry %d names was told at %s", t.Seq, stamp(t.At)))
		case !said[t.Who]:
			said[t.Who] = true
			out = append(out, fmt.Sprintf("%s was told at %s", t.Who, stamp(t.At)))
		}
	}
	for _, t := range i.Controllers {
		out = append(out, fmt.Sprintf("%s was told as the controller of %s at %s", t.Controller, t.Processing, stamp(t.At)))
	}
	for _, t := range i.Subjects {
		out = append(out, fmt.Sprintf("people concerned (%s) were told at %s", t.Group, stamp(t.At)))
	}
	return out
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

func (e PartyInformed) evolve(s *Incident, p *posting) {
	s.Informed.Parties = append(slices.Clip(s.Informed.Parties), PartyTold{e.Party.code(), e.At, p.seq})
}
