package policy

import (
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// AdoptionKind is the kind of aggregate that says which versions of a policy set
// an organisation adopted. Each set is one aggregate, under AdoptionKey.
const AdoptionKind domain.KindName = "policy"

// AdoptionKey is the key of a set's adoption.
func AdoptionKey(org domain.OrgID, set domain.Code) domain.Key {
	return domain.KeyNamed(org, AdoptionKind, string(set))
}

// ApprovePolicy adopts one version of a policy set. The version itself lies
// beside the ledger as its canonical form; its hash says which.
type ApprovePolicy struct {
	Set       domain.Code `json:"set" rule:"required"`     // id of the set
	Version   domain.Code `json:"version" rule:"required"` // its version
	Policy    domain.Hash `json:"policy" rule:"required"`  // SHA-256 of its canonical form (RFC 8785)
	ValidFrom time.Time   `json:"validFrom,omitzero"`      // from when it holds; absent: always
	ValidTo   time.Time   `json:"validTo,omitzero"`        // until when, exclusive; absent: no end
	Grounds   domain.Text `json:"grounds" rule:"required"` // on what ground it is adopted
}

// WithdrawPolicy withdraws one version: it arms no further clocks. Clocks that
// follow it keep their law.
type WithdrawPolicy struct {
	Policy domain.Hash `json:"policy" rule:"required"` // SHA-256 of its canonical form
	Reason domain.Text `json:"reason" rule:"required"`
}

// PolicyApproved says that a version was adopted, and by whom on whose word the
// entry says.
type PolicyApproved struct {
	Set       domain.Code `json:"set"`
	Version   domain.Code `json:"version"`
	Policy    domain.Hash `json:"policy"`
	ValidFrom time.Time   `json:"validFrom,omitzero"`
	ValidTo   time.Time   `json:"validTo,omitzero"`
	Grounds   domain.Text `json:"grounds,omitzero" seal:"aggregate"`
}

// PolicyWithdrawn says that a version was withdrawn.
type PolicyWithdrawn struct {
	Policy domain.Hash `json:"policy"`
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (ApprovePolicy) CommandName() string  { return "ApprovePolicy" }
func (WithdrawPolicy) CommandName() string { return "WithdrawPolicy" }
func (PolicyApproved) EventName() string   { return "PolicyApproved" }
func (PolicyWithdrawn) EventName() string  { return "PolicyWithdrawn" }

// AggregateKey implements domain.Keyed.
func (c ApprovePolicy) AggregateKey(org domain.OrgID) domain.Key { return AdoptionKey(org, c.Set) }

// An Adopted is one version that was adopted, and where the ledger says so.
type Adopted struct {
	PolicyApproved
	Seq       domain.Seq
	At        time.Time // recorded
	Withdrawn bool
}

// Adoption is the state of the aggregate: every version ever adopted, in order.
type Adoption struct{ Versions []Adopted }

// Current is the version adopted last that is not withdrawn.
func (a Adoption) Current() (Adopted, bool) {
	for _, v := range slices.Backward(a.Versions) {
		if !v.Withdrawn {
			return v, true
		}
	}
	return Adopted{}, false
}

// standing is how many versions are adopted and not withdrawn.
func (a Adoption) standing() int {
	n := 0
	for _, v := range a.Versions {
		if !v.Withdrawn {
			n++
		}
	}
	return n
}

// approvers may adopt and withdraw policy (GOV: the board decides, its officers
// prepare and act on its word).
var approvers = []domain.Code{"security-officer", "coordinator", "secretary", "board", "dpo", "security-admin", "operator"}

// Adoptions is the kind of aggregate. kept tells whether a version lies beside
// the ledger, so that it can be adopted: an adopted version that nobody has could
// never be applied. nil: decisions are not asked for.
func Adoptions(kept func(domain.Hash) bool) domain.Kind {
	return domain.Kind{
		Name: AdoptionKind,
		Commands: []domain.CommandType{
			{New: func() domain.Command { return &ApprovePolicy{} }, Begins: true, Named: true, Roles: approvers, Events: []string{"PolicyApproved"},
				Example: `{"set":"nl-be-local-government","version":"2026.11.0","policy":"0d1f…64 digits","grounds":"decision of the board of 3 November"}`},
			{New: func() domain.Command { return &WithdrawPolicy{} }, Roles: approvers, Events: []string{"PolicyWithdrawn"},
				Example: `{"policy":"0d1f…64 digits","reason":"adopted by mistake"}`},
		},
		Events: []domain.EventType{domain.Shape[PolicyApproved](1), domain.Shape[PolicyWithdrawn](1)},
		New:    func() domain.State { return Adoption{} },
		Decide: func(s domain.State, o domain.Order) (domain.Decision, error) {
			return decideAdoption(s.(Adoption), o, kept)
		},
		Evolve: func(s domain.State, en domain.Entry) (domain.State, error) { return evolveAdoption(s.(Adoption), en) },
	}
}

func decideAdoption(a Adoption, o domain.Order, kept func(domain.Hash) bool) (domain.Decision, error) {
	if err := domain.Check(o.Command, o.Recorded, nil); err != nil {
		return domain.Decision{}, err
	}
	if o.Actor.Proof != "system" && !slices.Contains(approvers, o.Actor.Role) {
		return domain.Decision{}, domain.Refuse(domain.CodeDenied, "design 5", "%s may not adopt or withdraw policy", o.Actor.Role)
	}
	switch c := o.Command.(type) {
	case *ApprovePolicy:
		if o.Key != AdoptionKey(o.Org, c.Set) {
			return domain.Decision{}, domain.Refuse(domain.CodeInvalid, "design 5", "the adoption of %s has the key %s", c.Set, AdoptionKey(o.Org, c.Set))
		}
		if !c.ValidTo.IsZero() && !c.ValidTo.After(c.ValidFrom) {
			return domain.Decision{}, domain.Refuse(domain.CodeInvalid, "design 5", "validTo does not lie behind validFrom")
		}
		if cur, ok := a.Current(); ok && cur.Policy == c.Policy {
			return domain.Decision{}, domain.Refuse("no_change", "design 5", "this version is adopted already, by entry %d", cur.Seq)
		}
		if kept == nil || !kept(c.Policy) {
			return domain.Decision{}, domain.Refuse("unknown_policy", "design 5", "no policy set with the hash %s lies beside the ledger; only a set that is there can be adopted", c.Policy)
		}
		return domain.Decision{Events: []domain.Event{PolicyApproved{
			Set: c.Set, Version: c.Version, Policy: c.Policy, ValidFrom: c.ValidFrom, ValidTo: c.ValidTo, Grounds: c.Grounds,
		}}}, nil
	case *WithdrawPolicy:
		if n := a.standing(); n == 1 {
			return domain.Decision{}, domain.Refuse("last_policy", "design 5", "this is the only version that stands; without one nothing can be decided: adopt another first")
		}
		for _, v := range a.Versions {
			if v.Policy == c.Policy && !v.Withdrawn {
				return domain.Decision{Events: []domain.Event{PolicyWithdrawn{Policy: c.Policy, Reason: c.Reason}}}, nil
			}
		}
		return domain.Decision{}, domain.Refuse("not_adopted", "design 5", "no version %s is adopted", c.Policy)
	}
	return domain.Decision{}, domain.Refuse(domain.CodeMalformed, "contract 3", "a policy has no command %s", o.Command.CommandName())
}

func evolveAdoption(a Adoption, en domain.Entry) (Adoption, error) {
	for _, r := range en.Events {
		switch e := r.Event.(type) {
		case PolicyApproved:
			a.Versions = append(slices.Clone(a.Versions), Adopted{PolicyApproved: e, Seq: en.Seq, At: en.Recorded})
		case PolicyWithdrawn:
			a.Versions = slices.Clone(a.Versions)
			for i := range a.Versions {
				if a.Versions[i].Policy == e.Policy {
					a.Versions[i].Withdrawn = true
				}
			}
		default:
			return a, fmt.Errorf("a policy has no event %s", r.Type)
		}
	}
	return a, nil
}

// Validity is the span in which a set holds: from inclusive, to exclusive; zero
// is no bound.
func (s *Set) Validity() (from, to time.Time) { return s.law.valid.from, s.law.valid.to }
