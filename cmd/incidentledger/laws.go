package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
)

// laws knows, on the way through a ledger, how the adoption of policy sets stood
// after each of its entries, so that every decision can be judged by the basis
// it names.
type laws struct {
	dir      string // of the policy sets
	sets     map[domain.Hash]*policy.Set
	adoption domain.Kind
	stood    []stood // in order of the ledger
	founded  ledger.LedgerFounded
	profile  profiles

	last  domain.Seq    // the basis asked for last, and
	lastB *policy.Basis // what it was
	lastH domain.Hash
}

// stood is how the adoption stood from an entry on.
type stood struct {
	seq domain.Seq
	policy.Adoption
}

func newLaws(orgDir string) *laws {
	return &laws{dir: filepath.Join(orgDir, "policies"), sets: map[domain.Hash]*policy.Set{}, adoption: policy.Adoptions(nil), profile: newProfiles()}
}

// entry takes note of foundings, adoptions and profiles.
func (w *laws) entry(en *domain.Entry) error {
	if err := w.profile.entry(en); err != nil {
		return err
	}
	for _, r := range en.Events {
		if e, ok := r.Event.(ledger.LedgerFounded); ok {
			w.founded = e
		}
	}
	if en.Kind != policy.AdoptionKind || en.Key != policy.AdoptionKey(en.Org, lawSet) {
		return nil
	}
	var before domain.State = policy.Adoption{}
	if n := len(w.stood); n > 0 {
		before = w.stood[n-1].Adoption
	}
	after, err := w.adoption.Evolve(before, *en)
	if err != nil {
		return err
	}
	w.stood = append(w.stood, stood{en.Seq, after.(policy.Adoption)})
	for _, h := range w.stood[len(w.stood)-1].Adopted() {
		if _, err := w.set(h); err != nil {
			return err
		}
	}
	return nil
}

func (w *laws) set(h domain.Hash) (*policy.Set, error) {
	s := w.sets[h]
	if s == nil {
		var err error
		if s, err = w.read(h); err != nil {
			return nil, err
		}
		w.sets[h] = s
	}
	return s, nil
}

func (w *laws) read(h domain.Hash) (*policy.Set, error) { return readPolicy(w.dir, h) }

// basis gives the law that an entry's decision names.
func (w *laws) basis(en *domain.Entry) (policy.Basis, error) {
	for _, ref := range en.Basis {
		if ref.Kind != policy.AdoptionKind {
			continue
		}
		if w.lastB == nil || w.last != ref.Seq {
			if err := w.at(ref.Seq); err != nil {
				return policy.Basis{}, err
			}
		}
		if w.lastH != ref.Hash {
			return policy.Basis{}, fmt.Errorf("it was decided by policy set %s, but the one adopted then was %s", ref.Hash, w.lastH)
		}
		b := *w.lastB
		var err error
		b.Dated, err = w.profile.of(en)
		return b, err
	}
	return policy.Basis{}, fmt.Errorf("it names no policy set that it was decided by")
}

// at readies the law as it stood after an entry of the adoption.
func (w *laws) at(seq domain.Seq) error {
	for _, s := range slices.Backward(w.stood) {
		if s.seq > seq {
			continue
		}
		b, cur, err := basisOf(s.Adoption, w.set, profileOf(w.founded))
		if err != nil {
			return err
		}
		w.last, w.lastB, w.lastH = seq, &b, cur.Policy
		return nil
	}
	return fmt.Errorf("it names entry %d as the adoption of its policy, where nothing was adopted yet", seq)
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
