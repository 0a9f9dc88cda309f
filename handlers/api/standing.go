package api

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A standing is what sets an incident apart from the ordinary ones, who acts in
// it, and with what it hangs together.
type standing struct {
	Severity      domain.Code     `json:"severity,omitempty" doc:"none, light, high, very-high; absent: nobody judged it"`
	Severities    []severity      `json:"severities" doc:"each judgement of it, in order"`
	Complaints    int             `json:"complaints,omitempty"`
	Calamity      time.Time       `json:"calamity,omitzero" doc:"since when; absent: it is none"`
	Major         bool            `json:"major"`
	Critical      bool            `json:"critical" doc:"its priority is 1 or 2"`
	KSZMajor      time.Time       `json:"kszMajor,omitzero" doc:"since when; absent: it is not"`
	Upscaled      domain.Code     `json:"upscaled,omitempty" doc:"the last decision: up, none, down"`
	GripLevel     domain.Code     `json:"gripLevel,omitempty"`
	Communication domain.Code     `json:"communication,omitempty" doc:"who speaks: crisis-team, safety-region, own"`
	Spokesperson  domain.PersonID `json:"spokesperson,omitzero"`
	TLP           domain.Code     `json:"tlp,omitempty"`
	Acting        []acting        `json:"acting"`
	Links         []link          `json:"links"`
	Shares        []share         `json:"shares"`
	Overruns      []overrun       `json:"overruns"`
	Misfiled      []domain.Seq    `json:"misfiled,omitempty" doc:"entries that belong elsewhere"`
}

// A severity is one judgement of how grave the incident is.
type severity struct {
	Entry    domain.Seq    `json:"entry"`
	At       time.Time     `json:"at"`
	Severity domain.Code   `json:"severity"`
	Was      domain.Code   `json:"was,omitempty"`
	Aspects  []domain.Code `json:"aspects,omitempty" doc:"absent: a complaint raised it"`
}

// severitiesOf finds the judgements among a file's entries, as they were given.
func severitiesOf(f *file) []severity {
	out := []severity{}
	for _, en := range f.entries {
		for i := range en.Events {
			switch e := en.Events[i].Event.(type) {
			case incident.SeverityAssessed:
				out = append(out, severity{en.Seq, en.Occurred.Time, e.Severity, e.Was, e.Aspects})
			case incident.SeverityRaised:
				out = append(out, severity{Entry: en.Seq, At: en.Occurred.Time, Severity: e.Severity, Was: e.Was})
			}
		}
	}
	return out
}

type acting struct {
	Person domain.PersonID `json:"person"`
	Role   domain.Code     `json:"role"`
}

type link struct {
	Other        domain.Key   `json:"other"`
	Relation     domain.Code  `json:"relation" doc:"sibling, duplicate, cause"`
	Organisation domain.OrgID `json:"organisation,omitempty" doc:"absent: the incident's own"`
}

type share struct {
	Organisation domain.OrgID  `json:"organisation"`
	Parts        []domain.Code `json:"parts"`
}

type overrun struct {
	Clock      domain.Code `json:"clock"`
	ExpectedAt time.Time   `json:"expectedAt"`
	Answer     domain.Code `json:"answer,omitempty" doc:"accepted, rejected; absent: none yet"`
}

func standingOf(st *incident.Incident) standing {
	out := standing{
		Severity: st.Severity(), Complaints: st.Complaints, Calamity: st.Calamity, Major: st.Major, Critical: st.Critical, KSZMajor: st.KSZMajor,
		Communication: st.Communication, Spokesperson: st.Spokesperson, Misfiled: st.Misfiled,
		Acting: []acting{}, Links: []link{}, Shares: []share{}, Overruns: []overrun{},
	}
	if u := st.Upscaling; u != nil {
		out.Upscaled, out.GripLevel = u.Direction, u.GripLevel
	}
	if c := st.Confidentiality; c != nil {
		out.TLP = c.TLP
	}
	for _, a := range st.Acting {
		out.Acting = append(out.Acting, acting(a))
	}
	for _, l := range st.Links {
		out.Links = append(out.Links, link(l))
	}
	for _, s := range st.Shares {
		out.Shares = append(out.Shares, share{s.Organisation, s.Parts})
	}
	for _, o := range st.Overruns {
		out.Overruns = append(out.Overruns, overrun(o))
	}
	return out
}
