package eventstore

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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
	shapes  map[shapeID]domain.EventType
	byKind  map[domain.KindName]map[shapeID]bool
	current map[string]int
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
	c := &Codec{shapes: map[shapeID]domain.EventType{}, byKind: map[domain.KindName]map[shapeID]bool{}, current: map[string]int{}}
	for i := range kinds {
		k := &kinds[i]
		if err := k.Validate(); err != nil {
			return nil, fmt.Errorf("eventstore: %w", err)
		}
		if c.byKind[k.Name] != nil {
			return nil, fmt.Errorf("eventstore: kind %s is declared twice", k.Name)
		}
		c.byKind[k.Name] = map[shapeID]bool{}
		for _, t := range k.Events {
			id := shapeID{t.Name, t.V}
			c.byKind[k.Name][id] = true
			c.shapes[id] = t
			c.current[t.Name] = max(c.current[t.Name], t.V)
		}
	}
	c.read = json.JoinOptions(json.RejectUnknownMembers(true), json.WithUnmarshalers(json.UnmarshalFromFunc(c.readEvent)))
	c.write = json.JoinOptions(json.Deterministic(true))
	return c, nil
}

// Version gives the current version of an event type, 0 where it is unknown.
func (c *Codec) Version(eventName string) int { return c.current[eventName] }

// wire is the stored form; the order of its fields is the order of members.
type wire struct {
	V           string           `json:"v"`
	ID          domain.OrderID   `json:"id"`
	Org         domain.OrgID     `json:"org"`
	Kind        domain.KindName  `json:"kind"`
	Key         domain.Key       `json:"key"`
	Prev        domain.Seq       `json:"prev"`
	PrevHash    domain.Hash      `json:"prevHash"`
	Command     string           `json:"command"`
	Actor       domain.Actor     `json:"actor"`
	By          *domain.By       `json:"by,omitzero"`
	Occurred    string           `json:"occurred"`
	Precision   domain.Precision `json:"precision"`
	Recorded    string           `json:"recorded"`
	Correlation domain.OrderID   `json:"correlation,omitzero"`
	Causation   domain.OrderID   `json:"causation,omitzero"`
	MAC         domain.Hash      `json:"mac"`
	Basis       []domain.Basis   `json:"basis,omitempty"`
	Events      []wireEvent      `json:"events"`
	Sealed      []domain.Box     `json:"sealed,omitempty"`
}

type wireEvent struct {
	Type string          `json:"type"`
	V    int             `json:"v"`
	Open any             `json:"open"`
	SD   []domain.Digest `json:"sd,omitempty"`
}

// Encode gives an entry's stored bytes. The events must be the current shapes
// of types of the entry's kind, with their sealed fields set apart.
func (c *Codec) Encode(en *domain.Entry) ([]byte, error) {
	w := wire{
		V: EntryFormat, ID: en.ID, Org: en.Org, Kind: en.Kind, Key: en.Key,
		Prev: en.Prev, PrevHash: en.PrevHash, Command: en.Command, Actor: en.Actor, By: en.By,
		Occurred: en.Occurred.Time.Format(occurredLayout), Precision: en.Occurred.Precision,
		Recorded:    en.Recorded.UTC().Format(recordedLayout),
		Correlation: en.Correlation, Causation: en.Causation, MAC: en.MAC,
		Basis: en.Basis, Sealed: en.Sealed, Events: make([]wireEvent, len(en.Events)),
	}
	if len(en.Events) == 0 {
		return nil, fmt.Errorf("eventstore: order %s: an entry needs at least one event", en.ID)
	}
	if en.By != nil && en.By.Text != "" {
		return nil, fmt.Errorf("eventstore: order %s: by.text is not sealed", en.ID)
	}
	for i, r := range en.Events {
		id := shapeID{r.Type, r.V}
		if !c.byKind[en.Kind][id] || c.current[r.Type] != r.V {
			return nil, fmt.Errorf("eventstore: order %s: %s version %d is no current event of kind %s", en.ID, r.Type, r.V, en.Kind)
		}
		w.Events[i] = wireEvent{Type: r.Type, V: r.V, Open: r.Event, SD: r.SD}
	}
	b, err := json.Marshal(&w, c.write)
	if err != nil {
		return nil, fmt.Errorf("eventstore: order %s: %w", en.ID, err)
	}
	if len(b) > MaxEntry {
		return nil, fmt.Errorf("eventstore: order %s: %d bytes: %w", en.ID, len(b), domain.ErrTooLarge)
	}
	return b, nil
}

// An UnknownShapeError says that stored data needs a newer program.
type UnknownShapeError struct{ Shape string }

func (e *UnknownShapeError) Error() string {
	return fmt.Sprintf("event shape %s is unknown to this version of the program; a version that knows it is needed", e.Shape)
}

// Decode reads stored bytes strictly. The entry's Seq is the one given, its
// Hash is computed. A lost marker gives a *LostError.
func (c *Codec) Decode(seq domain.Seq, stored []byte) (*domain.Entry, error) {
	en, err := c.decode(stored)
	if err != nil {
		if m, ok := lostMarker(stored); ok && (seq == 0 || m.Seq == seq) {
			return nil, &LostError{Seq: m.Seq, Leaf: m.LeafHash}
		}
		return nil, fmt.Errorf("eventstore: entry %d: %w", seq, err)
	}
	en.Seq, en.Hash, en.Size = seq, domain.LeafHash(stored), len(stored)
	return en, nil
}

func (c *Codec) decode(stored []byte) (*domain.Entry, error) {
	if len(stored) > MaxEntry {
		return nil, domain.ErrTooLarge
	}
	var w wire
	if err := json.Unmarshal(stored, &w, c.read); err != nil {
		return nil, err
	}
	if w.V != EntryFormat {
		return nil, &UnknownShapeError{"entry format " + w.V}
	}
	occurred, err := time.Parse(time.RFC3339Nano, w.Occurred)
	if err != nil {
		return nil, fmt.Errorf("occurred: %w", err)
	}
	recorded, err := time.Parse(recordedLayout, w.Recorded)
	if err != nil {
		return nil, fmt.Errorf("recorded: %w", err)
	}
	switch {
	case !w.Precision.Valid():
		return nil, fmt.Errorf("precision %q is unknown", w.Precision)
	case w.ID.IsZero() || w.Key.IsZero() || w.Org == "" || w.Command == "" || len(w.Events) == 0:
		return nil, fmt.Errorf("id, org, key, command and events are all needed")
	case (w.Prev == 0) != w.PrevHash.IsZero():
		return nil, fmt.Errorf("prev is %d but prevHash is %s", w.Prev, w.PrevHash)
	}
	en := &domain.Entry{
		ID: w.ID, Org: w.Org, Kind: w.Kind, Key: w.Key, Prev: w.Prev, PrevHash: w.PrevHash,
		Command: w.Command, Actor: w.Actor, By: w.By,
		Occurred: domain.Moment{Time: occurred, Precision: w.Precision}, Recorded: recorded,
		Correlation: w.Correlation, Causation: w.Causation, MAC: w.MAC,
		Basis: w.Basis, Sealed: w.Sealed, Events: make([]domain.Record, len(w.Events)),
	}
	shapes, ok := c.byKind[w.Kind]
	if !ok {
		return nil, &UnknownShapeError{"kind " + string(w.Kind)}
	}
	for i, e := range w.Events {
		if !shapes[shapeID{e.Type, e.V}] {
			return nil, &UnknownShapeError{fmt.Sprintf("%s/%s/%d", w.Kind, e.Type, e.V)}
		}
		en.Events[i] = domain.Record{Type: e.Type, V: e.V, Event: e.Open.(domain.Event), SD: e.SD}
	}
	return en, nil
}

// readEvent reads one member of events in a single pass: its type and version
// stand before open and tell how to read it.
func (c *Codec) readEvent(dec *jsontext.Decoder, e *wireEvent) error {
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return fmt.Errorf("an event is an object: %w", err)
	}
	seen := 0
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		var into any
		member := name.String()
		switch member {
		case "type":
			into, seen = &e.Type, seen|1
		case "v":
			into, seen = &e.V, seen|2
		case "sd":
			into = &e.SD
		case "open":
			if seen&3 != 3 {
				return fmt.Errorf("open stands before type and v")
			}
			t, ok := c.shapes[shapeID{e.Type, e.V}]
			if !ok {
				return &UnknownShapeError{fmt.Sprintf("%s/%d", e.Type, e.V)}
			}
			p := t.New()
			if err := json.UnmarshalDecode(dec, p, json.RejectUnknownMembers(true)); err != nil {
				return fmt.Errorf("%s: %w", e.Type, err)
			}
			e.Open, seen = t.Up(p), seen|4
			continue
		default:
			return fmt.Errorf("event has the unknown member %q", member)
		}
		if err := json.UnmarshalDecode(dec, into); err != nil {
			return err
		}
	}
	if seen != 7 {
		return fmt.Errorf("an event needs type, v and open")
	}
	_, err := dec.ReadToken()
	return err
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
