package policy

import (
	"embed"
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// AdoptionKind is the kind of aggregate that says which versions of a policy set
// an organisation adopted. Each set is one aggregate, under AdoptionKey.
const AdoptionKind domain.KindName = "policy"

//go:embed adopt.go
var source embed.FS

// Docs gives what the commands and their fields are for: "Type" and
// "Type.Field" to the doc comments of this room.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// AdoptionKey is the key of a set's adoption.
func AdoptionKey(org domain.OrgID, set domain.Code) domain.Key {
	return domain.KeyNamed(org, AdoptionKind, string(set))
}

// ProposePolicy proposes one version of a policy set for adoption. The version
// itself lies beside the ledger as its canonical form; its hash says which.
type ProposePolicy struct {
	Set     domain.Code `json:"set" rule:"required"`     // id of the set
	Version domain.Code `json:"version" rule:"required"` // its version
	Policy  domain.Hash `json:"policy" rule:"required"`  // SHA-256 of its canonical form (RFC 8785)
	Grounds domain.Text `json:"grounds" rule:"required"` // why it should be adopted
}

// ApprovePolicy adopts one version that somebody else proposed (design 5: four
// eyes). At the founding of a ledger the program itself adopts the set it ships.
type ApprovePolicy struct {
	Set       domain.Code `json:"set" rule:"required"`     // id of the set
	Version   domain.Code `json:"version" rule:"required"` // its version
	Policy    domain.Hash `json:"policy" rule:"required"`  // SHA-256 of its canonical form (RFC 8785)
	ValidFrom time.Time   `json:"validFrom,omitzero"`      // from when it holds, as the set says; may be left out
	ValidTo   time.Time   `json:"validTo,omitzero"`        // until when, exclusive, as the set says; may be left out
	Grounds   domain.Text `json:"grounds" rule:"required"` // on what ground it is adopted
}

// WithdrawPolicy withdraws one version, proposed or adopted: it arms no further
// clocks. Clocks that follow it keep their law.
type WithdrawPolicy struct {
	Policy domain.Hash `json:"policy" rule:"required"` // SHA-256 of its canonical form
	Reason domain.Text `json:"reason" rule:"required"` // why
}

// PolicyProposed says that somebody proposed a version.
type PolicyProposed struct {
	Set       domain.Code `json:"set"`
	Version   domain.Code `json:"version"`
	Policy    domain.Hash `json:"policy"`
	ValidFrom time.Time   `json:"validFrom,omitzero"`
	ValidTo   time.Time   `json:"validTo,omitzero"`
	Grounds   domain.Text `json:"grounds,omitzero" seal:"aggregate"`
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

func (ProposePolicy) CommandName() string  { return "ProposePolicy" }
func (ApprovePolicy) CommandName() string  { return "ApprovePolicy" }
func (WithdrawPolicy) CommandName() string { return "WithdrawPolicy" }
func (PolicyProposed) EventName() string   { return "PolicyProposed" }
func (PolicyApproved) EventName() string   { return "PolicyApproved" }
func (PolicyWithdrawn) EventName() string  { return "PolicyWithdrawn" }

// AggregateKey is the adoption that the command belongs to.
func (c ProposePolicy) AggregateKey(org domain.OrgID) domain.Key { return AdoptionKey(org, c.Set) }

// AggregateKey is the adoption that the command belongs to.
func (c ApprovePolicy) AggregateKey(org domain.OrgID) domain.Key { return AdoptionKey(org, c.Set) }

// A Version is one version of a set in the course of its adoption.
type Version struct {
	Set       domain.Code
	Version   domain.Code
	Policy    domain.Hash
	ValidFrom time.Time
	ValidTo   time.Time

	Proposed  domain.Seq // entry that proposed it; 0: none did
	Proposer  domain.PersonID
	Seq       domain.Seq // entry that adopted it; 0: it is only proposed
	At        time.Time  // recorded, of that entry
	Withdrawn domain.Seq // entry that withdrew it; 0: it stands
}

// Standing tells how the version stands.
func (v Version) Standing() domain.Code {
	switch {
	case v.Withdrawn != 0:
		return "withdrawn"
	case v.Seq != 0:
		return "adopted"
	}
	return "proposed"
}

// Adoption is the state of the aggregate: every version ever proposed or
// adopted, in the order in which that last happened to it.
type Adoption struct{ Versions []Version }

// Current is the version adopted last that is not withdrawn.
func (a Adoption) Current() (Version, bool) {
	if s := a.Standing(); len(s) > 0 {
		return s[0], true
	}
	return Version{}, false
}

// Standing lists the versions adopted and not withdrawn, the one adopted last
// first.
func (a Adoption) Standing() []Version {
	var out []Version
	for _, v := range slices.Backward(a.Versions) {
		if v.Standing() == "adopted" {
			out = append(out, v)
		}
	}
	return out
}

// Adopted lists the hashes of every version ever adopted: clocks may be bound to
// each.
func (a Adoption) Adopted() []domain.Hash {
	var out []domain.Hash
	for _, v := range a.Versions {
		if v.Seq != 0 && !slices.Contains(out, v.Policy) {
			out = append(out, v.Policy)
		}
	}
	return out
}

// find gives the version with a hash that stands or is proposed.
func (a Adoption) find(h domain.Hash, standing domain.Code) (Version, bool) {
	for _, v := range slices.Backward(a.Versions) {
		if v.Policy == h && v.Standing() == standing {
			return v, true
		}
	}
	return Version{}, false
}

// approvers may propose, adopt and withdraw policy (GOV: the board decides, its
// officers prepare and act on its word).
var approvers = []domain.Code{"security-officer", "coordinator", "secretary", "board", "dpo", "security-admin", "operator"}

// Refusals of adoptions.
const (
	refusedUnknownPolicy domain.Code = "unknown_policy" // nobody has a set with that hash
	refusedNotProposed   domain.Code = "not_proposed"
	refusedSamePerson    domain.Code = "same_person"
	refusedLastPolicy    domain.Code = "last_policy"
	refusedNotAdopted    domain.Code = "not_adopted"
)

// Adoptions is the kind of aggregate. find gives a version that lies beside the
// ledger, so that it can be adopted: an adopted version that nobody has could
// never be applied. nil: decisions are not asked for.
func Adoptions(find func(domain.Hash) (*Set, bool)) domain.Kind {
	const version = `"set":"nl-be-local-government","version":"2027.1.0","policy":"0d1f…64 digits"`
	return domain.Kind{
		Name: AdoptionKind,
		Commands: []domain.CommandType{
			{New: func() domain.Command { return &ProposePolicy{} }, Begins: true, Named: true, Roles: approvers, Events: []string{"PolicyProposed"},
				Example: `{` + version + `,"grounds":"The regional agreement gives new terms."}`},
			{New: func() domain.Command { return &ApprovePolicy{} }, Begins: true, Named: true, Roles: approvers, Events: []string{"PolicyApproved"},
				Example: `{` + version + `,"grounds":"Decision of the board of 3 November."}`},
			{New: func() domain.Command { return &WithdrawPolicy{} }, Roles: approvers, Events: []string{"PolicyWithdrawn"},
				Example: `{"policy":"0d1f…64 digits","reason":"Adopted by mistake."}`},
		},
		Events: []domain.EventType{domain.Shape[PolicyProposed](1), domain.Shape[PolicyApproved](1), domain.Shape[PolicyWithdrawn](1)},
		New:    func() domain.State { return Adoption{} },
		Decide: func(s domain.State, o domain.Order) (domain.Decision, error) {
			e, err := decideAdoption(s.(Adoption), o, find)
			if err != nil {
				return domain.Decision{}, err
			}
			return domain.Decision{Events: []domain.Event{e}}, nil
		},
		Evolve: func(s domain.State, en domain.Entry) (domain.State, error) { return evolveAdoption(s.(Adoption), en) },
	}
}

func decideAdoption(a Adoption, o domain.Order, find func(domain.Hash) (*Set, bool)) (domain.Event, error) {
	if err := domain.CheckOrder(o); err != nil {
		return nil, err
	}
	if err := domain.Check(o.Command, o.Recorded, nil); err != nil {
		return nil, err
	}
	if o.Actor.Proof != "system" && !slices.Contains(approvers, o.Actor.Role) {
		return nil, domain.Refuse(domain.CodeDenied, "design 5", "%s may not adopt or withdraw policy", o.Actor.Role)
	}
	switch c := o.Command.(type) {
	case *ProposePolicy:
		return c.decide(a, o, find)
	case *ApprovePolicy:
		return c.decide(a, o, find)
	case *WithdrawPolicy:
		return c.decide(a)
	}
	return nil, domain.Refuse(domain.CodeMalformed, "contract 3", "a policy has no command %s", o.Command.CommandName())
}

// laid finds the set that lies beside the ledger and checks that it is what the
// command says.
func laid(o domain.Order, set, version domain.Code, h domain.Hash, find func(domain.Hash) (*Set, bool)) (*Set, error) {
	if o.Key != AdoptionKey(o.Org, set) {
		return nil, domain.Refuse(domain.CodeInvalid, "design 5", "the adoption of %s has the key %s", set, AdoptionKey(o.Org, set))
	}
	var s *Set
	if find != nil {
		s, _ = find(h)
	}
	switch {
	case s == nil:
		return nil, domain.Refuse(refusedUnknownPolicy, "design 5", "no policy set with the hash %s lies beside the ledger; lay it down first (incidentledger policy adopt FILE)", h)
	case s.ID != set || s.Version != string(version):
		return nil, domain.Refuse(domain.CodeInvalid, "design 5", "the policy set with that hash is %s %s", s.ID, s.Version)
	}
	return s, nil
}

func (c *ProposePolicy) decide(a Adoption, o domain.Order, find func(domain.Hash) (*Set, bool)) (domain.Event, error) {
	s, err := laid(o, c.Set, c.Version, c.Policy, find)
	if err != nil {
		return nil, err
	}
	if v, ok := a.find(c.Policy, "proposed"); ok {
		return nil, domain.Refuse("no_change", "design 5", "this version is proposed already, by entry %d; somebody else approves it", v.Proposed)
	}
	if cur, ok := a.Current(); ok && cur.Policy == c.Policy {
		return nil, domain.Refuse("no_change", "design 5", "this version is adopted already, by entry %d", cur.Seq)
	}
	from, to := s.Validity()
	return PolicyProposed{Set: c.Set, Version: c.Version, Policy: c.Policy, ValidFrom: from, ValidTo: to, Grounds: c.Grounds}, nil
}

func (c *ApprovePolicy) decide(a Adoption, o domain.Order, find func(domain.Hash) (*Set, bool)) (domain.Event, error) {
	s, err := laid(o, c.Set, c.Version, c.Policy, find)
	if err != nil {
		return nil, err
	}
	from, to := s.Validity()
	if !c.ValidFrom.IsZero() && !c.ValidFrom.Equal(from) || !c.ValidTo.IsZero() && !c.ValidTo.Equal(to) {
		return nil, domain.Refuse(domain.CodeInvalid, "design 5", "the set itself says when it is valid; leave validFrom and validTo out")
	}
	if cur, ok := a.Current(); ok && cur.Policy == c.Policy {
		return nil, domain.Refuse("no_change", "design 5", "this version is adopted already, by entry %d", cur.Seq)
	}
	if o.Actor.Proof != "system" {
		v, ok := a.find(c.Policy, "proposed")
		if !ok {
			r := domain.Refuse(refusedNotProposed, "design 5", "nobody has proposed this version; one person proposes, another approves")
			r.Allowed = []string{"ProposePolicy"}
			return nil, r
		}
		if o.Actor.ID.IsZero() || o.Actor.ID == v.Proposer {
			return nil, domain.Refuse(refusedSamePerson, "design 5", "a version is approved by a person who is named and is not the one who proposed it")
		}
	}
	return PolicyApproved{Set: c.Set, Version: c.Version, Policy: c.Policy, ValidFrom: from, ValidTo: to, Grounds: c.Grounds}, nil
}

func (c *WithdrawPolicy) decide(a Adoption) (domain.Event, error) {
	_, proposed := a.find(c.Policy, "proposed")
	_, adopted := a.find(c.Policy, "adopted")
	switch {
	case !proposed && !adopted:
		return nil, domain.Refuse(refusedNotAdopted, "design 5", "no version %s is proposed or adopted", c.Policy)
	case adopted && len(a.Standing()) == 1:
		return nil, domain.Refuse(refusedLastPolicy, "design 5", "this is the only version that stands; without one nothing can be decided: adopt another first")
	}
	return PolicyWithdrawn{Policy: c.Policy, Reason: c.Reason}, nil
}

func evolveAdoption(a Adoption, en domain.Entry) (Adoption, error) {
	a.Versions = slices.Clone(a.Versions)
	for _, r := range en.Events {
		switch e := r.Event.(type) {
		case PolicyProposed:
			a.Versions = append(a.Versions, Version{
				Set: e.Set, Version: e.Version, Policy: e.Policy, ValidFrom: e.ValidFrom, ValidTo: e.ValidTo,
				Proposed: en.Seq, Proposer: en.Actor.ID,
			})
		case PolicyApproved:
			v := Version{Set: e.Set, Version: e.Version, Policy: e.Policy, ValidFrom: e.ValidFrom, ValidTo: e.ValidTo}
			a.Versions = slices.DeleteFunc(a.Versions, func(p Version) bool {
				was := p.Policy == e.Policy && p.Standing() == "proposed"
				if was {
					v.Proposed, v.Proposer = p.Proposed, p.Proposer
				}
				return was
			})
			v.Seq, v.At = en.Seq, en.Recorded
			a.Versions = append(a.Versions, v)
		case PolicyWithdrawn:
			for i := range a.Versions {
				if v := &a.Versions[i]; v.Policy == e.Policy && v.Withdrawn == 0 {
					v.Withdrawn = en.Seq
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
