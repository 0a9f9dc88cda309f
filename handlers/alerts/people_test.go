package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

const leak domain.Code = "gdpr-33/ap/initial/1"

// A book is a directory that can be asked to fail.
type book struct {
	mu      sync.Mutex
	onCall  map[domain.Code][]Receiver
	off     []Receiver
	persons map[domain.PersonID]Receiver
	fails   int // so many times
}

func (b *book) OnCall(role domain.Code, _ time.Time) ([]Receiver, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails--; b.fails >= 0 {
		return nil, errors.New("the directory is not there")
	}
	return b.onCall[role], nil
}

// put sets who is on call for a role; who was before is off then.
func (b *book) put(role domain.Code, rs ...Receiver) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.onCall[role] {
		r.Roles = []domain.Code{role}
		b.off = append(b.off, r)
	}
	b.onCall[role] = rs
}

func (b *book) Person(id domain.PersonID) (Receiver, bool, error) {
	r, ok := b.persons[id]
	return r, ok, nil
}

func (b *book) Receivers() ([]Receiver, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.off)
	for _, role := range []domain.Code{"security-officer", "secretary", "board", "operator", ""} {
		out = append(out, b.onCall[role]...)
	}
	return out, nil
}

// byMail is somebody who is reached by mail.
func byMail(id domain.Code, roles ...domain.Code) Receiver {
	return Receiver{ID: id, Language: "nl", Roles: roles, Channels: []Channel{{Kind: ByMail, Address: string(id) + "@example.org"}}}
}

func (r *receiver) channel() Channel {
	return Channel{Kind: ByWebhook, Address: r.srv.URL + "/hook", Secret: r.secret}
}

// people tells those in a book by mail.
func (o *office) people(p *postbox, b *book) Config {
	c := o.config()
	// What was on its way to a worker that stopped comes again after these two.
	c.Timeout, c.Margin = 2*time.Second, 2*time.Second
	c.People = &People{Directory: b, Mail: p.server(NoTLS), Retries: []time.Duration{time.Millisecond, time.Millisecond}, Look: 5 * time.Millisecond,
		Number: func(context.Context, domain.Key) string { return "2026-0042" },
		Title:  func(context.Context, domain.Key) string { return "Laptop weg" },
		Link:   func(key domain.Key) string { return "https://example.org/" + key.String() }}
	return c
}

// A wall is a clock that can be put forward.
type wall struct{ by atomic.Int64 }

func (w *wall) now() time.Time          { return time.Now().Add(time.Duration(w.by.Load())) }
func (w *wall) forward(d time.Duration) { w.by.Add(int64(d)) }
func (o *office) aware(key domain.Key, ago time.Duration) {
	o.t.Helper()
	o.do(key, &incident.EstablishAwareness{AwareAt: time.Now().Add(-ago), Basis: "Geheim"})
}

// wantEvents waits until an incident has as many events of a type as wanted and
// holds that they are these, in this order.
func wantEvents[E domain.Event](o *office, key domain.Key, show func(E) string, want ...string) {
	o.t.Helper()
	o.wantTold(key, func(e domain.Event) (string, bool) {
		if e, ok := e.(E); ok {
			return show(e), true
		}
		return "", false
	}, func([]string) {}, want)
}

func escalations(o *office, key domain.Key, want ...string) {
	o.t.Helper()
	wantEvents(o, key, func(e incident.IncidentEscalated) string {
		return fmt.Sprintf("%d %s %s", e.Level, e.To, e.Because)
	}, want...)
}

func nobody(o *office, key domain.Key, want ...string) {
	o.t.Helper()
	wantEvents(o, key, func(e incident.NobodyOnCall) string { return strings.TrimSpace(string(e.Role + " " + e.Clock)) }, want...)
}

// requirements: ARC-05 ORG-08
func TestWhoIsOnCallIsToldByMail(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	els := byMail("els")
	safe := byMail("safe")
	safe.Language, safe.Channels[0].Safe = "fr", true
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {els}, "secretary": {safe}}})
	defer o.alert(c)()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:els 1 delivered 250")
	got := p.messages(1)[0]
	for header, want := range map[string]string{
		"Subject": "[2026-0042] Escalatie, niveau 1", "To": "<els@example.org>", "Auto-Submitted": "auto-generated", "Content-Language": "nl",
	} {
		if got.head.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.head.Get(header), want)
		}
	}
	if id := got.head.Get("Idempotency-Key"); got.head.Get("Message-Id") != "<"+id+"@example.org>" || !strings.HasSuffix(id, ".els") {
		t.Errorf("its ids are %s and %s", id, got.head.Get("Message-Id"))
	}
	if !strings.Contains(got.body, "https://example.org/"+key.String()) || strings.Contains(got.raw, "Geheim") || strings.Contains(got.raw, "Laptop") {
		t.Errorf("it says\n%s", got.raw)
	}
	o.do(key, &incident.Escalate{To: "secretary", Kind: "hierarchical", Level: 2, Because: "manual", Reason: "Geheim"})
	o.wantDeliveries(key, "mail:els 1 delivered 250", "mail:safe 1 delivered 250")
	if got := p.messages(2)[1]; !strings.Contains(got.body, "Laptop weg") || got.head.Get("Content-Language") != "fr" {
		t.Errorf("the safe channel got\n%s", got.raw)
	}
}

// requirements: ARC-05 NOT-05 NOT-13
func TestDutiesAndTermsAreToldToThoseWhoAnswerForThem(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	both := byMail("both")
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {both}, "secretary": {both, byMail("sec")}, "operator": {byMail("ops")}}})
	defer o.alert(c)()
	key := o.report()
	o.aware(key, 80*time.Hour)
	o.wantDeliveries(key, "mail:both 1 delivered 250 gdpr-33/ap/initial/1")
	o.system(key, &incident.MarkDueSoon{Clock: leak, Stage: "warn-1"})
	o.wantDeliveries(key, repeat("mail:both 1 delivered 250 gdpr-33/ap/initial/1", 2)...)
	// Who has two of the roles is told once.
	o.system(key, &incident.MarkOverdue{Clock: leak})
	o.wantDeliveries(key, repeat("mail:both 1 delivered 250 gdpr-33/ap/initial/1", 3)...)
	var subjects []string
	for _, m := range p.messages(3) {
		subjects = append(subjects, m.head.Get("Subject"))
	}
	if want := []string{"[2026-0042] Nieuwe meldplicht: " + string(leak), "[2026-0042] Termijn loopt af: " + string(leak), "[2026-0042] Wettelijke termijn verstreken: " + string(leak)}; !slices.Equal(subjects, want) {
		t.Errorf("the subjects are %q, want %q", subjects, want)
	}
}

func TestAMailServerThatFailsIsAskedAgainUntilItIsBack(t *testing.T) {
	for name, tt := range map[string]struct {
		answers int // 0: none
		code    string
	}{"busy": {451, "451"}, "broken": {554, "554"}, "silent": {0, "0"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			over := make(chan struct{})
			defer close(over)
			p := serveMail(t, NoTLS, func(p *postbox) {
				p.data = func(n int) error {
					switch {
					case n > 2:
						return nil
					case tt.answers == 0:
						<-over
					}
					return answer(max(tt.answers, 400))
				}
			})
			c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}, fails: 2})
			if tt.answers == 0 {
				c.Timeout = 100 * time.Millisecond
			}
			defer o.alert(c)()
			key := o.report()
			o.escalate(key)
			o.wantDeliveries(key, "mail:els 1 failed "+tt.code, "mail:els 2 failed "+tt.code, "mail:els 3 delivered 250")
			got := p.messages(3)
			for _, m := range got {
				if m.head.Get("Message-Id") != got[0].head.Get("Message-Id") {
					t.Errorf("the message had the id %s", m.head.Get("Message-Id"))
				}
			}
		})
	}
}

// The server took the message and the program ended before it knew, and before
// it could write that down: it comes again under the same id.
func TestAMessageThatCameTwiceIsKnownByItsID(t *testing.T) {
	o := open(t)
	wait := make(chan struct{})
	var one sync.Once
	p := serveMail(t, NoTLS, func(p *postbox) {
		p.data = func(n int) error {
			if n == 1 {
				<-wait
			}
			return nil
		}
	})
	defer one.Do(func() { close(wait) })
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}})
	stop := o.alert(c)
	key := o.report()
	o.escalate(key)
	p.messages(1)
	stop()
	one.Do(func() { close(wait) })
	c.Conn = o.bus.connect()
	defer o.alert(c)()
	o.wantDeliveries(key, "mail:els 1 delivered 250")
	got := p.messages(2)
	if len(got) != 2 || got[0].head.Get("Message-Id") != got[1].head.Get("Message-Id") || got[0].head.Get("Date") != got[1].head.Get("Date") {
		t.Errorf("%d messages, with the ids %s and %s", len(got), got[0].head.Get("Message-Id"), got[1].head.Get("Message-Id"))
	}
}

// requirements: ARC-05 COM-05
func TestAWayThatFailsIsFollowedByTheNextAndTheFailureIsTold(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS, func(p *postbox) {
		p.rcpt = func(to string) error {
			if strings.HasPrefix(to, "els@") {
				return answer(550)
			}
			return nil
		}
	})
	hook := listen(t, always(500))
	els := byMail("els")
	els.Channels = append(els.Channels, hook.channel())
	piet := byMail("piet")
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {els, piet}, "operator": {byMail("ops")}}})
	c.Health = &Health{}
	defer o.alert(c)()
	key := o.report()
	o.escalate(key)
	// A server that knows no such address is not asked again.
	o.wantDeliveries(key, "mail:els 1 failed 550", "webhook:els 1 failed 500", "webhook:els 2 failed 500", "webhook:els 3 failed 500",
		"mail:piet 1 delivered 250", "mail:ops 1 delivered 250", "mail:ops 1 delivered 250")
	var failing []string
	for _, h := range c.Health.Conditions() {
		if !h.Delivered {
			failing = append(failing, fmt.Sprint(h.Channel, " ", h.Status))
		}
	}
	if want := []string{"mail:els 550", "webhook:els 500"}; !slices.Equal(failing, want) {
		t.Errorf("failing are %q, want %q", failing, want)
	}
}

// A mail server that is away for longer than all are tried is no reason to be
// silent when it is back.
func TestWhenEverybodyWasTriedInVainItBeginsAgain(t *testing.T) {
	o := open(t)
	var n atomic.Int64
	p := serveMail(t, NoTLS, func(p *postbox) {
		p.rcpt = func(to string) error {
			if strings.HasPrefix(to, "els@") && n.Add(1) <= 5 {
				return answer(451)
			}
			return nil
		}
	})
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}, "operator": {byMail("ops")}}})
	c.People.Later = []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}
	defer o.alert(c)()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:els 1 failed 451", "mail:els 2 failed 451", "mail:els 3 failed 451", "mail:els 4 failed 451", "mail:els 5 failed 451",
		"mail:els 6 delivered 250", "mail:ops 1 delivered 250")
}

func TestThatAMessageAboutAFailureFailedIsNotToldAgain(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS, func(p *postbox) { p.rcpt = func(string) error { return answer(550) } })
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}, "operator": {byMail("ops")}}})
	defer o.alert(c)()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:els 1 failed 550", "mail:ops 1 failed 550")
	o.escalate(key) // what comes later shows that nothing came between
	o.wantDeliveries(key, "mail:els 1 failed 550", "mail:ops 1 failed 550", "mail:els 1 failed 550", "mail:ops 1 failed 550")
}

// requirements: ARC-05
func TestNobodyOnCallIsAnAlarmOfItsOwn(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	watch := listen(t, always(200))
	b := &book{onCall: map[domain.Code][]Receiver{"": {byMail("last")}}}
	c := o.people(p, b)
	c.People.LastResort = "last"
	c.People.Ladder = func(level int) (domain.Code, time.Duration, bool) { return "secretary", time.Hour, level == 1 }
	e := watch.endpoint()
	e.Types = []domain.Code{nobodyOnCall}
	c.Endpoints = []Endpoint{e}
	defer o.alert(c)()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "mail:last 1 delivered 250", "webhook:desk 1 delivered 200")
	nobody(o, key, "security-officer")
	if got := p.messages(1)[0]; !strings.Contains(got.body, "Niemand met de rol informatiebeveiligingsfunctionaris (CISO) heeft dienst") {
		t.Errorf("the last resort got\n%s", got.raw)
	}
	b.put("secretary", byMail("sec"))
	other := o.report()
	o.aware(other, 80*time.Hour)
	o.wantDeliveries(other, "mail:sec 1 delivered 250 "+string(leak), "webhook:desk 1 delivered 200 "+string(leak))
	nobody(o, other, "security-officer "+string(leak))
}

// requirements: MAJ-09
func TestAnEscalationThatNobodyAcknowledgesClimbsTheLadder(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	var w wall
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}, "secretary": {byMail("sec")}, "board": {byMail("mayor")}}})
	c.Now = w.now
	c.People.Ladder = func(level int) (domain.Code, time.Duration, bool) {
		to := []domain.Code{"secretary", "board"}
		if level > len(to) {
			return "", 0, false
		}
		return to[level-1], time.Duration(level) * 30 * time.Minute, true
	}
	stop := o.alert(c)
	key, calm := o.report(), o.report()
	drill := o.do(domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: "Geheim", Description: "Geheim", Category: "data-leak", Channel: "phone", Exercise: true}).Key
	o.escalate(drill)
	o.escalate(key)
	r := o.do(calm, &incident.Escalate{To: "security-officer", Kind: "hierarchical", Level: 1, Because: "manual", Reason: "Geheim"})
	var id domain.Key
	if err := id.UnmarshalText([]byte(r.IDs["escalation"])); err != nil {
		t.Fatal(err)
	}
	o.wantDeliveries(key, "mail:els 1 delivered 250")
	o.wantDeliveries(calm, "mail:els 1 delivered 250")
	o.do(calm, &incident.AcknowledgeEscalation{Escalation: id})
	stop() // what waits is waited for after a restart
	o.restart(nil)
	w.forward(31 * time.Minute)
	c.Conn = o.bus.connect()
	defer o.alert(c)()
	escalations(o, key, "1 security-officer manual", "2 secretary deadline")
	o.wantDeliveries(key, "mail:els 1 delivered 250", "mail:sec 1 delivered 250")
	w.forward(62 * time.Minute)
	escalations(o, key, "1 security-officer manual", "2 secretary deadline", "3 board deadline")
	o.wantDeliveries(key, "mail:els 1 delivered 250", "mail:sec 1 delivered 250", "mail:mayor 1 delivered 250")
	escalations(o, calm, "1 security-officer manual")
	escalations(o, drill, "1 security-officer manual")
	o.wantDeliveries(drill)
}

// requirements: ARC-05
func TestQuietHoursHoldBackWhatCanWait(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	var w wall
	now := time.Now().UTC()
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}, "secretary": {byMail("sec")}}})
	c.Now = w.now
	c.People.Quiet = Window{From: minuteOf(now.Add(-time.Hour)), To: minuteOf(now.Add(time.Hour))}.End
	stop := o.alert(c)
	held, late, urgent := o.report(), o.report(), o.report()
	o.escalate(held)
	o.aware(late, 80*time.Hour) // the duty is held back
	o.system(late, &incident.MarkOverdue{Clock: leak})
	o.do(urgent, &incident.OverridePriority{Priority: 1, Reason: "Geheim"})
	o.escalate(urgent)
	o.wantDeliveries(urgent, "mail:els 1 delivered 250")
	o.wantDeliveries(late, "mail:els 1 delivered 250 "+string(leak), "mail:sec 1 delivered 250 "+string(leak))
	o.wantDeliveries(held)
	stop()
	o.restart(nil)
	w.forward(2 * time.Hour)
	c.Conn = o.bus.connect()
	defer o.alert(c)()
	o.wantDeliveries(held, "mail:els 1 delivered 250")
	o.wantDeliveries(late, "mail:els 1 delivered 250 "+string(leak), "mail:els 1 delivered 250 "+string(leak), "mail:sec 1 delivered 250 "+string(leak))
	if n := len(p.messages(5)); n != 5 {
		t.Errorf("%d messages, want each once", n)
	}
}

func TestWhatBecameUrgentOrNeedlessMeanwhile(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	now := time.Now().UTC()
	var w wall
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}})
	c.Now = w.now
	c.People.Quiet = Window{From: minuteOf(now.Add(-time.Hour)), To: minuteOf(now.Add(time.Hour))}.End
	defer o.alert(c)()
	urgent, needless := o.report(), o.report()
	o.escalate(urgent)
	r := o.do(needless, &incident.Escalate{To: "security-officer", Kind: "hierarchical", Level: 1, Because: "manual", Reason: "Geheim"})
	var id domain.Key
	if err := id.UnmarshalText([]byte(r.IDs["escalation"])); err != nil {
		t.Fatal(err)
	}
	o.do(needless, &incident.AcknowledgeEscalation{Escalation: id})
	o.do(urgent, &incident.OverridePriority{Priority: 1, Reason: "Geheim"})
	o.wantDeliveries(urgent, "mail:els 1 delivered 250")
	w.forward(2 * time.Hour)
	last := o.report()
	o.escalate(last)
	o.wantDeliveries(last, "mail:els 1 delivered 250")
	o.wantDeliveries(needless)
}

// requirements: ARC-05
func TestOldCasesThatAreTakenInAlarmNobody(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	hook := listen(t, always(200))
	c := o.people(p, &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}, "secretary": {byMail("sec")}}})
	c.Endpoints = []Endpoint{hook.endpoint()}
	defer o.alert(c)()
	old, fresh := o.report(), o.report()
	o.aware(old, 120*time.Hour) // due 48 hours before it was reported
	o.system(old, &incident.MarkDueSoon{Clock: leak, Stage: "warn-1"})
	o.system(old, &incident.MarkOverdue{Clock: leak})
	o.aware(fresh, 80*time.Hour)
	o.system(fresh, &incident.MarkOverdue{Clock: leak})
	o.wantDeliveries(fresh, "mail:els 1 delivered 250 "+string(leak), "mail:els 1 delivered 250 "+string(leak),
		"mail:sec 1 delivered 250 "+string(leak), "webhook:desk 1 delivered 200 "+string(leak))
	o.wantDeliveries(old)
	o.escalate(old) // what happens to it today is told
	o.wantDeliveries(old, "mail:els 1 delivered 250", "webhook:desk 1 delivered 200")
}

func TestAnOwnerIsToldAsWell(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	owner := domain.PersonID{UUID: handlersID()}
	b := &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}}, persons: map[domain.PersonID]Receiver{owner: byMail("owner")}}
	defer o.alert(o.people(p, b))()
	key, other := o.report(), o.report()
	o.do(key, &incident.AssignOwner{Person: owner})
	o.do(other, &incident.AssignOwner{Person: domain.PersonID{UUID: handlersID()}}) // whom no way leads to
	for _, k := range []domain.Key{key, other} {
		o.aware(k, 60*time.Hour)
		o.system(k, &incident.MarkDueSoon{Clock: leak, Stage: "warn-1"})
	}
	o.wantDeliveries(key, "mail:els 1 delivered 250 "+string(leak), "mail:els 1 delivered 250 "+string(leak), "mail:owner 1 delivered 250 "+string(leak))
	o.wantDeliveries(other, "mail:els 1 delivered 250 "+string(leak), "mail:els 1 delivered 250 "+string(leak))
	nobody(o, other)
	// An escalation to a person goes to that person, and elsewhere when it must.
	o.do(key, &incident.Escalate{To: domain.Code(owner.String()), Kind: "functional", Level: 1, Because: "manual", Reason: "Geheim"})
	o.wantDeliveries(key, "mail:els 1 delivered 250 "+string(leak), "mail:els 1 delivered 250 "+string(leak),
		"mail:owner 1 delivered 250 "+string(leak), "mail:owner 1 delivered 250")
}

func TestACalamityIsTold(t *testing.T) {
	o := open(t)
	p := serveMail(t, NoTLS)
	b := &book{onCall: map[domain.Code][]Receiver{"security-officer": {byMail("els")}, "secretary": {byMail("sec")}, "representative": {byMail("rep")}}}
	defer o.alert(o.people(p, b))()
	key := o.report()
	o.do(key, &incident.ClassifySeverity{Aspects: []domain.Code{"privacy"}, Extent: "considerable", PublicMatter: true, RealRisk: true})
	o.wantDeliveries(key, "mail:els 1 delivered 250", "mail:rep 1 delivered 250", "mail:sec 1 delivered 250")
}

func handlersID() uuid.UUID { return handlers.NewOrderID().UUID }
