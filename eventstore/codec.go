package eventstore

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

const (
	// EntryFormat names the stored form of an entry.
	EntryFormat = "incidentledger/entry/1"

	// LostFormat names the marker that stands in the place of an entry of which
	// no copy is left.
	LostFormat = "incidentledger/lost/1"

	// MaxEntry is the limit of an entry's stored form in bytes, that of an
	// entry in a C2SP tlog-tiles bundle.
	MaxEntry = 65535
)

const (
	recordedLayout = "2006-01-02T15:04:05.000000Z"
	occurredLayout = time.RFC3339Nano
)

// A Codec turns entries into stored bytes and back. It knows every event shape
// of its kinds; a shape it does not know is an error, never skipped.
type Codec struct {
	byKind  map[domain.KindName]map[shapeID]domain.EventType
	current map[string]int
	words   map[string]string // words that occur all the time
	read    json.Options
	write   json.Options
}

type shapeID struct {
	name string
	v    int
}

// NewCodec makes the codec of kinds, or says which declaration contradicts
// itself or another.
func NewCodec(kinds []domain.Kind) (*Codec, error) {
	c := &Codec{byKind: map[domain.KindName]map[shapeID]domain.EventType{}, current: map[string]int{}, words: map[string]string{}}
	c.know("second", "minute", "hour", "day", "about", "cli", "api", "web", "nats", "import", "system", "stated", "oidc", "token", "anonymous",
		"help-desk", "security-officer", "coordinator", "ict", "dpo", "resolver", "operator", "employee", "department-head")
	for i := range kinds {
		k := &kinds[i]
		if err := k.Validate(); err != nil {
			return nil, fmt.Errorf("eventstore: %w", err)
		}
		if c.byKind[k.Name] != nil {
			return nil, fmt.Errorf("eventstore: kind %s is declared twice", k.Name)
		}
		c.byKind[k.Name] = map[shapeID]domain.EventType{}
		c.know(string(k.Name))
		for _, t := range k.Commands {
			c.know(t.Name())
		}
		for _, t := range k.Events {
			id := shapeID{t.Name, t.V}
			c.byKind[k.Name][id] = t
			c.current[t.Name] = max(c.current[t.Name], t.V)
		}
	}
	c.read = json.RejectUnknownMembers(true)
	c.write = json.JoinOptions(json.Deterministic(true))
	return c, nil
}

func (c *Codec) know(words ...string) {
	for _, w := range words {
		c.words[w] = w
	}
}

// Version gives the current version of an event type, 0 where it is unknown.
func (c *Codec) Version(eventName string) int { return c.current[eventName] }

// Encode gives an entry's stored bytes. The events must be the current shapes
// of types of the entry's kind, with their sealed fields set apart.
func (c *Codec) Encode(en *domain.Entry) ([]byte, error) {
	if err := checkEnvelope(en); err != nil {
		return nil, fmt.Errorf("eventstore: order %s: %w", en.ID, err)
	}
	if en.By != nil && en.By.Text != "" {
		return nil, fmt.Errorf("eventstore: order %s: by.text is not sealed", en.ID)
	}
	if w, bad := badWord(en); bad {
		return nil, fmt.Errorf("eventstore: order %s: %q cannot stand in an entry: words are printable ASCII without quotes and backslashes", en.ID, w)
	}
	w := writer{make([]byte, 0, 2048)}
	w.head(en)
	for i, r := range en.Events {
		id := shapeID{r.Type, r.V}
		if _, ok := c.byKind[en.Kind][id]; !ok || c.current[r.Type] != r.V {
			return nil, fmt.Errorf("eventstore: order %s: %s version %d is no current event of kind %s", en.ID, r.Type, r.V, en.Kind)
		}
		open, err := json.Marshal(r.Event, c.write)
		if err != nil {
			return nil, fmt.Errorf("eventstore: order %s: %s: %w", en.ID, r.Type, err)
		}
		w.event(i, r, open)
	}
	w.tail(en)
	if len(w.b) > MaxEntry {
		return nil, fmt.Errorf("eventstore: order %s: %d bytes: %w", en.ID, len(w.b), domain.ErrTooLarge)
	}
	return w.b, nil
}

// badWord finds a word of the envelope that the format cannot hold. What is
// written must be readable for ever, so nothing is trusted to be a word.
func badWord(en *domain.Entry) (string, bool) {
	words := make([]string, 0, 32)
	words = append(words, string(en.Org), string(en.Kind), en.Command, string(en.Actor.Role), string(en.Actor.For), string(en.Actor.Door),
		string(en.Actor.Proof), string(en.Occurred.Precision))
	if en.By != nil {
		words = append(words, string(en.By.Medium))
		for _, d := range en.By.SD {
			words = append(words, string(d))
		}
	}
	for _, b := range en.Basis {
		words = append(words, string(b.Kind))
	}
	for _, r := range en.Events {
		for _, d := range r.SD {
			words = append(words, string(d))
		}
	}
	for _, b := range en.Sealed {
		words = append(append(append(words, b.Alg, b.Box), b.Scopes...), b.Kids...)
	}
	for _, w := range words {
		for i := range len(w) {
			if c := w[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
				return w, true
			}
		}
	}
	return "", false
}

// A LostError says that a sequence holds a lost marker: every copy of its entry
// is gone. Leaf is the leaf hash the entry had, zero where even that is unknown.
type LostError struct {
	Seq  domain.Seq
	Leaf domain.Hash
}

func (e *LostError) Error() string {
	return fmt.Sprintf("entry %d is lost: no copy of it is left", e.Seq)
}

type lostWire struct {
	V        string      `json:"v"`
	Seq      domain.Seq  `json:"seq"`
	LeafHash domain.Hash `json:"leafHash"`
}

func encodeLost(seq domain.Seq, leaf domain.Hash) ([]byte, error) {
	return json.Marshal(lostWire{LostFormat, seq, leaf}, json.Deterministic(true))
}

func lostMarker(stored []byte) (lostWire, bool) {
	var w lostWire
	if !bytes.HasPrefix(stored, []byte(`{"v":"`+LostFormat+`"`)) {
		return w, false
	}
	err := json.Unmarshal(stored, &w, json.RejectUnknownMembers(true))
	return w, err == nil
}
