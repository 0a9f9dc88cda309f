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
	{CommandType: domain.CommandType{New: blank[InformParty], Roles: handling,
		Events:  []string{"PartyInformed"},
		Example: `{"party":{"role":"department-head"},"medium":"phone","at":"2026-11-20T18:10:00+01:00","content":"A laptop with case files is missing; nobody talks to the press.","tlp":"amber"}`}},
}

var informEvents = []eventRow{
	told[PartyInformed](1),
}

// PartyInformed says who was told what of the incident, when and how.
type PartyInformed struct {
	Party   Who         `json:"party"`
	Medium  domain.Code `json:"medium" rule:"required,codes=media"`
	At      time.Time   `json:"at" rule:"required,past"`
	Content domain.Text `json:"content,omitzero" seal:"aggregate"`
	TLP     domain.Code `json:"tlp" rule:"required,codes=tlp"`
}

func (PartyInformed) EventName() string { return "PartyInformed" }

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

func (InformParty) CommandName() string { return "InformParty" }

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
			d.warn("duty_open", "REG-08", "%s was told, but that does not meet %s (%s)", code, duty.ID, doing(duty))
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

// unheard asks that everybody who must hear of an incident has before it is
// closed, where it goes through every step; else closing warns (REG-08).
func (s *Incident) unheard() []openItem {
	left := s.uninformed()
	if len(left) == 0 || !s.grave() || s.Report.Channel == "import" {
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

func (e PartyInformed) evolve(s *Incident, p *posting) {
	s.Informed.Parties = append(slices.Clip(s.Informed.Parties), PartyTold{e.Party.code(), e.At, p.seq})
}
