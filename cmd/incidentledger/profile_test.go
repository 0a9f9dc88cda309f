package main

import (
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/organisation"
)

// A decision is judged by the profile that it names, as it read at that entry.
func TestADecisionIsJudgedByTheProfileItNames(t *testing.T) {
	p := newProfiles()
	for seq := domain.Seq(3); seq <= 4; seq++ {
		en := &domain.Entry{Seq: seq, Hash: domain.Hash{byte(seq)}, Kind: organisation.Name, Events: []domain.Record{
			{Type: "OrganisationProfileSet", V: 1, Event: organisation.OrganisationProfileSet{Country: "NL", ValidFrom: sampleTime.AddDate(0, int(seq), 0)}},
		}}
		if err := p.entry(en); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		basis []domain.Basis
		dated int // profiles known then; -1: the decision cannot be judged
	}{
		{nil, 0},
		{[]domain.Basis{{Kind: "policy", Seq: 3}}, 0},
		{[]domain.Basis{{Kind: "policy", Seq: 2}, {Kind: organisation.Name, Seq: 3, Hash: domain.Hash{3}}}, 1},
		{[]domain.Basis{{Kind: organisation.Name, Seq: 4, Hash: domain.Hash{4}}}, 2},
		{[]domain.Basis{{Kind: organisation.Name, Seq: 4, Hash: domain.Hash{5}}}, -1},
		{[]domain.Basis{{Kind: organisation.Name, Seq: 2, Hash: domain.Hash{2}}}, -1},
	} {
		dated, err := p.of(&domain.Entry{Basis: c.basis})
		if (err != nil) != (c.dated < 0) || err == nil && len(dated) != c.dated {
			t.Errorf("%v: %v %v", c.basis, dated, err)
		}
	}
}
