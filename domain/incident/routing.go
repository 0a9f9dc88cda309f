package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
)

var routingCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[RouteToResolver], Roles: handling, States: inLive,
		Events:  []string{"RoutedToResolver"},
		Example: `{"group":"suwinet-operations"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[RouteToSupplier], Roles: handling, States: inLive,
		Events:  []string{"RoutedToSupplier"},
		Example: `{"supplier":"centric","supplierReference":"CAS-100233"}`}},
	{fact: true, CommandType: domain.CommandType{New: blank[ReportProgress], Roles: append(slices.Clip(handling), "supplier"), States: inKept,
		Events:  []string{"ProgressReported"},
		Example: `{"direction":"out","text":"The certificate is being replaced.","cause":"An expired certificate.","causeDomain":"own","estimate":"2026-11-21T14:00:00+01:00"}`}},
}

var routingEvents = []eventRow{
	told[RoutedToResolver](1),
	told[RoutedToSupplier](1),
	told[ProgressReported](1),
}

// RoutedToResolver says which group solves the incident for the chain. Quotes
// is the entry that holds the desk's number, where it was known.
type RoutedToResolver struct {
	Group  domain.Code `json:"group" rule:"required"`
	Quotes domain.Seq  `json:"quotes,omitzero"`
	At     time.Time   `json:"at" rule:"required,past"`
}

// RoutedToSupplier says that a supplier works on the incident. Who is
// accountable for it stays the same. Contracts are those in force that cover a
// service which the incident names.
type RoutedToSupplier struct {
	Supplier             domain.Code   `json:"supplier" rule:"required"`
	SupplierReference    domain.Text   `json:"supplierReference,omitzero" seal:"aggregate" rule:"max=100"`
	HasSupplierReference bool          `json:"hasSupplierReference"`
	ChainReference       domain.Text   `json:"chainReference,omitzero" seal:"aggregate" rule:"max=100"`
	HasChainReference    bool          `json:"hasChainReference"`
	Quotes               domain.Seq    `json:"quotes,omitzero"`
	Contracts            []domain.Code `json:"contracts,omitempty"`
	At                   time.Time     `json:"at" rule:"required,past"`
}

// ProgressReported says what was told to, or by, the others who work on the
// incident.
type ProgressReported struct {
	Direction   domain.Code   `json:"direction" rule:"required,oneof=in|out"`
	Text        domain.Text   `json:"text,omitzero" seal:"aggregate"`
	Cause       domain.Text   `json:"cause,omitzero" seal:"aggregate"`
	HasCause    bool          `json:"hasCause"`
	CauseDomain domain.Code   `json:"causeDomain,omitzero" rule:"oneof=own|other|unknown"`
	Estimate    time.Time     `json:"estimate,omitzero"`
	Lists       []domain.Code `json:"lists,omitempty" rule:"codes=distributionLists"`
	Quotes      domain.Seq    `json:"quotes,omitzero"`
	At          time.Time     `json:"at" rule:"required,past"`
}

func (RoutedToResolver) EventName() string { return "RoutedToResolver" }
func (RoutedToSupplier) EventName() string { return "RoutedToSupplier" }
func (ProgressReported) EventName() string { return "ProgressReported" }

// RouteToResolver gives an incident of the chain to the group that solves it,
// under the chain desk's number (CHN-06).
type RouteToResolver struct {
	// Group is the resolver group.
	Group domain.Code `json:"group" rule:"required"`
}

// RouteToSupplier has a supplier work on the incident. The own service desk
// stays accountable for progress and for telling others (CHN-07).
type RouteToSupplier struct {
	// Supplier is the supplier's code in the register.
	Supplier domain.Code `json:"supplier" rule:"required"`
	// SupplierReference is the supplier's number for it.
	SupplierReference domain.Text `json:"supplierReference,omitzero" rule:"max=100"`
	// ChainReference is the number that the supplier quotes to the chain desk; without it the one on record is quoted.
	ChainReference domain.Text `json:"chainReference,omitzero" rule:"max=100"`
}

// ReportProgress keeps what was told about progress, by others or to them. It
// quotes the chain desk's number and, once known, the cause (CHN-08).
type ReportProgress struct {
	// Direction is in for what was told to us, out for what we told.
	Direction domain.Code `json:"direction" rule:"required,oneof=in|out"`
	// Text is what was told.
	Text domain.Text `json:"text" rule:"required"`
	// Cause is what caused the incident, as far as it is known.
	Cause domain.Text `json:"cause,omitzero"`
	// CauseDomain tells in whose domain the cause lies.
	CauseDomain domain.Code `json:"causeDomain,omitzero" rule:"oneof=own|other|unknown"`
	// Estimate is when it is expected to be solved.
	Estimate time.Time `json:"estimate,omitzero"`
	// Lists are the distribution lists that were mailed (COM-07).
	Lists []domain.Code `json:"lists,omitempty" rule:"codes=distributionLists"`
}

func (RouteToResolver) CommandName() string { return "RouteToResolver" }
func (RouteToSupplier) CommandName() string { return "RouteToSupplier" }
func (ReportProgress) CommandName() string  { return "ReportProgress" }

func (c RouteToResolver) decide(d *deciding) error {
	if c.Group == d.s.Chain.Resolver && !d.s.Chain.Routed.IsZero() {
		return noChange("CHN-06", "%s already has it", c.Group)
	}
	d.emit(RoutedToResolver{Group: c.Group, Quotes: d.quote("CHN-06"), At: d.at})
	return nil
}

func (c RouteToSupplier) decide(d *deciding) error {
	e := RoutedToSupplier{
		Supplier: c.Supplier, At: d.at,
		SupplierReference: c.SupplierReference, HasSupplierReference: c.SupplierReference != "",
		ChainReference: c.ChainReference, HasChainReference: c.ChainReference != "",
	}
	if !e.HasChainReference {
		e.Quotes = d.quote("CHN-07")
	}
	if s, ok := d.knownSupplier(c.Supplier); ok {
		e.Contracts = inForce(s, d.s.Services(), d.at)
		if len(e.Contracts) == 0 {
			d.warn("no_contract", "SUP-07", "no contract with %s is in force for a service that this incident names, so what can be asked of it is not on record", c.Supplier)
		}
	}
	d.emit(e)
	return nil
}

func (c ReportProgress) decide(d *deciding) error {
	if c.Direction == "in" && len(c.Lists) > 0 {
		return malformed("lists", "lists are who was mailed; what came in was mailed to nobody")
	}
	e := ProgressReported{
		Direction: c.Direction, Text: c.Text, Cause: c.Cause, HasCause: c.Cause != "",
		CauseDomain: c.CauseDomain, Estimate: c.Estimate, Lists: c.Lists, Quotes: d.quote("CHN-08"), At: d.at,
	}
	d.emit(e)
	ch := d.s.Chain
	switch known := ch.CauseKnown || !d.s.Resolved.IsZero(); {
	case c.Direction != "out":
	case known && !e.HasCause && !ch.CauseTold:
		d.warn("cause_untold", "CHN-08", "the cause is known here and was never told; tell it in cause")
	case c.CauseDomain == "own" && c.Estimate.IsZero() && ch.Estimate.IsZero():
		d.warn("no_estimate", "CHN-04", "the cause is one's own: tell in estimate when it is expected to be solved")
	}
	return nil
}

// quote gives the entry that holds the chain desk's number and warns where an
// incident of a chain has none.
func (d *deciding) quote(requirement string) domain.Seq {
	if d.s.Report.Chain != "" && d.s.Chain.Reference == 0 {
		d.warn("no_chain_reference", requirement, "the chain desk's number is not known yet, so it was not quoted (RecordChainReference)")
	}
	return d.s.Chain.Reference
}

// rederive implements rederiver.
func (e RoutedToResolver) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Quotes = was.(RoutedToResolver).Quotes
	return e, nil
}

// rederive implements rederiver.
func (e RoutedToSupplier) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	old := was.(RoutedToSupplier)
	e.Quotes, e.Contracts = old.Quotes, old.Contracts
	if e.Supplier != old.Supplier || !e.At.Equal(old.At) {
		s, _ := d.knownSupplier(e.Supplier)
		e.Contracts = inForce(s, d.s.Services(), e.At)
	}
	return e, nil
}

// rederive implements rederiver.
func (e ProgressReported) rederive(_ *deciding, was domain.Event) (domain.Event, error) {
	e.Quotes = was.(ProgressReported).Quotes
	return e, nil
}

func (e RoutedToResolver) evolve(s *Incident, _ *posting) {
	s.Chain.Resolver = e.Group
	if s.Chain.Routed.IsZero() || e.At.Before(s.Chain.Routed) {
		s.Chain.Routed = e.At
	}
}

// Who owns the incident and where its handling went stay as they are (CHN-07).
func (e RoutedToSupplier) evolve(s *Incident, _ *posting) {
	s.Continuity.Routed = append(slices.Clip(s.Continuity.Routed), e.Supplier)
}

func (e ProgressReported) evolve(s *Incident, _ *posting) {
	c := &s.Chain
	c.CauseKnown = c.CauseKnown || e.HasCause
	c.CauseTold = c.CauseTold || e.HasCause && e.Direction == "out"
	if e.CauseDomain != "" {
		c.CauseDomain = e.CauseDomain
	}
	if !e.Estimate.IsZero() {
		c.Estimate = e.Estimate
	}
}
