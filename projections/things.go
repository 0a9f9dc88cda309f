package projections

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"incidentledger/domain"
)

// Things is a view of things that aggregates tell of: a duty, a piece of
// evidence, a contract. It keeps the events that tell of each, with corrections
// worked in; what they amount to is reckoned when it is read. So a view of many
// different events is two functions, and a correction needs no code of its own.
//
// Rows:
//
//	't' kind 00 key thing   what was told of a thing, in order
//	's' seq                 the things that an entry tells of
//	'i' index-key thing-row      the thing-row: for finding things across aggregates
//	'x' key                 the access class of an incident, where it is not the plain one
type Things struct {
	Called string
	Number uint32 // the shape: raise it when Of or Index changes

	// Of names the things of the aggregate that an event tells of; none: the
	// view does not heed it. It is pure, and reads no field that can be
	// corrected.
	Of func(en *domain.Entry, e domain.Event) []string

	// Index gives keys under which a thing is found besides its own; nil: none. A
	// key must tell by itself where it ends, as those of the Key functions do.
	// Events are decoded by Shapes. It is pure.
	Index  func(t *Thing) [][]byte
	Shapes []domain.EventType

	// Follows tells of events that begin no thing: they are kept where it is there
	// already. nil: every event begins one.
	Follows func(e domain.Event) bool

	// Classify tells what an event changes in the access class of an incident; nil:
	// all is plain.
	Classify func(seq domain.Seq, e domain.Event) func(*Class) error
}

// Whole gives an Of that heeds some events of a kind of aggregate, by their names:
// all of them as one thing of the aggregate, without an id.
func Whole(kind domain.KindName, events ...domain.Event) func(*domain.Entry, domain.Event) []string {
	heeded := map[string]bool{}
	for _, e := range events {
		heeded[e.EventName()] = true
	}
	one := []string{""}
	return func(en *domain.Entry, e domain.Event) []string {
		if en.Kind == kind && heeded[e.EventName()] {
			return one
		}
		return nil
	}
}

// A Thing is what was told of one thing of an aggregate.
type Thing struct {
	Ref  domain.Ref
	ID   string
	Told []Told

	Under []byte // the index key by which Found found it
}

// Events gives what is told of the thing with the entries that tell it, in order.
func (t *Thing) Events() iter.Seq2[domain.Seq, domain.Event] {
	return func(yield func(domain.Seq, domain.Event) bool) {
		for i := range t.Told {
			if !yield(t.Told[i].Seq, t.Told[i].Event) {
				return
			}
		}
	}
}

// Entries gives what is told of the thing as entries that hold nothing else, for
// folding it as its aggregate does.
func (t *Thing) Entries() []domain.Entry {
	var out []domain.Entry
	for i := range t.Told {
		told := &t.Told[i]
		if n := len(out); n == 0 || out[n-1].Seq != told.Seq {
			out = append(out, domain.Entry{Seq: told.Seq, Kind: t.Ref.Kind, Key: t.Ref.Key, ID: told.Order, Actor: domain.Actor{ID: told.Actor, Role: told.Role},
				Occurred: told.Occurred, Recorded: told.Recorded})
		}
		en := &out[len(out)-1]
		en.Events = append(en.Events, domain.Record{Type: told.Type, V: told.V, Event: told.Event})
	}
	return out
}

// Folded gives what a thing that a table of events tells of amounts to.
func Folded[S any](t *Thing) (s S) {
	for i := range t.Told {
		if e, ok := t.Told[i].Event.(domain.Evolver[S]); ok {
			e.Evolve(&s, domain.Posting{Seq: t.Told[i].Seq, Actor: t.Told[i].Actor, Occurred: t.Told[i].Occurred.Time})
		}
	}
	return s
}

// A Stamp says who told something, when it happened and when it was recorded.
type Stamp struct {
	Seq       domain.Seq       `json:"seq" doc:"the entry that tells it"`
	Author    domain.PersonID  `json:"author,omitzero"`
	Role      domain.Code      `json:"authorRole"`
	Occurred  time.Time        `json:"occurred"`
	Precision domain.Precision `json:"precision"`
	Recorded  time.Time        `json:"recorded"`
}

// Stamp gives who told it, and when.
func (t *Told) Stamp() Stamp {
	return Stamp{t.Seq, t.Actor, t.Role, t.Occurred.Time, t.Occurred.Precision, t.Recorded}
}

// A Told is one event that tells of a thing.
type Told struct {
	Seq      domain.Seq
	Order    domain.OrderID
	Occurred domain.Moment
	Recorded time.Time
	Actor    domain.PersonID // zero: nobody by name
	Role     domain.Code
	Type     string
	V        int
	Event    domain.Event // its open fields, corrections worked in

	open []byte // the same as JSON
}

// Name implements View.
func (v *Things) Name() string { return v.Called }

// Shape implements View.
func (v *Things) Shape() uint32 { return v.Number }

// Apply implements View.
func (v *Things) Apply(tx *Tx, en *domain.Entry) error {
	if v.Classify != nil {
		if err := KeepClass(tx, 'x', en, v.Classify); err != nil {
			return err
		}
	}
	var touched [][]byte
	for i := range en.Events {
		r := &en.Events[i]
		if c, ok := r.Event.(domain.Corrector); ok {
			if err := v.correct(tx, c.Correction()); err != nil {
				return err
			}
		}
		ids := v.Of(en, r.Event)
		if len(ids) == 0 {
			continue
		}
		told, err := tell(en, r)
		if err != nil {
			return err
		}
		for _, id := range ids {
			row := thingRow(en.Ref(), id)
			if v.Follows != nil && v.Follows(r.Event) {
				if _, there := tx.Get(row); !there {
					continue
				}
			}
			if err := v.change(tx, row, func(old []byte) []byte { return append(slices.Clip(old), told...) }); err != nil {
				return err
			}
			if !slices.ContainsFunc(touched, func(k []byte) bool { return bytes.Equal(k, row) }) {
				touched = append(touched, row)
			}
		}
	}
	if len(touched) > 0 {
		var b []byte
		for _, row := range touched {
			b = Bytes(b, row)
		}
		tx.Set(KeySeq([]byte{'s'}, en.Seq), b)
	}
	return nil
}

// correct works a correction into every thing that the corrected entry tells of.
func (v *Things) correct(tx *Tx, c domain.Correction) error {
	b, found := tx.Get(KeySeq([]byte{'s'}, c.Seq))
	if !found {
		return nil
	}
	for d := NewDec(bytes.Clone(b)); d.Len() > 0; {
		row := d.Bytes()
		if d.Err() != nil {
			return d.Err()
		}
		var failed error
		err := v.change(tx, row, func(old []byte) []byte {
			told, err := readTold(old)
			for i := range told {
				if err == nil && told[i].Seq == c.Seq && told[i].Type == string(c.Event) {
					told[i].open, err = patched(told[i].open, c.Fields)
				}
			}
			failed = err
			var out []byte
			for i := range told {
				out = told[i].append(out)
			}
			return out
		})
		if failed != nil {
			return fmt.Errorf("correction of entry %d: %w", c.Seq, failed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// change exchanges what is told of a thing, and where it is found.
func (v *Things) change(tx *Tx, row []byte, with func(old []byte) []byte) error {
	old, _ := tx.Get(row)
	old = bytes.Clone(old)
	was, err := v.index(row, old)
	if err != nil {
		return err
	}
	val := with(old)
	is, err := v.index(row, val)
	if err != nil {
		return err
	}
	tx.Set(row, val)
	for _, k := range was {
		if !slices.ContainsFunc(is, func(o []byte) bool { return bytes.Equal(o, k) }) {
			tx.Delete(k)
		}
	}
	for _, k := range is {
		tx.Set(k, row)
	}
	return nil
}

// index gives the index rows of a thing as it is told.
func (v *Things) index(row, val []byte) ([][]byte, error) {
	if v.Index == nil || len(val) == 0 {
		return nil, nil
	}
	t, err := v.decode(row, val)
	if err != nil {
		return nil, err
	}
	keys := v.Index(t)
	for i, k := range keys {
		keys[i] = append(append([]byte{'i'}, k...), row...)
	}
	return keys, nil
}

// decode reads a thing.
func (v *Things) decode(row, val []byte) (*Thing, error) {
	d := NewDec(row)
	d.Take(1)
	t := &Thing{Ref: domain.Ref{Kind: domain.KindName(d.KeyText()), Key: domain.Key{UUID: d.ID()}}}
	t.ID = string(d.Take(d.Len()))
	if d.Err() != nil {
		return nil, d.Err()
	}
	told, err := readTold(val)
	if err != nil {
		return nil, err
	}
	for i := range told {
		s := slices.IndexFunc(v.Shapes, func(s domain.EventType) bool { return s.Name == told[i].Type && s.V == told[i].V })
		if s < 0 {
			return nil, fmt.Errorf("event %s version %d: %w", told[i].Type, told[i].V, ErrRow)
		}
		p := v.Shapes[s].New()
		if err := json.Unmarshal(told[i].open, p); err != nil {
			return nil, fmt.Errorf("event %s: %w", told[i].Type, err)
		}
		told[i].Event = v.Shapes[s].Up(p)
	}
	t.Told = told
	return t, nil
}

func thingRow(ref domain.Ref, id string) []byte {
	b := KeyText([]byte{'t'}, string(ref.Kind))
	return append(append(b, ref.Key.UUID[:]...), id...)
}

// tell writes what an entry tells by one event.
func tell(en *domain.Entry, r *domain.Record) ([]byte, error) {
	open, _ := domain.SetApart(r.Event, domain.Ref{}, domain.OrderID{})
	b, err := json.Marshal(open)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", r.Type, err)
	}
	t := Told{Seq: en.Seq, Order: en.ID, Occurred: en.Occurred, Recorded: en.Recorded, Actor: en.Actor.ID, Role: en.Actor.Role, Type: r.Type, V: r.V, open: b}
	return t.append(nil), nil
}

func (t *Told) append(b []byte) []byte {
	b = KeySeq(b, t.Seq)
	b = append(append(b, t.Order.UUID[:]...), t.Actor.UUID[:]...)
	b = Time(Time(b, t.Occurred.Time), t.Recorded)
	b = Text(Text(Text(b, t.Occurred.Precision), t.Role), t.Type)
	return Bytes(Num(b, uint64(t.V)), t.open)
}

func readTold(val []byte) ([]Told, error) {
	var out []Told
	for d := NewDec(val); d.Len() > 0; {
		t := Told{Seq: d.Seq()}
		t.Order.UUID, t.Actor.UUID = d.ID(), d.ID()
		t.Occurred.Time, t.Recorded = d.Time(), d.Time()
		t.Occurred.Precision, t.Role, t.Type = domain.Precision(d.Text()), domain.Code(d.Text()), d.Text()
		t.V, t.open = int(d.Num()), d.Bytes()
		if d.Err() != nil {
			return nil, d.Err()
		}
		out = append(out, t)
	}
	return out, nil
}

// patched gives an event's JSON with corrected fields.
func patched(open []byte, fields map[domain.Code][]byte) ([]byte, error) {
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(open, &raw); err != nil {
		return nil, err
	}
	for name, v := range fields {
		if v == nil {
			delete(raw, string(name))
		} else {
			raw[string(name)] = v
		}
	}
	return json.Marshal(raw)
}
