package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
	tiles "incidentledger/handlers/tlog"
)

// proofing is what the configuration says of an organisation's proof.
type proofing struct {
	Cosigns   []string        `yaml:"cosigns"`   // verifier keys of the logs for which it is a witness
	Witnesses []witnessPolicy `yaml:"witnesses"` // who cosigns its own, from when on

	Timestamps []authority `yaml:"timestamps"` // who stamps its own with the time
}

// A witnessPolicy says which witnesses an organisation asks from an instant on:
// witness, group and quorum lines of c2sp.org/tlog-policy.
type witnessPolicy struct {
	From   time.Time `yaml:"from"`
	Policy string    `yaml:"policy"`
}

// nobody is the policy of an organisation that asks no witness.
const nobody = "quorum none\n"

// inForce gives the lines that hold at an instant.
func (p proofing) inForce(at time.Time) string {
	text, since := nobody, time.Time{}
	for _, w := range p.Witnesses {
		if !w.From.After(at) && !w.From.Before(since) {
			text, since = w.Policy, w.From
		}
	}
	return text
}

// policies gives all policies there ever were, for the log with a key.
func (p proofing) policies(key string) (out []*seal.Policy, err error) {
	for _, w := range p.Witnesses {
		policy, err := seal.ParsePolicy([]byte("log " + key + "\n" + w.Policy))
		if err != nil {
			return nil, err
		}
		out = append(out, policy)
	}
	return out, nil
}

// check judges the policies, each beside a log that stands for the
// organisation's own.
func (p proofing) check() error {
	for _, w := range p.Witnesses {
		if w.From.IsZero() {
			return errors.New("witnesses: each policy says from when on it holds")
		}
		if _, err := seal.ParsePolicy([]byte(w.Policy)); err != nil {
			return err
		}
	}
	return checkAuthorities(p.Timestamps)
}

// logKey gives the key that checks an office's checkpoints.
func (o *office) logKey() (string, error) {
	first, err := o.ledger.Entry(1)
	if err != nil {
		return "", err
	}
	_, key, err := logOf(first)
	return key, err
}

// witnessed has an office's heads cosigned until the context ends: for the first
// time before anything else is done, so that a ledger which is an older copy of
// itself writes nothing. A witness that cannot be reached keeps nobody waiting
// for more than its time.
func (s *serving) witnessed(ctx context.Context, o *office) error {
	key, err := o.logKey()
	if err != nil {
		return err
	}
	policy, err := seal.ParsePolicy([]byte("log " + key + "\n" + s.app.conf.Proof[o.org].inForce(time.Now())))
	if err != nil || len(policy.Witnesses) == 0 {
		return err
	}
	report := func(head seal.Head, err error) { s.cosigned(o, head, err) }
	c, err := seal.OpenCircle(seal.CircleConfig{Log: o.seal, Policy: policy, Client: &http.Client{Timeout: 5 * time.Second}, Report: report})
	if err != nil {
		return err
	}
	o.circle.Store(c)
	report(c.Round(ctx))
	s.room(ctx, o.org, "witnesses", func(ctx context.Context) error {
		err := c.Run(ctx)
		return errors.Join(err, c.Close())
	})
	return nil
}

// cosigned tells of a round of witnesses. A checkpoint that contradicts the
// ledger puts it in quarantine: nothing is written or signed any more.
func (s *serving) cosigned(o *office, head seal.Head, err error) {
	var against *seal.Contradiction
	switch {
	case errors.As(err, &against) && o.shut.Load() != nil: // it was told before
	case errors.As(err, &against):
		path := filepath.Join(s.house.store.Dir(o.org), fmt.Sprintf("contradiction-%s.note", time.Now().UTC().Format("20060102T150405Z")))
		err = errors.Join(err, os.WriteFile(path, against.Checkpoint, 0o600))
		o.quarantine(against)
		s.log.Error("a checkpoint that this log signed contradicts its entries; nothing is written any more", "org", o.org, "alarm", true, "evidence", path, "err", err)
	case errors.Is(err, seal.ErrQuorum):
		s.log.Error("too few witnesses cosign", "org", o.org, "alarm", true, "entries", head.Size, "err", err)
	case err != nil:
		s.log.Warn("not every witness cosigns", "org", o.org, "entries", head.Size, "err", err)
	}
}

// openWitness opens an organisation as the witness that it is for others, where
// it is one.
func (s *serving) openWitness(ctx context.Context, o *office) error {
	logs := s.app.conf.Proof[o.org].Cosigns
	if len(logs) == 0 {
		return nil
	}
	seed, err := o.vault.WitnessSeed(ctx)
	if err != nil {
		return err
	}
	w, err := seal.OpenWitness(seal.WitnessConfig{Dir: filepath.Join(s.house.store.Dir(o.org), "witness"),
		Name: string(o.law.genesis().Origin) + "/witness", Seed: seed, Logs: logs})
	if err != nil {
		return err
	}
	s.witnesses.Store(o.org, w)
	s.app.say("%s is a witness for others, under the key %s", o.org, w.Key())
	return nil
}

// witness gives an organisation as a witness to the door; nil where it is none.
func (s *serving) witness(org domain.OrgID) tiles.Witness {
	if w, ok := s.witnesses.Load(org); ok {
		return w.(*seal.Witness)
	}
	return nil
}

// quarantine keeps an office from writing and signing, for a reason that it gives
// to whoever orders something. It can still be read.
func (o *office) quarantine(why error) {
	o.shut.CompareAndSwap(nil, &why)
	o.unseal()
}

// guarded is the ledger of an office as its desk sees it.
type guarded struct {
	*eventstore.Ledger
	o *office
}

// Append refuses while the office is in quarantine.
func (g guarded) Append(ctx context.Context, en *domain.Entry) error {
	if why := g.o.shut.Load(); why != nil {
		return fmt.Errorf("%w: the ledger is in quarantine, put its newest copy back: %w", domain.ErrUnavailable, *why)
	}
	return g.Ledger.Append(ctx, en)
}
