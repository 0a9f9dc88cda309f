package micro

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

var update = flag.Bool("update", false, "write the golden files anew")

func (o *office) publisher(b *bus) *Publisher {
	o.t.Helper()
	p, err := NewPublisher(PublisherConfig{Org: org, Ledger: o.log, Conn: b.connect(), Base: "https://ledger.example", Log: quiet()})
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// wantAll waits for every event of the ledger and holds that each is there once,
// in order, numbered without gaps.
func (o *office) wantAll(b *bus) []jetstream.Msg {
	o.t.Helper()
	want := o.ids()
	msgs := b.wait(len(want))
	var got []string
	for i, m := range msgs {
		var e event.Event
		if err := e.UnmarshalJSON(m.Data()); err != nil {
			o.t.Fatal(err)
		}
		if n := e.Extensions()["sequence"]; n != fmt.Sprint(i+1) {
			o.t.Errorf("event %s has the number %v, want %d", e.ID(), n, i+1)
		}
		got = append(got, e.ID())
	}
	if !slices.Equal(got, want) {
		o.t.Errorf("published %v\nwant %v", got, want)
	}
	js, _ := jetstream.New(b.connect())
	s, err := js.Stream(o.t.Context(), "EVENTS_nuth")
	if err != nil {
		o.t.Fatal(err)
	}
	if n := s.CachedInfo().State.Msgs; n != uint64(len(want)) {
		o.t.Errorf("the stream has %d messages, want %d", n, len(want))
	}
	return msgs
}

func TestEveryEventIsPublishedOnceAndInOrder(t *testing.T) {
	o, b := open(t), startBus(t)
	o.report()
	stop := background(t, o.publisher(b).Run)
	o.wantAll(b)
	for range 20 {
		key := o.report()
		o.do(key, &incident.EstablishAwareness{AwareAt: time.Now().Add(-time.Hour), Basis: "Geheim"})
	}
	o.wantAll(b)
	stop()
}

func TestAStopAnywhereLosesAndRepeatsNothing(t *testing.T) {
	o, b := open(t), startBus(t)
	for range 5 {
		o.report()
	}
	// One event at a time: so every publisher ends in the middle of an entry and
	// the next begins there.
	for range len(o.ids()) - 2 {
		p := o.publisher(b)
		at, err := p.resume(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		after := max(at.last.seq, 1) - 1
	one:
		for en, err := range o.log.ReadAll(t.Context(), after) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range en.Events {
				if at.last.before(position{en.Seq, i}) {
					s, err := p.send(en, i, at.n)
					if err == nil {
						err = s.wait(t.Context())
					}
					if err != nil {
						t.Fatal(err)
					}
					break one
				}
			}
		}
	}
	stop := background(t, o.publisher(b).Run)
	defer stop()
	o.wantAll(b)
}

func TestTwoPublishersPublishEachEventOnce(t *testing.T) {
	o, b := open(t), startBus(t)
	for range 3 {
		stop := background(t, o.publisher(b).Run)
		defer stop()
	}
	for range 15 {
		o.report()
	}
	o.wantAll(b)
}

func TestAStreamThatWentAwayIsTakenUpAgain(t *testing.T) {
	o, b := open(t), startBus(t)
	o.report()
	nc := b.connect()
	p, err := NewPublisher(PublisherConfig{Org: org, Ledger: o.log, Conn: nc, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	stop := background(t, p.Run)
	o.wantAll(b)
	stop()
	b.stop()
	o.report()
	b.start()
	stop = background(t, o.publisher(b).Run)
	defer stop()
	o.wantAll(b)
}

func TestAForeignMessageInTheStreamStopsThePublisher(t *testing.T) {
	o, b := open(t), startBus(t)
	js, err := jetstream.New(b.connect())
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"hello", `{"specversion":"1.0","id":"here","source":"x","type":"y"}`, `{"specversion":"1.0","id":"1-0","source":"x","type":"y","sequence":"7"}`} {
		if _, err := js.Publish(t.Context(), "events.nuth.x.y", []byte(body)); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		if err := o.publisher(b).Run(ctx); err == nil {
			t.Errorf("the publisher went on behind %s", body)
		}
		stop()
	}
}

func TestAnEventTellsCodesAndIdsOnly(t *testing.T) {
	o, b := open(t), startBus(t)
	key := o.report()
	o.do(key, &incident.AddLogEntry{Text: "Tekst Geheim"})
	o.do(key, &incident.Escalate{To: "security-officer", Kind: "hierarchical", Level: 2, Because: "manual", Reason: "Geheim"})
	o.do(key, &incident.EstablishAwareness{AwareAt: time.Now().Add(-72 * time.Hour), Basis: "Geheim"})
	var title incident.Value
	if err := title.UnmarshalJSON([]byte(`"Titel Geheim 2"`)); err != nil {
		t.Fatal(err)
	}
	o.do(key, &incident.CorrectFact{Corrects: 2, Event: "IncidentReported", Fields: map[domain.Code]incident.Value{"title": title}, Reason: "Geheim"})
	stop := background(t, o.publisher(b).Run)
	defer stop()
	for _, m := range o.wantAll(b) {
		if bytes.Contains(m.Data(), []byte("Geheim")) || !bytes.Contains(m.Data(), []byte(`"data":{"seq":`)) {
			t.Errorf("%s tells what is sealed: %s", m.Subject(), m.Data())
		}
	}
	// Nor does an entry whose events were opened for somebody who may read them.
	p := o.publisher(b)
	for en := range o.log.ReadAll(t.Context(), 0) {
		opened, err := o.keys.Open(en)
		if err != nil {
			t.Fatal(err)
		}
		for i := range en.Events {
			en.Events[i].Event = opened.Events[i]
			body, err := p.cloudEvent(en, i, 1)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(body, []byte("Geheim")) {
				t.Errorf("%s opened tells what is sealed: %s", en.Events[i].Type, body)
			}
		}
	}
}

// hidden is an event with all that could slip through.
type hidden struct {
	Raw   incident.Value            `json:"raw"`
	Word  string                    `json:"word"`
	Any   any                       `json:"any"`
	Text  domain.Text               `json:"text"`
	Texts []domain.Text             `json:"texts"`
	By    map[string]domain.Code    `json:"by"`
	Deep  []struct{ T domain.Text } `json:"deep"`
	Code  domain.Code               `json:"code"`
	At    *time.Time                `json:"at"`
}

func (hidden) EventName() string { return "Hidden" }

func TestAFieldOfAnUnknownTypeStaysInTheHouse(t *testing.T) {
	var raw incident.Value
	if err := raw.UnmarshalJSON([]byte(`"Geheim"`)); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got, err := openFields(hidden{Raw: raw, Word: "Geheim", Any: "Geheim", Text: "Geheim", Texts: []domain.Text{"Geheim"},
		By: map[string]domain.Code{"Geheim": "x"}, Deep: []struct{ T domain.Text }{{"Geheim"}}, Code: "phone", At: &at})
	if want := `{"at":"2026-01-02T03:04:05Z","code":"phone"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestCloudEventsLookLikeThis(t *testing.T) {
	o, b := open(t), startBus(t)
	at := time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC)
	o.now = func() time.Time { return at }
	key := domain.NewKey(org, domain.OrderIDFor(org, domain.PersonID{}, "golden"))
	o.give(domain.Order{ID: domain.OrderIDFor(org, domain.PersonID{}, "golden"), Kind: incident.Name,
		Actor:   domain.Actor{Role: "security-officer", For: org, Door: "cli", Proof: "stated"},
		Command: &incident.ReportIncident{Kind: "incident", Title: "Geheim", Description: "Geheim", Category: "data-leak", Channel: "phone", SuspectedDataLeak: true}})
	o.do(key, &incident.EstablishAwareness{AwareAt: at.Add(-time.Hour), Basis: "Geheim"})
	stop := background(t, o.publisher(b).Run)
	defer stop()
	var got bytes.Buffer
	order := regexp.MustCompile(`"order":"[^"]*"`)
	hash := regexp.MustCompile(`"(policy|tzdb)":"[^"]*"`)
	for _, m := range o.wantAll(b)[1:] {
		body := order.ReplaceAll(m.Data(), []byte(`"order":"…"`))
		fmt.Fprintf(&got, "%s\n%s\n\n", m.Subject(), hash.ReplaceAll(body, []byte(`"$1":"…"`)))
	}
	golden(t, "events.txt", got.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

func TestNamesInSubjects(t *testing.T) {
	for name, want := range map[string]string{
		"IncidentReported": "incident-reported", "KSZMajorClassified": "ksz-major-classified", "ClockDueSoon": "clock-due-soon", "A": "a", "AB": "ab", "AttestMFA": "attest-mfa",
	} {
		if got := domain.Kebab(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}

func TestIdsOfEvents(t *testing.T) {
	if p, err := parsePosition("812-3"); err != nil || p != (position{812, 3}) {
		t.Errorf("%v, %v", p, err)
	}
	for _, id := range strings.Split("812|812-|-3|0-0|812-03|812-3-1|a-b|+1-0|99999999999999999999-0|1-3000000000", "|") {
		if p, err := parsePosition(id); err == nil {
			t.Errorf("%s was read as %v", id, p)
		}
	}
	if !reflect.DeepEqual([]bool{position{1, 0}.before(position{1, 1}), position{1, 9}.before(position{2, 0}), position{2, 0}.before(position{1, 9}), position{1, 0}.before(position{1, 0})}, []bool{true, true, false, false}) {
		t.Error("positions are in another order")
	}
}
