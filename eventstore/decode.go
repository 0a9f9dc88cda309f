package eventstore

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

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
	r := &reader{b: stored}
	en := &domain.Entry{}
	r.want(`{"v":`)
	if v := r.raw(); r.err == nil && string(v) != EntryFormat {
		return nil, &UnknownShapeError{"entry format " + string(v)}
	}
	c.readHead(r, en)
	r.want(`,"events":`)
	r.list(func() { c.readEvent(r, en) })
	if r.is(`,"sealed":`) {
		r.list(func() { en.Sealed = append(en.Sealed, readBox(r)) })
	}
	r.want("}")
	switch {
	case r.err != nil:
		return nil, r.err
	case r.off != len(stored):
		return nil, errTrailing
	}
	if err := checkEnvelope(en); err != nil {
		return nil, err
	}
	return en, nil
}

// checkEnvelope judges what every entry must be, on its way in and out.
func checkEnvelope(en *domain.Entry) error {
	switch {
	case !en.Occurred.Precision.Valid():
		return fmt.Errorf("precision %q is unknown", en.Occurred.Precision)
	case en.ID.IsZero() || en.Key.IsZero() || en.Org == "" || en.Command == "":
		return fmt.Errorf("id, org, key and command are all needed")
	case (en.Prev == 0) != en.PrevHash.IsZero():
		return fmt.Errorf("prev is %d but prevHash is %s", en.Prev, en.PrevHash)
	case en.Prev > maxSeq:
		return fmt.Errorf("prev is %d, which is no sequence", en.Prev)
	case len(en.Events) == 0:
		return fmt.Errorf("an entry needs at least one event")
	case !fourDigits(en.Occurred.Time) || !fourDigits(en.Recorded):
		return fmt.Errorf("occurred and recorded need a year of four digits")
	}
	for _, b := range en.Sealed {
		if len(b.Scopes) == 0 || len(b.Kids) != len(b.Scopes) {
			return fmt.Errorf("a box has %d scopes and %d kids; it needs one kid for each scope", len(b.Scopes), len(b.Kids))
		}
	}
	return nil
}

func fourDigits(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// maxSeq is far beyond what a ledger can hold.
const maxSeq = 1 << 53

// readHead reads the members from id to basis.
func (c *Codec) readHead(r *reader, en *domain.Entry) {
	r.want(`,"id":`)
	en.ID.UUID = r.uuid()
	r.want(`,"org":`)
	en.Org = domain.OrgID(r.known(c.words))
	r.want(`,"kind":`)
	en.Kind = domain.KindName(r.known(c.words))
	r.want(`,"key":`)
	en.Key.UUID = r.uuid()
	r.want(`,"prev":`)
	en.Prev = domain.Seq(r.number())
	r.want(`,"prevHash":`)
	en.PrevHash = r.hash()
	r.want(`,"command":`)
	en.Command = r.known(c.words)
	r.want(`,"actor":{`)
	if r.is(`"id":`) {
		en.Actor.ID.UUID = r.uuid()
		r.want(",")
	}
	r.want(`"role":`)
	en.Actor.Role = domain.Code(r.known(c.words))
	if r.is(`,"for":`) {
		en.Actor.For = domain.OrgID(r.known(c.words))
	}
	if r.is(`,"door":`) {
		en.Actor.Door = domain.Code(r.known(c.words))
	}
	r.want(`,"proof":`)
	en.Actor.Proof = domain.Code(r.known(c.words))
	r.want("}")
	if r.is(`,"by":{"medium":`) {
		en.By = readBy(r)
	}
	r.want(`,"occurred":`)
	en.Occurred.Time = r.instant(time.RFC3339Nano)
	r.want(`,"precision":`)
	en.Occurred.Precision = domain.Precision(r.known(c.words))
	r.want(`,"recorded":`)
	en.Recorded = r.instant(recordedLayout)
	if r.is(`,"correlation":`) {
		en.Correlation.UUID = r.uuid()
	}
	if r.is(`,"causation":`) {
		en.Causation.UUID = r.uuid()
	}
	r.want(`,"mac":`)
	en.MAC = r.hash()
	if r.is(`,"basis":`) {
		r.list(func() { en.Basis = append(en.Basis, c.readBasis(r)) })
	}
}

func readBy(r *reader) *domain.By {
	by := &domain.By{Medium: domain.Code(r.word())}
	if r.is(`,"person":`) {
		by.Person.UUID = r.uuid()
	}
	if r.is(`,"contact":`) {
		by.Contact.UUID = r.uuid()
	}
	if r.is(`,"sd":`) {
		by.SD = readDigests(r)
	}
	r.want("}")
	return by
}

func (c *Codec) readBasis(r *reader) (b domain.Basis) {
	r.want(`{"kind":`)
	b.Kind = domain.KindName(r.known(c.words))
	r.want(`,"key":`)
	b.Key.UUID = r.uuid()
	r.want(`,"seq":`)
	b.Seq = domain.Seq(r.number())
	r.want(`,"hash":`)
	b.Hash = r.hash()
	r.want("}")
	return b
}

func readBox(r *reader) (b domain.Box) {
	r.want(`{"scopes":`)
	b.Scopes = r.words()
	r.want(`,"kids":`)
	b.Kids = r.words()
	r.want(`,"alg":`)
	b.Alg = r.word()
	r.want(`,"box":`)
	b.Box = r.word()
	r.want("}")
	return b
}

func readDigests(r *reader) (out []domain.Digest) {
	r.list(func() { out = append(out, domain.Digest(r.word())) })
	return out
}

// readEvent reads one event by the declaration of its shape.
func (c *Codec) readEvent(r *reader, en *domain.Entry) {
	r.want(`{"type":`)
	name := r.raw()
	r.want(`,"v":`)
	v := r.number()
	r.want(`,"open":`)
	if r.err != nil {
		return
	}
	shapes, ok := c.byKind[en.Kind]
	if !ok {
		r.fail("%w", &UnknownShapeError{"kind " + string(en.Kind)})
		return
	}
	t, ok := shapes[shapeID{string(name), int(v)}]
	if !ok {
		r.fail("%w", &UnknownShapeError{fmt.Sprintf("%s/%s/%d", en.Kind, name, v)})
		return
	}
	rec := domain.Record{Type: t.Name, V: t.V}
	p := t.New()
	if open := r.object(); r.err == nil {
		if err := json.Unmarshal(open, p, c.read); err != nil {
			r.fail("%s: %w", t.Name, err)
			return
		}
		rec.Event = t.Up(p)
	}
	if r.is(`,"sd":`) {
		rec.SD = readDigests(r)
	}
	r.want("}")
	en.Events = append(en.Events, rec)
}
