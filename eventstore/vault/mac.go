package vault

import (
	"context"
	"crypto/hmac"
	"fmt"

	"incidentledger/domain"
)

const macHalf = 16

// MAC is the keyed hash of an order as given, in two halves: over what of it
// stands open, under a key of the ledger, and over what is sealed, under the
// entry's own key, so that destroying that key leaves nothing by which erased
// text could be guessed. It tells a repetition of an order from another order
// under its id. sealed is nil where nothing is; the second half is then zero.
//
// It returns when the entry's key is on disk. What the bytes are is the
// caller's to say; they must be the same for the same order.
func (v *Vault) MAC(ctx context.Context, o domain.Order, open, sealed []byte) (domain.Hash, error) {
	if v.readOnly {
		return domain.Hash{}, fmt.Errorf("vault: order %s: %w", o.ID, ErrReadOnly)
	}
	mac, err := v.openHalf(o, open)
	if err != nil || sealed == nil {
		return mac, err
	}
	scope := entryScope(o.ID)
	keys, groups, err := v.take(ctx, []string{scope})
	if err == nil {
		err = v.await(ctx, groups)
	}
	if err != nil {
		return domain.Hash{}, fmt.Errorf("vault: order %s: %w", o.ID, err)
	}
	key, _ := keys.of(scope)
	v.sealedHalf(&mac, o, key, sealed)
	return mac, nil
}

// Matches reports whether an order as given again is the one that has this MAC.
// Where the vault lacks the entry's key, erased or lost, only what stands open
// is compared.
func (v *Vault) Matches(o domain.Order, open, sealed []byte, mac domain.Hash) (bool, error) {
	have, err := v.openHalf(o, open)
	if err != nil {
		return false, err
	}
	key, found, err := v.find(entryScope(o.ID))
	if err != nil {
		return false, fmt.Errorf("vault: order %s: %w", o.ID, err)
	}
	switch {
	case found && sealed != nil:
		v.sealedHalf(&have, o, key, sealed)
	case !found:
		copy(have[macHalf:], mac[macHalf:])
	}
	return hmac.Equal(have[:], mac[:]), nil
}

func (v *Vault) openHalf(o domain.Order, open []byte) (domain.Hash, error) {
	if err := v.serves(o.Org); err != nil {
		return domain.Hash{}, fmt.Errorf("vault: order %s: %w", o.ID, err)
	}
	var mac domain.Hash
	sum := hmac256(v.macKey, open)
	copy(mac[:macHalf], sum[:])
	return mac, nil
}

func (v *Vault) sealedHalf(mac *domain.Hash, o domain.Order, key scopeKey, sealed []byte) {
	sum := hmac256(derive(key.secret[:], nil, lines("incidentledger/mac/1", string(v.org), o.ID.String())), sealed)
	copy(mac[macHalf:], sum[:])
}

func entryScope(id domain.OrderID) string { return "entry/" + id.String() }

// LogSeed is the Ed25519 seed of the ledger's log, under whose public key its
// checkpoints are signed. It is made when it is first asked for and is on disk
// when this returns; a vault opened with ReadOnly gives it where it was made
// before, else ErrReadOnly.
func (v *Vault) LogSeed(ctx context.Context) ([]byte, error) { return v.seed(ctx, "log") }

// WitnessSeed is the Ed25519 seed of the organisation as a witness, under which
// it cosigns the checkpoints of others. It is made as LogSeed is.
func (v *Vault) WitnessSeed(ctx context.Context) ([]byte, error) { return v.seed(ctx, "witness") }

func (v *Vault) seed(ctx context.Context, of string) ([]byte, error) {
	if err := v.serves(v.org); err != nil {
		return nil, err
	}
	scope := of + "/" + string(v.org)
	keys, groups, err := v.take(ctx, []string{scope})
	if err == nil {
		err = v.await(ctx, groups)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: organisation %s: key of the %s: %w", v.org, of, err)
	}
	key, _ := keys.of(scope)
	return derive(key.secret[:], nil, lines("incidentledger/"+of+"-seed/1", string(v.org))), nil
}
