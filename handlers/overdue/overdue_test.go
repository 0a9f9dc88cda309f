package overdue

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// In a bubble it is midnight of 1 January 2000 at first. A report then has to be
// acknowledged at 04:00, with a warning at 03:00.

func TestAWarningAndOverdueAreSaidAtTheirInstants(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		o.report()
		defer o.keep()()
		pass(3*time.Hour - time.Second)
		o.wantSaid()
		pass(2 * time.Second)
		o.wantSaid("01T03:00:00 reaction/own/initial/1 warn-1")
		pass(time.Hour - 2*time.Second)
		o.wantSaid("01T03:00:00 reaction/own/initial/1 warn-1")
		pass(30 * time.Hour)
		o.wantSaid("01T03:00:00 reaction/own/initial/1 warn-1", "01T04:00:00 reaction/own/initial/1 overdue")
	})
}

func TestAReportDuringTheSleepIsHeeded(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		defer o.keep()()
		pass(time.Hour)
		o.do(o.report(), &incident.EstablishAwareness{AwareAt: time.Now().Add(-72*time.Hour - time.Second), Basis: "It was known all along."})
		synctest.Wait() // no time passes: the view wakes the door
		o.wantSaid("01T01:00:00 gdpr-33/ap/initial/1 warn-1", "01T01:00:00 gdpr-33/ap/initial/1 overdue")
	})
}

func TestNeitherARestartNorASecondRunSaysItTwice(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		for range 20 {
			o.report()
		}
		stop, stop2 := o.keep(), o.keep()
		pass(3*time.Hour + time.Second)
		stop()
		stop2()
		stop = o.keep()
		pass(10 * time.Hour)
		stop()
		defer o.keep()()
		pass(time.Hour)
		if got := len(o.said()); got != 40 {
			t.Errorf("%d things were said of 20 incidents, want 40", got)
		}
	})
}

func TestWhatTheDueInstantItselfBringsIsNotOverdue(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		key := o.report()
		pass(4 * time.Hour) // exactly
		defer o.keep()()
		synctest.Wait()
		o.do(key, &incident.AcknowledgeIncident{})
		pass(time.Hour)
		o.wantSaid("01T04:00:00 reaction/own/initial/1 warn-1")
	})
}

func TestAMovedClockIsOverdueAgain(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		key := o.report()
		o.do(key, &incident.AcknowledgeIncident{})
		defer o.keep()()
		first, second := time.Now().Add(-72*time.Hour), time.Now().Add(-70*time.Hour)
		o.do(key, &incident.EstablishAwareness{AwareAt: first, Basis: "The mail."})
		pass(time.Minute)
		o.do(key, &incident.CorrectAwareness{AwareAt: second, Basis: "The mail was read later."})
		pass(3 * time.Hour)
		o.do(key, &incident.CorrectAwareness{AwareAt: first, Basis: "It was not."})
		pass(time.Hour)
		const clock = "gdpr-33/ap/initial/1"
		o.wantSaid("01T00:00:00 "+clock+" warn-1", "01T00:00:00 "+clock+" overdue",
			"01T00:01:00 "+clock+" warn-1", "01T02:00:00 "+clock+" overdue",
			"01T03:01:00 "+clock+" warn-1", "01T03:01:00 "+clock+" overdue")
	})
}

func TestWhatWasMetMeanwhileIsPassedOver(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		key, other := o.report(), o.report()
		stop := o.view()
		synctest.Wait()
		stop() // the view stands still and knows of no acknowledgement
		o.do(key, &incident.AcknowledgeIncident{})
		defer o.keep()()
		pass(3*time.Hour + time.Minute)
		o.wantSaid("01T03:00:00 reaction/own/initial/1 warn-1")
		if f, _, err := o.desk.State(t.Context(), domain.Ref{Kind: incident.Name, Key: other}, 0); err != nil || f.(*incident.Incident).Seq != l.Last() {
			t.Errorf("the one that was not met has no word of it: %v", err)
		}
		defer o.view()()
		pass(2 * time.Hour)
		o.wantSaid("01T03:00:00 reaction/own/initial/1 warn-1", "01T04:00:00 reaction/own/initial/1 overdue")
	})
}

func TestALedgerThatTakesNothingIsAskedSeldomAndInTheEnd(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		o.report()
		o.report()
		defer o.keep()()
		pass(2 * time.Hour)
		l.close(fmt.Errorf("disk full: %w", domain.ErrUnavailable))
		pass(2 * time.Hour) // due at 03:00
		if l.tries < 100 || l.tries > 140 {
			t.Errorf("asked %d times within an hour, want about every 30 seconds", l.tries)
		}
		l.close(nil)
		pass(time.Minute)
		if got := len(o.said()); got != 4 {
			t.Errorf("said %q, want the warning and overdue of both", o.said())
		}
	})
}

func TestASteppedClockIsRecordedOnceAndObeyed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		shift time.Duration
		want  []string
	}{
		{"forward", 5 * time.Hour, []string{"01T05:10:30 stepped 5h0m0s", "01T05:10:30 reaction/own/initial/1 warn-1", "01T05:10:30 reaction/own/initial/1 overdue"}},
		{"back", -time.Hour, []string{"01T00:00:00 stepped -1h0m0s"}},
		{"by a second", time.Second, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(o *office, l *slice) {
				var by atomic.Int64
				o.now = func() time.Time { return time.Now().Add(time.Duration(by.Load())) }
				defer o.view()()
				o.report()
				defer o.keep()()
				pass(10*time.Minute + 10*time.Second)
				by.Store(int64(tt.shift))
				pass(time.Hour)
				o.wantSaid(tt.want...)
			})
		})
	}
}

func TestAStepIsRecordedWhenTheLedgerTakesEntriesAgain(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		var by atomic.Int64
		o.now = func() time.Time { return time.Now().Add(time.Duration(by.Load())) }
		defer o.view()()
		defer o.keep()()
		pass(time.Second)
		l.close(domain.ErrUnavailable)
		by.Store(int64(time.Minute))
		pass(10 * time.Minute)
		l.close(nil)
		pass(5 * time.Minute)
		if got := o.said(); len(got) != 1 {
			t.Errorf("said %q, want one step of the clock", got)
		}
	})
}

// An order id that came out otherwise one day would say everything a second time.
func TestIdsOfOrdersAreForEver(t *testing.T) {
	due := time.Date(2026, 11, 24, 8, 14, 0, 0, time.UTC)
	s := saying{key: domain.Key{UUID: uuid.MustParse("0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11")}, clock: "gdpr-33/ap/initial/1", stage: "overdue", due: due}
	const want = "67738884-6c7b-57cb-b645-5bd9246e1a63"
	if got := s.id().String(); got != want {
		t.Errorf("the id is %s, want %s", got, want)
	}
	moved, warned, other, elsewhere := s, s, s, s
	moved.due = due.Add(time.Nanosecond)
	warned.stage = "warn-1"
	other.clock = "gdpr-33/ap/initial/2"
	elsewhere.key = domain.Key{UUID: uuid.MustParse("0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c12")}
	for _, o := range []saying{moved, warned, other, elsewhere} {
		if o.id() == s.id() {
			t.Errorf("%+v has the id of %+v", o, s)
		}
	}
}
