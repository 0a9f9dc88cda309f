package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/domain/organisation"
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
	profile domain.Kind
	state   domain.State // of the profile
	dated   map[lawRef][]policy.Profile
	last    [2]lawRef     // the basis asked for last: policy set and profile, and
	lastB   *policy.Basis // what it was
}

// A lawRef is an entry that a basis names, or the set that it adopts.
type lawRef struct {
	seq  domain.Seq
	hash domain.Hash
}

func newLaws(orgDir string) *laws {
	k := organisation.Kind(nil)
	return &laws{dir: filepath.Join(orgDir, "policies"), sets: map[domain.Hash]*policy.Set{}, adopted: map[domain.Hash]bool{},
		profile: k, state: k.New(), dated: map[lawRef][]policy.Profile{}}
}

// entry takes note of foundings, adoptions and profiles.
func (w *laws) entry(en *domain.Entry) error {
	if en.Kind == organisation.Name {
		var err error
		if w.state, err = w.profile.Evolve(w.state, *en); err != nil {
			return err
		}
		w.dated[lawRef{en.Seq, en.Hash}] = w.state.(domain.Dossier[organisation.State]).Told.Dated()
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
	var named [2]lawRef
	for _, ref := range en.Basis {
		switch ref.Kind {
		case policy.AdoptionKind:
			named[0] = lawRef{hash: ref.Hash}
		case organisation.Name:
			named[1] = lawRef{ref.Seq, ref.Hash}
		}
	}
	set, profile := named[0].hash, named[1]
	switch _, known := w.dated[profile]; {
	case set.IsZero():
		return policy.Basis{}, fmt.Errorf("it names no policy set that it was decided by")
	case !w.adopted[set]:
		return policy.Basis{}, fmt.Errorf("it was decided by policy set %s, which was not adopted then", set)
	case profile.seq > 0 && !known:
		return policy.Basis{}, fmt.Errorf("it was decided by the profile of entry %d, which is none or reads otherwise", profile.seq)
	}
	if w.lastB == nil || w.last != named {
		w.last = named
		w.lastB = &policy.Basis{Current: w.sets[set], Sets: maps.Clone(w.sets), Dated: w.dated[profile],
			Profile: map[policy.Path]domain.Code{policy.OrgCountry: w.founded.Country}}
	}
	return *w.lastB, nil
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
