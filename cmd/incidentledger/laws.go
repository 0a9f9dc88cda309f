package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
)

// laws knows, on the way through a ledger, which policy sets were adopted, so
// that every decision can be judged by the basis it names.
type laws struct {
	dir     string // of the policy sets
	sets    map[domain.Hash]*policy.Set
	adopted map[domain.Hash]bool
	founded ledger.LedgerFounded
	profile profiles
	last    domain.Hash   // the basis asked for last, and
	lastB   *policy.Basis // what it was
}

func newLaws(orgDir string) *laws {
	return &laws{dir: filepath.Join(orgDir, "policies"), sets: map[domain.Hash]*policy.Set{}, adopted: map[domain.Hash]bool{}, profile: newProfiles()}
}

// entry takes note of foundings, adoptions and profiles.
func (w *laws) entry(en *domain.Entry) error {
	if err := w.profile.entry(en); err != nil {
		return err
	}
	for _, r := range en.Events {
		switch e := r.Event.(type) {
		case ledger.LedgerFounded:
			w.founded = e
		case policy.PolicyApproved:
			set, err := w.read(e.Policy)
			if err != nil {
				return err
			}
			w.sets[e.Policy], w.adopted[e.Policy] = set, true
			w.lastB = nil
		}
	}
	return nil
}

func (w *laws) read(h domain.Hash) (*policy.Set, error) { return readPolicy(w.dir, h) }

// basis gives the law that an entry's decision names.
func (w *laws) basis(en *domain.Entry) (policy.Basis, error) {
	for _, ref := range en.Basis {
		if ref.Kind != policy.AdoptionKind {
			continue
		}
		if !w.adopted[ref.Hash] {
			return policy.Basis{}, fmt.Errorf("it was decided by policy set %s, which was not adopted then", ref.Hash)
		}
		if w.lastB == nil || w.last != ref.Hash {
			sets := make(map[domain.Hash]*policy.Set, len(w.sets))
			for h, s := range w.sets {
				sets[h] = s
			}
			w.last = ref.Hash
			w.lastB = &policy.Basis{Current: w.sets[ref.Hash], Sets: sets, Profile: map[policy.Path]domain.Code{policy.OrgCountry: w.founded.Country}}
		}
		b := *w.lastB
		var err error
		b.Dated, err = w.profile.of(en)
		return b, err
	}
	return policy.Basis{}, fmt.Errorf("it names no policy set that it was decided by")
}

// zone gives the time zone that the ledger's founding names.
func (w *laws) zone(ctx context.Context, o *eventstore.Offline) (*time.Location, error) {
	for en, err := range o.ReadAll(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if err := w.entry(en); err != nil {
			return nil, err
		}
		if w.founded.Zone != "" {
			return time.LoadLocation(string(w.founded.Zone))
		}
	}
	return nil, fmt.Errorf("the ledger has no founding entry")
}
