package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/policy"
	"incidentledger/eventstore"
	"incidentledger/handlers/policyfile"
)

// lawSet is the id of the policy set whose versions an organisation adopts.
const lawSet domain.Code = "nl-be-local-government"

// law knows which policy sets an organisation adopted, and gives the basis of
// decisions. It looks again whenever the adoption has a new entry.
//
// The sets themselves lie as canonical JSON in the organisation's folder, each
// under the name of its hash, written and synced before the entry that adopts
// it. The entry's hash decides: a file that does not match it is an error.
type law struct {
	ledger *eventstore.Ledger
	ref    domain.Ref // of the adoption
	dir    string     // of the policy sets
	kinds  map[domain.KindName]domain.Kind

	registers *registers

	mu      sync.Mutex
	seen    domain.Seq // last entry of the adoption that basis rests on
	basis   incident.Basis
	founded ledger.LedgerFounded
}

func newLaw(l *eventstore.Ledger, orgDir string) *law {
	ref := domain.Ref{Kind: policy.AdoptionKind, Key: policy.AdoptionKey(l.Org(), lawSet)}
	w := &law{ledger: l, ref: ref, dir: filepath.Join(orgDir, "policies"), kinds: map[domain.KindName]domain.Kind{}}
	for _, k := range storeKinds() {
		w.kinds[k.Name] = k
	}
	w.registers = newRegisters(w)
	return w
}

// current is the basis of a decision taken now. Where the adopted sets cannot
// be read it has no current set, and the decision says so.
func (w *law) current() incident.Basis {
	w.mu.Lock()
	defer w.mu.Unlock()
	if head := w.ledger.Head(w.ref); head != w.seen {
		if b, err := w.read(context.Background()); err == nil {
			w.basis, w.seen = b, head
		}
	}
	return w.registers.basis(w.basis)
}

// load reads the basis and says what is wrong with it.
func (w *law) load(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, err := w.read(ctx)
	if err != nil {
		return err
	}
	w.basis, w.seen = b, w.ledger.Head(w.ref)
	return nil
}

// genesis is what the ledger's founding says.
func (w *law) genesis() ledger.LedgerFounded {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.founded
}

func (w *law) read(ctx context.Context) (incident.Basis, error) {
	org := w.ledger.Org()
	st, first, err := w.fold(ctx, domain.Ref{Kind: ledger.Name, Key: ledger.Key(org)})
	if err != nil {
		return incident.Basis{}, err
	}
	w.founded = st.(ledger.State).Founded
	if first == nil {
		return incident.Basis{}, fmt.Errorf("organisation %s: its ledger has no founding entry", org)
	}
	st, _, err = w.fold(ctx, w.ref)
	if err != nil {
		return incident.Basis{}, err
	}
	adopted := st.(policy.Adoption)
	b := incident.Basis{Basis: policy.Basis{
		Sets:    map[domain.Hash]*policy.Set{},
		Profile: map[policy.Path]domain.Code{policy.OrgCountry: w.founded.Country},
	}}
	for _, v := range adopted.Versions {
		if b.Sets[v.Policy], err = w.set(v.Policy); err != nil {
			return incident.Basis{}, err
		}
	}
	cur, ok := adopted.Current()
	if !ok {
		return incident.Basis{}, fmt.Errorf("organisation %s has adopted no policy set", org)
	}
	b.Current = b.Sets[cur.Policy]
	b.Refs = []domain.Basis{
		{Kind: policy.AdoptionKind, Key: w.ref.Key, Seq: cur.Seq, Hash: cur.Policy},
		{Kind: ledger.Name, Key: ledger.Key(org), Seq: first.Seq, Hash: first.Hash},
	}
	return b, nil
}

// fold gives an aggregate's state and its first entry.
func (w *law) fold(ctx context.Context, ref domain.Ref) (domain.State, *domain.Entry, error) {
	k := w.kinds[ref.Kind]
	st := k.New()
	var first *domain.Entry
	for en, err := range w.ledger.Load(ctx, ref, 0) {
		if err != nil {
			return nil, nil, err
		}
		if first == nil {
			first = en
		}
		if st, err = k.Evolve(st, *en); err != nil {
			return nil, nil, fmt.Errorf("%s: entry %d: %w", ref, en.Seq, err)
		}
	}
	return st, first, nil
}

// set reads an adopted policy set. A file that is missing or damaged is put back
// where the program ships that very set; else the ledger stays shut.
func (w *law) set(h domain.Hash) (*policy.Set, error) {
	s, err := readPolicy(w.dir, h)
	if err == nil {
		return s, nil
	}
	if shipped, serr := policyfile.Shipped(); serr == nil && shipped.Hash() == h {
		if err := keepPolicy(filepath.Dir(w.dir), shipped); err != nil {
			return nil, err
		}
		return shipped, nil
	}
	return nil, &eventstore.UnsoundError{Org: w.ledger.Org(), What: []string{err.Error()},
		Help: "Put the file back from a backup: its name is the SHA-256 of its content."}
}

// kept tells whether a policy set lies beside the ledger.
func (w *law) kept(h domain.Hash) bool {
	_, err := readPolicy(w.dir, h)
	return err == nil
}

// readPolicy reads the policy set with a hash and checks that it has it.
func readPolicy(dir string, h domain.Hash) (*policy.Set, error) {
	path := policyPath(dir, h)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("policy set %s: %w", h, err)
	}
	s, err := policy.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("policy set %s: %w", path, err)
	}
	if s.Hash() != h {
		return nil, fmt.Errorf("policy set %s has the hash %s: it is not what was adopted", path, s.Hash())
	}
	return s, nil
}

func policyPath(dir string, h domain.Hash) string { return filepath.Join(dir, h.String()+".json") }

// keepPolicy writes a policy set beside the ledger, durably.
func keepPolicy(orgDir string, s *policy.Set) error {
	dir := filepath.Join(orgDir, "policies")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := policyPath(dir, s.Hash())
	if _, err := readPolicy(dir, s.Hash()); err == nil {
		return nil
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, werr := f.Write(s.Canonical())
	if err := errors.Join(werr, f.Sync(), f.Close(), os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("policy set %s: %w", path, err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
