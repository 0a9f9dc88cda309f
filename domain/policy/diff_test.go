package policy

import (
	"encoding/json"
	"maps"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

// happen draws one step in the life of an incident and works it into its facts.
func happen(t *rapid.T, f *Facts, have map[ClockID]Clock, now time.Time) []domain.Event {
	toggle := func(p Path) {
		if _, known := f.At[p]; known && rapid.Bool().Draw(t, "unknown again") {
			delete(f.At, p)
			return
		}
		f.At[p] = now
	}
	switch rapid.IntRange(0, 11).Draw(t, "step") {
	case 0, 1:
		f.Num[IncidentPriority] = rapid.Int64Range(2, 4).Draw(t, "priority")
	case 2:
		f.Code[BreachPersonalData] = rapid.SampledFrom(list("none", "suspected", "confirmed")).Draw(t, "leak")
	case 3:
		toggle(BreachAware)
	case 4:
		toggle(BreachNotified("ap"))
		toggle(Submitted("gdpr", "initial", "ap"))
	case 5:
		toggle(IncidentAcknowledged)
	case 6:
		toggle(IncidentResolved)
	case 7:
		f.Flag[BreachWithdrawn] = !f.Flag[BreachWithdrawn]
	case 8:
		f.Flag[IncidentSignificant] = rapid.Bool().Draw(t, "significant")
		f.Code[IncidentChain] = rapid.SampledFrom(list("suwi", "other")).Draw(t, "chain")
	case 9:
		f.At[IncidentReported] = now.Add(-time.Hour) // a correction
	case 10: // a hold begins or ends; the event of the hold itself tells it
		var ids []domain.Code
		for id, c := range have {
			if c.Service && c.Running() && c.N >= f.Leg {
				ids = append(ids, domain.Code(id))
			}
		}
		if n := len(f.Holds); n > 0 && f.Holds[n-1].To.IsZero() {
			f.Holds[n-1].To = now
			return []domain.Event{ClockResumed{Clocks: ids, To: now}}
		}
		f.Holds = append(f.Holds, Hold{From: now})
		return []domain.Event{ClockPaused{Clocks: ids, From: now}}
	case 11: // reopened: what was done is to be done again, in a leg of its own
		if n := len(f.Holds); n > 0 && f.Holds[n-1].To.IsZero() {
			return nil
		}
		f.Leg++
		f.At[IncidentReopened] = now
		delete(f.At, IncidentAcknowledged)
		delete(f.At, IncidentResolved)
		f.Earlier = map[ClockID]Clock{}
		for id, c := range have {
			if c.Service && c.N < f.Leg {
				f.Earlier[id] = c
			}
		}
	}
	return nil
}

// Whatever happens to an incident, in whatever order: folding the events of Diff
// gives exactly the clocks that Derive gives, also after the events were stored
// and read again; and with nothing changed there is nothing to say.
func TestEventsLeadToExactlyTheClocksDerived(t *testing.T) {
	set := mustSet(t, draft())
	rapid.Check(t, func(rt *rapid.T) {
		f, b := story(t), dutch(set)
		have := map[ClockID]Clock{}
		now := f.At[IncidentRecorded]
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(rt, "seconds")) * time.Second)
			for _, e := range happen(rt, &f, have, now) {
				Apply(have, stored(rt, e))
			}
			f.Bound = map[ClockID]domain.Hash{}
			for id, c := range have {
				f.Bound[id] = c.Policy
			}
			want, err := Derive(f, b)
			if err != nil {
				rt.Fatal(err)
			}
			for _, e := range Diff(have, want) {
				Apply(have, stored(rt, e))
			}
			if len(have) != len(want) {
				rt.Fatalf("%d clocks folded, %d derived", len(have), len(want))
			}
			for _, w := range want {
				if !reflect.DeepEqual(have[w.ID], w) {
					rt.Fatalf("folded  %+v\nderived %+v", have[w.ID], w)
				}
			}
			if again := Diff(have, want); len(again) > 0 {
				rt.Fatalf("nothing changed, yet there are events: %+v", again)
			}
		}
	})
}

// stored writes an event as the ledger does and reads it again.
func stored(t *rapid.T, e domain.Event) domain.Event {
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	p := reflect.New(reflect.TypeOf(e))
	if err := json.Unmarshal(b, p.Interface()); err != nil {
		t.Fatal(err)
	}
	return p.Elem().Interface().(domain.Event)
}

func TestWhatEventsSay(t *testing.T) {
	f, b := story(t), dutch(mustSet(t, draft()))
	have := map[ClockID]Clock{}
	step := func(do func()) []domain.Event {
		do()
		f.Bound = map[ClockID]domain.Hash{}
		for id, c := range have {
			f.Bound[id] = c.Policy
		}
		want, err := Derive(f, b)
		if err != nil {
			t.Fatal(err)
		}
		out := Diff(have, want)
		for _, e := range out {
			Apply(have, e)
		}
		return out
	}
	armed := step(func() { f.Code[BreachPersonalData] = "suspected" })[0].(ClockArmed)
	if armed.Origin.Engine != Engine || armed.Origin.TZDB != TZDBHash() || armed.Origin.Zone != "Europe/Amsterdam" || armed.Origin.Rule != "gdpr-33" {
		t.Errorf("armed by %+v", armed.Origin)
	}
	moved := step(func() { f.At[BreachAware] = at(t, "2026-11-21T12:00:00+01:00") })[0].(ClockMoved)
	if !moved.Was.Equal(armed.Due) || moved.Provisional || moved.Reopened {
		t.Errorf("moved: %+v", moved)
	}
	met := step(func() { f.At[BreachNotified("ap")] = at(t, "2026-11-24T12:00:01+01:00") })[0].(ClockMet)
	if met.OnTime {
		t.Errorf("a second late is late: %+v", met)
	}
	// Corrected: it was in time after all. The clock is met anew.
	if met := step(func() { f.At[BreachNotified("ap")] = at(t, "2026-11-24T12:00:00+01:00") })[0].(ClockMet); !met.OnTime {
		t.Errorf("at the instant is on time: %+v", met)
	}
	if e := step(func() { delete(f.At, BreachNotified("ap")) })[0].(ClockMoved); !e.Reopened {
		t.Errorf("no longer met: %+v", e)
	}
	if e, ok := step(func() { f.Flag[BreachWithdrawn] = true })[0].(ClockCancelled); !ok {
		t.Errorf("withdrawn: %+v", e)
	}
	if e := step(func() { f.Flag[BreachWithdrawn] = false })[0].(ClockMoved); !e.Reopened || e.Due.IsZero() {
		t.Errorf("suspected again: %+v", e)
	}
}

func TestAClockNobodyWantsIsCancelled(t *testing.T) {
	have := map[ClockID]Clock{"a/own/x/1": {ID: "a/own/x/1"}, "b/own/x/1": {ID: "b/own/x/1", Cancelled: true}}
	if out := Diff(have, nil); len(out) != 1 || out[0] != (ClockCancelled{Clock: "a/own/x/1"}) {
		t.Errorf("%+v", out)
	}
	before := maps.Clone(have)
	Apply(have, ClockOverdue{Clock: "a/own/x/1"})
	Apply(have, ClockMet{Clock: "c/own/x/1"})
	if !reflect.DeepEqual(before, have) {
		t.Errorf("events that say nothing new changed %+v", have)
	}
}

// Derive leaves its arguments alone and gives the same for the same.
func TestDeriveIsPure(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Num[IncidentPriority], f.Code[BreachPersonalData] = 2, "suspected"
	f.Holds = []Hold{{From: at(t, "2026-11-21T08:00:00+01:00"), To: at(t, "2026-11-21T10:00:00+01:00")}, {From: at(t, "2026-11-21T11:00:00+01:00")}}
	f.At[IncidentResolved] = at(t, "2026-11-21T12:00:00+01:00")
	before, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	first, second := derive(t, f, b), derive(t, f, b)
	if after, _ := json.Marshal(f); string(after) != string(before) {
		t.Errorf("the facts changed from\n%s\nto\n%s", before, after)
	}
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the same facts gave %+v and %+v", first, second)
	}
}
