package vault

import (
	"context"
	"fmt"

	"incidentledger/domain"
)

// NewFileKey is the key of a file that is about to be stored. It is on disk when
// this returns.
func (v *Vault) NewFileKey(ctx context.Context, id domain.Key) ([]byte, error) {
	if err := v.serves(v.org); err != nil {
		return nil, err
	}
	scope := domain.FileScope(id)
	keys, groups, err := v.take(ctx, []string{scope})
	if err == nil {
		err = v.await(ctx, groups)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: organisation %s: %w", v.org, err)
	}
	key, _ := keys.of(scope)
	return v.fileKey(id, key), nil
}

// FileKey is the key of a stored file; domain.ErrErased where the vault has none.
func (v *Vault) FileKey(id domain.Key) ([]byte, error) {
	if err := v.serves(v.org); err != nil {
		return nil, err
	}
	key, found, err := v.find(domain.FileScope(id))
	switch {
	case err != nil:
		return nil, fmt.Errorf("vault: organisation %s: %w", v.org, err)
	case !found:
		return nil, fmt.Errorf("vault: organisation %s: the key of the file %s: %w", v.org, id, domain.ErrErased)
	}
	return v.fileKey(id, key), nil
}

func (v *Vault) fileKey(id domain.Key, key scopeKey) []byte {
	return derive(key.secret[:], nil, lines("incidentledger/file/1", string(v.org), id.String()))
}
