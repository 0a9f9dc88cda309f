package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
)

// place finds the rule and anchor of a clock that was armed before, in the set
// that it is bound to, and turns to the item that the clock is of.
func (d *deriver) place(s *Set, id ClockID) (place, error) {
	part := strings.Split(string(id), "/")
	if len(part) != 4 {
		return place{}, errors.New("is not an id of the form rule/recipient/stage/n")
	}
	n, err := strconv.Atoi(part[3])
	if err != nil || n < 1 {
		return place{}, errors.New("its last part is not a number from 1")
	}
	recipient, stage := domain.Code(part[1]), domain.Code(part[2])
	versions := s.law.rules[domain.Code(part[0])]
	p := place{id: id, n: n}
	for _, v := range versions {
		local := v.local != nil && stage == v.stage+targetSuffix
		if stage != v.stage && !local {
			continue
		}
		if v.src.Service && n < d.leg {
			return place{}, fmt.Errorf("it belongs to leg %d, and its last state is not given", n)
		}
		t := v.target(recipient)
		var a anchored
		ok := d.turn(v, n)
		if ok {
			a, ok = d.anchor(v, t, n)
			ok = ok && v.valid.holds(a.at)
		}
		if p.rule != nil && !ok {
			continue
		}
		p.rule, p.target, p.local, p.anchored = v, t, local, a
		if p.applies = ok && v.applies(&d.known) && owed(v, recipient, &d.known); ok {
			break
		}
	}
	if p.rule == nil {
		return place{}, fmt.Errorf("policy set %s has no such rule and stage", s.hash)
	}
	return p, nil
}

// turn makes the n-th item of a rule's kind the one to be read, or none where the
// rule has no each. It is false where there is no such item any more.
func (d *deriver) turn(v *rule, n int) bool {
	d.known.of("", nil)
	if v.src.Each == "" {
		return true
	}
	items := d.f.Each[v.src.Each]
	for i := range items {
		if items[i].N == n {
			d.known.of(v.src.Each, &items[i])
			return true
		}
	}
	return false
}

func owed(v *rule, recipient domain.Code, k *known) bool {
	for t := range v.recipients(k) {
		if t.recipient == recipient {
			return true
		}
	}
	return false
}

// A place is one clock to be: its rule, its recipient, and from when.
type place struct {
	id      ClockID
	rule    *rule
	target  *target
	local   bool // the local target beside the rule's own term
	n       int
	applies bool
	anchored
}

type anchored struct {
	path        Path
	at          time.Time
	provisional bool
}

// recipients yields those to whom the rule owes something by what is known.
func (v *rule) recipients(k *known) func(func(*target) bool) {
	return func(yield func(*target) bool) {
		for _, t := range v.all {
			if !yield(t) {
				return
			}
		}
		if v.byCountry != nil {
			country, _ := k.code(OrgCountry, true)
			for _, t := range v.byCountry[country] {
				if !yield(t) {
					return
				}
			}
		}
		if v.src.To.Resolve == "" {
			return
		}
		if code, ok := k.code(v.src.To.Resolve, true); ok {
			yield(v.target(code))
		} else if v.src.To.Else != "" {
			yield(v.target(v.src.To.Else))
		}
	}
}

func (v *rule) target(recipient domain.Code) *target {
	if t := v.targets[recipient]; t != nil {
		return t
	}
	return v.newTarget(recipient)
}

// anchor finds the first known fact from which the term runs.
func (d *deriver) anchor(v *rule, t *target, n int) (anchored, bool) {
	if n > 1 && v.src.LaterLegs != "" {
		at, ok := d.known.at(v.src.LaterLegs)
		return anchored{v.src.LaterLegs, at.UTC(), false}, ok
	}
	for _, a := range t.anchors {
		if a.DueOf == "" {
			if at, ok := d.known.at(a.Path); ok {
				return anchored{a.Path, at.UTC(), a.Provisional}, true
			}
			continue
		}
		for _, o := range v.law.rules[a.DueOf] {
			of, ok := d.anchor(o, o.target(t.recipient), 1)
			if !ok || !o.applies(&d.known) || !o.valid.holds(of.at) {
				continue
			}
			if due := o.due.due(of.at, o.zoneFor(d.zone), nil, &d.known, nil); !due.IsZero() {
				return anchored{Path("due." + a.DueOf), due, a.Provisional || of.provisional}, true
			}
		}
	}
	return anchored{}, false
}
