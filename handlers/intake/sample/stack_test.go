package sample

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

const org = domain.OrgID("nuth")

// A stack is a real ledger with a real vault and desk.
type stack struct {
	desk   *handlers.Desk
	ledger *eventstore.Ledger
	vault  *vault.Vault
}

// incidents is the kind of incidents under the shipped policy set.
func incidents(t testing.TB) domain.Kind {
	t.Helper()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	basis := incident.Basis{
		Basis: policy.Basis{Current: set, Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}},
		Refs:  []domain.Basis{{Kind: "policy", Seq: 1, Hash: set.Hash()}},
	}
	return incident.Kind(func() incident.Basis { return basis })
}

func newStack(t testing.TB, now time.Time) *stack {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	all := []domain.Kind{incidents(t)}
	store, err := eventstore.Open(ctx, eventstore.Config{Dir: dir, Kinds: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	l, err := store.Found(ctx, org)
	if err != nil {
		t.Fatal(err)
	}
	master, err := vault.NewMasterKey(filepath.Join(t.TempDir(), "master"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Create(vault.Config{Dir: filepath.Join(dir, "vault"), Org: org, Master: master})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	clock := func() time.Time { return now }
	if now.IsZero() {
		clock = time.Now
	}
	return &stack{
		ledger: l, vault: v,
		desk: handlers.NewDesk(handlers.Config{Org: org, Log: l, Sealer: v, Kinds: all, Version: store.Codec().Version, Now: clock}),
	}
}
