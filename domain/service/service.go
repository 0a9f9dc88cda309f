package service

import (
	"fmt"
	"slices"

	"incidentledger/domain"
)

var commands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[AddService], Begins: true, Named: true, Roles: managing,
		Events: []string{"ServiceAdded"}, Example: `{"code":"mail","name":"E-mail","owner":"ict","critical":true}`}},
	{CommandType: domain.CommandType{New: domain.Blank[SetDependencies], Roles: managing,
		Events: []string{"DependenciesSet"}, Example: `{"services":["network"],"suppliers":["hosting-bv"]}`}},
	{CommandType: domain.CommandType{New: domain.Blank[SetObligation], Roles: managing,
		Events: []string{"ObligationSet"}, Example: `{"customer":"wijzelf","obligation":"mail-office-hours","text":"Mail works in office hours.","withinMinutes":240}`}},
	{CommandType: domain.CommandType{New: domain.Blank[SetRecoveryObjectives], Roles: managing,
		Events: []string{"RecoveryObjectivesSet"}, Example: `{"rtoMinutes":240,"rpoMinutes":60}`}},
}

var events = domain.EventTable{
	domain.Told[ServiceAdded](1),
	domain.Told[DependenciesSet](1),
	domain.Told[ObligationSet](1),
	domain.Told[RecoveryObjectivesSet](1),
}

// ServiceAdded says that the organisation provides a service, or rests on one.
type ServiceAdded struct {
	Code     domain.Code `json:"code" rule:"required"`
	Sort     domain.Code `json:"sort,omitzero" rule:"oneof=service|application|infrastructure|function"`
	Owner    domain.Code `json:"owner,omitzero" rule:"codes=roles"`
	Critical bool        `json:"critical"`
	Vital    bool        `json:"vital"`
	Name     domain.Text `json:"name,omitzero" seal:"aggregate" rule:"max=200"`
}

// DependenciesSet says on what the service depends from now on.
type DependenciesSet struct {
	Services  []domain.Code `json:"services,omitempty"`
	Suppliers []domain.Code `json:"suppliers,omitempty"`
}

// ObligationSet says what is owed to a customer by the service, or no longer.
type ObligationSet struct {
	Customer      domain.Code `json:"customer" rule:"required"`
	Obligation    domain.Code `json:"obligation" rule:"required"`
	WithinMinutes int64       `json:"withinMinutes,omitzero" rule:"min=1"`
	Ended         bool        `json:"ended,omitzero"`
	Text          domain.Text `json:"text,omitzero" seal:"aggregate"`
}

// RecoveryObjectivesSet says how soon the service must be back, and how much may
// be lost.
type RecoveryObjectivesSet struct {
	RTOMinutes int64 `json:"rtoMinutes,omitzero" rule:"min=1"`
	RPOMinutes int64 `json:"rpoMinutes,omitzero" rule:"min=1"`
}

func (ServiceAdded) EventName() string          { return "ServiceAdded" }
func (DependenciesSet) EventName() string       { return "DependenciesSet" }
func (ObligationSet) EventName() string         { return "ObligationSet" }
func (RecoveryObjectivesSet) EventName() string { return "RecoveryObjectivesSet" }

// AddService puts a service, application, part of the infrastructure or vital
// function in the register (MAJ-03). CorrectFact keeps it up to date.
type AddService struct {
	// Code is the short code by which orders and incidents name it, for ever.
	Code domain.Code `json:"code" rule:"required"`
	// Sort is what it is; absent: a service.
	Sort domain.Code `json:"sort,omitzero" rule:"oneof=service|application|infrastructure|function"`
	// Owner is the role that owns it.
	Owner domain.Code `json:"owner,omitzero" rule:"codes=roles"`
	// Critical says that it is business-critical: an incident that hits it can be critical.
	Critical bool `json:"critical,omitzero"`
	// Vital says that a vital function of the organisation rests on it.
	Vital bool `json:"vital,omitzero"`
	// Name is what people call it.
	Name domain.Text `json:"name" rule:"required,max=200"`
}

// SetDependencies says on which services and suppliers the service depends, all
// of them: so an outage shows at a glance what it hits (BCM-06).
type SetDependencies struct {
	// Services are the codes of the services it depends on.
	Services []domain.Code `json:"services,omitempty"`
	// Suppliers are the codes of the suppliers it depends on: outages from then on are charged to these alone (SUP-05).
	Suppliers []domain.Code `json:"suppliers,omitempty"`
}

// SetObligation says what the organisation owes a customer by the service, such
// as a service level (BCM-06).
type SetObligation struct {
	// Customer is the short code of the customer.
	Customer domain.Code `json:"customer" rule:"required"`
	// Obligation is the short code of what is owed; given again, it is what is owed from now on.
	Obligation domain.Code `json:"obligation" rule:"required"`
	// WithinMinutes is how long the service may be out before it is not met, where that was agreed.
	WithinMinutes int64 `json:"withinMinutes,omitzero" rule:"min=1"`
	// Ended says that it is no longer owed.
	Ended bool `json:"ended,omitzero"`
	// Text says what is owed.
	Text domain.Text `json:"text" rule:"required"`
}

// SetRecoveryObjectives says how long the service may be out at most and how much
// data may be lost at most, by the disaster recovery plan (BCM-04).
type SetRecoveryObjectives struct {
	// RTOMinutes is the longest outage that can be borne.
	RTOMinutes int64 `json:"rtoMinutes,omitzero" rule:"min=1"`
	// RPOMinutes is the greatest loss of data that can be borne, as time.
	RPOMinutes int64 `json:"rpoMinutes,omitzero" rule:"min=1"`
}

func (AddService) CommandName() string            { return "AddService" }
func (SetDependencies) CommandName() string       { return "SetDependencies" }
func (SetObligation) CommandName() string         { return "SetObligation" }
func (SetRecoveryObjectives) CommandName() string { return "SetRecoveryObjectives" }

// AggregateKey implements domain.Keyed.
func (c AddService) AggregateKey(org domain.OrgID) domain.Key { return Key(org, c.Code) }

// Decide implements domain.Decider.
func (c AddService) Decide(d *domain.Deciding[State]) error { return d.Emit(ServiceAdded(c)) }

// Decide implements domain.Decider.
func (c SetDependencies) Decide(d *domain.Deciding[State]) error {
	if slices.Contains(c.Services, d.Told.Service.Code) {
		return domain.Invalid("services", "a service does not depend on itself")
	}
	if d.Known != nil {
		for _, code := range c.Services {
			if _, ok := d.Known.Needs(code); !ok {
				d.Warn("unknown_service", "MAJ-03", "the register has no service %s; what hits it shows nothing here until it is added (AddService)", code)
			}
			if way := wayTo(d.Told.Service.Code, code, d.Known, map[domain.Code]bool{}); way != "" {
				r := domain.Refuse(RefusedCircle, "BCM-06", "%s: services that need each other in a circle do not tell which brings down which", way)
				r.Field = "services"
				return r
			}
		}
		for _, code := range c.Suppliers {
			if !d.Known.Supplies(code) {
				d.Warn("unknown_supplier", "SUP-01", "the register has no supplier %s; nothing is charged to it until it is added (AddSupplier)", code)
			}
		}
	}
	return d.Emit(DependenciesSet(c))
}

// wayTo tells by which services one comes to need another; empty: it does not.
// seen are those that were looked at, so that an old circle ends.
func wayTo(other, from domain.Code, known domain.Known, seen map[domain.Code]bool) string {
	seen[from] = true
	needs, _ := known.Needs(from)
	for _, next := range needs {
		if next == other {
			return fmt.Sprintf("%s needs %s", from, other)
		}
		if seen[next] {
			continue
		}
		if way := wayTo(other, next, known, seen); way != "" {
			return fmt.Sprintf("%s needs %s", from, way)
		}
	}
	return ""
}

// Decide implements domain.Decider.
func (c SetObligation) Decide(d *domain.Deciding[State]) error {
	if c.Ended && !slices.ContainsFunc(d.Told.Obligations, ObligationSet(c).same) {
		return domain.Refuse(RefusedUnknownObligation, "BCM-06", "%s is not owed to %s by this service, so it cannot end", c.Obligation, c.Customer)
	}
	return d.Emit(ObligationSet(c))
}

// Decide implements domain.Decider.
func (c SetRecoveryObjectives) Decide(d *domain.Deciding[State]) error {
	if c.RTOMinutes == 0 && c.RPOMinutes == 0 {
		return domain.Invalid("rtoMinutes", "give rtoMinutes, rpoMinutes or both")
	}
	return d.Emit(RecoveryObjectivesSet(c))
}

// Refusals of services.
const (
	RefusedUnknownObligation domain.Code = "unknown_obligation" // it is not owed, so it cannot end
	RefusedCircle            domain.Code = "circle"             // a service would depend on itself by way of others
)

// Coherent implements domain.Coherent.
func (e ServiceAdded) Coherent(was domain.Event) error {
	if w, ok := was.(ServiceAdded); ok && w.Code != e.Code {
		return domain.Invalid("code", "the code of a service never changes: its key follows from it; add another service")
	}
	return nil
}

func (e ObligationSet) same(o ObligationSet) bool {
	return e.Customer == o.Customer && e.Obligation == o.Obligation
}

// Evolve implements domain.Evolver.
func (e ServiceAdded) Evolve(s *State, _ domain.Posting) { s.Service = e }

// Evolve implements domain.Evolver.
func (e DependenciesSet) Evolve(s *State, p domain.Posting) {
	s.Dependencies = e
	if n := len(s.Reliances); n == 0 || !slices.Equal(s.Reliances[n-1].Suppliers, e.Suppliers) {
		s.Reliances = append(slices.Clip(s.Reliances), domain.Reliance{From: p.Occurred, Suppliers: e.Suppliers})
	}
}

// Evolve implements domain.Evolver.
func (e ObligationSet) Evolve(s *State, _ domain.Posting) {
	rest := slices.DeleteFunc(slices.Clone(s.Obligations), e.same)
	if s.Obligations = rest; !e.Ended {
		s.Obligations = append(rest, e)
	}
}

// Evolve implements domain.Evolver.
func (e RecoveryObjectivesSet) Evolve(s *State, _ domain.Posting) { s.Recovery = e }
