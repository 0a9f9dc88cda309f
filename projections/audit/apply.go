package audit

import (
	"encoding/binary"
	"fmt"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "audit"

const shape = 3

// View is the audit view.
type View struct{}

// New gives the audit view.
func New() View { return View{} }

// Name implements projections.View.
func (View) Name() string { return Name }

// Shape implements projections.View.
func (View) Shape() uint32 { return shape }

// Lines of 64 sequences share one posting and one time mark.
const blockBits = 6

func blockOf(s domain.Seq) uint32 { return uint32(s >> blockBits) }

// Apply implements projections.View.
func (View) Apply(tx *projections.Tx, en *domain.Entry) error {
	var kb, vb [256]byte
	k := projections.KeySeq(append(kb[:0], 's'), en.Seq)
	tx.Add(k, encode(vb[:0], en))
	if !en.Actor.ID.IsZero() {
		k = append(append(kb[:0], 'a'), en.Actor.ID.UUID[:]...)
		tx.Add(projections.KeySeq(k, en.Seq), nil)
	}
	tx.Add(projections.KeySeq(aggregate(kb[:0], en.Ref()), en.Seq), nil)
	if err := post(tx, posting(kb[:0], 'c', en.Command), en.Seq); err != nil {
		return err
	}
	if err := post(tx, posting(kb[:0], 'f', string(en.Actor.For)), en.Seq); err != nil {
		return err
	}
	if err := mark(tx, en); err != nil {
		return err
	}
	return projections.KeepClass(tx, 'x', en, incident.Classify)
}

func aggregate(b []byte, ref domain.Ref) []byte {
	return append(projections.KeyText(append(b, 'k'), string(ref.Kind)), ref.Key.UUID[:]...)
}

func posting(b []byte, what byte, value string) []byte {
	return projections.KeyText(append(b, what), value)
}

// post sets a line's bit in the posting of its block.
func post(tx *projections.Tx, prefix []byte, seq domain.Seq) error {
	key := projections.KeyUint32(prefix, blockOf(seq))
	var bits uint64
	if v, found := tx.Get(key); found {
		if len(v) != 8 {
			return fmt.Errorf("posting: %w", projections.ErrRow)
		}
		bits = binary.BigEndian.Uint64(v)
	}
	bits |= 1 << (seq & (1<<blockBits - 1))
	var v [8]byte
	binary.BigEndian.PutUint64(v[:], bits)
	tx.Set(key, v[:])
	return nil
}

// mark keeps what finding by time needs: the latest instant so far at the end of
// each block, and the greatest disorder. Instants are nearly in order of
// sequence; only nearly.
func mark(tx *projections.Tx, en *domain.Entry) error {
	var latest time.Time
	var disorder time.Duration
	if v, found := tx.Get([]byte{'d'}); found {
		d := projections.NewDec(v)
		if latest, disorder = d.Time(), time.Duration(d.Num()); d.Err() != nil {
			return d.Err()
		}
	}
	if behind := latest.Sub(en.Recorded); !latest.IsZero() && behind > 0 {
		disorder = max(disorder, behind)
	} else {
		latest = en.Recorded
	}
	var kb [8]byte
	var vb [24]byte
	tx.Set(projections.KeyUint32(append(kb[:0], 't'), blockOf(en.Seq)), projections.Time(vb[:0], latest))
	tx.Set([]byte{'d'}, projections.Num(projections.Time(vb[:0], latest), uint64(disorder)))
	return nil
}
