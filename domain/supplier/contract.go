package supplier

import (
	"cmp"
	"slices"
	"time"

	"incidentledger/domain"
)

var contractCommands = []domain.CommandRow{
	{Fact: true, CommandType: domain.CommandType{New: domain.Blank[RecordContract], Roles: managing, States: inActive,
		Events: []string{"ContractRecorded"}, Example: `{"code":"hosting-2026","validFrom":"2026-01-01T00:00:00+01:00","services":["mail","website"],"scope":"Hosting of mail and website.",` +
			`"uptimePercent":99500,"period":"month","errorMargin":100,"measured":"By the probe of the municipality, every minute.",` +
			`"maintenanceWeekly":[{"weekday":"sunday","from":"02:00","to":"04:00"}],"credits":[{"below":99400,"creditPercent":5000},{"below":99000,"creditPercent":25000}],"feeEUR":4000,` +
			`"noticeMinutes":60,"updateEveryMinutes":120,"terms":[{"priority":1,"responseMinutes":30,"resolutionMinutes":240}],"support":"Service desk, +31 20 1234567, day and night.",` +
			`"escalation":"Service manager, then the director.","consultation":"Each quarter.","dataProtection":true,"audits":true}`}},
	{Fact: true, CommandType: domain.CommandType{New: domain.Blank[AmendContract], Roles: managing, States: inActive,
		Events: []string{"ContractAmended"}, Example: `{"code":"hosting-2026","validFrom":"2026-07-01T00:00:00+02:00","services":["mail","website"],"scope":"Hosting of mail and website.","uptimePercent":99900,"period":"month","dataProtection":true}`}},
}

var contractEvents = domain.EventTable{
	domain.Told[ContractRecorded](1),
	domain.Told[ContractAmended](1),
}

// A Window is a span of time that comes once.
type Window struct {
	Start time.Time `json:"start" rule:"required"`
	End   time.Time `json:"end" rule:"required"`
}

// A Credit is what an uptime below a limit gives back: thousandths of a percent,
// both.
type Credit struct {
	Below         int64 `json:"below" rule:"required,min=1,max=100000"`
	CreditPercent int64 `json:"creditPercent" rule:"required,min=1,max=100000"`
}

// A Term is within what time the supplier responds and resolves at a priority;
// 0: not agreed.
type Term struct {
	Priority          int   `json:"priority" rule:"required,min=1,max=5"`
	ResponseMinutes   int64 `json:"responseMinutes,omitzero" rule:"min=1"`
	ResolutionMinutes int64 `json:"resolutionMinutes,omitzero" rule:"min=1"`
}

// ContractRecorded says what was agreed with the supplier.
type ContractRecorded struct {
	Code               domain.Code     `json:"code" rule:"required"`
	ValidFrom          time.Time       `json:"validFrom" rule:"required"`
	ValidTo            time.Time       `json:"validTo,omitzero"`
	Services           []domain.Code   `json:"services" rule:"required"`
	Scope              domain.Text     `json:"scope,omitzero" seal:"aggregate"`
	UptimePercent      int64           `json:"uptimePercent,omitzero" rule:"min=0,max=100000"`
	Period             domain.Code     `json:"period,omitzero" rule:"oneof=month|quarter|year"`
	ErrorMargin        int64           `json:"errorMargin,omitzero" rule:"min=0,max=100000"`
	Measured           domain.Text     `json:"measured,omitzero" seal:"aggregate"`
	Maintenance        []Window        `json:"maintenance,omitempty"`
	MaintenanceWeekly  []domain.Weekly `json:"maintenanceWeekly,omitempty"`
	Credits            []Credit        `json:"credits,omitempty"`
	FeeEUR             int64           `json:"feeEUR,omitzero" rule:"min=0,max=50000000"`
	NoticeMinutes      int64           `json:"noticeMinutes,omitzero" rule:"min=0"`
	UpdateEveryMinutes int64           `json:"updateEveryMinutes,omitzero" rule:"min=0"`
	Terms              []Term          `json:"terms,omitempty" rule:"max=5"`
	Support            domain.Text     `json:"support,omitzero" seal:"aggregate"`
	Escalation         domain.Text     `json:"escalation,omitzero" seal:"aggregate"`
	Consultation       domain.Text     `json:"consultation,omitzero" seal:"aggregate"`
	Revision           domain.Text     `json:"revision,omitzero" seal:"aggregate"`
	Liability          domain.Text     `json:"liability,omitzero" seal:"aggregate"`
	DataProtection     bool            `json:"dataProtection"`
	Audits             bool            `json:"audits"`
	Cloud              domain.Code     `json:"cloud,omitzero" rule:"oneof=none|private|community|public"`
}

// ContractAmended says what was agreed anew, from when. The version before it
// holds until then.
type ContractAmended ContractRecorded

func (ContractRecorded) EventName() string { return "ContractRecorded" }
func (ContractAmended) EventName() string  { return "ContractAmended" }

// RecordContract records what was agreed with the supplier, in quantified and
// measurable terms (SUP-03 to SUP-07): what it does not say is warned of.
// Percentages are whole thousandths: 99500 is 99.5 %.
type RecordContract struct {
	// Code is the short code of the contract, unique for the supplier.
	Code domain.Code `json:"code" rule:"required"`
	// ValidFrom is from when it holds.
	ValidFrom time.Time `json:"validFrom" rule:"required"`
	// ValidTo is until when, exclusive; absent: no end was agreed.
	ValidTo time.Time `json:"validTo,omitzero"`
	// Services are the codes of the services it covers; each must keep the uptime.
	Services []domain.Code `json:"services" rule:"required"`
	// Scope describes the services it covers, and which it does not (SUP-04).
	Scope domain.Text `json:"scope" rule:"required"`
	// UptimePercent is the uptime agreed over a period, in thousandths of a percent; 0: none (SUP-05).
	UptimePercent int64 `json:"uptimePercent,omitzero" rule:"min=0,max=100000"`
	// Period is over which the uptime is measured.
	Period domain.Code `json:"period,omitzero" rule:"oneof=month|quarter|year"`
	// ErrorMargin is how far the uptime may stay below without breach, in thousandths of a percent.
	ErrorMargin int64 `json:"errorMargin,omitzero" rule:"min=0,max=100000"`
	// Measured tells how the service levels are measured (SUP-04).
	Measured domain.Text `json:"measured,omitzero"`
	// Maintenance is announced time in which the supplier may work on a service: it counts neither as agreed time nor as downtime.
	Maintenance []Window `json:"maintenance,omitempty"`
	// MaintenanceWeekly is the same, each week.
	MaintenanceWeekly []domain.Weekly `json:"maintenanceWeekly,omitempty"`
	// Credits says what an uptime below a limit gives back, as a share of the fee: the lower the uptime, the more. Of several services the worst counts (SUP-05).
	Credits []Credit `json:"credits,omitempty"`
	// FeeEUR is the fee of one period for all services of the contract together, in whole euros.
	FeeEUR int64 `json:"feeEUR,omitzero" rule:"min=0,max=50000000"`
	// NoticeMinutes is within how many minutes the supplier must tell of an incident it knows of; 0: not agreed (SUP-03).
	NoticeMinutes int64 `json:"noticeMinutes,omitzero" rule:"min=0"`
	// UpdateEveryMinutes is how often it must tell how things stand; 0: not agreed.
	UpdateEveryMinutes int64 `json:"updateEveryMinutes,omitzero" rule:"min=0"`
	// Terms are the terms of response and solution at each priority (SUP-06).
	Terms []Term `json:"terms,omitempty" rule:"max=5"`
	// Support tells what help there is on incidents, whom to contact and how (SUP-06).
	Support domain.Text `json:"support,omitzero"`
	// Escalation tells how to escalate (SUP-04).
	Escalation domain.Text `json:"escalation,omitzero"`
	// Consultation tells how and when the parties consult and communicate (SUP-04).
	Consultation domain.Text `json:"consultation,omitzero"`
	// Revision tells how the agreement is evaluated, adjusted and revised (SUP-04).
	Revision domain.Text `json:"revision,omitzero"`
	// Liability tells who is liable for what (SUP-07).
	Liability domain.Text `json:"liability,omitzero"`
	// DataProtection says that confidentiality and the duties of a processor and its sub-contractors are agreed (SUP-15).
	DataProtection bool `json:"dataProtection,omitzero"`
	// Audits says that periodic audits are agreed (SUP-10).
	Audits bool `json:"audits,omitzero"`
	// Cloud is how a cloud service is deployed (SUP-16).
	Cloud domain.Code `json:"cloud,omitzero" rule:"oneof=none|private|community|public"`
}

// AmendContract records the whole of what was agreed anew, from when. The version
// before it holds until then, and what happened under it is judged by it.
type AmendContract RecordContract

func (RecordContract) CommandName() string { return "RecordContract" }
func (AmendContract) CommandName() string  { return "AmendContract" }

// Refusals of contracts.
const (
	RefusedKnownContract   domain.Code = "known_contract"   // a contract of that code is recorded
	RefusedUnknownContract domain.Code = "unknown_contract" // none is
	RefusedPublicCloud     domain.Code = "public_cloud"
)

// Decide implements domain.Decider.
func (c RecordContract) Decide(d *domain.Deciding[State]) error {
	if d.Told.has(c.Code) {
		r := domain.Refuse(RefusedKnownContract, "SUP-04", "the contract %s is recorded; what was agreed anew is a version of it", c.Code)
		r.Field, r.Allowed = "code", []string{"AmendContract", "CorrectFact"}
		return r
	}
	if err := c.judge(d); err != nil {
		return err
	}
	return d.Emit(ContractRecorded(c))
}

// Decide implements domain.Decider.
func (c AmendContract) Decide(d *domain.Deciding[State]) error {
	if !d.Told.has(c.Code) {
		return unknownContract(d.Told, c.Code)
	}
	if err := RecordContract(c).judge(d); err != nil {
		return err
	}
	return d.Emit(ContractAmended(c))
}

// judge refuses a cloud that may not be used, and warns of what an agreement
// should hold and this one does not.
func (c RecordContract) judge(d *domain.Deciding[State]) error {
	if c.Cloud == "public" {
		if err := d.Rule(domain.Refuse(RefusedPublicCloud, "SUP-16", "only a private or community cloud may be used; if it is in use already, record that with the reason why")); err != nil {
			return err
		}
	}
	if d.Known != nil {
		for _, code := range c.Services {
			if _, ok := d.Known.Needs(code); !ok {
				d.Warn("unknown_service", "MAJ-03", "the register has no service %s; an outage of it is not known to be one of this contract until it is added (AddService)", code)
			}
		}
	}
	for _, lack := range []struct {
		missing     bool
		code        domain.Code
		requirement string
		what        string
	}{
		{c.UptimePercent == 0, "uptime_not_agreed", "SUP-05", "no uptime over a period"},
		{c.Measured == "", "measuring_not_agreed", "SUP-04", "no way of measuring the service levels"},
		{c.Credits == nil, "credits_not_agreed", "SUP-05", "no compensation when they are not met"},
		{c.NoticeMinutes == 0, "notice_not_agreed", "SUP-03", "no term within which the supplier tells of incidents"},
		{c.Terms == nil, "terms_not_agreed", "SUP-06", "no terms of response and solution"},
		{c.Support == "", "support_not_agreed", "SUP-06", "nobody to contact on incidents"},
		{c.Escalation == "", "escalation_not_agreed", "SUP-04", "no way of escalating"},
		{c.Consultation == "", "consultation_not_agreed", "SUP-04", "no consultation"},
		{!c.DataProtection, "data_protection_not_agreed", "SUP-15", "no duties of confidentiality and data protection"},
		{!c.Audits, "audits_not_agreed", "SUP-10", "no periodic audits"},
	} {
		if lack.missing {
			d.Warn(lack.code, lack.requirement, "the contract has %s", lack.what)
		}
	}
	return nil
}

func unknownContract(s State, code domain.Code) error {
	var known []domain.Code
	for _, v := range s.Contracts {
		if !slices.Contains(known, v.Contract.Code) {
			known = append(known, v.Contract.Code)
		}
	}
	r := domain.Refuse(RefusedUnknownContract, "SUP-04", "no contract %s is recorded; there are %q", code, known)
	r.Field = "code"
	return r
}

func (s State) has(contract domain.Code) bool {
	return slices.ContainsFunc(s.Contracts, func(v Version) bool { return v.Contract.Code == contract })
}

// Coherent implements domain.Coherent.
func (e ContractRecorded) Coherent(was domain.Event) error {
	if w, ok := was.(ContractRecorded); ok && w.Code != e.Code {
		return domain.Invalid("code", "the code of a contract never changes: its versions are found by it")
	}
	if !e.ValidTo.IsZero() && !e.ValidTo.After(e.ValidFrom) {
		return domain.Invalid("validTo", "validTo does not lie behind validFrom")
	}
	if (e.UptimePercent > 0) != (e.Period != "") {
		return domain.Invalid("period", "uptimePercent and period belong together: an uptime is agreed over a period (SUP-05)")
	}
	if e.ErrorMargin > e.UptimePercent {
		return domain.Invalid("errorMargin", "the margin is larger than the uptime itself")
	}
	for i, w := range e.Maintenance {
		if !w.End.After(w.Start) {
			return domain.Invalid("maintenance", "maintenance.%d: end does not lie behind start", i)
		}
	}
	if err := domain.CheckWeekly("maintenanceWeekly", e.MaintenanceWeekly); err != nil {
		return err
	}
	for i, c := range e.Credits {
		if slices.ContainsFunc(e.Credits[:i], func(b Credit) bool { return b.Below == c.Below }) {
			return domain.Invalid("credits", "credits.%d: the limit %d stands twice", i, c.Below)
		}
		for j, b := range e.Credits[:i] {
			if (c.Below-b.Below)*(c.CreditPercent-b.CreditPercent) > 0 {
				return domain.Invalid("credits", "credits.%d and credits.%d: of an uptime below %d is given back %d and below %d only %d; the lower the uptime, the more is given back (SUP-05)",
					j, i, max(b.Below, c.Below), max(b.CreditPercent, c.CreditPercent), min(b.Below, c.Below), min(b.CreditPercent, c.CreditPercent))
			}
		}
	}
	for i, t := range e.Terms {
		if slices.ContainsFunc(e.Terms[:i], func(b Term) bool { return b.Priority == t.Priority }) {
			return domain.Invalid("terms", "terms.%d: priority %d stands twice", i, t.Priority)
		}
	}
	return nil
}

// Coherent implements domain.Coherent.
func (e ContractAmended) Coherent(was domain.Event) error {
	if w, ok := was.(ContractAmended); ok {
		was = ContractRecorded(w)
	}
	return ContractRecorded(e).Coherent(was)
}

// Evolve implements domain.Evolver.
func (e ContractRecorded) Evolve(s *State, p domain.Posting) {
	s.Contracts = append(slices.Clip(s.Contracts), Version{e, p.Seq})
}

// Evolve implements domain.Evolver.
func (e ContractAmended) Evolve(s *State, p domain.Posting) { ContractRecorded(e).Evolve(s, p) }

// Versions gives the versions of every contract with the time in which each
// holds, in order of contract and time: one is in force until the next begins.
// Of two versions from the same instant the one told last holds.
func (s State) Versions() []ContractRecorded {
	var out []ContractRecorded
	for _, v := range s.Contracts {
		out = slices.DeleteFunc(out, func(o ContractRecorded) bool {
			return o.Code == v.Contract.Code && o.ValidFrom.Equal(v.Contract.ValidFrom)
		})
		out = append(out, v.Contract)
	}
	slices.SortStableFunc(out, func(a, b ContractRecorded) int {
		if a.Code != b.Code {
			return cmp.Compare(a.Code, b.Code)
		}
		return a.ValidFrom.Compare(b.ValidFrom)
	})
	for i := range out {
		if i+1 < len(out) && out[i+1].Code == out[i].Code && (out[i].ValidTo.IsZero() || out[i+1].ValidFrom.Before(out[i].ValidTo)) {
			out[i].ValidTo = out[i+1].ValidFrom
		}
	}
	return out
}
