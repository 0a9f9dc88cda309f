package overdue

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

func TestALateProfileReachesEveryOpenIncidentOnce(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		before := []domain.Key{o.report(), o.report()}
		ended := o.report()
		o.do(ended, &incident.WithdrawReport{Grounds: "It lay in the drawer."})
		stop := o.keep()
		synctest.Wait()
		o.become("important") // nothing is owed by that
		synctest.Wait()
		if last := l.Last(); last != 6 {
			t.Fatalf("the ledger has %d entries, want 6: nothing came out otherwise", last)
		}
		o.become("essential")
		synctest.Wait()
		got := o.armed("cbw")
		for _, key := range before {
			if !slices.Contains(got, key) {
				t.Errorf("incident %s has no term", key)
			}
		}
		if len(got) != len(before) {
			t.Errorf("terms began in %v, want one in each of %v", got, before)
		}
		agenda, err := View(o.views).Agenda(time.Now())
		if err != nil || len(agenda.Behind) > 0 || agenda.Law.Profile != 7 {
			t.Errorf("behind the law of the profile of entry %d are still %v, %v", agenda.Law.Profile, agenda.Behind, err)
		}
		stop()
		last := l.Last()
		defer o.keep()() // and a restart repeats nothing
		pass(time.Second)
		if l.Last() != last {
			t.Errorf("%d entries came with the restart", l.Last()-last)
		}
	})
}

func TestARestartLosesNoChangeOfTheLaw(t *testing.T) {
	bubble(t, func(o *office, l *slice) {
		defer o.view()()
		key := o.report()
		o.become("essential")
		l.close(domain.ErrUnavailable)
		stop := o.keep()
		pass(5 * time.Second)
		stop()
		l.close(nil)
		o.wantSaid()
		defer o.keep()()
		synctest.Wait()
		if got := o.armed("cbw"); !slices.Equal(got, []domain.Key{key}) {
			t.Errorf("terms began in %v, want %v", got, key)
		}
		o.report() // judged by the new law from the start
		synctest.Wait()
		if got := o.armed("cbw"); len(got) != 2 {
			t.Errorf("terms began in %v, want one in each of both", got)
		}
	})
}
