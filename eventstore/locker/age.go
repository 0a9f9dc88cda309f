package locker

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"

	"filippo.io/age"
	"github.com/google/uuid"

	"incidentledger/domain"
)

const stanzaType = "incidentledger-file"

// recipient wraps age's own key of a file under the file's key in the vault.
type recipient struct {
	org domain.OrgID
	id  domain.Key
	key []byte
}

func (r recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	gcm, err := newGCM(r.key)
	if err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: stanzaType, Args: []string{r.id.String()}, Body: gcm.Seal(nil, nil, fileKey, wrapAD(r.org, r.id))}}, nil
}

// identity finds the key of a file by the id in its header.
type identity struct {
	org  domain.OrgID
	keys Keys
	id   domain.Key // that the header named
}

func (i *identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != stanzaType || len(stanzas[0].Args) != 1 {
		return nil, age.ErrIncorrectIdentity
	}
	u, err := uuid.Parse(stanzas[0].Args[0])
	i.id = domain.Key{UUID: u}
	if err != nil || i.id.String() != stanzas[0].Args[0] {
		return nil, age.ErrIncorrectIdentity
	}
	key, err := i.keys.FileKey(i.id)
	if err != nil {
		return nil, err
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	fileKey, err := gcm.Open(nil, nil, stanzas[0].Body, wrapAD(i.org, i.id))
	if err != nil {
		return nil, errors.New("its header was changed, or is of another organisation")
	}
	return fileKey, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func wrapAD(org domain.OrgID, id domain.Key) []byte {
	return []byte("incidentledger/file/1\n" + string(org) + "\n" + id.String())
}
