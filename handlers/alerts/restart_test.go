package alerts

import (
	"sync/atomic"
	"testing"
	"time"

	"incidentledger/domain"
)

// Whatever waits goes on after a restart, whether the stream still knows how far
// it was or its place was lost: no attempt is made twice and what was recorded
// meanwhile is told.
//
// requirements: ARC-05
func TestARestartGoesOnWhereItStopped(t *testing.T) {
	for name, lost := range map[string]bool{"in order": false, "the place in the stream is lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			var down atomic.Bool
			r := listen(t, func(int) int {
				if down.Load() {
					return 500
				}
				return 200
			})
			p := serveMail(t, NoTLS, func(p *postbox) {
				p.rcpt = func(string) error {
					if down.Load() {
						return answer(451)
					}
					return nil
				}
			})
			c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}})
			var w wall
			c.Now, c.Endpoints, c.Retries, c.People.Retries = w.now, []Endpoint{r.endpoint()}, []time.Duration{time.Hour}, []time.Duration{time.Hour}
			stop := o.alert(c)
			old, key, later := o.report(), o.report(), o.report()
			o.escalate(old)
			o.wantDeliveries(old, "mail:els 1 delivered 250", "webhook:desk 1 delivered 200")
			down.Store(true)
			o.escalate(key)
			o.wantDeliveries(key, "mail:els 1 failed 451", "webhook:desk 1 failed 500")
			stop()
			if lost {
				o.bus.forget("people", "alerts-desk")
			}
			down.Store(false)
			o.restart(func() { o.escalate(later) })
			c.Conn = o.bus.connect()
			stop = o.alert(c)
			o.wantDeliveries(later, "mail:els 1 delivered 250", "webhook:desk 1 delivered 200")
			o.wantDeliveries(key, "mail:els 1 failed 451", "webhook:desk 1 failed 500") // its hour is not over
			stop()
			o.restart(nil)
			w.forward(2 * time.Hour)
			o.bus.forget("alerts-desk") // the server counts the hour by a clock of its own
			c.Conn = o.bus.connect()
			defer o.alert(c)()
			o.wantDeliveries(key, "mail:els 1 failed 451", "mail:els 2 delivered 250", "webhook:desk 1 failed 500", "webhook:desk 2 delivered 200")
			o.wantDeliveries(old, "mail:els 1 delivered 250", "webhook:desk 1 delivered 200")
			if mails, posts := len(p.messages(3)), len(r.messages()); mails != 3 || posts != 4 {
				t.Errorf("%d mails and %d posts", mails, posts)
			}
		})
	}
}
