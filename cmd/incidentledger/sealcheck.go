package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
)

// sealCheck compares a ledger's sealed log with its entries, for verify.
type sealCheck struct {
	dir      string
	receipts map[string][]byte // by the name of the file
	proof    proofing          // what the configuration says of it
	audit    *seal.Audit
	bad      []eventstore.Finding

	key    string // of the log
	leaves map[domain.Seq]domain.Hash
}

// take takes the next entry. The first one names the log and its key.
func (s *sealCheck) take(ch eventstore.Checked) error {
	find := func(err error) { s.bad = append(s.bad, eventstore.Finding{Seq: ch.Seq, What: err.Error()}) }
	if ch.Seq == 1 {
		err := s.open(ch.Entry)
		if errors.Is(err, seal.ErrDamaged) {
			find(err)
		} else if err != nil {
			return err
		}
	}
	if s.audit == nil {
		return nil
	}
	if err := s.audit.Leaf(ch.Leaf); err != nil {
		find(err)
	}
	if len(s.receipts) > 0 {
		s.leaves[ch.Seq] = ch.Leaf
	}
	return nil
}

// promises tells which receipts were kept.
func (s *sealCheck) promises(v *verification) {
	for _, name := range slices.Sorted(maps.Keys(s.receipts)) {
		p, err := seal.ReadReceipt(s.receipts[name], s.key)
		if err == nil {
			err = s.audit.Kept(p, s.leaves[p.Seq])
		}
		switch {
		case err == nil:
			v.add("receipt "+name, proven, "entry %d stands in the ledger as it was accepted, and was sealed by %s", p.Seq, p.By.Format(time.RFC3339))
		case errors.Is(err, seal.ErrContradicted):
			v.add("receipt "+name, contradicted, "%v", err)
		default:
			v.add("receipt "+name, notProven, "it is no receipt of this ledger: %v", err)
		}
	}
}

func (s *sealCheck) open(first *domain.Entry) error {
	origin, key, err := logOf(first)
	if err != nil {
		return fmt.Errorf("%w: %w", seal.ErrDamaged, err)
	}
	s.key, s.leaves = key, map[domain.Seq]domain.Hash{}
	s.audit, err = seal.OpenAudit(s.dir, origin, key)
	return err
}

// logOf gives the origin of a ledger's log, and the key that checks it, by the
// first entry of the ledger.
func logOf(first *domain.Entry) (origin, key string, err error) {
	if first == nil {
		return "", "", errors.New("the first entry, which names the key of the log, cannot be read")
	}
	for _, r := range first.Events {
		e, ok := r.Event.(ledger.LedgerFounded)
		if !ok {
			continue
		}
		public, err := base64.StdEncoding.DecodeString(string(e.LogKey))
		if err != nil || len(public) != ed25519.PublicKeySize {
			return "", "", errors.New("the first entry names no key of the log")
		}
		key, err := seal.VerifierKey(string(e.Origin), public)
		return string(e.Origin), key, err
	}
	return "", "", errors.New("the first entry founds no ledger")
}

// tell adds what was found to the verification. While a process seals on, more
// may be signed than was read.
func (s *sealCheck) tell(v *verification, org domain.OrgID, last domain.Seq, live bool) error {
	name := string(org) + " seal"
	if s.audit == nil {
		v.found(name, s.bad, "nothing to seal yet")
		return nil
	}
	if err := s.audit.End(); err != nil && !live {
		s.bad = append(s.bad, eventstore.Finding{Seq: last, What: err.Error()})
	}
	sealed, points := s.audit.Sealed()
	more := ""
	if last > sealed {
		more = fmt.Sprintf("; the last %d are not sealed yet", last-sealed)
	}
	v.found(name, s.bad, "%d checkpoints are signed by the log's key, and the first %d entries have the roots that they name%s", points, sealed, more)
	if n := len(s.audit.Differ()); n > 0 && len(s.bad) == 0 {
		v.add(name+" hashes", proven, "%d kept hashes are damaged and follow from the entries; the next start makes them anew", n)
	}
	if err := s.levels(v, org, last); err != nil {
		return err
	}
	s.promises(v)
	return s.audit.Close()
}

// levels tells how many entries others vouch for. A level that nothing is kept of,
// and that the configuration does not ask for, is not spoken of.
func (s *sealCheck) levels(v *verification, org domain.OrgID, last domain.Seq) error {
	policies, err := s.proof.policies(s.key)
	if err != nil {
		return err
	}
	roots, err := s.proof.roots()
	if err != nil {
		return err
	}
	now := time.Now()
	for _, l := range []struct {
		name, done, by string
		asked          bool
		reached        seal.Reached
	}{
		{"witnesses", "cosigned", "witness policies", len(policies) > 0, s.audit.Cosigned(policies, now)},
		{"timestamps", "timestamped", "roots", len(roots) > 0, s.audit.Stamped(roots, now)},
	} {
		name := string(org) + " " + l.name
		switch r := l.reached; {
		case r.Kept == 0 && !l.asked:
		case errors.Is(r.Why, seal.ErrToken):
			v.add(name, contradicted, "%v", r.Why)
		case r.Kept == 0:
			v.add(name, notProven, "no entry is %s yet", l.done)
		case !l.asked:
			v.add(name, notProven, "%d of %d entries are kept as %s; give the configuration (--config) that names the %s to judge it by", r.Kept, last, l.done, l.by)
		case r.Found == 0:
			v.add(name, notProven, "%d of %d entries are kept as %s, and none is by the configuration: %v", r.Kept, last, l.done, r.Why)
		default:
			v.add(name, proven, "%d of %d entries are %s", r.Found, last, l.done)
		}
	}
	return nil
}
