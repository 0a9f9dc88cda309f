package api

import (
	"context"
	"strings"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
)

// A shelf keeps policy sets in memory.
type shelf map[domain.Hash]*policy.Set

func (s shelf) Adoption(context.Context) (policy.Adoption, error) {
	var a policy.Adoption
	for h, set := range s {
		a.Versions = append(a.Versions, policy.Version{Set: set.ID, Version: domain.Code(set.Version), Policy: h, Seq: 2})
	}
	return a, nil
}

func (s shelf) Set(h domain.Hash) (*policy.Set, error) {
	if set := s[h]; set != nil {
		return set, nil
	}
	return nil, domain.ErrNotFound
}

func (s shelf) Lay(set *policy.Set) (domain.Key, error) {
	s[set.Hash()] = set
	return policy.AdoptionKey(testOrg, set.ID), nil
}

func TestPolicySetsAreLaidDownAndShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Load = policyfile.Load })
	const at = base + "/policies"
	h.get(at).must(t, 404) // none are kept
	shipped, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	h.office.Policies = shelf{shipped.Hash(): shipped}
	if a := h.get(at).must(t, 200); a.str("items", 0, "state") != "adopted" || a.at("items", 0, "current") != true {
		t.Errorf("%s", a.raw)
	}
	if set, err := policy.Parse([]byte(h.get(at+"/current").must(t, 200).raw)); err != nil || set.Hash() != shipped.Hash() {
		t.Errorf("the set in force is shown as another: %v", err)
	}
	h.get(at+"/"+strings.Repeat("0", 64)).must(t, 404)
	h.get(at+"/teapot").must(t, 404)
	lay := func(yaml string) asked { return h.ask("POST", at, yaml, "Content-Type", "application/yaml") }
	source := string(policyfile.ShippedSource())
	own := strings.Replace(source, "elapsed: PT72H", "elapsed: PT96H", 1)
	a := lay(own).must(t, 201)
	if a.str("policy") == shipped.Hash().String() || a.str("set") != "nl-be-local-government" {
		t.Errorf("%s", a.raw)
	}
	h.get(at+"/"+a.str("policy")).must(t, 200)
	for _, bad := range []string{"", "x", "format: incident-policy/1\ncolour: red\n", strings.Replace(source, "all:", "some:", 1), "\x00"} {
		if p := lay(bad).must(t, 422); p.str("field") != "body" || !strings.Contains(p.str("detail"), "body:") {
			t.Errorf("%q: %s", bad[:min(len(bad), 40)], p.raw)
		}
	}
	h.ask("POST", at, `{}`).must(t, 415)
	if h.ledger.Last() != 1 {
		t.Error("laying a set down wrote an entry")
	}
}
