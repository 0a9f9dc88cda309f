package register

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

func (r *Row) encode(b []byte) []byte {
	b = projections.Text(b, r.Number)
	b = projections.Num(projections.Num(b, uint64(r.First)), uint64(r.Last))
	for _, c := range r.codes() {
		b = projections.Text(b, *c)
	}
	for _, n := range [...]int{r.Computed, r.Overridden, r.Leg, r.Escalations} {
		b = projections.Num(b, uint64(n))
	}
	b = append(append(append(b, r.Owner.UUID[:]...), r.ContactPoint.UUID[:]...), r.Into.UUID[:]...)
	given := uint64(0)
	for i, t := range r.times() {
		if !t.IsZero() {
			given |= 1 << i
		}
	}
	b = projections.Num(b, given)
	for _, t := range r.times() {
		if !t.IsZero() {
			b = projections.Time(b, *t)
		}
	}
	flags := uint64(0)
	for i, on := range r.flags() {
		if *on {
			flags |= 1 << i
		}
	}
	b = projections.AppendClass(projections.Num(b, flags), r.Class)
	for _, s := range r.from.all() {
		b = projections.Num(b, uint64(*s))
	}
	b = projections.Num(b, uint64(len(r.References)))
	for _, s := range r.References {
		b = projections.Num(b, uint64(s))
	}
	b = projections.Num(b, uint64(len(r.waiting)))
	for _, k := range r.waiting {
		b = append(b, k.UUID[:]...)
	}
	b = projections.Num(b, uint64(len(r.awareness)))
	for _, a := range r.awareness {
		b = projections.Text(projections.Text(b, a.of), a.processing)
		b = projections.Num(projections.Time(b, a.at), uint64(a.by))
	}
	b = projections.Num(b, uint64(len(r.Clocks)))
	for i := range r.Clocks {
		b = r.Clocks[i].encode(b)
	}
	return b
}

func (r *Row) decode(key domain.Key, d projections.Dec) error {
	r.Key = key
	r.Number = d.Text()
	r.First, r.Last = domain.Seq(d.Num()), domain.Seq(d.Num())
	for _, c := range r.codes() {
		*c = domain.Code(d.Word())
	}
	for _, n := range [...]*int{&r.Computed, &r.Overridden, &r.Leg, &r.Escalations} {
		*n = int(d.Num())
	}
	r.Owner.UUID, r.ContactPoint.UUID, r.Into.UUID = d.ID(), d.ID(), d.ID()
	given := d.Num()
	for i, t := range r.times() {
		if given&(1<<i) != 0 {
			*t = d.Time()
		}
	}
	flags := d.Num()
	for i, on := range r.flags() {
		*on = flags&(1<<i) != 0
	}
	r.Class = d.Class()
	for _, s := range r.from.all() {
		*s = domain.Seq(d.Num())
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		r.References = append(r.References, domain.Seq(d.Num()))
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		r.waiting = append(r.waiting, domain.Key{UUID: d.ID()})
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		r.awareness = append(r.awareness, awareness{domain.Code(d.Word()), domain.Code(d.Word()), d.Time(), domain.Seq(d.Num())})
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		r.Clocks = append(r.Clocks, decodeClock(&d))
	}
	r.derive()
	return d.Err()
}

// derive fills the columns that follow from others.
func (r *Row) derive() {
	r.Priority, r.Unanswered = incident.PriorityThatHolds(r.Computed, r.Overridden, r.Critical), len(r.waiting)
}

func (c *Clock) flags() [4]*bool {
	return [...]*bool{&c.Running, &c.Paused, &c.Statutory, &c.Late}
}

func (c *Clock) encode(b []byte) []byte {
	var flags byte
	for i, on := range c.flags() {
		if *on {
			flags |= 1 << i
		}
	}
	if !c.Due.IsZero() {
		flags |= 1 << 7
	}
	b = append(projections.Text(b, c.ID), flags)
	if !c.Due.IsZero() {
		b = projections.Num(projections.Time(b, c.Due), uint64(c.Tolerance))
	}
	return b
}

func decodeClock(d *projections.Dec) Clock {
	c := Clock{ID: domain.Code(d.Word())}
	var flags byte
	if p := d.Take(1); p != nil {
		flags = p[0]
	}
	for i, on := range c.flags() {
		*on = flags&(1<<i) != 0
	}
	if flags&(1<<7) != 0 {
		c.Due, c.Tolerance = d.Time(), time.Duration(d.Num())
	}
	return c
}
