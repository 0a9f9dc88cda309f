package incident

import (
	"slices"

	"incidentledger/domain"
)

// Refusals about sharing.
const (
	RefusedConfidential domain.Code = "confidential" // its traffic light keeps it inside the organisation
	RefusedNotShared    domain.Code = "not_shared"   // there is nothing to take back
)

var shareCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[SetConfidentiality], Roles: append(slices.Clip(statutory), "counsellor", "hr"), States: inKept,
		Events:  []string{"ConfidentialitySet"},
		Example: `{"tlp":"amber","track":"normal"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ShareIncident], Roles: statutory, States: inKept,
		Events:  []string{"IncidentShared"},
		Example: `{"organisation":"kompas","ground":"The same server serves both.","authorisationReference":"SC/2026/114","parts":["summary","measures"]}`}},
	{CommandType: domain.CommandType{New: blank[WithdrawShare], Roles: statutory,
		Events:  []string{"ShareWithdrawn"},
		Example: `{"organisation":"kompas","ground":"Their part is settled."}`}},
}

var shareEvents = []eventRow{
	told[ConfidentialitySet](1),
	told[IncidentShared](1),
	told[ShareWithdrawn](1),
}

// ConfidentialitySet says who may see the incident from then on: by the traffic
// light, by name, by its track. It stands in place of what was set before, and
// takes nothing from those from whom the report is withheld.
type ConfidentialitySet struct {
	TLP        domain.Code       `json:"tlp" rule:"required,codes=tlp"`
	NeedToKnow []domain.PersonID `json:"needToKnow,omitempty"` // none: not narrowed
	Track      domain.Code       `json:"track" rule:"required,oneof=normal|integrity"`
}

// IncidentShared says which parts of the incident another organisation may see,
// and on what ground.
type IncidentShared struct {
	Organisation           domain.OrgID  `json:"organisation" rule:"required"`
	Ground                 domain.Text   `json:"ground,omitzero" seal:"aggregate"`
	AuthorisationReference domain.Text   `json:"authorisationReference,omitzero" seal:"aggregate" rule:"max=200"`
	Parts                  []domain.Code `json:"parts" rule:"required,codes=parts"`
}

// ShareWithdrawn says that another organisation may no longer see the incident,
// or parts of it.
type ShareWithdrawn struct {
	Organisation           domain.OrgID  `json:"organisation" rule:"required"`
	Ground                 domain.Text   `json:"ground,omitzero" seal:"aggregate"`
	AuthorisationReference domain.Text   `json:"authorisationReference,omitzero" seal:"aggregate" rule:"max=200"`
	Parts                  []domain.Code `json:"parts,omitempty" rule:"codes=parts"` // none: all
}

func (ConfidentialitySet) EventName() string { return "ConfidentialitySet" }
func (IncidentShared) EventName() string     { return "IncidentShared" }
func (ShareWithdrawn) EventName() string     { return "ShareWithdrawn" }

// SetConfidentiality says who may see the incident. A case against a person goes
// into the integrity track, apart from all others (REG-13); its number stays.
type SetConfidentiality struct {
	// TLP is its traffic light: how far its content may travel.
	TLP domain.Code `json:"tlp" rule:"required,codes=tlp"`
	// NeedToKnow lists the only persons who may see it; without it those whose role allows it.
	NeedToKnow []domain.PersonID `json:"needToKnow,omitempty"`
	// Track keeps integrity cases apart (REG-13).
	Track domain.Code `json:"track" rule:"required,oneof=normal|integrity"`
}

// ShareIncident lets another organisation see parts of the incident. Exchange of
// social data needs an authorisation beforehand: its reference is kept (ORG-12).
type ShareIncident struct {
	// Organisation is who may see it.
	Organisation domain.OrgID `json:"organisation" rule:"required"`
	// Ground says why they may.
	Ground domain.Text `json:"ground" rule:"required"`
	// AuthorisationReference names the authorisation that allows it.
	AuthorisationReference domain.Text `json:"authorisationReference" rule:"required,max=200"`
	// Parts are what they may see.
	Parts []domain.Code `json:"parts" rule:"required,codes=parts"`
}

// WithdrawShare says that another organisation may no longer see the incident.
// What it has seen stays in the ledger (ORG-12).
type WithdrawShare struct {
	// Organisation is who saw it.
	Organisation domain.OrgID `json:"organisation" rule:"required"`
	// Ground says why it ends.
	Ground domain.Text `json:"ground" rule:"required"`
	// AuthorisationReference names the authorisation that has ended, where one has.
	AuthorisationReference domain.Text `json:"authorisationReference,omitzero" rule:"max=200"`
	// Parts are what they may no longer see; without it all.
	Parts []domain.Code `json:"parts,omitempty" rule:"codes=parts"`
}

func (SetConfidentiality) CommandName() string { return "SetConfidentiality" }
func (ShareIncident) CommandName() string      { return "ShareIncident" }
func (WithdrawShare) CommandName() string      { return "WithdrawShare" }

func (c SetConfidentiality) decide(d *deciding) error {
	e := ConfidentialitySet(c)
	if was := d.s.Confidentiality; was != nil && was.TLP == e.TLP && was.Track == e.Track && domain.NeedOf(was.NeedToKnow) == domain.NeedOf(e.NeedToKnow) {
		return noChange("REG-13", "the confidentiality already stands so")
	}
	for _, p := range []domain.PersonID{d.s.Owner, d.s.ContactPoint} {
		if len(e.NeedToKnow) > 0 && !p.IsZero() && !slices.Contains(e.NeedToKnow, p) {
			d.warn("shut_out", "REG-05", "%s is owner or point of contact and is not among those who may see it", p)
		}
	}
	if e.inside() && len(d.s.Shares) > 0 {
		d.warn("still_shared", "ORG-12", "the incident stays shared with %s (WithdrawShare)", d.s.Shares[0].Organisation)
	}
	d.emit(e)
	return nil
}

// inside reports whether the traffic light keeps the content inside the
// organisation.
func (e *ConfidentialitySet) inside() bool { return e.TLP == "red" || e.TLP == "amber+strict" }

func (c ShareIncident) decide(d *deciding) error {
	if c.Organisation == d.o.Org {
		return malformed("organisation", "organisation is the incident's own")
	}
	if s := d.s.Confidentiality; s != nil && s.inside() {
		if err := d.rule(domain.Refuse(RefusedConfidential, "COM-06", "the incident is TLP %s and stays inside the organisation (SetConfidentiality)", s.TLP)); err != nil {
			return err
		}
	}
	have := d.s.sharedWith(c.Organisation)
	if !slices.ContainsFunc(c.Parts, func(p domain.Code) bool { return !slices.Contains(have, p) }) {
		return noChange("ORG-12", "%s may already see %s", c.Organisation, andList(c.Parts))
	}
	d.emit(IncidentShared(c))
	return nil
}

func (c WithdrawShare) decide(d *deciding) error {
	have := d.s.sharedWith(c.Organisation)
	if len(have) == 0 || len(c.Parts) > 0 && !slices.ContainsFunc(c.Parts, func(p domain.Code) bool { return slices.Contains(have, p) }) {
		r := domain.Refuse(RefusedNotShared, "ORG-12", "nothing of this is shared with %s", c.Organisation)
		r.Field = "organisation"
		return r
	}
	d.emit(ShareWithdrawn(c))
	return nil
}

// sharedWith gives the parts that an organisation may see.
func (t *Told) sharedWith(org domain.OrgID) []domain.Code {
	var out []domain.Code
	for _, s := range t.Shares {
		if s.Organisation == org {
			out = append(out, s.Parts...)
		}
	}
	return out
}

func (e ConfidentialitySet) evolve(s *Incident, _ *posting) {
	s.Confidentiality, s.Report.Track = &e, e.Track
}

func (e IncidentShared) evolve(s *Incident, _ *posting) { s.Shares = append(slices.Clip(s.Shares), e) }

func (e ShareWithdrawn) evolve(s *Incident, _ *posting) {
	var left []IncidentShared
	for _, share := range s.Shares {
		if share.Organisation == e.Organisation {
			share.Parts = slices.DeleteFunc(slices.Clone(share.Parts), func(p domain.Code) bool { return len(e.Parts) == 0 || slices.Contains(e.Parts, p) })
		}
		if len(share.Parts) > 0 {
			left = append(left, share)
		}
	}
	s.Shares = left
}
