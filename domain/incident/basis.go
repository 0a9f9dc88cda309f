package incident

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// A Basis is what an order is judged by: the law, what other aggregates of the
// organisation say, and where in the ledger they stand. The decision's entry
// will name what was read.
type Basis struct {
	policy.Basis
	Refs     []domain.Basis // of the law and the organisation's profile: every decision reads them
	Register Register       // nil: nothing is known of services and suppliers
}

// A Register answers what the organisation's other aggregates say now. What a
// rule needs of an answer later must be written into the event: folding and
// verifying never ask.
type Register interface {
	Service(code domain.Code) (Service, domain.Basis, bool)
	Supplier(code domain.Code) (Supplier, domain.Basis, bool)
	Improvements(incident domain.Key) []Improvement
	// Dependents names the services that depend on one directly, sorted.
	Dependents(service domain.Code) []domain.Code
	// Holders names the suppliers that have a contract of a code, sorted: it is
	// unique for a supplier only.
	Holders(contract domain.Code) []domain.Code
}

// An Improvement is a change that was proposed after an incident, as far as
// closing needs it (EVA-05). It outlives the incident.
type Improvement struct {
	Key           domain.Key
	Ref           domain.Basis // the version that says so
	Owner, Due    bool         // somebody has it; it has a date
	Done, Dropped bool
}

// A Service is a service of the organisation, as far as incidents need it
// (MAJ-03, BCM-04, BCM-06).
type Service struct {
	Critical    bool // business-critical
	Vital       bool // a vital function of the organisation rests on it
	RTOMinutes  int64
	RPOMinutes  int64
	Suppliers   []domain.Code // on which it depends
	Services    []domain.Code // on which it depends
	Reliances   domain.Reliances
	Obligations []Obligation
}

// An Obligation is what the organisation owes a customer by a service (BCM-06).
type Obligation struct {
	Code     domain.Code
	Customer domain.Code
}

// A Supplier is somebody who provides services, as far as incidents need it.
type Supplier struct{ Contracts []Contract }

// A Contract is one version of an agreement with a supplier (SUP-03 to SUP-06).
type Contract struct {
	Code          domain.Code
	From, To      time.Time // in force from, inclusive, to, exclusive; zero: no bound
	Services      []domain.Code
	NoticeMinutes int64 // within which the supplier tells of an incident; 0: none agreed
}

// In reports whether the contract covers a service at an instant.
func (c Contract) In(service domain.Code, at time.Time) bool {
	if at.Before(c.From) || !c.To.IsZero() && !at.Before(c.To) {
		return false
	}
	for _, s := range c.Services {
		if s == service {
			return true
		}
	}
	return false
}

// profile is what the organisation was when the incident was reported, or is
// when that is now.
func (d *deciding) profile() map[policy.Path]domain.Code { return d.basis.ProfileAt(d.judgedAt()) }

// judgedAt is the instant at which the organisation's profile counts.
func (d *deciding) judgedAt() time.Time {
	if d.s.Begun() {
		return d.s.Recorded
	}
	return d.now
}

// service asks for a service and notes that the decision rests on the answer.
func (d *deciding) service(code domain.Code) (Service, bool) {
	if d.basis.Register == nil {
		return Service{}, false
	}
	s, ref, ok := d.basis.Register.Service(code)
	d.rests(ref, ok)
	return s, ok
}

// supplier asks for a supplier and notes that the decision rests on the answer.
func (d *deciding) supplier(code domain.Code) (Supplier, bool) {
	if d.basis.Register == nil {
		return Supplier{}, false
	}
	s, ref, ok := d.basis.Register.Supplier(code)
	d.rests(ref, ok)
	return s, ok
}

// improvements asks for what is to change after this incident and notes that the
// decision rests on the answer.
func (d *deciding) improvements() []Improvement {
	if d.basis.Register == nil {
		return nil
	}
	list := d.basis.Register.Improvements(d.s.Key)
	for _, i := range list {
		d.rests(i.Ref, true)
	}
	return list
}

func (d *deciding) rests(ref domain.Basis, ok bool) {
	if !ok {
		return
	}
	for _, r := range d.refs {
		if r == ref {
			return
		}
	}
	d.refs = append(d.refs, ref)
}
