package seal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"incidentledger/domain"
)

// Trust tells when an entry reached each level of trust; zero: it has not. One
// level never stands for another.
type Trust struct {
	Sealed      time.Time // by the machine's own clock
	Cosigned    time.Time // by enough witnesses; when that was kept, by the machine's own clock
	Timestamped time.Time // by the clock of a timestamping authority
}

// TrustOf gives the levels that an entry has reached. c and k may be nil.
func TrustOf(seq domain.Seq, l *Log, c *Circle, k *Clock) (t Trust) {
	l.mu.RLock()
	if p, ok := l.points.covering(seq); ok {
		t.Sealed = p.at
	}
	l.mu.RUnlock()
	if c != nil {
		c.mu.RLock()
		if p, ok := c.kept.covering(seq); ok {
			t.Cosigned = p.at
		}
		c.mu.RUnlock()
	}
	if k != nil {
		k.mu.RLock()
		if at, ok := earliest(k.kept.index, seq); ok {
			t.Timestamped = at.At
		}
		k.mu.RUnlock()
	}
	return t
}

// A Reached is how far a level of trust reaches in a ledger, as kept and as found.
type Reached struct {
	Kept  domain.Seq // entries that it covers by what is kept
	Found domain.Seq // entries that it covers by what could be judged, and was right
	Why   error      // why less was found than is kept, or that something kept is wrong
}

// Cosigned judges the kept cosigned checkpoints, newest first, until one is met
// that a policy is content with.
func (a *Audit) Cosigned(policies []*Policy, now time.Time) (r Reached) {
	for _, pt := range slices.Backward(a.cosigned.index) {
		r.Kept = max(r.Kept, pt.size)
		for _, p := range policies {
			_, err := p.Check(a.cosigned.note(pt), pt.at, now)
			if err == nil {
				r.Found = pt.size
				return r
			}
			r.Why = err
		}
	}
	return r
}

// Stamped judges every kept timestamp, by the roots of the authority that gave
// it. Why wraps [ErrToken] where one is wrong in itself.
func (a *Audit) Stamped(roots map[string]*Roots, now time.Time) (r Reached) {
	for _, at := range a.stamps.index {
		r.Kept = max(r.Kept, at.Size)
		err := a.stamped(at, roots[at.TSA], now)
		switch {
		case err == nil:
			r.Found = max(r.Found, at.Size)
		case r.Why == nil || errors.Is(err, ErrToken):
			r.Why = fmt.Errorf("timestamp by %s over %d entries: %w", at.TSA, at.Size, err)
		}
	}
	return r
}

func (a *Audit) stamped(at stamped, roots *Roots, now time.Time) (err error) {
	err = fmt.Errorf("%w: there is no checkpoint that it is over", ErrToken)
	for _, p := range []*points{a.points, a.cosigned} {
		pt, ok := p.covering(at.Size)
		if !ok || pt.size != at.Size {
			continue
		}
		if _, cerr := CheckStamp(a.stamps.stored(at), p.note(pt), roots, now); cerr == nil || errors.Is(cerr, ErrUntrusted) {
			return cerr
		}
	}
	return err
}

// Timestamps is what the folder of a log keeps of them.
type Timestamps struct {
	Count  int
	Newest Stamp
	Ages   bool // it is time to have its entries stamped anew
}

// ReadTimestamps reads what the folder of a log keeps.
func ReadTimestamps(dir string, now time.Time) (t Timestamps, err error) {
	s, err := readStamps(filepath.Join(dir, stampedFile))
	if err != nil {
		return t, err
	}
	t.Count = len(s.index)
	if t.Count > 0 {
		t.Newest = slices.MaxFunc(s.index, func(a, b stamped) int { return a.At.Compare(b.At) }).Stamp
	}
	_, t.Ages = ageing(s.index, now)
	return t, nil
}
