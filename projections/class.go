package projections

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"incidentledger/domain"
)

// A Class is what access to an incident depends on: its open access attributes.
// All incidents of a class are judged alike, so that one judgement a class and
// reader is enough. The organisation is that of the ledger.
type Class struct {
	Track domain.Code // normal or integrity
	TLP   domain.Code // traffic light protocol; empty: none was set
	Need  domain.Hash // names the set of persons it is kept from or to; zero: none
}

// PlainClass is the class of an incident of which nothing special is known, and
// of entries that are about no incident.
func PlainClass() Class { return Class{Track: "normal"} }

// NeedOf names a set of persons: the same in any order.
func NeedOf(persons []domain.PersonID) domain.Hash {
	if len(persons) == 0 {
		return domain.Hash{}
	}
	ids := slices.Clone(persons)
	slices.SortFunc(ids, func(a, b domain.PersonID) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	d := sha256.New()
	d.Write([]byte("incidentledger/need/1\x00"))
	for _, id := range slices.Compact(ids) {
		d.Write(id.UUID[:])
	}
	var h domain.Hash
	d.Sum(h[:0])
	return h
}

// AppendClass appends a class.
func AppendClass(b []byte, c Class) []byte {
	b = Text(Text(b, c.Track), c.TLP)
	if c.Need.IsZero() {
		return append(b, 0)
	}
	return append(append(b, 1), c.Need[:]...)
}

// Class reads what AppendClass wrote.
func (d *Dec) Class() Class {
	c := Class{Track: domain.Code(d.Word()), TLP: domain.Code(d.Word())}
	if p := d.Take(1); p != nil && p[0] == 1 {
		copy(c.Need[:], d.Take(len(c.Need)))
	}
	return c
}

// PutClass keeps the class of an incident in rows that begin with prefix. The
// plain class needs no row.
func PutClass(tx *Tx, prefix byte, key domain.Key, c Class) {
	k := append([]byte{prefix}, key.UUID[:]...)
	if c == PlainClass() {
		tx.Delete(k)
		return
	}
	tx.Set(k, AppendClass(nil, c))
}

// GetClass gives what PutClass kept.
func GetClass(tx *Tx, prefix byte, key domain.Key) (Class, error) {
	v, found := tx.Get(append([]byte{prefix}, key.UUID[:]...))
	if !found {
		return PlainClass(), nil
	}
	d := NewDec(v)
	return d.Class(), d.Err()
}

// A Judge tells for one query which incidents may be shown. It remembers what it
// asked.
type Judge struct {
	r       *Reader
	prefix  byte
	allow   func(Class) bool
	classes map[Class]bool
	keys    map[domain.Key]bool
}

// NewJudge judges by allow, and by the classes that PutClass kept under prefix;
// allow nil: everything may be shown.
func NewJudge(r *Reader, prefix byte, allow func(Class) bool) *Judge {
	return &Judge{r, prefix, allow, map[Class]bool{}, map[domain.Key]bool{}}
}

// May tells whether an incident may be shown.
func (j *Judge) May(key domain.Key) bool {
	if j.allow == nil {
		return true
	}
	may, known := j.keys[key]
	if known {
		return may
	}
	c := PlainClass()
	if v, found := j.r.Get(append([]byte{j.prefix}, key.UUID[:]...)); found {
		d := NewDec(v)
		if c = d.Class(); d.Err() != nil {
			j.r.Fail(d.Err())
			return false
		}
	}
	may = j.r.Err() == nil && j.MayClass(c)
	j.keys[key] = may
	return may
}

// MayClass tells whether incidents of a class may be shown.
func (j *Judge) MayClass(c Class) bool {
	if j.allow == nil {
		return true
	}
	may, known := j.classes[c]
	if !known {
		may = j.allow(c)
		j.classes[c] = may
	}
	return may
}
