package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	seen    domain.Seq // last entry of the adoption that basis rests on; it stands in every decision
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
	if w.ledger.Head(w.ref) != w.seen {
		if err := w.read(context.Background()); err != nil {
			return incident.Basis{}
		}
	}
	return w.registers.basis(w.basis)
}

// load reads the basis and says what is wrong with it.
func (w *law) load(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read(ctx)
}

// genesis is what the ledger's founding says.
func (w *law) genesis() ledger.LedgerFounded {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.founded
}

// Adoption is how the versions of the organisation's policy set stand.
func (w *law) Adoption(ctx context.Context) (policy.Adoption, error) {
	st, _, _, err := w.fold(ctx, w.ref)
	if err != nil {
		return policy.Adoption{}, err
	}
	return st.(policy.Adoption), nil
}

func (w *law) read(ctx context.Context) error {
	org := w.ledger.Org()
	st, first, _, err := w.fold(ctx, domain.Ref{Kind: ledger.Name, Key: ledger.Key(org)})
	if err != nil {
		return err
	}
	w.founded = st.(ledger.State).Founded
	if first == nil {
		return fmt.Errorf("organisation %s: its ledger has no founding entry", org)
	}
	st, _, last, err := w.fold(ctx, w.ref)
	if err != nil {
		return err
	}
	law, cur, err := basisOf(st.(policy.Adoption), w.set, profileOf(w.founded))
	if err != nil {
		return fmt.Errorf("organisation %s: %w", org, err)
	}
	w.seen = last
	w.basis = incident.Basis{Basis: law, Refs: []domain.Basis{
		{Kind: policy.AdoptionKind, Key: w.ref.Key, Seq: last, Hash: cur.Policy},
		{Kind: ledger.Name, Key: ledger.Key(org), Seq: first.Seq, Hash: first.Hash},
	}}
	return nil
}

// basisOf gives the law that an adoption makes: which version arms first, and
// every version that clocks may be bound to.
func basisOf(a policy.Adoption, set func(domain.Hash) (*policy.Set, error), profile map[policy.Path]domain.Code) (policy.Basis, policy.Version, error) {
	b := policy.Basis{Sets: map[domain.Hash]*policy.Set{}, Profile: profile}
	for _, h := range a.Adopted() {
		s, err := set(h)
		if err != nil {
			return b, policy.Version{}, err
		}
		b.Sets[h] = s
	}
	standing := a.Standing()
	if len(standing) == 0 {
		return b, policy.Version{}, errors.New("no policy set is adopted")
	}
	for _, v := range standing {
		b.Standing = append(b.Standing, b.Sets[v.Policy])
	}
	b.Current = b.Standing[0]
	return b, standing[0], nil
}

// profileOf tells a policy what the organisation is.
func profileOf(f ledger.LedgerFounded) map[policy.Path]domain.Code {
	return map[policy.Path]domain.Code{policy.OrgCountry: f.Country}
}

// fold gives an aggregate's state, its first entry and the place of its last.
func (w *law) fold(ctx context.Context, ref domain.Ref) (st domain.State, first *domain.Entry, last domain.Seq, err error) {
	k := w.kinds[ref.Kind]
	st = k.New()
	for en, err := range w.ledger.Load(ctx, ref, 0) {
		if err != nil {
			return nil, nil, 0, err
		}
		if first == nil {
			first = en
		}
		if st, err = k.Evolve(st, *en); err != nil {
			return nil, nil, 0, fmt.Errorf("%s: entry %d: %w", ref, en.Seq, err)
		}
		last = en.Seq
	}
	return st, first, last, nil
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

// find gives a policy set that lies beside the ledger.
func (w *law) find(h domain.Hash) (*policy.Set, bool) {
	s, err := readPolicy(w.dir, h)
	return s, err == nil
}

// Set gives a policy set that lies beside the ledger, adopted or not.
func (w *law) Set(h domain.Hash) (*policy.Set, error) {
	s, err := readPolicy(w.dir, h)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("policy set %s: %w", h, domain.ErrNotFound)
	}
	return s, err
}

// Lay puts a policy set beside the ledger, so that it can be proposed, and gives
// the aggregate of its adoption.
func (w *law) Lay(s *policy.Set) (domain.Key, error) {
	if s.ID != lawSet {
		return domain.Key{}, domain.Refuse(domain.CodeInvalid, "design 5", "the set is called %s; versions of the organisation's policy keep the id %s", s.ID, lawSet)
	}
	return w.ref.Key, keepPolicy(filepath.Dir(w.dir), s)
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
	if err := writeDurably(path, s.Canonical()); err != nil {
		return fmt.Errorf("policy set %s: %w", path, err)
	}
	return nil
}

// writeDurably writes a file whole or not at all.
func writeDurably(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, werr := f.Write(b)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
