package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/policyfile"
)

func (a *app) initVerb() *cobra.Command {
	f := founding{}
	var country string
	cmd := &cobra.Command{
		Use: "init --org ID --name NAME --country NL|BE", Short: "Creates an organisation's ledger", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.Org, f.Country = domain.OrgID(a.org), domain.Code(country)
			if err := f.complete(); err != nil {
				return err
			}
			_, err := os.Stat(a.master)
			fresh := errors.Is(err, os.ErrNotExist)
			h, err := openHouse(cmd.Context(), a.houseConfig())
			if err != nil {
				return err
			}
			if err := errors.Join(h.found(cmd.Context(), f), h.close()); err != nil {
				return err
			}
			if fresh {
				a.say("The master key is %s. Keep a copy where neither fire nor ransomware finds both it and the data folder: without it nothing sealed can be read.", a.master)
			}
			_, err = fmt.Fprintf(a.std.out, "The ledger of %s is founded in %s.\n", f.Org, a.data)
			return err
		},
	}
	cmd.Flags().StringVar(&f.Name, "name", "", "display name")
	cmd.Flags().StringVar(&country, "country", "", "NL or BE")
	cmd.Flags().StringVar(&f.Zone, "zone", "", "IANA time zone (default: Europe/Amsterdam or Europe/Brussels)")
	return cmd
}

// complete judges what init was given and fills in the zone.
func (f *founding) complete() error {
	if f.Org == "" || f.Name == "" || f.Country == "" {
		return usage("--org, --name and --country are required")
	}
	switch f.Country {
	case "NL":
		f.Zone = first(f.Zone, "Europe/Amsterdam")
	case "BE":
		f.Zone = first(f.Zone, "Europe/Brussels")
	default:
		return usage("--country is %q; choose NL or BE", f.Country)
	}
	if err := eventstore.CheckOrg(f.Org); err != nil {
		return usage("--org: %v", err)
	}
	if _, err := time.LoadLocation(f.Zone); err != nil || f.Zone == "Local" {
		return usage("--zone is %q; give a name such as Europe/Amsterdam", f.Zone)
	}
	return nil
}

// A founding is what init needs to know.
type founding struct {
	Org     domain.OrgID
	Name    string
	Country domain.Code
	Zone    string
}

// found creates an organisation's ledger: its vault, its genesis entry and the
// adoption of the shipped policy set. A crash in between leaves no ledger.
func (h *house) found(ctx context.Context, f founding) (err error) {
	set, err := policyfile.Shipped()
	if err != nil {
		return err
	}
	master, err := vault.ReadMasterKey(h.master)
	if errors.Is(err, fs.ErrNotExist) {
		master, err = vault.NewMasterKey(h.master)
	}
	if err != nil {
		return err
	}
	l, err := h.store.Found(ctx, f.Org)
	if err != nil {
		return err
	}
	if err := h.setVaultAside(f.Org); err != nil {
		return err
	}
	v, err := vault.Create(vault.Config{Dir: h.vaultDir(f.Org), Org: f.Org, Master: master})
	if err != nil {
		return err
	}
	o := &office{org: f.Org, ledger: l, vault: v, law: newLaw(l, h.store.Dir(f.Org)), ran: make(chan struct{})}
	if err := h.firstEntries(ctx, o, f, set); err != nil {
		return errors.Join(err, v.Close())
	}
	if err := o.law.load(ctx); err != nil {
		return errors.Join(err, v.Close())
	}
	if err := h.store.Founded(f.Org); err != nil {
		return errors.Join(err, v.Close())
	}
	return h.staff(o)
}

// setVaultAside moves the vault of a founding that a crash interrupted out of
// the way. Keys are never removed here.
func (h *house) setVaultAside(org domain.OrgID) error {
	there, err := vault.Exists(h.vaultDir(org))
	if err != nil || !there {
		return err
	}
	for n := 1; ; n++ {
		to := fmt.Sprintf("%s.unfounded-%d", h.vaultDir(org), n)
		if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(h.vaultDir(org), to)
		}
	}
}

// firstEntries writes the genesis entry and the adoption of the policy set.
func (h *house) firstEntries(ctx context.Context, o *office, f founding, set *policy.Set) error {
	var suffix [6]byte
	if _, err := rand.Read(suffix[:]); err != nil {
		return err
	}
	seed, err := o.vault.LogSeed(ctx)
	if err != nil {
		return err
	}
	from, to := set.Validity()
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if err := keepPolicy(h.store.Dir(f.Org), set); err != nil {
		return err
	}
	desk := handlers.NewDesk(handlers.Config{
		Org: f.Org, Log: o.ledger, Sealer: o.vault, Kinds: kinds(o.law), Version: h.store.Codec().Version,
	})
	for _, first := range []struct {
		kind domain.KindName
		key  domain.Key
		c    domain.Command
	}{
		{ledger.Name, ledger.Key(f.Org), &ledger.FoundLedger{
			Origin: domain.Code("incidentledger/" + string(f.Org) + "/" + hex.EncodeToString(suffix[:])),
			LogKey: domain.Code(base64.StdEncoding.EncodeToString(public)), Country: f.Country, Zone: domain.Code(f.Zone),
			Formats: []domain.Code{eventstore.EntryFormat, "number/1", policy.Engine}, Name: domain.Text(f.Name),
		}},
		{policy.AdoptionKind, policy.AdoptionKey(f.Org, set.ID), &policy.ApprovePolicy{
			Set: set.ID, Version: domain.Code(set.Version), Policy: set.Hash(), ValidFrom: from, ValidTo: to,
			Grounds: "The policy set that the program ships, adopted when the ledger was founded.",
		}},
	} {
		_, err := desk.Give(ctx, domain.Order{
			ID: handlers.NewOrderID(), Kind: first.kind, Key: first.key, Command: first.c,
			Actor: domain.Actor{Role: "operator", For: f.Org, Door: "system", Proof: "system"},
		})
		if err != nil {
			return fmt.Errorf("found the ledger of %s: %w", f.Org, err)
		}
	}
	return nil
}
