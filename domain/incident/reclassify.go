package incident

import (
	"slices"

	"incidentledger/domain"
)

var reclassifyCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[Reclassify], Roles: handling, States: inLive,
		Events:  []string{"IncidentReclassified", "RecipientsDetermined", "IncidentRegistered"},
		Example: `{"category":"data-leak","suspectedDataLeak":true,"reason":"The laptop held case files."}`}},
}

var reclassifyEvents = []eventRow{
	told[IncidentReclassified](1),
}

// IncidentReclassified says what the incident proves to be. What is left out
// stands as it did.
type IncidentReclassified struct {
	Kind              domain.Code    `json:"kind,omitzero" rule:"oneof=incident|weakness|service-request"`
	Category          domain.Code    `json:"category,omitzero" rule:"codes=categories"`
	SuspectedDataLeak *bool          `json:"suspectedDataLeak,omitempty"`
	SecurityRelevant  *bool          `json:"securityRelevant,omitempty"`
	Chain             *domain.Code   `json:"chain,omitempty"` // empty: it belongs to none
	Affected          *[]domain.Code `json:"affected,omitempty"`
	Reason            domain.Text    `json:"reason,omitzero" seal:"aggregate"`
}

// EventName implements domain.Event.
func (IncidentReclassified) EventName() string { return "IncidentReclassified" }

// Reclassify says that the incident is of another nature than was reported. Its
// place in the register, who must hear of it, duties and terms follow anew; the
// report stays as it was made (INT-02, REG-12, PRI-06).
type Reclassify struct {
	// Kind tells whether it is an incident, a weakness or a service request after all.
	Kind domain.Code `json:"kind,omitzero" rule:"oneof=incident|weakness|service-request"`
	// Category is its type in the catalogue.
	Category domain.Code `json:"category,omitzero" rule:"codes=categories"`
	// SuspectedDataLeak says whether personal data may have leaked (NOT-06); to end a suspicion takes a role that may WithdrawSuspicion.
	SuspectedDataLeak *bool `json:"suspectedDataLeak,omitempty"`
	// SecurityRelevant says whether it concerns information security (INT-07).
	SecurityRelevant *bool `json:"securityRelevant,omitempty"`
	// Chain is the chain it belongs to; empty: it belongs to none after all (CHN-01).
	Chain *domain.Code `json:"chain,omitempty" rule:"codes=chains"`
	// Affected lists the services hit, in place of those named before.
	Affected *[]domain.Code `json:"affected,omitempty"`
	// Reason says what showed it.
	Reason domain.Text `json:"reason" rule:"required"`
}

// CommandName implements domain.Command.
func (Reclassify) CommandName() string { return "Reclassify" }

func (c Reclassify) decide(d *deciding) error {
	e := IncidentReclassified(c)
	next := d.s.Clone()
	e.evolve(next, nil)
	was, is := &d.s.Report, &next.Report
	raised := is.SuspectedDataLeak && (!was.SuspectedDataLeak || d.s.Leak.Withdrawn && !next.Leak.Withdrawn)
	if is.Kind == was.Kind && is.Category == was.Category && is.SuspectedDataLeak == was.SuspectedDataLeak && !raised &&
		is.SecurityRelevant == was.SecurityRelevant && is.Chain == was.Chain && slices.Equal(is.Affected, was.Affected) {
		return noChange("contract 3", "the incident is already classified so")
	}
	if err := d.dropsLeak(next); err != nil {
		return err
	}
	if was.SuspectedDataLeak && !is.SuspectedDataLeak {
		for _, n := range d.s.Notifications {
			if !n.Withdrawn {
				d.warn("still_notified", "REG-10", "the notification %s to %s stands; withdraw it there too", n.ID, n.Authority)
			}
		}
	}
	if c.Affected != nil {
		d.hits(*c.Affected)
	}
	if raised {
		d.unprofiled()
	}
	d.emit(e)
	return nil
}

// hits looks up the services that are hit (MAJ-03): who reports does not know
// that the organisation cannot do without one of them.
func (d *deciding) hits(services []domain.Code) {
	for _, code := range services {
		switch s, known := d.service(code); {
		case !known:
			d.warn("unknown_service", "MAJ-03", "service %s is not in the service register", code)
		case s.Critical || s.Vital:
			d.warn("critical_service", "MAJ-02", "service %s is critical or vital: weigh whether this is a major incident (DeclareMajor)", code)
		}
	}
}

// rederive implements rederiver. What was said of the nature cannot be unsaid,
// only said otherwise: views keep what holds, not what held before.
func (e IncidentReclassified) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	old := was.(IncidentReclassified)
	for _, f := range []struct {
		name     string
		was, has bool
	}{
		{"kind", old.Kind != "", e.Kind != ""},
		{"category", old.Category != "", e.Category != ""},
		{"suspectedDataLeak", old.SuspectedDataLeak != nil, e.SuspectedDataLeak != nil},
		{"securityRelevant", old.SecurityRelevant != nil, e.SecurityRelevant != nil},
		{"chain", old.Chain != nil, e.Chain != nil},
		{"affected", old.Affected != nil, e.Affected != nil},
	} {
		if f.was && !f.has {
			return e, malformed("fields."+f.name, "%s was reclassified; say what it is instead of taking it back", f.name)
		}
	}
	return e, nil
}

func (e IncidentReclassified) evolve(s *Incident, _ *posting) {
	r := &s.Report
	if e.Kind != "" {
		r.Kind = e.Kind
	}
	if e.Category != "" {
		r.Category = e.Category
	}
	if e.SuspectedDataLeak != nil {
		r.SuspectedDataLeak = *e.SuspectedDataLeak
		s.Leak.Withdrawn = s.Leak.Withdrawn && !r.SuspectedDataLeak // suspected again
	}
	if e.SecurityRelevant != nil {
		r.SecurityRelevant = *e.SecurityRelevant
	}
	if e.Chain != nil {
		r.Chain = *e.Chain
	}
	if e.Affected != nil {
		r.Affected = *e.Affected
	}
}
