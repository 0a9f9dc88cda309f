package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

func TestServiceTermsRunFromTheReportByPriority(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	if got := derive(t, f, b); len(got) != 0 {
		t.Fatalf("without a priority there are clocks: %v", got)
	}
	f.Num[IncidentPriority] = 3
	got := derive(t, f, b)
	if c := got["local-p3-resolution/own/resolution/1"]; len(got) != 2 || !c.Due.Equal(at(t, "2026-11-21T17:00:00+01:00")) || c.Statutory || !c.Service || c.TZ != "Europe/Amsterdam" {
		t.Fatalf("priority 3: %+v", got)
	}
	// A changed priority keeps the anchor; the old terms are owed no more.
	for id, c := range got {
		f.Bound[id] = c.Policy
	}
	f.Num[IncidentPriority] = 2
	got = derive(t, f, b)
	if c := got["local-p2-reaction/own/reaction/1"]; len(got) != 4 || !c.Due.Equal(at(t, "2026-11-21T09:10:00+01:00")) || !c.Warn[0].Equal(at(t, "2026-11-21T09:05:00+01:00")) {
		t.Errorf("priority 2: %+v", got)
	}
	if c := got["local-p3-reaction/own/reaction/1"]; !c.Cancelled || !c.Due.IsZero() {
		t.Errorf("the reaction of priority 3 is still owed: %+v", c)
	}
	f.Flag[IncidentDropped] = true
	for id, c := range derive(t, f, b) {
		if !c.Cancelled && f.Bound[id] != (domain.Hash{}) {
			t.Errorf("a rejected report still owes %s", id)
		}
	}
}

func TestTheLeakDutyIsProvisionalUntilAwarenessIsEstablished(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Code[BreachPersonalData] = "suspected"
	const id = "gdpr-33/ap/initial/1"
	c := derive(t, f, b)[id]
	if !c.Provisional || c.AnchorPath != IncidentDiscovered || !c.Due.Equal(at(t, "2026-11-24T08:00:00+01:00")) || !c.Statutory {
		t.Fatalf("suspected: %+v", c)
	}
	if len(c.Warn) != 2 || !c.Warn[0].Equal(c.Due.Add(-24*time.Hour)) || !c.Warn[1].Equal(c.Due.Add(-6*time.Hour)) {
		t.Errorf("warnings %v, want a day and six hours before, in order", c.Warn)
	}
	delete(f.At, IncidentDiscovered)
	if c := derive(t, f, b)[id]; c.AnchorPath != IncidentRecorded {
		t.Errorf("without a discovery it runs from %s", c.AnchorPath)
	}
	f.At[BreachAware] = at(t, "2026-11-21T12:00:00+01:00")
	f.Holds = []Hold{{From: at(t, "2026-11-21T13:00:00+01:00")}}
	if c := derive(t, f, b)[id]; c.Provisional || !c.Due.Equal(at(t, "2026-11-24T12:00:00+01:00")) || c.Paused {
		t.Errorf("aware, on hold: %+v; what the law sets never stands still", c)
	}
	f.Bound[id] = b.Current.Hash()
	f.At[BreachNotified("ap")] = at(t, "2026-11-24T12:00:00+01:00")
	if c := derive(t, f, b)[id]; !c.OnTime() || c.Met.IsZero() {
		t.Errorf("notified at the very instant: %+v", c)
	}
	f.Flag[BreachWithdrawn] = true
	if c := derive(t, f, b)[id]; c.Met.IsZero() || c.Cancelled {
		t.Errorf("withdrawn after the notification: %+v; it stays met", c)
	}
	delete(f.At, BreachNotified("ap"))
	if c := derive(t, f, b)[id]; !c.Cancelled {
		t.Errorf("withdrawn before a notification: %+v", c)
	}
	b.Profile[OrgCountry] = "BE"
	f.Flag[BreachWithdrawn] = false
	got := derive(t, f, b)
	if !got[id].Cancelled || got["gdpr-33/gba/initial/1"].Due.IsZero() {
		t.Errorf("in Belgium it is owed to another authority: %v", got)
	}
}

func TestAnExcusedDutyIsOwedNoMore(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Code[BreachPersonalData] = "suspected"
	const id = "gdpr-33/ap/initial/1"
	f.Bound = map[ClockID]domain.Hash{id: b.Current.Hash()} // what is excused was owed before
	f.Excused = map[ClockID]bool{"gdpr-33/gba/initial/1": true}
	if c := derive(t, f, b)[id]; c.Cancelled {
		t.Errorf("the duty towards another is excused, and this is cancelled: %+v", c)
	}
	f.Excused = map[ClockID]bool{id: true}
	if c := derive(t, f, b)[id]; !c.Cancelled || !c.Due.IsZero() {
		t.Errorf("excused: %+v", c)
	}
	if lines, err := Explain(f, b, id); err != nil || !slices.Contains(lines, "it was decided with grounds that this is not owed") {
		t.Errorf("excused, and explained so: %q, %v", lines, err)
	}
	f.At[BreachNotified("ap")] = at(t, "2026-11-22T12:00:00+01:00")
	if c := derive(t, f, b)[id]; c.Cancelled || c.Met.IsZero() {
		t.Errorf("excused and done all the same: %+v; it stays met", c)
	}
}

func TestWhatIsKnownOfAClockMayBeTakenBack(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	const id = "gdpr-33/ap/initial/1"
	f.Code[BreachPersonalData], f.Bound[id] = "suspected", b.Current.Hash()
	f.At[BreachNotified("ap")] = f.At[IncidentReported]
	for _, p := range []Path{IncidentDiscovered, IncidentRecorded} {
		delete(f.At, p)
	}
	if c := derive(t, f, b)[id]; !c.Cancelled || !c.Met.IsZero() {
		t.Errorf("no anchor is known any more: %+v", c)
	}
}

func TestAWarningBeforeTheAnchorIsNone(t *testing.T) {
	d := draft()
	d.Rules[0].Warn = []string{"PT72H", "PT100H", "PT1H"}
	b, f := dutch(mustSet(t, d)), story(t)
	f.Code[BreachPersonalData] = "suspected"
	if c := derive(t, f, b)["gdpr-33/ap/initial/1"]; len(c.Warn) != 1 || !c.Warn[0].Equal(c.Due.Add(-time.Hour)) {
		t.Errorf("warnings %v", c.Warn)
	}
}

func TestAFollowingDutyRunsFromTheNotificationItself(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Code[BreachPersonalData], f.Flag[IncidentSignificant] = "confirmed", true
	f.At[BreachAware] = at(t, "2026-11-20T09:00:00+01:00")
	c := derive(t, f, b)["final/ap/final/1"]
	if !c.Provisional || c.AnchorPath != "due.gdpr-33" || !c.Due.Equal(at(t, "2026-12-23T23:59:59+01:00")) {
		t.Fatalf("before the notification: %+v", c)
	}
	f.At[Submitted("gdpr", "initial", "ap")] = at(t, "2026-11-21T09:00:00+01:00")
	if c := derive(t, f, b)["final/ap/final/1"]; c.Provisional || !c.Due.Equal(at(t, "2026-12-21T23:59:59+01:00")) {
		t.Errorf("after it: %+v", c)
	}
}

func TestAtOnceHasATolerance(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Code[IncidentChain] = "suwi"
	c := derive(t, f, b)["chain/desk/initial/1"]
	if !c.Due.Equal(f.At[IncidentReported]) || c.OverdueAt().Sub(c.Due) != 15*time.Minute {
		t.Fatalf("%+v", c)
	}
	for after, want := range map[time.Duration]bool{15 * time.Minute: true, 15*time.Minute + 1: false} {
		f.At[Submitted("suwi", "initial", "desk")] = c.Due.Add(after)
		if got := derive(t, f, b)[c.ID].OnTime(); got != want {
			t.Errorf("told after %s, on time: %t", after, got)
		}
	}
}

func TestALawWithoutANumberHasNoDueButATargetOfOurOwn(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Code[BreachRisk], f.At[BreachHighRiskAt] = "high-risk", at(t, "2026-11-21T10:00:00+01:00")
	got := derive(t, f, b)
	law, target := got["subjects/data-subjects/initial/1"], got["subjects/data-subjects/initial-target/1"]
	if !law.Due.IsZero() || !law.Statutory || !law.OnTime() {
		t.Errorf("the law: %+v", law)
	}
	f.At[SubjectsInformed] = at(t, "2027-11-21T10:00:00+01:00")
	if c := derive(t, f, b)[law.ID]; c.Met.IsZero() || !c.OnTime() {
		t.Errorf("a year later is not late where the law names no number: %+v", c)
	}
	if !target.Due.Equal(at(t, "2026-11-23T10:00:00+01:00")) || target.Statutory || target.Stage != "initial-target" {
		t.Errorf("our own target: %+v", target)
	}
}

func TestHoldsAndLegs(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Num[IncidentPriority] = 2
	const id = "local-p2-resolution/own/resolution/1"
	from := f.At[IncidentReported].Add(time.Hour)
	f.Holds = []Hold{{From: from}}
	if c := derive(t, f, b)[id]; !c.Paused || !c.Due.Equal(at(t, "2026-11-21T13:00:00+01:00")) {
		t.Fatalf("on hold: %+v", c)
	}
	f.Holds[0].To = from.Add(90 * time.Minute)
	if c := derive(t, f, b)[id]; c.Paused || !c.Due.Equal(at(t, "2026-11-21T14:30:00+01:00")) {
		t.Errorf("resumed: %+v", c)
	}
	f.At[IncidentResolved] = at(t, "2026-11-21T14:30:00+01:00")
	first := derive(t, f, b)
	if c := first[id]; !c.OnTime() {
		t.Errorf("resolved at the very instant: %+v", c)
	}
	// Reopened: a leg of its own, and the first as it was, whatever comes.
	f.Bound, f.Earlier, f.Leg = map[ClockID]domain.Hash{}, first, 2
	for id, c := range first {
		f.Bound[id] = c.Policy
	}
	f.At[IncidentReopened] = at(t, "2026-11-22T09:00:00+01:00")
	f.Holds = append(f.Holds, Hold{From: at(t, "2026-11-22T10:00:00+01:00"), To: at(t, "2026-11-22T11:00:00+01:00")})
	got := derive(t, f, b)
	if !reflect.DeepEqual(got[id], first[id]) {
		t.Errorf("the first leg changed to %+v", got[id])
	}
	second := got["local-p2-resolution/own/resolution/2"]
	if second.N != 2 || second.AnchorPath != IncidentReopened || !second.Met.IsZero() || !second.Due.Equal(at(t, "2026-11-22T14:00:00+01:00")) {
		t.Errorf("the second leg: %+v", second)
	}
	f.Earlier = nil
	if _, err := Derive(f, b); err == nil || !strings.Contains(err.Error(), "leg 1") {
		t.Errorf("a first leg of which nothing is known: %v", err)
	}
}

func TestAClockKeepsItsLaw(t *testing.T) {
	old := mustSet(t, draft())
	d := draft()
	d.Version, d.Rules[0].Due = "2", Term{Elapsed: "PT96H"}
	b := dutch(mustSet(t, d))
	f := story(t)
	f.Code[BreachPersonalData] = "suspected"
	const id = "gdpr-33/ap/initial/1"
	if c := derive(t, f, b)[id]; !c.Due.Equal(at(t, "2026-11-25T08:00:00+01:00")) {
		t.Fatalf("under the new law: %+v", c)
	}
	f.Bound[id] = old.Hash()
	if _, err := Derive(f, b); err == nil || !strings.Contains(err.Error(), old.Hash().String()) {
		t.Errorf("bound to a set that is not there: %v", err)
	}
	b.Sets = map[domain.Hash]*Set{old.Hash(): old}
	if c := derive(t, f, b)[id]; !c.Due.Equal(at(t, "2026-11-24T08:00:00+01:00")) || c.Policy != old.Hash() {
		t.Errorf("armed under the old law: %+v", c)
	}
}

func TestTheSetValidAtTheAnchorArms(t *testing.T) {
	d1, d2 := draft(), draft()
	d1.ValidFrom, d1.ValidTo = "2020-01-01", "2026-11-21"
	d2.Version, d2.ValidFrom, d2.Rules[0].Due = "2", "2026-11-21", Term{Elapsed: "PT96H"}
	s1, s2 := mustSet(t, d1), mustSet(t, d2)
	b := dutch(s2)
	b.Sets, b.Standing = map[domain.Hash]*Set{s1.Hash(): s1, s2.Hash(): s2}, []*Set{s2, s1}
	f := story(t)
	f.Code[BreachPersonalData] = "suspected"
	for aware, want := range map[string]*Set{"2026-11-20T23:59:59+01:00": s1, "2026-11-21T00:00:00+01:00": s2} {
		f.At[BreachAware] = at(t, aware)
		if c := derive(t, f, b)["gdpr-33/ap/initial/1"]; c.Policy != want.Hash() {
			t.Errorf("aware at %s: armed under %s, want version %s", aware, c.Policy, want.Version)
		}
	}
	f.At[BreachAware] = at(t, "2019-12-31T23:59:59+01:00")
	if got := derive(t, f, b); len(got) != 0 {
		t.Errorf("before any set was valid: %v", got)
	}
}

func TestExplainTellsHowItCame(t *testing.T) {
	b, f := dutch(mustSet(t, draft())), story(t)
	f.Num[IncidentPriority], f.Code[BreachPersonalData], f.Flag[IncidentSignificant] = 2, "suspected", true
	f.Holds = []Hold{{From: at(t, "2026-11-21T10:00:00+01:00"), To: at(t, "2026-11-21T10:30:00+01:00")}}
	f.At[Submitted("gdpr", "initial", "ap")] = at(t, "2026-11-25T09:00:00+01:00")
	for id, want := range map[ClockID][]string{
		"gdpr-33/ap/initial/1":                 {"the law (statutory)", "breach.personalData = suspected", "provisional", "72h0m0s", "due: 2026-11-24T08:00:00+01:00", "running", "breach.aware, once known, would move it", "a hold would not move it"},
		"local-p2-resolution/own/resolution/1": {"our own", "on hold from 2026-11-21T10:00:00+01:00", "due: 2026-11-21T13:30:00+01:00", "incident.resolved would meet it"},
		"final/ap/final/1":                     {"Fri 2026-12-25 is not worked (christmas)", "Sat 2026-12-26 is not worked (boxing-day)", "Sun 2026-12-27 is not worked (sun)", "due: 2026-12-28T23:59:59+01:00"},
	} {
		lines, err := Explain(f, b, id)
		text := strings.Join(lines, "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in (%v)\n%s", id, w, err, text)
			}
		}
	}
	if _, err := Explain(f, b, "gdpr-99/ap/initial/1"); err == nil {
		t.Error("a clock that is not there was explained")
	}
}

func BenchmarkDerive(b *testing.B) {
	basis, f := dutch(mustSet(b, draft())), story(b)
	f.Num[IncidentPriority], f.Code[BreachPersonalData], f.Flag[IncidentSignificant] = 2, "suspected", true
	f.Code[IncidentChain], f.Code[BreachRisk], f.At[BreachHighRiskAt] = "suwi", "high-risk", f.At[IncidentReported]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Derive(f, basis); err != nil {
			b.Fatal(err)
		}
	}
}
