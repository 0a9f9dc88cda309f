package overdue

import (
	"time"

	"incidentledger/domain/ledger"
)

// A step is a difference between the wall clock and the monotonic clock that
// cannot be their drift.
const step = 2 * time.Second

// apart is how long reading both clocks may take before the pair is read again.
const apart = 50 * time.Millisecond

// A watch compares the wall clock with the monotonic clock. It remembers the last
// pair only, so that drift never adds up to a step. A machine that slept looks
// like one whose clock was set forward: for the ledger it is the same.
type watch struct {
	now  func() time.Time
	wall time.Time // without monotonic reading
	mono time.Time
}

func newWatch(now func() time.Time) *watch {
	w := &watch{now: now}
	w.wall, w.mono = w.read()
	return w
}

// read takes both clocks at one moment, as nearly as that can be.
func (w *watch) read() (wall, mono time.Time) {
	for range 10 {
		mono = time.Now()
		wall = w.now().Round(0)
		if time.Since(mono) < apart {
			break
		}
	}
	return wall, mono
}

// look tells whether the wall clock jumped since the last look.
func (w *watch) look() (ledger.RecordClockStep, bool) {
	wall, mono := w.read()
	expected := w.wall.Add(mono.Sub(w.mono))
	w.wall, w.mono = wall, mono
	if by := wall.Sub(expected); by > step || by < -step {
		return ledger.RecordClockStep{Before: expected.UTC().Truncate(time.Microsecond), After: wall.UTC().Truncate(time.Microsecond)}, true
	}
	return ledger.RecordClockStep{}, false
}
