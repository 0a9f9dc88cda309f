package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var creditCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[ClaimCredit], Roles: handling, States: inKept,
		Events:  []string{"ServiceCreditClaimed"},
		Example: `{"contract":"centric-2026","period":{"from":"2026-11-01T00:00:00+01:00","to":"2026-12-01T00:00:00+01:00"},"basis":"Article 7: below 99.9 percent in a month.","amountEUR":1200}`}},
}

var creditEvents = []eventRow{
	told[ServiceCreditClaimed](1),
}

// ServiceCreditClaimed says that compensation was claimed under a contract of a
// supplier; it is absent where the register knew of no such contract. Outages tells how long each service of the contract was down in the period by
// what this incident had recorded then.
type ServiceCreditClaimed struct {
	Claim     domain.Key    `json:"claim"`
	Contract  domain.Code   `json:"contract" rule:"required"`
	Supplier  domain.Code   `json:"supplier,omitzero"`
	Period    Period        `json:"period"`
	Basis     domain.Text   `json:"basis,omitzero" seal:"aggregate"`
	AmountEUR *int64        `json:"amountEUR,omitempty" rule:"min=0"`
	Outages   []OutageTotal `json:"outages,omitempty"`
}

// An OutageTotal is how long a service was down, overlaps counted once.
type OutageTotal struct {
	Service domain.Code `json:"service"`
	Seconds int64       `json:"seconds"`
}

func (ServiceCreditClaimed) EventName() string { return "ServiceCreditClaimed" }

// A Period is a stretch of time that a contract reckons by.
type Period struct {
	// From is when it begins.
	From time.Time `json:"from" rule:"required"`
	// To is when it ends; that instant belongs to the next.
	To time.Time `json:"to" rule:"required"`
}

// ClaimCredit says that compensation is claimed from a supplier. It rests on
// recorded outages under the contract alone: of services that it covers while it
// is in force, and that rest on this supplier as far as the register names any
// (SUP-05, SUP-07).
type ClaimCredit struct {
	// Contract is the contract's code in the register.
	Contract domain.Code `json:"contract" rule:"required"`
	// Supplier is whose contract it is; needed where several suppliers have one of that code.
	Supplier domain.Code `json:"supplier,omitzero"`
	// Period is the stretch of time for which it is claimed.
	Period Period `json:"period" rule:"required"`
	// Basis tells by what the contract gives a right to it.
	Basis domain.Text `json:"basis" rule:"required"`
	// AmountEUR is what is claimed, in whole euros.
	AmountEUR *int64 `json:"amountEUR,omitempty" rule:"min=0"`
}

func (ClaimCredit) CommandName() string { return "ClaimCredit" }

// RefusedSeveralContracts refuses a claim that can be meant for several suppliers.
const RefusedSeveralContracts domain.Code = "several_contracts"

func (c ClaimCredit) decide(d *deciding) error {
	e := ServiceCreditClaimed{Contract: c.Contract, Supplier: c.Supplier, Period: c.Period, Basis: c.Basis, AmountEUR: c.AmountEUR}
	if err := e.reckon(d); err != nil {
		return err
	}
	e.Claim = d.made("claim")
	d.emit(e)
	if len(e.Outages) == 0 {
		d.warn("no_outage", "SUP-05", "no outage under contract %s is recorded here in that period, so nothing shows what is claimed (RecordDowntime)", c.Contract)
	}
	return nil
}

// reckon fills in what the recorded outages give; one that lasts counts up to now.
func (e *ServiceCreditClaimed) reckon(d *deciding) error {
	if !e.Period.To.After(e.Period.From) {
		return malformed("period.to", "the period ends (%s) no later than it begins (%s)", stamp(e.Period.To), stamp(e.Period.From))
	}
	within := span{e.Period.From, e.Period.To}
	if d.now.Before(within.to) {
		within.to = d.now
	}
	versions, err := e.find(d)
	if err != nil {
		return err
	}
	e.Outages = nil
	outages := d.s.Stands().Downtimes
	for _, service := range d.s.Services() {
		var spans []span
		for _, o := range outages {
			if o.Service == service {
				spans = append(spans, e.under(d, versions, o)...)
			}
		}
		if sum := covered(within, spans); sum > 0 {
			e.Outages = append(e.Outages, OutageTotal{service, int64(sum / time.Second)})
		}
	}
	return nil
}

// under gives what of an outage lies under the contract.
func (e *ServiceCreditClaimed) under(d *deciding, versions []Contract, o DowntimeRecorded) (out []span) {
	if versions == nil && slices.Contains(o.Contracts, e.Contract) {
		return []span{{o.From, o.To}}
	}
	if s, _ := d.service(o.Service); !s.Reliances.Charges(e.Supplier, o.From) {
		return nil
	}
	for _, v := range versions {
		if slices.Contains(v.Services, o.Service) {
			out = append(out, v.part(o))
		}
	}
	return out
}

// find gives the versions of the contract, and fills in whose it is; nil: the
// register has none such, and what was noted with each outage must do.
func (e *ServiceCreditClaimed) find(d *deciding) ([]Contract, error) {
	if d.basis.Register == nil {
		return nil, nil
	}
	holders := d.basis.Register.Holders(e.Contract)
	switch {
	case e.Supplier == "" && len(holders) > 1:
		r := domain.Refuse(RefusedSeveralContracts, "SUP-07", "several suppliers have a contract %s: say in supplier whose it is, %s", e.Contract, orList(holders))
		r.Field = "supplier"
		return nil, r
	case e.Supplier == "" && len(holders) == 1:
		e.Supplier = holders[0]
	case !slices.Contains(holders, e.Supplier):
		whose := "any supplier"
		if e.Supplier != "" {
			whose = string(e.Supplier)
		}
		d.warn("unknown_contract", "SUP-07", "the register has no contract %s with %s, so the claim is shown with none (RecordContract)", e.Contract, whose)
		return nil, nil
	}
	s, _ := d.supplier(e.Supplier)
	var versions []Contract
	for _, c := range s.Contracts {
		if c.Code == e.Contract {
			versions = append(versions, c)
		}
	}
	return versions, nil
}

// part is what of an outage lies in the time in which the contract is in force.
func (c Contract) part(o DowntimeRecorded) span {
	out := span{o.From, o.To}
	if c.From.After(out.from) {
		out.from = c.From
	}
	if !c.To.IsZero() && (out.to.IsZero() || c.To.Before(out.to)) {
		out.to = c.To
	}
	return out
}

// rederive implements rederiver.
func (e ServiceCreditClaimed) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	e.Claim = was.(ServiceCreditClaimed).Claim
	err := e.reckon(d)
	return e, err
}

// A claim binds no rule of the incident; it is found by its contract.
func (e ServiceCreditClaimed) evolve(*Incident, *posting) {}
