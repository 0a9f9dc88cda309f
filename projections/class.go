package projections

import "incidentledger/domain"

// Class is what access to an incident depends on. All incidents of a class are
// judged alike, so that one judgement a class and reader is enough.
type Class = domain.Class

// AppendClass appends a class.
func AppendClass(b []byte, c Class) []byte {
	b = Num(Text(Text(b, c.Track), c.TLP), uint64(c.Set))
	for _, h := range [...]domain.Hash{c.Withheld, c.Need} {
		if h.IsZero() {
			b = append(b, 0)
		} else {
			b = append(append(b, 1), h[:]...)
		}
	}
	return b
}

// Class reads what AppendClass wrote.
func (d *Dec) Class() Class {
	c := Class{Track: domain.Code(d.Word()), TLP: domain.Code(d.Word()), Set: domain.Seq(d.Num())}
	for _, h := range [...]*domain.Hash{&c.Withheld, &c.Need} {
		if p := d.Take(1); p != nil && p[0] == 1 {
			copy(h[:], d.Take(len(h)))
		}
	}
	return c
}

// KeepClass keeps the class of an incident in rows that begin with prefix:
// classify tells what an event changes in it, nil where nothing. The plain class
// needs no row.
func KeepClass(tx *Tx, prefix byte, en *domain.Entry, classify func(domain.Seq, domain.Event) func(*Class) error) error {
	var k []byte
	var c Class
	found := false
	for i := range en.Events {
		change := classify(en.Seq, en.Events[i].Event)
		if change == nil {
			continue
		}
		if k == nil {
			k, c = append([]byte{prefix}, en.Key.UUID[:]...), domain.PlainClass()
			if en.Prev != 0 {
				var v []byte
				if v, found = tx.Get(k); found {
					d := tx.Dec(v)
					if c = d.Class(); d.Err() != nil {
						return d.Err()
					}
				}
			}
		}
		if err := change(&c); err != nil {
			return err
		}
	}
	switch {
	case k != nil && c != domain.PlainClass():
		tx.Set(k, AppendClass(nil, c))
	case found:
		tx.Delete(k)
	}
	return nil
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

// NewJudge judges by allow, and by the classes that KeepClass kept under prefix;
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
	c := domain.PlainClass()
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
