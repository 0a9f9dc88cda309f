package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers/catalogue"
)

// Without a last resort the message is kept, over a restart too, and whoever comes
// on call gets it.
//
// requirements: ARC-05
func TestWhoComesOnCallLaterIsTold(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	watch := listen(t, always(200))
	b := &book{onCall: map[domain.Code][]Receiver{}}
	c := o.people(p, b)
	c.Endpoints = []Endpoint{watch.endpoint()} // of the events that every webhook gets
	stop := o.alert(c)
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, repeat("webhook:desk 1 delivered 200", 2)...)
	nobody(o, key, "security-officer")
	var kinds []string
	for _, m := range watch.messages() {
		kinds = append(kinds, strings.TrimPrefix(m.kind, "nl.incidentledger.incident."))
	}
	if slices.Sort(kinds); !slices.Equal(kinds, []string{"incident-escalated", "nobody-on-call"}) {
		t.Errorf("the webhook got %v", kinds)
	}
	stop()
	o.restart(nil)
	b.put("security-officer", byMail("els"))
	c.Conn = o.bus.connect()
	defer o.alert(c)()
	o.wantDeliveries(key, "mail:els 1 delivered 250", "webhook:desk 1 delivered 200", "webhook:desk 1 delivered 200")
	nobody(o, key, "security-officer")
	if got := p.messages(1)[0]; strings.Contains(got.body, "Niemand") {
		t.Errorf("who is on call got\n%s", got.raw)
	}
}

// requirements: ARC-05
func TestWhoComesOnCallTakesOverWhatReachedNobody(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS, func(p *postbox) {
		p.rcpt = func(to string) error {
			if strings.HasPrefix(to, "els@") {
				return answer(550)
			}
			return nil
		}
	})
	b := &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}}
	c := o.people(p, b)
	c.People.Ladder = func(level int) (domain.Code, time.Duration, bool) { return "board", 100 * time.Hour, level == 1 }
	defer o.alert(c)()
	key, other, last := o.report(), o.report(), o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:els 1 failed 550")
	b.put("security-officer", byMail("piet"))
	o.wantDeliveries(key, "mail:els 1 failed 550", "mail:piet 1 delivered 250")
	// Who had it keeps it: it waits for the ladder, and the next shift is not told.
	b.put("security-officer", byMail("noor"))
	o.escalate(other)
	o.wantDeliveries(other, "mail:noor 1 delivered 250")
	b.put("security-officer")
	o.escalate(last)
	nobody(o, last, "security-officer")
	nobody(o, key, "operator") // for the failure
	o.wantDeliveries(key, "mail:els 1 failed 550", "mail:piet 1 delivered 250")
}

// What is kept is let go of when the incident is over.
func TestWhatReachedNobodyEndsWithTheIncident(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS, func(p *postbox) { p.rcpt = func(string) error { return answer(550) } })
	b := &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}}
	defer o.alert(o.people(p, b))()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:els 1 failed 550")
	nobody(o, key, "operator")
	o.do(key, &incident.WithdrawReport{Grounds: "Geheim"})
	o.bus.waitDone(durableOfPeople)
}

// A webhook that is away cannot hear that nobody is there to be told that it is
// away, without end.
func TestThatNobodyIsOnCallForAFailureIsToldOnce(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	r := listen(t, always(500))
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}})
	c.Endpoints, c.Retries = []Endpoint{r.endpoint()}, []time.Duration{}
	defer o.alert(c)()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:els 1 delivered 250", "webhook:desk 1 failed 500", "webhook:desk 1 failed 500")
	last := o.report() // what comes later shows that nothing came between
	o.escalate(last)
	o.wantDeliveries(last, "mail:els 1 delivered 250", "webhook:desk 1 failed 500", "webhook:desk 1 failed 500")
	o.wantDeliveries(key, "mail:els 1 delivered 250", "webhook:desk 1 failed 500", "webhook:desk 1 failed 500")
	nobody(o, key, "operator")
}

// Whoever is told in place of another is told so, in every language.
func TestWhoIsToldInPlaceOfAnotherIsToldSo(t *testing.T) {
	p, err := (&People{Directory: &book{}}).complete()
	if err != nil {
		t.Fatal(err)
	}
	o := &occasion{about: AboutCalamity}
	for _, lang := range catalogue.Languages() {
		h := &hop{Receiver: byMail("last")}
		h.Language = lang
		plain := p.message(t.Context(), o, &incident.Incident{}, h, nil).text
		for _, missing := range []target{{role: "security-officer"}, {person: domain.PersonID{UUID: handlersID()}}} {
			text := p.message(t.Context(), o, &incident.Incident{}, h, &missing).text
			if text == plain || strings.Contains(text, "alerts.") || missing.role != "" && !strings.Contains(text, "(CISO)") {
				t.Errorf("in %s it says\n%s", lang, text)
			}
		}
	}
}

// However shifts change: who is not on call is not tried, and once somebody with
// the role was reached nobody else is told.
func TestShiftsChangeAndEachMessageReachesOne(t *testing.T) {
	pauses := []time.Duration{time.Minute}
	rapid.Check(t, func(t *rapid.T) {
		var rs []Receiver
		for i := range rapid.IntRange(1, 4).Draw(t, "receivers") {
			rs = append(rs, byMail(domain.Code(fmt.Sprint("r", i)), "security-officer"))
		}
		trials := map[domain.Code]incident.Trial{}
		now, reached := time.Now(), false
		for range 20 {
			b := &book{onCall: map[domain.Code][]Receiver{}}
			on := rapid.SliceOfNDistinct(rapid.IntRange(0, len(rs)-1), 0, len(rs), rapid.ID[int]).Draw(t, "on call")
			for i, r := range rs {
				if slices.Contains(on, i) {
					b.onCall["security-officer"] = append(b.onCall["security-officer"], r)
				} else {
					b.off = append(b.off, r)
				}
			}
			p, err := (&People{Directory: b}).complete()
			if err != nil {
				t.Fatal(err)
			}
			route, found, err := p.route(target{role: "security-officer"}, 0, now)
			if err != nil || found != (len(on) > 0) {
				t.Fatalf("found %v with %v on call, %v", found, on, err)
			}
			m := next(route, func(ch domain.Code) incident.Trial { return trials[ch] }, pauses, nil, now)
			switch {
			case m.reached != reached:
				t.Fatalf("reached: %v, want %v", m.reached, reached)
			case m.hop != nil:
				i := slices.IndexFunc(rs, func(r Receiver) bool { return r.ID == m.hop.ID })
				if !slices.Contains(on, i) {
					t.Fatalf("r%d is tried while %v are on call", i, on)
				}
				reached = rapid.Bool().Draw(t, "delivered")
				trials[m.hop.code] = incident.Trial{Attempts: m.attempt, Last: now, Delivered: reached, GivenUp: m.last}
			case m.lost:
				for _, i := range on {
					if !trials[channelCode(ByMail, rs[i].ID, 1)].GivenUp {
						t.Fatalf("lost while r%d was not tried to the end", i)
					}
				}
			}
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Hour}).Draw(t, "pause"))
		}
	})
}
