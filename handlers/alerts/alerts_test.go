package alerts

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A receiver takes messages on a real socket, checks their signature and answers
// as it is told.
type receiver struct {
	t       *testing.T
	srv     *httptest.Server
	secret  string
	answers func(attempt int) int // status of the n-th request, from 1; -1: never answers
	stalled chan struct{}         // closed when those that never answer may end
	dialled atomic.Int64          // connections made

	mu  sync.Mutex
	got []received
}

type received struct{ id, eventID, kind string }

func secret() string {
	var b [32]byte
	rand.Read(b[:])
	return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
}

func listen(t *testing.T, answers func(int) int) *receiver {
	r := &receiver{t: t, secret: secret(), answers: answers, stalled: make(chan struct{})}
	r.srv = httptest.NewUnstartedServer(r)
	r.srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			r.dialled.Add(1)
		}
	}
	r.srv.Start()
	t.Cleanup(r.srv.Close)
	t.Cleanup(func() { close(r.stalled) })
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		r.t.Error(err)
	}
	wh, err := webhooks.NewWebhook(r.secret)
	if err != nil {
		r.t.Error(err)
	}
	if err := wh.Verify(body, q.Header); err != nil {
		r.t.Errorf("the signature does not hold: %v", err)
	}
	if strings.Contains(string(body), "Geheim") {
		r.t.Errorf("the message tells what is sealed: %s", body)
	}
	var e event.Event
	if err := e.UnmarshalJSON(body); err != nil || e.Validate() != nil {
		r.t.Errorf("no CloudEvent: %v %v", err, e.Validate())
	}
	r.mu.Lock()
	r.got = append(r.got, received{q.Header.Get("webhook-id"), e.ID(), e.Type()})
	n := len(r.got)
	r.mu.Unlock()
	status := r.answers(n)
	if status < 0 {
		<-r.stalled
		return
	}
	if status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
}

func (r *receiver) endpoint() Endpoint {
	return Endpoint{Name: "desk", URL: r.srv.URL + "/hook", Secret: r.secret}
}

func (r *receiver) messages() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func always(status int) func(int) int { return func(int) int { return status } }

// config is a configuration for tests: private targets, short pauses.
func (o *office) config(ends ...Endpoint) Config {
	return Config{Org: org, Desk: o.desk, Conn: o.bus.connect(), Begin: o.begin, Endpoints: ends, AllowPrivate: true,
		Retries: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}, Timeout: 5 * time.Second, Log: quiet()}
}

func TestAnEscalationReachesTheEndpointAndIsRecorded(t *testing.T) {
	o := open(t)
	r := listen(t, always(204))
	stop := o.alert(o.config(r.endpoint()))
	defer stop()
	key := o.report()
	seq := o.escalate(key)
	o.wantDeliveries(key, "webhook:desk 1 delivered 204")
	got := r.messages()
	want := received{fmt.Sprintf("nuth-%d-0", seq), fmt.Sprintf("%d-0", seq), "nl.incidentledger.incident.incident-escalated"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("received %v, want %v", got, want)
	}
	en, err := o.log.Entry(o.log.Last())
	if err != nil || en.Actor.Proof != "system" || en.Causation.IsZero() {
		t.Errorf("the delivery was recorded by %+v, caused by %s (%v)", en.Actor, en.Causation, err)
	}
}

func TestWarningsAndOverdueAreSentWithTheirClock(t *testing.T) {
	o := open(t)
	r := listen(t, always(200))
	stop := o.alert(o.config(r.endpoint()))
	defer stop()
	key := o.report()
	o.do(key, &incident.EstablishAwareness{AwareAt: time.Now().Add(-80 * time.Hour), Basis: "Geheim"})
	const clock = "gdpr-33/ap/initial/1"
	o.system(key, &incident.MarkDueSoon{Clock: clock, Stage: "warn-1"})
	o.wantDeliveries(key, "webhook:desk 1 delivered 200 "+clock)
	o.system(key, &incident.MarkOverdue{Clock: clock})
	o.wantDeliveries(key, "webhook:desk 1 delivered 200 "+clock, "webhook:desk 1 delivered 200 "+clock)
}

func TestAFailingReceiverIsAskedAgainUntilItIsBack(t *testing.T) {
	for name, tt := range map[string]struct {
		first  int
		status string
	}{"500": {500, "500"}, "a redirect": {302, "302"}, "no answer": {-1, "0"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			r := listen(t, func(n int) int {
				if n <= 2 {
					return tt.first
				}
				return 200
			})
			c := o.config(r.endpoint())
			if tt.first < 0 {
				c.Timeout = 50 * time.Millisecond
			}
			stop := o.alert(c)
			defer stop()
			key := o.report()
			o.escalate(key)
			o.wantDeliveries(key, "webhook:desk 1 failed "+tt.status, "webhook:desk 2 failed "+tt.status, "webhook:desk 3 delivered 200")
			for _, m := range r.messages() {
				if m.id != r.messages()[0].id {
					t.Errorf("the message had the ids %v", r.messages())
				}
			}
		})
	}
}

func TestAReceiverThatNeverComesBackIsGivenUp(t *testing.T) {
	o := open(t)
	r := listen(t, always(503))
	good := listen(t, always(200))
	well := good.endpoint()
	well.Name = "well"
	stop := o.alert(o.config(r.endpoint(), well))
	defer stop()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "webhook:desk 1 failed 503", "webhook:desk 2 failed 503", "webhook:desk 3 failed 503", "webhook:desk 4 failed 503", "webhook:well 1 delivered 200")
	// The next message goes out all the same, and the one given up does not come
	// back with it.
	o.escalate(key)
	o.wantDeliveries(key, slices.Concat(repeat("webhook:desk 1 failed 503", 2), repeat("webhook:desk 2 failed 503", 2), repeat("webhook:desk 3 failed 503", 2),
		repeat("webhook:desk 4 failed 503", 2), repeat("webhook:well 1 delivered 200", 2))...)
	if n := len(r.messages()); n != 8 {
		t.Errorf("%d attempts, want four for each of two messages", n)
	}
}

func repeat(s string, n int) []string { return slices.Repeat([]string{s}, n) }

func TestWhatStaysInTheHouse(t *testing.T) {
	o := open(t)
	old := o.report()
	o.escalate(old) // before any endpoint was configured
	r := listen(t, always(200))
	e := r.endpoint()
	e.Types = []domain.Code{"IncidentEscalated"}
	stop := o.alert(o.config(e))
	defer stop()
	drill := o.do(domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: "Geheim", Description: "Geheim", Category: "data-leak", Channel: "phone", SuspectedDataLeak: true, Exercise: true}).Key
	o.escalate(drill)
	o.do(drill, &incident.EstablishAwareness{AwareAt: time.Now().Add(-80 * time.Hour), Basis: "Geheim"})
	key := o.report()
	o.do(key, &incident.EstablishAwareness{AwareAt: time.Now().Add(-80 * time.Hour), Basis: "Geheim"})
	o.system(key, &incident.MarkOverdue{Clock: "gdpr-33/ap/initial/1"}) // a type it does not want
	o.escalate(key)
	o.wantDeliveries(key, "webhook:desk 1 delivered 200")
	o.wantDeliveries(drill)
	o.wantDeliveries(old)
	if got := r.messages(); len(got) != 1 {
		t.Errorf("received %v, want the escalation of the real incident alone", got)
	}
}

func TestPrivateTargetsNeedPermission(t *testing.T) {
	o := open(t)
	r := listen(t, always(200))
	c := o.config(r.endpoint())
	c.AllowPrivate = false
	if err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("plain HTTP: %v", err)
	}
	// A name that leads into the house is refused when it is dialled.
	c.Endpoints[0].URL = strings.Replace(r.srv.URL, "http://127.0.0.1", "https://localhost", 1)
	stop := o.alert(c)
	defer stop()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "webhook:desk 1 failed 0", "webhook:desk 2 failed 0", "webhook:desk 3 failed 0", "webhook:desk 4 failed 0")
	if n := r.dialled.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestPublicAddresses(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8:443": true, "[2a00:1450::1]:443": true, "127.0.0.1:443": false, "[::1]:443": false, "10.1.2.3:443": false,
		"192.168.1.1:443": false, "172.16.0.1:443": false, "169.254.169.254:80": false, "[fe80::1]:443": false, "[fd00::1]:443": false,
		"100.64.0.1:443": false, "0.0.0.0:443": false, "[::]:443": false, "[::ffff:127.0.0.1]:443": false, "[64:ff9b::7f00:1]:443": false,
		"224.0.0.1:443": false, "255.255.255.255:443": false, "nonsense": false,
	} {
		if got := checkPublic(address) == nil; got != public {
			t.Errorf("%s public: %v, want %v", address, got, public)
		}
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	good := Endpoint{Name: "desk", URL: "https://example.org/Geheim", Secret: secret()}
	for name, spoil := range map[string]func(*Endpoint){
		"no URL":         func(e *Endpoint) { e.URL = "" },
		"no host":        func(e *Endpoint) { e.URL = "https:///Geheim" },
		"another scheme": func(e *Endpoint) { e.URL = "file://example.org/Geheim" },
		"a password":     func(e *Endpoint) { e.URL = "https://u:Geheim@example.org/" },
		"no secret":      func(e *Endpoint) { e.Secret = " " },
		"a weak secret":  func(e *Endpoint) { e.Secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("Geheim")) },
		"a loop":         func(e *Endpoint) { e.Types = []domain.Code{"AlertFailed"} },
		"a bad name":     func(e *Endpoint) { e.Name = "a.b" },
	} {
		t.Run(name, func(t *testing.T) {
			e := good
			spoil(&e)
			_, err := Config{Org: org, Endpoints: []Endpoint{e}}.complete()
			if err == nil || strings.Contains(err.Error(), "Geheim") {
				t.Errorf("error %v; want one that does not tell the URL or the secret", err)
			}
		})
	}
	if _, err := (Config{Org: org, Endpoints: []Endpoint{good, good}}).complete(); err == nil {
		t.Error("two endpoints of one name were taken")
	}
	good.Name = ""
	good.Secret += " " + secret()
	c, err := Config{Org: org, Endpoints: []Endpoint{good}}.complete()
	if err != nil || !strings.HasPrefix(string(c.Endpoints[0].Name), "url-") || len(c.Endpoints[0].Types) != len(Types()) {
		t.Errorf("%+v, %v", c.Endpoints, err)
	}
}

func TestAnExchangedSecretSignsWithBoth(t *testing.T) {
	o := open(t)
	r := listen(t, always(200)) // knows the new secret
	e := r.endpoint()
	e.Secret = secret() + " " + r.secret
	stop := o.alert(o.config(e))
	defer stop()
	key := o.report()
	o.escalate(key)
	o.wantDeliveries(key, "webhook:desk 1 delivered 200")
}

// alert runs the door until the returned function is called. It returns when every
// endpoint has its place in the stream.
func (o *office) alert(c Config) (stop func()) {
	o.t.Helper()
	stop = background(o.t, func(ctx context.Context) error { return Run(ctx, c) })
	for _, e := range c.Endpoints {
		o.bus.waitConsumer("alerts-" + string(e.Name))
	}
	if c.People != nil {
		o.bus.waitConsumer(durableOfPeople)
	}
	return stop
}
