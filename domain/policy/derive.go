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
	// Current is the version adopted last. It arms new clocks, and so does each of
	// Standing that is valid at an anchor at which no version before it is:
	// the versions adopted and not withdrawn, the one adopted last first. Without
	// Standing there is Current alone.
	Current  *Set
	Standing []*Set

	Sets    map[domain.Hash]*Set // every version ever adopted, by its hash: clocks keep their law. Current may be left out
	Profile map[Path]domain.Code // what is known of the organisation (org.…); flags are "true" and "false". Facts win
	Dated   []Profile            // the same as it changed, in order of time; before the first, Profile holds
}

// A Profile is what an organisation is from an instant on.
type Profile struct {
	From   time.Time
	Fields map[Path]domain.Code
}

// ProfileAt is what the organisation is, or was, at an instant.
func (b *Basis) ProfileAt(at time.Time) map[Path]domain.Code {
	for _, p := range slices.Backward(b.Dated) {
		if !p.From.After(at) {
			return p.Fields
		}
	}
	return b.Profile
}

// Profiled reports whether a profile that somebody set holds at an instant.
func (b *Basis) Profiled(at time.Time) bool {
	return slices.ContainsFunc(b.Dated, func(p Profile) bool { return !p.From.After(at) })
}

// At gives the version by which something is judged at an instant: of those that
// are valid then the one adopted last. Where none is, Current.
func (b *Basis) At(t time.Time) *Set {
	for _, s := range b.inOrder() {
		if s.law != nil && s.law.valid.holds(t) {
			return s
		}
	}
	return b.Current
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

// inOrder gives the sets that may arm clocks, the one that wins first.
func (b *Basis) inOrder() []*Set {
	switch {
	case b.Current == nil:
		return nil
	case len(b.Standing) > 0:
		return b.Standing
	}
	return []*Set{b.Current}
}

// Derive gives every clock that follows from the facts, sorted by id, its
// instants in UTC. It is the one computation of due instants.
//
// A rule arms a clock for each of its recipients when it is in force at its
// anchor, its condition holds and it is not cancelled; a rule with each does so
// for every item of its kind. A clock that is bound to
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
	for _, s := range b.inOrder() {
		if s.law == nil {
			return nil, errNotMade
		}
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
	d := &deriver{f: f, known: known{f: f, profile: b.ProfileAt(f.At[IncidentRecorded])}, leg: max(f.Leg, 1)}
	zone, _ := d.known.code(OrgZone, true)
	d.zone = string(zone)
	return d
}

// arm adds the clocks of one version of a rule that are not bound yet.
func (d *deriver) arm(v *rule, before []*Set, out []Clock) []Clock {
	switch {
	case v.src.Dormant:
		return out
	case v.src.Each != "":
		items := d.f.Each[v.src.Each]
		for i := range items {
			d.known.of(v.src.Each, &items[i])
			out = d.armOne(v, items[i].N, before, out)
		}
		return out
	case v.src.Service:
		d.known.of("", nil)
		return d.armOne(v, d.leg, before, out)
	}
	d.known.of("", nil)
	return d.armOne(v, 1, before, out)
}

// armOne adds the clocks with one number.
func (d *deriver) armOne(v *rule, n int, before []*Set, out []Clock) []Clock {
	if !v.applies(&d.known) {
		return out
	}
	p := place{rule: v, n: n, applies: true}
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

// excused reports whether somebody decided that a duty is not owed; then the
// house's own target beside it is not either.
func (d *deriver) excused(p place) bool {
	return len(d.f.Excused) > 0 && d.f.Excused[p.rule.clockID(p.target, false, p.n)]
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
	met, isMet := d.known.at(p.target.met)
	isMet = isMet && !(v.src.Service && p.n > 1 && met.Before(p.at)) // what an earlier leg did meets nothing of this one
	_, closed := d.f.At[IncidentClosed]
	ended := v.src.Service && closed && !isMet
	if ended || (!p.applies || d.excused(p)) && (!isMet || v.src.Service || p.at.IsZero()) {
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
	due := t.due(p.at, loc, ps, &d.known, tr)
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
