package micro

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// serve answers requests until the test ends, and gives a connection to ask with.
func (o *office) serve(c ServiceConfig) (*nats.Conn, func()) {
	o.t.Helper()
	c.Conn, c.Desks, c.Log = o.door(), []*handlers.Desk{o.desk}, quiet()
	stop := background(o.t, func(ctx context.Context) error { return Serve(ctx, c) })
	nc := o.door()
	for { // until the service is there
		_, err := nc.Request("incidentledger.nuth.commands", nil, 10*time.Second)
		if err == nil {
			return nc, stop
		}
		if err != nats.ErrNoResponders {
			o.t.Fatal(err)
		}
	}
}

func ask(t *testing.T, nc *nats.Conn, request string) *nats.Msg {
	t.Helper()
	m, err := nc.Request("incidentledger.nuth.order", []byte(request), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const aReport = `"body":{"kind":"incident","title":"Laptop lost","description":"On the train.","category":"data-leak","channel":"phone"}`

func TestAnOrderOverNATSIsAnsweredWithItsReceipt(t *testing.T) {
	o := open(t)
	nc, stop := o.serve(ServiceConfig{Number: func(_ context.Context, org domain.OrgID, key domain.Key, seq domain.Seq) string {
		return fmt.Sprintf("%s-%d", org, seq)
	}, Incident: func(_ context.Context, _ domain.OrgID, number string) (domain.Key, error) {
		if number == "2026-0042" {
			return domain.KeyNamed(org, "incident", "another"), nil
		}
		return domain.Key{}, domain.ErrNotFound
	}})
	defer stop()
	request := `{"kind":"incident","command":"ReportIncident",` + aReport + `,"order":{"id":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11","actor":{"role":"security-officer"}}}`
	m := ask(t, nc, request)
	var r domain.Receipt
	if err := json.Unmarshal(m.Data, &r); err != nil || m.Header.Get(micro.ErrorCodeHeader) != "" {
		t.Fatalf("%s %v: %v", m.Data, m.Header, err)
	}
	if m.Header.Get("Ledger-Seq") != fmt.Sprint(r.Seq) || r.Events[0] != "IncidentReported" || r.Repeated || r.Number != fmt.Sprintf("nuth-%d", r.Seq) {
		t.Errorf("%v %s", m.Header, m.Data)
	}
	en, err := o.log.Entry(r.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if en.Actor.Door != "nats" || en.Actor.Proof != "stated" || en.Actor.For != org {
		t.Errorf("the entry's actor is %+v", en.Actor)
	}
	var again domain.Receipt
	if err := json.Unmarshal(ask(t, nc, request).Data, &again); err != nil || !again.Repeated || again.Seq != r.Seq {
		t.Errorf("the same order again: %+v, %v", again, err)
	}
	order := func(rest string) string { return `{"kind":"incident",` + rest + `}` }
	at := `"order":{"key":"` + r.Key.String() + `",`
	aware := order(`"command":"EstablishAwareness","body":{"of":"breach","awareAt":"2026-11-20T17:00:00Z","basis":"Seen."},` + at + `"dryRun":true,"actor":{"role":"security-officer"}}`)
	if m := ask(t, nc, aware); !strings.Contains(string(m.Data), `"duties":["gdpr-33/ap/initial/1"]`) {
		t.Errorf("awareness is answered with %s", m.Data)
	}
	link := func(number string) string {
		return order(`"command":"LinkIncident","body":{"other":"` + number + `","relation":"sibling"},` + at + `"dryRun":true,"actor":{"role":"security-officer"}}`)
	}
	if m := ask(t, nc, link("2026-0042")); !strings.Contains(string(m.Data), "IncidentLinked") {
		t.Errorf("an incident by its number is answered with %s", m.Data)
	}
	for _, tt := range []struct{ name, request, status, code, field string }{
		{"a number that no incident has", link("2026-0043"), "422", "invalid", "other"},
		{"not JSON", "hello", "400", "malformed", ""},
		{"nothing", "", "400", "malformed", ""},
		{"unknown member", order(`"command":"ReportIncident","colour":"red"`), "400", "malformed", "colour"},
		{"unknown member of the command", order(`"command":"ReportIncident","body":{"colour":"red"},"order":{"actor":{"role":"help-desk"}}`), "400", "malformed", "colour"},
		{"unknown kind", `{"kind":"table","command":"Lay"}`, "400", "malformed", "kind"},
		{"unknown command", order(`"command":"Fly"`), "400", "malformed", ""},
		{"no role", order(`"command":"ReportIncident",` + aReport), "400", "malformed", "actor.role"},
		{"deep nesting", strings.Repeat("[", 20000), "400", "malformed", ""},
		{"too large", order(`"command":"ReportIncident","body":{"title":"` + strings.Repeat("x", handlers.MaxBody) + `"}`), "400", "malformed", ""},
		{"a required field is missing", order(`"command":"ReportIncident","body":{},"order":{"actor":{"role":"help-desk"}}`), "422", "invalid", "kind"},
		{"a rule says no", order(`"command":"CorrectAwareness","body":{"awareAt":"2026-01-01T00:00:00Z","basis":"x"},` + at + `"actor":{"role":"security-officer"}}`), "422", "not_aware", ""},
		{"a role may not", order(`"command":"EstablishAwareness","body":{"awareAt":"2026-01-01T00:00:00Z","basis":"x"},` + at + `"actor":{"role":"help-desk"}}`), "403", "denied", ""},
		{"the program's own", order(`"command":"MarkOverdue","body":{"clock":"gdpr-33/ap/initial/1"},` + at + `"actor":{"role":"operator"}}`), "403", "denied", ""},
		{"stale", order(`"command":"AcknowledgeIncident",` + at + `"ifSeq":1,"actor":{"role":"security-officer"}}`), "412", "stale", ""},
		{"the same id, other content", strings.Replace(request, "Laptop", "Phone", 1), "409", "order_id_reused", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := ask(t, nc, tt.request)
			var refusal domain.Refusal
			if err := json.Unmarshal(m.Data, &refusal); err != nil {
				t.Fatalf("%s: %v", m.Data, err)
			}
			if got := m.Header.Get(micro.ErrorCodeHeader); got != tt.status || string(refusal.Code) != tt.code || m.Header.Get(micro.ErrorHeader) != tt.code || refusal.Text == "" {
				t.Errorf("%s %s; want %s %s", got, m.Data, tt.status, tt.code)
			}
			if tt.field != "" && !strings.HasSuffix(refusal.Field, tt.field) {
				t.Errorf("field %q, want %q", refusal.Field, tt.field)
			}
		})
	}
	if last := o.log.Last(); last != r.Seq {
		t.Errorf("%d entries behind the one that was accepted", last-r.Seq)
	}
}

func TestTheCommandsAreListedWithTheirSchemas(t *testing.T) {
	o := open(t)
	nc, stop := o.serve(ServiceConfig{Codes: func(domain.OrgID) domain.Codes { return o.set }})
	defer stop()
	m, err := nc.Request("incidentledger.nuth.commands", []byte(`{"kind":"incident"}`), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var list []CommandInfo
	if err := json.Unmarshal(m.Data, &list); err != nil {
		t.Fatal(err)
	}
	found := map[domain.Code]CommandInfo{}
	for _, c := range list {
		found[c.Command] = c
	}
	if c := found["ReportIncident"]; !c.Begins || len(c.Example) == 0 || !strings.Contains(string(m.Data), `"enum":["data-leak"]`) {
		t.Errorf("ReportIncident is listed as %+v", c)
	}
	if _, ok := found["MarkOverdue"]; ok {
		t.Error("MarkOverdue is listed, which only the program gives")
	}
	m, err = nc.Request("incidentledger.nuth.commands", []byte(`{"kind":"table"}`), 10*time.Second)
	if err != nil || m.Header.Get(micro.ErrorCodeHeader) != "400" {
		t.Errorf("an unknown kind: %v %v", m.Header, err)
	}
	if m, err = nc.Request("$SRV.INFO.incidentledger", nil, 10*time.Second); err != nil || !strings.Contains(string(m.Data), "incidentledger.nuth.order") {
		t.Errorf("the service tells %s, %v", m.Data, err)
	}
}

func TestTooManyOrdersAreTurnedAwayAndThoseTakenAreAnswered(t *testing.T) {
	o := open(t)
	nc, stop := o.serve(ServiceConfig{Workers: 1, Waiting: 1})
	inside, letGo := make(chan bool, 9), make(chan bool)
	o.now = func() time.Time { inside <- true; <-letGo; return time.Now() }
	request := []byte(`{"command":"ReportIncident",` + aReport + `,"order":{"actor":{"role":"security-officer"}}}`)
	answers, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	send := func() {
		t.Helper()
		if err := nc.PublishRequest("incidentledger.nuth.order", answers.Subject, request); err != nil {
			t.Fatal(err)
		}
	}
	next := func() string {
		t.Helper()
		m, err := answers.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return m.Header.Get(micro.ErrorCodeHeader)
	}
	send()
	<-inside // the only worker is busy
	send()   // this one waits
	send()
	if got := next(); got != "503" {
		t.Errorf("the third order was answered with %q, want 503", got)
	}
	close(letGo)
	stop() // returns when both were answered
	for range 2 {
		if got := next(); got != "" {
			t.Errorf("an order that was taken was answered with %q", got)
		}
	}
	if last := o.log.Last(); last != 3 {
		t.Errorf("the ledger has %d entries, want the genesis and two reports", last)
	}
}
