package sample

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

// A stack is the real ledgers of two organisations, with real vaults and desks.
type stack struct {
	desk, neighbour *handlers.Desk
	ledger          *eventstore.Ledger // of the first
}

func (s *stack) desks() map[string]Desk {
	return map[string]Desk{"": s.desk, "neighbour": s.neighbour}
}

// kinds are those that the sample has orders for, under the shipped policy set.
func kinds(t testing.TB) []domain.Kind {
	t.Helper()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	basis := incident.Basis{
		Basis: policy.Basis{Current: set, Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}},
		Refs:  []domain.Basis{{Kind: "policy", Seq: 1, Hash: set.Hash()}},
	}
	lists := func() (domain.Codes, []domain.Basis) { return set, basis.Refs }
	return []domain.Kind{incident.Kind(func() incident.Basis { return basis }), supplier.Kind(lists, nil), service.Kind(lists, nil)}
}

func newStack(t testing.TB, now time.Time) *stack {
	t.Helper()
	all := kinds(t)
	store, err := eventstore.Open(context.Background(), eventstore.Config{Dir: t.TempDir(), Kinds: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	clock := func() time.Time { return now }
	if now.IsZero() {
		clock = time.Now
	}
	open := func(org domain.OrgID) (*handlers.Desk, *eventstore.Ledger) {
		l, err := store.Found(context.Background(), org)
		if err != nil {
			t.Fatal(err)
		}
		master, err := vault.NewMasterKey(filepath.Join(t.TempDir(), "master"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := vault.Create(vault.Config{Dir: t.TempDir(), Org: org, Master: master})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		return handlers.NewDesk(handlers.Config{Org: org, Log: l, Sealer: v, Kinds: all, Version: store.Codec().Version, Now: clock}), l
	}
	s := &stack{}
	s.desk, s.ledger = open("nuth")
	s.neighbour, _ = open("neighbour")
	return s
}
