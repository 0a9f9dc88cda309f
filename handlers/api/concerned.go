package api

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A concerned is whom and what the incident touches: people, the chain, services,
// suppliers and customers.
type concerned struct {
	Leak        leak          `json:"leak"`
	Significant *bool         `json:"significant,omitempty" doc:"absent: nobody judged it"`
	Told        []toldShown   `json:"told" doc:"parties, in order; authorities are among the notifications"`
	Subjects    []subjects    `json:"subjects" doc:"people concerned who were told"`
	Chain       *chainShown   `json:"chain,omitempty" doc:"absent: it belongs to no chain"`
	Suppliers   []domain.Code `json:"suppliers"`
	Outages     []outageShown `json:"outages"`
	AtRisk      []atRisk      `json:"atRisk"`
	Plans       []domain.Code `json:"plans" doc:"of continuity, followed now"`
}

type leak struct {
	Suspected   bool              `json:"suspected"`
	Withdrawn   bool              `json:"withdrawn"`
	Processings []processingShown `json:"processings"`
}

type processingShown struct {
	Code         domain.Code `json:"code"`
	Role         domain.Code `json:"role"`
	Controller   domain.Code `json:"controller,omitempty"`
	PersonalData domain.Code `json:"personalData"`
	Risk         domain.Code `json:"risk"`
}

type toldShown struct {
	Who   domain.Code `json:"who,omitempty" doc:"absent: the entry names them in words"`
	At    time.Time   `json:"at"`
	Entry domain.Seq  `json:"entry"`
}

type subjects struct {
	Processing domain.Code `json:"processing,omitempty"`
	Group      domain.Code `json:"group"`
	Complete   bool        `json:"complete"`
	At         time.Time   `json:"at"`
}

type chainShown struct {
	Reported      time.Time   `json:"reported,omitzero" doc:"when a report reached the chain desk"`
	Registered    time.Time   `json:"registered,omitzero"`
	Reference     domain.Seq  `json:"reference,omitempty" doc:"the entry that holds the desk's number"`
	Priority      int         `json:"priority,omitempty" doc:"as the desk said"`
	IndicativeDue time.Time   `json:"indicativeDue,omitzero"`
	Resolver      domain.Code `json:"resolver,omitempty"`
	CauseDomain   domain.Code `json:"causeDomain,omitempty"`
	CauseTold     bool        `json:"causeTold"`
	Shutdowns     int         `json:"shutdowns" doc:"ordered and not lifted"`
	Environments  int         `json:"environments" doc:"taken from the parties and not given back"`
}

type outageShown struct {
	Service    domain.Code `json:"service"`
	From       time.Time   `json:"from"`
	To         time.Time   `json:"to,omitzero"`
	RTOMinutes int64       `json:"rtoMinutes,omitempty"`
}

type atRisk struct {
	Service    domain.Code `json:"service"`
	Customer   domain.Code `json:"customer"`
	Obligation domain.Code `json:"obligation"`
}

func concernedOf(st *incident.Incident) concerned {
	out := concerned{
		Leak: leak{Suspected: st.SuspectsLeak(), Withdrawn: st.Leak.Withdrawn, Processings: []processingShown{}},
		Told: []toldShown{}, Subjects: []subjects{}, Suppliers: append([]domain.Code{}, st.Suppliers()...),
		Outages: []outageShown{}, AtRisk: []atRisk{}, Plans: append([]domain.Code{}, st.Continuity.Plans...), Chain: chainOf(st),
	}
	if s := st.Significance; s != nil {
		out.Significant = &s.Significant
	}
	for _, p := range st.Leak.Processings {
		out.Leak.Processings = append(out.Leak.Processings, processingShown{p.Code, p.Role, p.Controller, p.PersonalData, p.Risk})
	}
	for _, t := range st.Informed.Parties {
		out.Told = append(out.Told, toldShown{t.Who, t.At, t.Seq})
	}
	for _, t := range st.Informed.Subjects {
		out.Subjects = append(out.Subjects, subjects{t.Processing, t.Group, t.Complete, t.At})
	}
	for _, d := range st.Continuity.Downtimes {
		out.Outages = append(out.Outages, outageShown{d.Service, d.From, d.To, d.RTOMinutes})
	}
	for _, o := range st.Continuity.AtRisk {
		out.AtRisk = append(out.AtRisk, atRisk{o.Service, o.Customer, o.Obligation})
	}
	return out
}

func chainOf(st *incident.Incident) *chainShown {
	c := &st.Chain
	if st.Report.Chain == "" && c.Reported.IsZero() {
		return nil
	}
	return &chainShown{
		Reported: c.Reported, Registered: c.Registered, Reference: c.Reference, Priority: c.Priority, IndicativeDue: c.IndicativeDue,
		Resolver: c.Resolver, CauseDomain: c.CauseDomain, CauseTold: c.CauseTold, Shutdowns: len(c.Shutdowns), Environments: len(c.Environments),
	}
}
