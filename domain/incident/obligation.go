package incident

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

var obligationCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[IdentifyObligationAtRisk], Roles: handling, States: inLive,
		Events:  []string{"ObligationAtRiskIdentified"},
		Example: `{"service":"suite4social","customer":"ocmw-voorbeeld","obligation":"payment-within-48-hours"}`}},
	{CommandType: domain.CommandType{New: blank[InformCustomer], Roles: handling, States: inKept,
		Events:  []string{"CustomerInformed"},
		Example: `{"service":"suite4social","customer":"ocmw-voorbeeld","content":"Payments of this week can come a day late."}`}},
}

var obligationEvents = []eventRow{
	told[ObligationAtRiskIdentified](1),
	told[CustomerInformed](1),
}

// ObligationAtRiskIdentified says that something owed to a customer may not be
// kept.
type ObligationAtRiskIdentified struct {
	Service    domain.Code `json:"service" rule:"required"`
	Customer   domain.Code `json:"customer" rule:"required"`
	Obligation domain.Code `json:"obligation" rule:"required"`
}

// CustomerInformed says what a customer was told of a service.
type CustomerInformed struct {
	Service  domain.Code `json:"service" rule:"required"`
	Customer domain.Code `json:"customer" rule:"required"`
	Content  domain.Text `json:"content,omitzero" seal:"aggregate"`
	At       time.Time   `json:"at" rule:"required,past"`
}

func (ObligationAtRiskIdentified) EventName() string { return "ObligationAtRiskIdentified" }
func (CustomerInformed) EventName() string           { return "CustomerInformed" }

// IdentifyObligationAtRisk says that something owed to a customer by a service
// may not be kept, so that the customer can be told (BCM-06).
type IdentifyObligationAtRisk struct {
	// Service is the service by which it is owed.
	Service domain.Code `json:"service" rule:"required"`
	// Customer is to whom.
	Customer domain.Code `json:"customer" rule:"required"`
	// Obligation is what, such as a service level.
	Obligation domain.Code `json:"obligation" rule:"required"`
}

// InformCustomer says what a customer was told about a service that is hit
// (BCM-06).
type InformCustomer struct {
	// Service is the service that is hit.
	Service domain.Code `json:"service" rule:"required"`
	// Customer is who was told.
	Customer domain.Code `json:"customer" rule:"required"`
	// Content is what was told.
	Content domain.Text `json:"content" rule:"required"`
}

func (IdentifyObligationAtRisk) CommandName() string { return "IdentifyObligationAtRisk" }
func (InformCustomer) CommandName() string           { return "InformCustomer" }

func (c IdentifyObligationAtRisk) decide(d *deciding) error {
	e := ObligationAtRiskIdentified(c)
	if slices.Contains(d.s.Continuity.AtRisk, e) {
		return noChange("BCM-06", "%s towards %s is already known to be at risk", c.Obligation, c.Customer)
	}
	d.emit(e)
	if s, ok := d.service(c.Service); ok && !slices.Contains(s.Obligations, Obligation{Code: c.Obligation, Customer: c.Customer}) {
		d.warn("unknown_obligation", "BCM-06", "the register of %s has no obligation %s towards %s", c.Service, c.Obligation, c.Customer)
	}
	return nil
}

func (c InformCustomer) decide(d *deciding) error {
	d.emit(CustomerInformed{Service: c.Service, Customer: c.Customer, Content: c.Content, At: d.at})
	return nil
}

// warnAtRisk names every obligation on record that an outage puts at risk and
// that nobody has identified yet: those of the service itself, and of each
// service that depends on it, be it by way of others (BCM-06).
func (d *deciding) warnAtRisk(down domain.Code) {
	if d.basis.Register == nil {
		return
	}
	hit := []domain.Code{down}
	for i := 0; i < len(hit); i++ {
		for _, code := range d.basis.Register.Dependents(hit[i]) {
			if !slices.Contains(hit, code) {
				hit = append(hit, code)
			}
		}
		s, _ := d.service(hit[i])
		for _, o := range s.Obligations {
			if !slices.Contains(d.s.Continuity.AtRisk, ObligationAtRiskIdentified{hit[i], o.Customer, o.Code}) {
				d.warn("obligation_at_risk", "BCM-06", "%s is owed to %s by %s and may not be kept (IdentifyObligationAtRisk)", o.Code, o.Customer, hit[i])
			}
		}
	}
}

// customersToInform gives the obligations at risk of which the customer has not
// been told.
func (t *Told) customersToInform() []ObligationAtRiskIdentified {
	var out []ObligationAtRiskIdentified
	for _, o := range t.Continuity.AtRisk {
		if !slices.Contains(t.Continuity.Informed, customerOf{o.Service, o.Customer}) {
			out = append(out, o)
		}
	}
	return out
}

// A customerOf is a customer as the user of one service.
type customerOf struct{ Service, Customer domain.Code }

func (t *Told) openObligations() []openItem {
	var out []openItem
	for _, o := range t.customersToInform() {
		out = append(out, openItem{"customer", fmt.Sprintf("%s is not told that %s is at risk (InformCustomer)", o.Customer, o.Obligation)})
	}
	return out
}

func (e ObligationAtRiskIdentified) evolve(s *Incident, _ *posting) {
	s.Continuity.AtRisk = append(slices.Clip(s.Continuity.AtRisk), e)
}

func (e CustomerInformed) evolve(s *Incident, _ *posting) {
	s.Continuity.Informed = append(slices.Clip(s.Continuity.Informed), customerOf{e.Service, e.Customer})
}
