package vault

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
)

const (
	boxLabel = "incidentledger/box/1"
	boxAlg   = "A256GCM"
	saltSize = 16
	byPath   = "by"
)

// newDisclosure gives the disclosure of one field and its digest.
func newDisclosure(salt [saltSize]byte, path, value string) (string, domain.Digest, error) {
	text := make([]byte, 0, 64+len(path)+len(value)+len(value)/8)
	text = append(text, `["`...)
	text = append(b64.AppendEncode(text, salt[:]), `",`...)
	text, err := jsontext.AppendQuote(text, path)
	if err == nil {
		text, err = jsontext.AppendQuote(append(text, ','), value)
	}
	if err != nil {
		return "", "", fmt.Errorf("field %s: %w", path, err)
	}
	d := b64.EncodeToString(append(text, ']'))
	return d, digestOf(d), nil
}

// digestOf is the digest by which an entry knows a disclosure.
func digestOf(disclosure string) domain.Digest {
	sum := sha256.Sum256([]byte(disclosure))
	return domain.Digest(b64.EncodeToString(sum[:]))
}

// readDisclosure gives the path and value of a disclosure.
func readDisclosure(disclosure string) (path, value string, err error) {
	text, err := b64.DecodeString(disclosure)
	if err != nil || strings.ContainsAny(disclosure, "\r\n") {
		return "", "", errors.New("a disclosure is not base64url")
	}
	var parts [3]string
	if err := json.Unmarshal(text, &parts); err != nil {
		return "", "", errors.New("a disclosure is not an array of salt, path and text")
	}
	if salt, err := b64.DecodeString(parts[0]); err != nil || len(salt) < saltSize {
		return "", "", errors.New("a disclosure has no salt of 128 bits")
	}
	return parts[1], parts[2], nil
}

// boxName is what binds a box to its ledger, its entry and its place there.
func boxName(org domain.OrgID, id domain.OrderID, index int) string {
	return lines(boxLabel, string(org), id.String(), strconv.Itoa(index))
}

// boxKey derives the key of a box from the keys of all its scopes.
func boxKey(name string, keys []scopeKey) []byte {
	secret := make([]byte, 0, len(keys)*keySize)
	for _, k := range keys {
		secret = append(secret, k.secret[:]...)
	}
	return derive(secret, nil, name)
}

// boxAD is the associated data of a box.
func boxAD(name string, scopes []string) []byte {
	ad := append(make([]byte, 0, 256), name...)
	for _, scope := range scopes {
		ad = append(append(ad, '\n'), scope...)
	}
	return ad
}
