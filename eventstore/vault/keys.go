package vault

import (
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"unicode/utf8"

	"incidentledger/domain"
)

// A scopeHash stands for a scope in memory: the first half of its SHA-256.
type scopeHash [16]byte

func hashScope(scope []byte) scopeHash {
	sum := sha256.Sum256(scope)
	return scopeHash(sum[:16])
}

// scopeKey is the key of one scope, unwrapped.
type scopeKey struct {
	kid    [kidSize]byte
	secret [keySize]byte
}

// place is where in the file the record of a key stands, and which key it is.
type place struct {
	off int64
	kid [kidSize]byte
}

// id is the kid as it stands in a box.
func (k scopeKey) id() string { return hex.EncodeToString(k.kid[:]) }

// find gives the durable key of a scope, if there is one.
func (v *Vault) find(scope string) (key scopeKey, found bool, err error) {
	h := hashScope([]byte(scope))
	v.mu.Lock()
	p, found := v.index[h]
	if !found {
		v.mu.Unlock()
		return scopeKey{}, false, nil
	}
	key, cached := v.cache.get(h)
	v.mu.Unlock()
	if cached {
		return key, true, nil
	}
	record := make([]byte, keyRecordSize(scope))
	if _, err := v.file.ReadAt(record, p.off); err != nil {
		return scopeKey{}, false, fmt.Errorf("%s: reading the key of %s at offset %d: %w", v.name, scope, p.off, err)
	}
	key, ok := openKey(v.kek, v.org, scope, record)
	if !ok {
		return scopeKey{}, false, &DamageError{v.name, p.off, "the key of " + scope + " does not unwrap"}
	}
	v.mu.Lock()
	v.cache.put(h, key)
	v.mu.Unlock()
	return key, true, nil
}

// newKey draws a key for a scope and adds its record to dst.
func newKey(dst []byte, kek cipher.AEAD, org domain.OrgID, scope string, random io.Reader) ([]byte, scopeKey, error) {
	var b [kidSize + keySize + nonceSize]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return dst, scopeKey{}, fmt.Errorf("randomness: %w", err)
	}
	key := scopeKey{[kidSize]byte(b[:]), [keySize]byte(b[kidSize:])}
	nonce := b[kidSize+keySize:]
	dst = append(dst, recordKey, byte(len(scope)))
	dst = append(dst, scope...)
	dst = append(dst, key.kid[:]...)
	dst = append(dst, nonce...)
	return kek.Seal(dst, nonce, key.secret[:], keyAD(org, scope, key.id())), key, nil
}

// openKey unwraps the key in a record that should be the scope's.
func openKey(kek cipher.AEAD, org domain.OrgID, scope string, record []byte) (scopeKey, bool) {
	prefix := string([]byte{recordKey, byte(len(scope))}) + scope
	if len(record) != keyRecordSize(scope) || string(record[:len(prefix)]) != prefix {
		return scopeKey{}, false
	}
	rest := record[len(prefix):]
	key := scopeKey{kid: [kidSize]byte(rest)}
	wrapped := rest[kidSize:]
	secret, err := kek.Open(nil, wrapped[:nonceSize], wrapped[nonceSize:], keyAD(org, scope, key.id()))
	if err != nil {
		return scopeKey{}, false
	}
	key.secret = [keySize]byte(secret)
	return key, true
}

func keyAD(org domain.OrgID, scope, kid string) []byte {
	return []byte(lines(vaultLabel, "key", string(org), scope, kid))
}

// checkScope refuses what cannot be a scope, so that scopes joined by newlines
// can be read in one way only.
func checkScope(scope string) error {
	bad := scope == "" || len(scope) > scopeMax || !utf8.ValidString(scope)
	for _, r := range scope {
		bad = bad || r < ' ' || r == 0x7f
	}
	if bad {
		return fmt.Errorf("%q is not a scope: it must have 1 to %d bytes of printable text", scope, scopeMax)
	}
	return nil
}
