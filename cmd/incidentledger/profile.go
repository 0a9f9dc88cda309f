package main

import (
	"fmt"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/organisation"
	"incidentledger/domain/policy"
)

// basis adds to the law what the other aggregates say: the organisation's dated
// profile, and the registers. A profile that cannot be read leaves no law to
// decide by.
func (g *registers) basis(b incident.Basis) incident.Basis {
	b.Register = g
	ref := domain.Ref{Kind: organisation.Name, Key: organisation.Key(g.law.ledger.Org())}
	if g.law.ledger.Head(ref) == 0 {
		return b
	}
	p, ok := g.find(ref)
	if !ok {
		return incident.Basis{}
	}
	b.Dated = p.dated
	b.Refs = append(b.Refs[:len(b.Refs):len(b.Refs)], p.basis)
	return b
}

// lists gives the adopted code lists, and where in the ledger they stand.
func (w *law) lists() (domain.Codes, []domain.Basis) {
	b := w.current()
	if b.Current == nil {
		return nil, nil
	}
	return b.Current, b.Refs[:1]
}

func datedOf(st domain.State) []policy.Profile {
	return st.(domain.Dossier[organisation.State]).Told.Dated()
}

// profiles knows, on the way through a ledger, what the profile said after each
// of its entries.
type profiles struct {
	kind  domain.Kind
	state domain.State
	dated map[domain.Seq]profile
}

// A profile is what the entry with a hash made of it.
type profile struct {
	hash  domain.Hash
	dated []policy.Profile
}

func newProfiles() profiles {
	k := organisation.Kind(nil)
	return profiles{kind: k, state: k.New(), dated: map[domain.Seq]profile{}}
}

// entry takes note of an entry of the profile.
func (p *profiles) entry(en *domain.Entry) (err error) {
	if en.Kind != organisation.Name {
		return nil
	}
	if p.state, err = p.kind.Evolve(p.state, *en); err == nil {
		p.dated[en.Seq] = profile{en.Hash, datedOf(p.state)}
	}
	return err
}

// of gives the profile that an entry's decision names; nothing where none was set.
func (p *profiles) of(en *domain.Entry) ([]policy.Profile, error) {
	for _, ref := range en.Basis {
		if ref.Kind != organisation.Name {
			continue
		}
		was, ok := p.dated[ref.Seq]
		if !ok || was.hash != ref.Hash {
			return nil, fmt.Errorf("it was decided by the profile of entry %d, which is none or reads otherwise", ref.Seq)
		}
		return was.dated, nil
	}
	return nil, nil
}
