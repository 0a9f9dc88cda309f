package main

import (
	"context"
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
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

// A mirror may read the entries of every log, to keep a copy of them.
type mirror struct {
	Name  string `yaml:"name"`
	Token string `yaml:"token"`
}

// leastToken is how many characters a token has at least.
const leastToken = 32

func (m mirror) check() error {
	if m.Name == "" || len(m.Token) < leastToken {
		return fmt.Errorf("mirrors: a mirror has a name, and a token of at least %d characters", leastToken)
	}
	return nil
}

// mirrors tells whether a request bears the token of a mirror.
func mirrors(list []mirror) func(*http.Request) bool {
	return func(r *http.Request) bool {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && slices.ContainsFunc(list, func(m mirror) bool {
			return subtle.ConstantTimeCompare([]byte(token), []byte(m.Token)) == 1
		})
	}
}

// sealed tells a restoring what was sealed.
func (a *app) sealed(org domain.OrgID) (domain.Seq, func(domain.Seq) domain.Hash, error) {
	k, err := seal.ReadKept(sealDir(eventstore.OrgDir(a.data, org)))
	if err != nil {
		return 0, nil, err
	}
	return k.Size, k.Leaf, nil
}

// closeSeal seals what came last, and closes the log.
func (o *office) closeSeal() error {
	o.unseal()
	<-o.sealed
	var err error
	if o.shut.Load() == nil {
		_, err = o.seal.Seal()
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		err = nil // the next start seals it
	}
	return errors.Join(err, o.seal.Close())
}

// receipt signs that an entry was accepted.
func (o *office) receipt(seq domain.Seq) ([]byte, error) {
	en, err := o.ledger.Entry(seq)
	if err != nil {
		return nil, err
	}
	return o.seal.Receipt(seq, en.Hash, en.Recorded)
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

func (l sealedLog) Checkpoint() ([]byte, error) {
	if c := l.o.circle.Load(); c != nil {
		head, err := c.Head()
		return head.Note, err
	}
	return l.o.seal.Head().Note, nil
}

func (l sealedLog) Tile(t tlog.Tile) ([]byte, error) { return l.o.seal.Tile(t) }

func (l sealedLog) Entries(t tlog.Tile) ([]byte, error) {
	after := domain.Seq(t.N) * 256
	to := after + domain.Seq(t.W)
	if head := l.o.seal.Head(); t.N > int64(head.Size)/256 || to > head.Size {
		return nil, fmt.Errorf("entries %d to %d: %w", after+1, to, seal.ErrNotSealed)
	}
	return l.o.ledger.Bundle(after, to)
}
