package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Policies are the policy sets that lie beside one ledger, and how the versions
// of its own set stand.
type Policies interface {
	Adoption(context.Context) (policy.Adoption, error)
	Set(domain.Hash) (*policy.Set, error) // domain.ErrNotFound where none lies there
	Lay(*policy.Set) (domain.Key, error)  // puts one there; gives the aggregate of its adoption
}

// A policyVersion is one version of the organisation's policy set.
type policyVersion struct {
	Set       domain.Code `json:"set"`
	Version   domain.Code `json:"version"`
	Policy    domain.Hash `json:"policy" doc:"SHA-256 of its canonical form"`
	State     domain.Code `json:"state" doc:"proposed, adopted or withdrawn"`
	Current   bool        `json:"current" doc:"new incidents are judged by it"`
	ValidFrom time.Time   `json:"validFrom,omitzero"`
	ValidTo   time.Time   `json:"validTo,omitzero" doc:"exclusive"`
	Proposed  domain.Seq  `json:"proposed,omitempty" doc:"entry that proposed it"`
	Adopted   domain.Seq  `json:"adopted,omitempty" doc:"entry that adopted it"`
	At        time.Time   `json:"at,omitzero" doc:"when it was adopted"`
	Withdrawn domain.Seq  `json:"withdrawn,omitempty" doc:"entry that withdrew it"`
}

// A laidPolicy is a policy set that lies beside the ledger now, and where it can
// be proposed.
type laidPolicy struct {
	Key       domain.Key  `json:"key" doc:"aggregate of its adoption: ProposePolicy and ApprovePolicy go there"`
	Set       domain.Code `json:"set"`
	Version   domain.Code `json:"version"`
	Policy    domain.Hash `json:"policy" doc:"SHA-256 of its canonical form"`
	ValidFrom time.Time   `json:"validFrom,omitzero"`
	ValidTo   time.Time   `json:"validTo,omitzero"`
}

// policyOperations show the policy sets and lay new ones beside the ledger. A set
// that lies there binds nobody: it is proposed and approved by orders to the
// aggregate policy.
func (s *server) policyOperations() []*operation {
	const all = "/organisations/{org}/policies"
	return []*operation{
		{id: "list-policies", method: http.MethodGet, path: all, tag: "policies", do: (*request).policies,
			summary: "The versions of the policy set, proposed, adopted and withdrawn", gives: page[policyVersion]{}, headers: []string{"Ledger-Seq"}},
		{id: "show-policy", method: http.MethodGet, path: all + "/{policy}", tag: "policies", do: (*request).policy,
			summary: "One policy set in its canonical form", about: "The address ends with the set's hash, or with current.",
			gives: map[string]any{"type": "object", "description": "a policy set, format incident-policy/1"}, headers: []string{"Ledger-Seq"}},
		{id: "lay-policy", method: http.MethodPost, path: all, tag: "policies", do: (*request).layPolicy,
			summary: "Lay a policy set beside the ledger, so that it can be proposed",
			about:   "The body is the set as YAML. Nothing follows from it: ProposePolicy and ApprovePolicy, by two persons, adopt it.",
			gives:   laidPolicy{}, status: http.StatusCreated, refuses: []int{413, 415, 422},
			body: &body{media: []string{"application/yaml", "text/yaml", "application/x-yaml", "text/plain"}, max: 1 << 20,
				schema: map[string]any{"type": "string"}, example: `"format: incident-policy/1\nid: nl-be-local-government\n"`}},
	}
}

func (q *request) keeper() (Policies, error) {
	if q.office.Policies == nil || q.s.Load == nil {
		return nil, missing("policy sets are not kept here")
	}
	return q.office.Policies, nil
}

func (q *request) policies() (*answer, error) {
	p, err := q.keeper()
	if err != nil {
		return nil, err
	}
	a, err := p.Adoption(q.Context())
	if err != nil {
		return nil, err
	}
	current := q.set().Hash()
	out := pageOf[policyVersion](nil)
	for _, v := range slices.Backward(a.Versions) {
		out.Items = append(out.Items, policyVersion{
			Set: v.Set, Version: v.Version, Policy: v.Policy, State: v.Standing(), Current: v.Standing() == "adopted" && v.Policy == current,
			ValidFrom: v.ValidFrom, ValidTo: v.ValidTo, Proposed: v.Proposed, Adopted: v.Seq, At: v.At, Withdrawn: v.Withdrawn,
		})
	}
	return &answer{body: out}, nil
}

func (q *request) policy() (*answer, error) {
	p, err := q.keeper()
	if err != nil {
		return nil, err
	}
	h := q.set().Hash()
	if name := q.PathValue("policy"); name != "current" && h.UnmarshalText([]byte(name)) != nil {
		return nil, missing("%q is neither the hash of a policy set nor current", clip(name, 80))
	}
	s, err := p.Set(h)
	if err != nil {
		return nil, notHere(err, "no policy set with the hash %s lies beside the ledger", h)
	}
	return &answer{body: json.RawMessage(s.Canonical())}, nil
}

func (q *request) layPolicy() (*answer, error) {
	p, err := q.keeper()
	if err != nil {
		return nil, err
	}
	src, err := q.readBody()
	if err != nil {
		return nil, err
	}
	s, err := q.s.Load("body", src)
	if err != nil {
		return nil, faultyFile(err)
	}
	key, err := p.Lay(s)
	if err != nil {
		return nil, err
	}
	from, to := s.Validity()
	return &answer{body: laidPolicy{Key: key, Set: s.ID, Version: domain.Code(s.Version), Policy: s.Hash(), ValidFrom: from, ValidTo: to}}, nil
}

// faultyFile tells what is wrong in a policy file, line by line.
func faultyFile(err error) *Problem {
	p := problem(http.StatusUnprocessableEntity, domain.CodeInvalid, "%s", clip(err.Error(), 4000))
	p.Field, p.Requirement = "body", "contract 2"
	return p
}
