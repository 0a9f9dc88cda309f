package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

type (
	// OrgID names one organisation for ever. It has no meaning for outsiders
	// and never changes; the display name is data.
	OrgID string

	// KindName names a kind of aggregate: "incident", "policy", "ledger".
	KindName string

	// Seq is a place in an organisation's ledger, counted from 1. Zero is
	// before the first entry and means "nothing yet".
	Seq uint64

	// Code is a word from a closed list, such as a role or a category. Codes
	// stand open in the ledger.
	Code string

	// Hash is a SHA-256 value. Written as 64 lower-case hexadecimal digits.
	Hash [sha256.Size]byte
)

// An OrderID names one order; repeating an order under the same id is harmless
// for ever. Doors make a UUIDv7 where the caller gave none.
type OrderID struct{ uuid.UUID }

// A Key names one aggregate within its kind.
type Key struct{ uuid.UUID }

// A PersonID names somebody or something that acts. It is random and says
// nothing about the person.
type PersonID struct{ uuid.UUID }

// IsZero reports whether there is no id yet.
func (id OrderID) IsZero() bool { return id.UUID == uuid.Nil }

// IsZero reports whether there is no key yet.
func (k Key) IsZero() bool { return k.UUID == uuid.Nil }

// IsZero reports whether nobody is named.
func (p PersonID) IsZero() bool { return p.UUID == uuid.Nil }

// IsZero reports whether there is no hash yet.
func (h Hash) IsZero() bool { return h == Hash{} }

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("hash: want %d hexadecimal digits, have %d characters", 2*len(h), len(b))
	}
	for _, c := range b {
		if c >= 'A' && c <= 'F' {
			return fmt.Errorf("hash: want lower-case hexadecimal digits")
		}
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// LeafHash is the RFC 6962 leaf hash of an entry's stored bytes.
func LeafHash(stored []byte) Hash {
	d := sha256.New()
	d.Write([]byte{0})
	d.Write(stored)
	var h Hash
	d.Sum(h[:0])
	return h
}

// A Ref names one aggregate.
type Ref struct {
	Kind KindName
	Key  Key
}

// String gives "kind/key", which is also the aggregate's sealing scope.
func (r Ref) String() string { return string(r.Kind) + "/" + r.Key.String() }

// ids of this program's own name-based UUIDs.
var idSpace = uuid.MustParse("7d3c1a52-5a0b-5c5e-9a4e-2f7b6c0d9e11")

// NewKey gives the key of the aggregate that an order begins: UUIDv5 of the
// organisation and the order, so that repeating an order never begins a second.
func NewKey(org OrgID, id OrderID) Key {
	return Key{uuid.NewSHA1(idSpace, []byte("key\x00"+string(org)+"\x00"+id.String()))}
}

// KeyNamed gives the key of an aggregate of which an organisation has exactly
// one under a name, such as its profile or a policy set.
func KeyNamed(org OrgID, kind KindName, name string) Key {
	return Key{uuid.NewSHA1(idSpace, []byte("named\x00"+string(org)+"\x00"+string(kind)+"\x00"+name))}
}

// OrderIDFor gives the order id of an idempotency key: UUIDv5 of organisation,
// actor and key.
func OrderIDFor(org OrgID, actor PersonID, idempotencyKey string) OrderID {
	return OrderID{uuid.NewSHA1(idSpace, []byte("idem\x00"+string(org)+"\x00"+actor.String()+"\x00"+idempotencyKey))}
}

// Follow gives the id of an order that follows from a cause, named by what it
// does there: the same cause never orders the same thing twice.
func (id OrderID) Follow(what string) OrderID {
	return OrderID{uuid.NewSHA1(id.UUID, []byte(what))}
}

// Made gives the id of a thing an order makes (an escalation, a notification).
func (id OrderID) Made(what string) Key {
	return Key{uuid.NewSHA1(id.UUID, []byte("made\x00"+what))}
}
