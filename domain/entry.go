package domain

import "time"

// An Entry is one line of the ledger: one accepted order and the events it
// caused. It is the unit of storage, of projection and of proof.
//
// Seq, Hash and Size belong to the place where the entry is stored and stand
// outside the stored bytes; all else is in them.
type Entry struct {
	Seq  Seq  `json:"-"` // place in the ledger; 0 until appended
	Hash Hash `json:"-"` // RFC 6962 leaf hash of the stored bytes
	Size int  `json:"-"` // length of the stored bytes

	ID       OrderID  // the order that caused it
	Org      OrgID    // whose ledger
	Kind     KindName // of the aggregate
	Key      Key      // of the aggregate
	Prev     Seq      // the aggregate's previous entry; 0 for its first
	PrevHash Hash     // leaf hash of that entry; zero for the first

	Command string // name of the accepted command
	Actor   Actor  // who gave the order
	By      *By    // on whose word, where that is somebody else

	Occurred Moment    // when it happened, as the actor says
	Recorded time.Time // when the desk wrote it; UTC, microseconds, never decreasing within an aggregate

	Correlation OrderID // the conversation this belongs to; zero when it stands alone
	Causation   OrderID // the order that led to it; zero when a person began it
	MAC         Hash    // keyed hash of the order as given, to know a repetition from a forgery

	Basis  []Basis  // versions of other aggregates that the decision read
	Events []Record // at least one
	Sealed []Box    // encrypted disclosures
}

// Ref names the entry's aggregate.
func (en *Entry) Ref() Ref { return Ref{en.Kind, en.Key} }

// A Record is one event as it stands in an entry.
type Record struct {
	Type  string   // name of the event type, such as IncidentReported
	V     int      // version of its shape
	Event Event    // the event; its sealed fields are empty unless they were opened
	SD    []Digest // digests of its sealed fields
}

// A Basis names the version of another aggregate that a decision read.
type Basis struct {
	Kind KindName `json:"kind"`
	Key  Key      `json:"key"`
	Seq  Seq      `json:"seq"`
	Hash Hash     `json:"hash"` // what the version says: for a policy set the hash of its canonical form
}

// A Digest is the SHA-256 of a disclosure, base64url without padding (RFC 9901).
type Digest string

// A Box holds disclosures encrypted under the keys of all its scopes.
// Destroying any one of these keys makes the box unreadable for ever.
type Box struct {
	Scopes []string `json:"scopes"` // such as incident/<key>, entry/<order id>
	Kids   []string `json:"kids"`   // which key of each scope, in the same order
	Alg    string   `json:"alg"`    // A256GCM
	Box    string   `json:"box"`    // base64url of nonce and ciphertext
}

// An Actor is who gave an order. For an anonymous report only Proof and Role
// are set: no id, session or address exists anywhere.
type Actor struct {
	ID    PersonID `json:"id,omitzero"`
	Role  Code     `json:"role"`
	For   OrgID    `json:"for,omitzero"`
	Door  Code     `json:"door,omitzero"` // cli, api, nats, web, import, system
	Proof Code     `json:"proof"`         // how they proved who they are: stated, oidc, token, anonymous, system
}

// By says on whose word the actor acted, and how that word came. Exactly one
// of Person, Contact and a sealed text (digest in SD) is given.
type By struct {
	Medium  Code     `json:"medium"` // oral, phone, paper, email
	Person  PersonID `json:"person,omitzero"`
	Contact Key      `json:"contact,omitzero"`
	Text    Text     `json:"text,omitzero" seal:"aggregate"` // never in the stored bytes
	SD      []Digest `json:"sd,omitempty"`
}

// A Moment is an instant as somebody gives it: with their offset, and how
// exactly they know it.
type Moment struct {
	Time      time.Time
	Precision Precision
}

// IsZero reports whether no moment was given.
func (m Moment) IsZero() bool { return m.Time.IsZero() }

// Precision says how exactly a moment is known.
type Precision string

// The precisions, from exact to vague.
const (
	PrecisionSecond Precision = "second"
	PrecisionMinute Precision = "minute"
	PrecisionHour   Precision = "hour"
	PrecisionDay    Precision = "day"
	PrecisionAbout  Precision = "about"
)

// Valid reports whether p is one of the precisions.
func (p Precision) Valid() bool {
	switch p {
	case PrecisionSecond, PrecisionMinute, PrecisionHour, PrecisionDay, PrecisionAbout:
		return true
	}
	return false
}
