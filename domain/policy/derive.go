package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
)

// A Basis is the law that Derive judges by.
type Basis struct {
	Current *Set                 // as adopted now: arms new clocks
	Sets    map[domain.Hash]*Set // every version ever adopted, by its hash; Current may be left out
	Profile map[Path]domain.Code // what is known of the organisation (org.…); flags are "true" and "false". Facts win
}

// set finds a version by its hash.
func (b *Basis) set(h domain.Hash) (*Set, error) {
	if b.Current != nil && b.Current.hash == h {
		return b.Current, nil
	}
	if s := b.Sets[h]; s != nil && s.law != nil {
		return s, nil
	}
	return nil, fmt.Errorf("policy set %s is not among those adopted", h)
}

// inOrder gives the sets that may arm clocks, the one that wins first: Current,
// then its other versions, the latest valid first. The clock of an anchor is
// armed by the first set that is valid at that anchor.
func (b *Basis) inOrder() []*Set {
	if b.Current == nil {
		return nil
	}
	out := []*Set{b.Current}
	if b.Current.law.valid == (valid{}) {
		return out
	}
	for _, s := range b.Sets {
		if s.ID == b.Current.ID && s.hash != b.Current.hash && s.law != nil {
			out = append(out, s)
		}
	}
	slices.SortFunc(out[1:], func(x, y *Set) int {
		return cmp.Or(y.law.valid.from.Compare(x.law.valid.from), cmp.Compare(y.Version, x.Version), slices.Compare(x.hash[:], y.hash[:]))
	})
	return out
}

// Derive gives every clock that follows from the facts, sorted by id, its
// instants in UTC. It is the one computation of due instants.
//
// A rule arms a clock for each of its recipients when it is in force at its
// anchor, its condition holds and it is not cancelled. A clock that is bound to
// a policy set follows that set for ever; when its rule no longer applies it is
// cancelled: then it has no anchor and no due instant. What was owed by law and
// was done stays met even then. Service clocks stand still during holds and
// begin anew with each leg; those of earlier legs come back unchanged.
//
// It is an error when a clock is bound to a set or a rule that the basis does
// not hold, or when a service clock of an earlier leg is not among Earlier.
func Derive(f Facts, b Basis) ([]Clock, error) {
	d := newDeriver(&f, &b)
	if b.Current != nil && b.Current.law == nil {
		return nil, errNotMade
	}
	out := make([]Clock, 0, len(f.Bound)+len(f.Earlier)+8)
	for id, hash := range f.Bound {
		if _, earlier := f.Earlier[id]; earlier {
			continue
		}
		s, err := b.set(hash)
		if err != nil {
			return nil, fmt.Errorf("clock %s: %w", id, err)
		}
		p, err := d.place(s, id)
		if err != nil {
			return nil, fmt.Errorf("clock %s: %w", id, err)
		}
		out = append(out, d.reckon(p, nil))
	}
	sets := b.inOrder()
	for i, s := range sets {
		for _, versions := range s.law.order {
			for _, v := range versions {
				out = d.arm(v, sets[:i], out)
			}
		}
	}
	for _, c := range f.Earlier {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Clock) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b Clock) bool { return a.ID == b.ID }), nil
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

type deriver struct {
	f     *Facts
	known known
	leg   int
	zone  string
}

func newDeriver(f *Facts, b *Basis) *deriver {
	d := &deriver{f: f, known: known{f, b.Profile}, leg: max(f.Leg, 1)}
	zone, _ := d.known.code(OrgZone, true)
	d.zone = string(zone)
	return d
}

// arm adds the clocks of one version of a rule that are not bound yet.
func (d *deriver) arm(v *rule, before []*Set, out []Clock) []Clock {
	if v.src.Dormant || !v.applies(&d.known) {
		return out
	}
	p := place{rule: v, n: 1, applies: true}
	if v.src.Service {
		p.n = d.leg
	}
	for t := range v.recipients(&d.known) {
		p.target = t
		var ok bool
		if p.anchored, ok = d.anchor(v, t, p.n); !ok || !v.valid.holds(p.at) ||
			slices.ContainsFunc(before, func(s *Set) bool { return s.law.valid.holds(p.at) }) {
			continue
		}
		for _, p.local = range [2]bool{false, true} {
			if p.local && v.local == nil {
				continue
			}
			p.id = v.clockID(t, p.local, p.n)
			if _, bound := d.f.Bound[p.id]; !bound {
				out = append(out, d.reckon(p, nil))
			}
		}
	}
	return out
}

func (v *rule) clockID(t *target, local bool, n int) ClockID {
	id := t.id
	if local {
		id = t.localID
	}
	if n != 1 {
		id = id[:len(id)-1] + ClockID(strconv.Itoa(n))
	}
	return id
}

func (v *rule) applies(k *known) bool {
	return v.when.holds(k) && (v.cancelled == nil || !v.cancelled.holds(k))
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
		at, ok := d.f.At[v.src.LaterLegs]
		return anchored{v.src.LaterLegs, at.UTC(), false}, ok
	}
	for _, a := range t.anchors {
		if a.DueOf == "" {
			if at, ok := d.f.At[a.Path]; ok {
				return anchored{a.Path, at.UTC(), a.Provisional}, true
			}
			continue
		}
		for _, o := range v.law.rules[a.DueOf] {
			of, ok := d.anchor(o, o.target(t.recipient), 1)
			if !ok || !o.valid.holds(of.at) {
				continue
			}
			if due := o.due.due(of.at, o.zoneFor(d.zone), nil, nil); !due.IsZero() {
				return anchored{Path("due." + a.DueOf), due, a.Provisional || of.provisional}, true
			}
		}
	}
	return anchored{}, false
}

// place finds the rule and anchor of a clock that was armed before, in the set
// that it is bound to.
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
		a, ok := d.anchor(v, t, n)
		ok = ok && v.valid.holds(a.at)
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

func owed(v *rule, recipient domain.Code, k *known) bool {
	for t := range v.recipients(k) {
		if t.recipient == recipient {
			return true
		}
	}
	return false
}

// reckon gives the clock of a place.
func (d *deriver) reckon(p place, tr *trace) Clock {
	v := p.rule
	c := Clock{
		ID: p.id, Rule: v.src.ID, Recipient: p.target.recipient, Stage: v.stage, N: p.n,
		Statutory: v.src.Statutory && !p.local, Service: v.src.Service, Policy: v.policy,
	}
	if p.local {
		c.Stage += targetSuffix
	}
	met, isMet := d.f.At[p.target.met]
	isMet = isMet && !(p.n > 1 && met.Before(p.at)) // what an earlier leg did meets nothing of this one
	if !p.applies && (!isMet || v.src.Service || p.at.IsZero()) {
		c.Cancelled = true
		return c
	}
	c.AnchorPath, c.Anchor, c.Provisional = p.path, p.at, p.provisional
	if isMet {
		c.Met = met.UTC()
	}
	loc := v.zoneFor(d.zone)
	c.TZ = loc.String()
	var ps pauses
	open := false
	if v.src.Service && len(d.f.Holds) > 0 {
		ps, open = pausesOf(d.f.Holds, p.at, c.Met)
	}
	t := v.due
	if p.local {
		t = v.local
	}
	c.Paused = open
	due := t.due(p.at, loc, ps, tr)
	if due.IsZero() {
		return c
	}
	c.Due = due.UTC()
	if !p.local {
		c.Tolerance = v.tolerance
	}
	for _, w := range v.warn {
		if at := c.Due.Add(-w); at.After(c.Anchor) {
			c.Warn = append(c.Warn, at)
		}
	}
	return c
}
