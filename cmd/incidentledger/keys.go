package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
)

// keysChecked is how many of the newest entries a start looks at: their keys
// were on disk before they were published, so a vault that lacks one was cut or
// is an older copy.
const keysChecked = 1000

// openVault opens the vault of a ledger after looking at it without changing
// anything: one that lacks keys is not the one its entries were sealed under, and
// going on would seal what comes under other keys. That is an *UnsoundError.
func (h *house) openVault(ctx context.Context, l *eventstore.Ledger, c vault.Config) (*vault.Vault, error) {
	shut := func(format string, args ...any) error {
		return &eventstore.UnsoundError{Org: l.Org(), What: []string{fmt.Sprintf(format, args...)},
			Help: fmt.Sprintf("Put the newest copy of %s back: without its keys what they sealed cannot be read.", c.Dir)}
	}
	look := c
	look.ReadOnly = true
	v, err := vault.OpenVault(look)
	var damaged *vault.DamageError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) {
		return nil, shut("%v", err)
	}
	if err != nil {
		return nil, err
	}
	err = newestKeys(ctx, l, v)
	switch missing := (*missingError)(nil); {
	case v.Damage() != nil:
		err = shut("%v", v.Damage())
	case l.CleanStart() && !v.ClosedWell():
		err = shut("the ledger was stopped in order, but its vault does not end as an orderly stop leaves it: keys were cut off")
	case errors.As(err, &missing):
		err = shut("%v", missing)
	}
	if err = errors.Join(err, v.Close()); err != nil {
		return nil, err
	}
	if v, err = vault.OpenVault(c); err != nil {
		return nil, err
	}
	if v.Cut() > 0 {
		h.log.Warn("the crash left half-written keys at the end of the vault; nobody had them, and they are set aside", "org", l.Org(), "aside", v.CutFile())
	}
	return v, nil
}

// missingError says that an entry's key is not in the vault.
type missingError struct {
	seq   domain.Seq
	scope string
}

func (e *missingError) Error() string {
	return fmt.Sprintf("entry %d is sealed under a key of %s that the vault lacks", e.seq, e.scope)
}

// newestKeys gives a *missingError if a key of the newest entries is missing.
func newestKeys(ctx context.Context, l *eventstore.Ledger, v *vault.Vault) error {
	last := l.Last()
	for en, err := range l.ReadAll(ctx, last-min(last, keysChecked)) {
		if err != nil {
			return err
		}
		scope, err := missingKey(v, en)
		if err != nil {
			return err
		}
		if scope != "" {
			return &missingError{en.Seq, scope}
		}
	}
	return nil
}

// missingKey gives a scope whose key an entry names and the vault does not hold.
func missingKey(v *vault.Vault, en *domain.Entry) (string, error) {
	for _, box := range en.Sealed {
		for i, scope := range box.Scopes {
			ok, err := v.Holds(scope, box.Kids[i])
			if err != nil {
				return "", err
			}
			if !ok {
				return scope, nil
			}
		}
	}
	for _, f := range namedFiles(en) {
		if _, err := v.FileKey(f.ID); errors.Is(err, domain.ErrErased) {
			return domain.FileScope(f.ID), nil
		} else if err != nil {
			return "", err
		}
	}
	return "", nil
}

// verifyKeys looks whether the vault holds every key that the entries name. It
// changes nothing, and without master key it cannot tell.
func (a *app) verifyKeys(ctx context.Context, v *verification, o *eventstore.Offline, org domain.OrgID) error {
	name := string(org) + " keys"
	master, err := vault.ReadMasterKey(a.master)
	if err != nil {
		v.add(name, notProven, "the vault was not opened: %v", err)
		return nil
	}
	h := &house{dir: a.data}
	keys, err := vault.OpenVault(vault.Config{Dir: h.vaultDir(org), Org: org, Master: master, ReadOnly: true})
	var damaged *vault.DamageError
	switch {
	case errors.As(err, &damaged), errors.Is(err, fs.ErrNotExist):
		v.add(name, contradicted, "%v", err)
		return nil
	case err != nil:
		v.add(name, notProven, "the vault was not opened: %v", err)
		return nil
	}
	defer keys.Close()
	if d := keys.Damage(); d != nil {
		v.add(name, contradicted, "%v", d)
		return nil
	}
	var bad []eventstore.Finding
	for en, err := range o.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
		scope, err := missingKey(keys, en)
		if err != nil {
			return err
		}
		if scope != "" {
			bad = append(bad, eventstore.Finding{Seq: en.Seq, What: (&missingError{en.Seq, scope}).Error()})
		}
	}
	v.found(name, bad, "the vault holds every key that the entries name")
	return nil
}
