package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
	tiles "incidentledger/handlers/tlog"
)

// sealDir is the folder of an organisation's sealed log.
func sealDir(orgDir string) string { return filepath.Join(orgDir, "seal") }

// openSeal opens an office's sealed log, and has it sealed as long as the house
// is open. Entries that contradict what was signed keep the ledger shut.
func (h *house) openSeal(ctx context.Context, o *office) error {
	genesis, err := o.law.genesis(), error(nil)
	c := seal.Config{Dir: sealDir(h.store.Dir(o.org)), Origin: string(genesis.Origin), Leaves: o.ledger}
	if c.Seed, err = o.vault.LogSeed(ctx); err != nil {
		return err
	}
	if public := base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(c.Seed).Public().(ed25519.PublicKey)); public != string(genesis.LogKey) {
		return &eventstore.UnsoundError{Org: o.org, What: []string{"the vault holds another key of the log than the one that the first entry names"},
			Help: "Put the vault back that belongs to this ledger."}
	}
	o.seal, err = seal.Open(c)
	if errors.Is(err, seal.ErrContradicted) || errors.Is(err, seal.ErrDamaged) {
		return &eventstore.UnsoundError{Org: o.org, What: []string{err.Error()},
			Help: "Put the newest copy of the ledger back; restore-log makes a lost stream anew from its journal. verify tells more."}
	}
	if err != nil {
		return err
	}
	ctx, o.unseal = context.WithCancel(h.ctx)
	o.sealed = make(chan struct{})
	go func() {
		defer close(o.sealed)
		if err := o.seal.Run(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("sealing has stopped: entries are kept, and no longer signed", "org", o.org, "alarm", true, "err", err)
		}
	}()
	return nil
}

// closeSeal seals what came last, and closes the log.
func (o *office) closeSeal() error {
	o.unseal()
	<-o.sealed
	_, err := o.seal.Seal()
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = nil // the next start seals it
	}
	return errors.Join(err, o.seal.Close())
}

// sealedLog gives an organisation's sealed log to the door for public tools.
func (h *house) sealedLog(org domain.OrgID) tiles.Log {
	o, err := h.office(org)
	if err != nil {
		return nil
	}
	return sealedLog{o}
}

// sealedLog is a sealed log as the door for public tools sees it.
type sealedLog struct{ o *office }

func (l sealedLog) Checkpoint() []byte { return l.o.seal.Head().Note }

func (l sealedLog) Tile(t tlog.Tile) ([]byte, error) { return l.o.seal.Tile(t) }

func (l sealedLog) Entries(t tlog.Tile) ([]byte, error) {
	after := domain.Seq(t.N) * 256
	to := after + domain.Seq(t.W)
	if head := l.o.seal.Head(); t.N > int64(head.Size)/256 || to > head.Size {
		return nil, fmt.Errorf("entries %d to %d: %w", after+1, to, seal.ErrNotSealed)
	}
	return l.o.ledger.Bundle(after, to)
}

// sealCheck compares a ledger's sealed log with its entries, for verify.
type sealCheck struct {
	dir   string
	audit *seal.Audit
	bad   []eventstore.Finding
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
	return nil
}

func (s *sealCheck) open(first *domain.Entry) error {
	if first == nil {
		return fmt.Errorf("%w: the first entry, which names the key of the log, cannot be read", seal.ErrDamaged)
	}
	for _, r := range first.Events {
		e, ok := r.Event.(ledger.LedgerFounded)
		if !ok {
			continue
		}
		public, err := base64.StdEncoding.DecodeString(string(e.LogKey))
		if err != nil || len(public) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: the first entry names no key of the log", seal.ErrDamaged)
		}
		key, err := seal.VerifierKey(string(e.Origin), public)
		if err != nil {
			return err
		}
		s.audit, err = seal.OpenAudit(s.dir, string(e.Origin), key)
		return err
	}
	return fmt.Errorf("%w: the first entry founds no ledger", seal.ErrDamaged)
}

// tell adds what was found to the verification. While a process seals on, more
// may be signed than was read.
func (s *sealCheck) tell(v *verification, name string, last domain.Seq, live bool) error {
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
	return s.audit.Close()
}
