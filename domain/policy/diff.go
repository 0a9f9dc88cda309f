package policy

import (
	"slices"
	"time"

	"incidentledger/domain"
)

// Diff gives the events that lead from the clocks held to those wanted, in order
// of clock id: folding them with Apply makes the clocks held equal to those
// wanted. That a clock merely begins or ends standing still gives no event: the
// ClockPaused or ClockResumed of the hold itself says so. A clock held that is
// no longer wanted is cancelled.
func Diff(have map[ClockID]Clock, want []Clock) []domain.Event {
	var out []domain.Event
	wanted := 0
	for i := range want {
		w := &want[i]
		h, held := have[w.ID]
		if held {
			wanted++
		}
		out = appendDiff(out, h, held, w)
	}
	if wanted == len(have) {
		return out
	}
	var gone []ClockID
	for id, h := range have {
		if !h.Cancelled && !slices.ContainsFunc(want, func(c Clock) bool { return c.ID == id }) {
			gone = append(gone, id)
		}
	}
	slices.Sort(gone)
	for _, id := range gone {
		out = append(out, ClockCancelled{Clock: domain.Code(id)})
	}
	return out
}

func appendDiff(out []domain.Event, h Clock, held bool, w *Clock) []domain.Event {
	id := domain.Code(w.ID)
	moved := false
	switch {
	case !held:
		out = append(out, ClockArmed{
			Clock: id, Origin: originOf(w), Due: w.Due, Provisional: w.Provisional, Statutory: w.Statutory,
			Service: w.Service, Warn: w.Warn, Tolerance: seconds(w.Tolerance), Paused: w.Paused,
		})
	case w.Cancelled:
	case !h.Running() && w.Running(), h.Cancelled, !sameTerm(&h, w):
		moved = true
		out = append(out, ClockMoved{
			Clock: id, Origin: originOf(w), Was: h.Due, Due: w.Due, Provisional: w.Provisional, Statutory: w.Statutory,
			Service: w.Service, Warn: w.Warn, Tolerance: seconds(w.Tolerance), Paused: w.Paused,
			Reopened: h.Cancelled || !h.Running() && w.Running(),
		})
	}
	switch {
	case w.Cancelled && !h.Cancelled:
		out = append(out, ClockCancelled{Clock: id})
	case !w.Met.IsZero() && (!held || moved || !w.Met.Equal(h.Met)):
		out = append(out, ClockMet{Clock: id, At: w.Met, Due: w.Due, OnTime: w.OnTime()})
	}
	return out
}

// sameTerm compares everything but how the clock stands.
func sameTerm(a, b *Clock) bool {
	return a.Rule == b.Rule && a.Recipient == b.Recipient && a.Stage == b.Stage && a.N == b.N &&
		a.AnchorPath == b.AnchorPath && a.Anchor.Equal(b.Anchor) && a.Due.Equal(b.Due) &&
		a.Provisional == b.Provisional && a.Statutory == b.Statutory && a.Service == b.Service &&
		a.Tolerance == b.Tolerance && a.Policy == b.Policy && a.TZ == b.TZ &&
		slices.EqualFunc(a.Warn, b.Warn, time.Time.Equal)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func originOf(c *Clock) Origin {
	return Origin{
		Rule: c.Rule, Recipient: c.Recipient, Stage: c.Stage, N: c.N, Policy: c.Policy, Engine: Engine, TZDB: TZDBHash(),
		Zone: domain.Code(c.TZ), AnchorPath: domain.Code(c.AnchorPath), Anchor: c.Anchor,
	}
}

// Apply folds an event into the clocks held, which it changes. Events that are
// not about clocks, or that only say that time has passed, change nothing; nor
// does one about a clock that is not held.
func Apply(have map[ClockID]Clock, e domain.Event) {
	switch e := e.(type) {
	case ClockArmed:
		c := Clock{
			ID: ClockID(e.Clock), Due: utc(e.Due), Provisional: e.Provisional, Statutory: e.Statutory, Service: e.Service,
			Warn: e.Warn, Tolerance: time.Duration(e.Tolerance) * time.Second, Paused: e.Paused,
		}
		c.from(e.Origin)
		have[c.ID] = c
	case ClockMoved:
		change(have, e.Clock, func(c *Clock) {
			c.from(e.Origin)
			c.Due, c.Provisional, c.Statutory, c.Service = utc(e.Due), e.Provisional, e.Statutory, e.Service
			c.Warn, c.Tolerance, c.Paused = e.Warn, time.Duration(e.Tolerance)*time.Second, e.Paused
			if e.Reopened {
				c.Met, c.Cancelled = time.Time{}, false
			}
		})
	case ClockMet:
		change(have, e.Clock, func(c *Clock) { c.Met, c.Cancelled, c.Paused = utc(e.At), false, false })
	case ClockCancelled:
		change(have, e.Clock, func(c *Clock) {
			*c = Clock{
				ID: c.ID, Rule: c.Rule, Recipient: c.Recipient, Stage: c.Stage, N: c.N,
				Statutory: c.Statutory, Service: c.Service, Policy: c.Policy, Cancelled: true,
			}
		})
	case ClockPaused:
		for _, id := range e.Clocks {
			change(have, id, func(c *Clock) { c.Paused = true })
		}
	case ClockResumed:
		for _, id := range e.Clocks {
			change(have, id, func(c *Clock) { c.Paused = false })
		}
	}
}

func change(have map[ClockID]Clock, id domain.Code, f func(*Clock)) {
	if c, held := have[ClockID(id)]; held {
		f(&c)
		have[c.ID] = c
	}
}

func (c *Clock) from(o Origin) {
	c.Rule, c.Recipient, c.Stage, c.N, c.Policy = o.Rule, o.Recipient, o.Stage, o.N, o.Policy
	c.AnchorPath, c.Anchor, c.TZ = Path(o.AnchorPath), utc(o.Anchor), string(o.Zone)
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
