package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
)

// A Basis is the law that Derive judges by.
type Basis struct {
	Current *Set                 // as adopted now: arms new clocks
	Sets    map[domain.Hash]*Set // every version ever adopted, by its hash; Current may be left out
	Profile map[Path]domain.Code // what is known of the organisation (org.…); flags are "true" and "false". Facts win
	Dated   []Profile            // the same as it changed, in order of time; before the first, Profile holds
}

// A Profile is what an organisation is from an instant on.
type Profile struct {
	From   time.Time
	Fields map[Path]domain.Code
}

// profileAt is what the organisation is, or was, at an instant.
func (b *Basis) profileAt(at time.Time) map[Path]domain.Code {
	for _, p := range slices.Backward(b.Dated) {
		if !p.From.After(at) {
			return p.Fields
		}
	}
	return b.Profile
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
// begin anew with each leg; those of earlier legs come back unchanged. Closing
// ends those that are not met, since nobody serves any more; what the law sets
// runs on.
//
// It is an error when a clock is bound to a set or a rule that the basis does
// not hold, or when a service clock of an earlier leg is not among Earlier.
func Derive(f Facts, b Basis) ([]Clock, error) {
	d := newDeriver(&f, &b)
	if b.Current != nil && b.Current.law == nil {
		return nil, errNotMade
	}
	out := make([]Clock, 0, len(f.Bound)+2) // a clock is large, and most incidents have few
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

type deriver struct {
	f     *Facts
	known known
	leg   int
	zone  string
}

func newDeriver(f *Facts, b *Basis) *deriver {
	// An incident is judged by what the organisation was when it was reported.
	d := &deriver{f: f, known: known{f, b.profileAt(f.At[IncidentRecorded])}, leg: max(f.Leg, 1)}
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
			if _, bound := d.f.Bound[p.id]; bound {
				continue
			}
			if c := d.reckon(p, nil); !c.Cancelled {
				out = append(out, c)
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
	_, closed := d.f.At[IncidentClosed]
	ended := v.src.Service && closed && !isMet
	if ended || !p.applies && (!isMet || v.src.Service || p.at.IsZero()) {
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
	if c.Due.Equal(c.Anchor) { // an immediate term alarms at once (contract 3)
		c.Warn = append(c.Warn[:0], c.Due)
	}
	return c
}
