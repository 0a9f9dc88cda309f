package main

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
	"incidentledger/handlers/alerts"
	"incidentledger/handlers/micro"
)

// receivers are a mail server and a webhook on this machine that fail while they
// are down.
type receivers struct {
	down         atomic.Bool
	mails, posts atomic.Int64 // taken
	port         int
	url          string
}

func receive(t *testing.T) *receivers {
	t.Helper()
	r := &receivers{}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return failingBox{r}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if r.down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.posts.Add(1)
	}))
	t.Cleanup(hook.Close)
	r.port, r.url = l.Addr().(*net.TCPAddr).Port, hook.URL
	return r
}

type failingBox struct{ r *receivers }

func (b failingBox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (b failingBox) Reset()                               {}
func (b failingBox) Logout() error                        { return nil }

func (b failingBox) Mail(string, *smtp.MailOptions) error {
	if b.r.down.Load() {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "busy"}
	}
	return nil
}

func (b failingBox) Data(r io.Reader) error {
	b.r.mails.Add(1)
	_, err := io.Copy(io.Discard, r)
	return err
}

// A watchman is a house that tells people, whose clock can be put forward.
type watchman struct {
	t     *testing.T
	dir   string
	conf  *alerting
	ahead atomic.Int64
	quiet alerts.Window

	h *house
	o *office
}

func (w *watchman) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

func (w *watchman) open() {
	w.t.Helper()
	var err error
	w.h, err = durableHouse(w.t.Context(), w.dir, io.Discard)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.h.close() })
	w.h.alerting = w.conf
	if len(w.h.orgs()) == 0 {
		if err := w.h.found(w.t.Context(), founding{Org: childOrg, Name: "Gemeente Nuth", Country: "NL", Zone: "Europe/Amsterdam"}); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.o, err = w.h.office(childOrg); err != nil {
		w.t.Fatal(err)
	}
}

// tell lets the rooms work by which a server tells people and programs, until the
// returned function is called. It returns when both know where they begin.
func (w *watchman) tell() (stop func()) {
	w.t.Helper()
	conn, err := w.h.store.Connect()
	if err != nil {
		w.t.Fatal(err)
	}
	events, err := w.h.store.ConnectEvents()
	if err != nil {
		w.t.Fatal(err)
	}
	pub, err := micro.NewPublisher(micro.PublisherConfig{Org: childOrg, Ledger: w.o.ledger, Conn: events, Log: w.h.log})
	if err != nil {
		w.t.Fatal(err)
	}
	c, _ := w.conf.of(w.o)
	c.Conn, c.Log, c.Now = conn, w.h.log, w.now
	begins, begun := w.h.begins(w.o), make(chan string, 2)
	c.Begin = func(place string) (domain.Seq, error) {
		defer func() { begun <- place }()
		return begins(place)
	}
	c.Retries = slices.Repeat([]time.Duration{500 * time.Millisecond}, 60)
	c.Timeout, c.Margin = 2*time.Second, 2*time.Second
	c.People.Retries, c.People.Look, c.People.Quiet = []time.Duration{time.Hour}, 5*time.Millisecond, w.quiet.End
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 2)
	go func() { done <- pub.Run(ctx) }()
	go func() { done <- alerts.Run(ctx, c) }()
	for range 2 {
		<-begun
	}
	return func() {
		w.t.Helper()
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				w.t.Error(err)
			}
		}
		conn.Close()
		events.Close()
	}
}

func (w *watchman) give(key domain.Key, c domain.Command) domain.Key {
	w.t.Helper()
	r, err := w.o.desk.Give(w.t.Context(), domain.Order{ID: handlers.NewOrderID(), Org: childOrg, Kind: incident.Name, Key: key, Command: c,
		Actor: domain.Actor{Role: "security-officer", For: childOrg, Door: "cli", Proof: "stated"}})
	if err != nil {
		w.t.Fatalf("%s: %v", c.CommandName(), err)
	}
	return r.Key
}

// escalate reports an incident and escalates it. Quiet hours hold it back unless
// it is urgent.
func (w *watchman) escalate(to domain.Code, urgent bool) domain.Key {
	w.t.Helper()
	key := w.give(domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: "Mail is down", Description: "No mail.", Category: "outage", Channel: "phone"})
	if urgent {
		w.give(key, &incident.OverridePriority{Priority: 1, Reason: "It cannot wait."})
	}
	return w.give(key, &incident.Escalate{To: to, Kind: "functional", Level: 1, Because: "manual", Reason: "Look at it."})
}

// wantUntil waits until what is told of an incident is enough.
func (w *watchman) wantUntil(key domain.Key, what string, enough func(told map[string]int) bool) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer stop()
	for {
		last, told := w.o.ledger.Last(), map[string]int{}
		for en, err := range w.o.ledger.Load(ctx, domain.Ref{Kind: incident.Name, Key: key}, 0) {
			if err != nil {
				w.t.Fatal(err)
			}
			for _, r := range en.Events {
				switch e := r.Event.(type) {
				case incident.AlertDelivered:
					told[string(e.Channel)]++
				case incident.AlertFailed:
					told[string(e.Channel)+" failed"]++
				case incident.NobodyOnCall:
					told["nobody "+string(e.Role)]++
				}
			}
		}
		if enough(told) {
			return
		}
		if w.o.ledger.WaitFor(ctx, last+1) != nil {
			w.t.Fatalf("told %v, want %s", told, what)
		}
	}
}

// want waits until this was delivered, and that nobody was on call.
func (w *watchman) want(key domain.Key, want map[string]int) {
	w.t.Helper()
	w.wantUntil(key, strconv.Quote(strings.Join(slices.Sorted(maps.Keys(want)), " ")), func(told map[string]int) bool {
		maps.DeleteFunc(told, func(what string, _ int) bool { return strings.HasSuffix(what, " failed") })
		return maps.Equal(told, want)
	})
}

// minutes gives the time of day of an instant.
func minutes(t time.Time) (alerts.TimeOfDay, string) {
	t = t.UTC()
	return alerts.TimeOfDay(t.Hour()*60 + t.Minute()), t.Format("15:04")
}

// Whatever waits when the program ends is told when it is up again, and so is what
// was recorded meanwhile: a message that failed, one that quiet hours hold back,
// one that found nobody on call, and the steps of the ladder.
//
// requirements: ARC-05 MAJ-09
func TestARestartForgetsNobody(t *testing.T) {
	for name, end := range map[string]func(w *watchman){
		"in order": func(w *watchman) {
			if err := w.h.close(); err != nil {
				w.t.Error(err)
			}
		},
		"killed": func(w *watchman) { // what is on disk is what a kill would leave
			left := w.t.TempDir()
			if err := copyBut(w.dir, left, "views"); err != nil {
				w.t.Fatal(err)
			}
			w.dir = left
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t)
			mail := func(name domain.Code) string { return string(name) + "@example.org" }
			now := time.Now()
			_, from := minutes(now.Add(time.Hour))
			_, to := minutes(now.Add(20 * time.Hour))
			w := &watchman{t: t, dir: t.TempDir(), conf: &alerting{
				AllowPrivate: true, Mail: &mailServer{Host: "127.0.0.1", Port: r.port, Encryption: "none", From: "incidents@example.org"},
				Webhooks: []webhook{{Name: "prog", URL: r.url, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
				OnCall: []onCall{
					{Name: "els", Roles: []domain.Code{"security-officer"}, Mail: mail("els")},
					{Name: "later", Roles: []domain.Code{"dpo"}, Mail: mail("later"), Hours: hours{From: from, To: to, Zone: "UTC"}},
					{Name: "coordinator", Roles: []domain.Code{"coordinator"}, Mail: mail("coordinator")},
					{Name: "clerk", Roles: []domain.Code{"secretary", "operator"}, Mail: mail("clerk")},
				}}}
			if err := w.conf.check(); err != nil {
				t.Fatal(err)
			}
			w.quiet.From, _ = minutes(now.Add(-time.Hour))
			w.quiet.To, _ = minutes(now.Add(time.Hour))
			w.open()
			before := w.escalate("security-officer", true) // before alerts were configured first
			r.down.Store(true)
			stop := w.tell()
			failed, held, nobody := w.escalate("security-officer", true), w.escalate("security-officer", false), w.escalate("dpo", true)
			once := func(told map[string]int) bool { return told["mail:els failed"] == 1 && told["webhook:prog failed"] > 0 }
			w.wantUntil(failed, "a failure by each way", once)
			w.wantUntil(held, "a failure by the webhook", func(told map[string]int) bool { return told["webhook:prog failed"] > 0 })
			w.wantUntil(nobody, "that nobody is on call", func(told map[string]int) bool { return told["nobody dpo"] == 1 })
			stop()
			end(w)
			r.down.Store(false)
			w.open()
			down := w.escalate("security-officer", true)
			w.ahead.Store(int64(4 * time.Hour))
			defer w.tell()()
			for key, first := range map[domain.Key]string{failed: "mail:els", held: "mail:els", nobody: "mail:later", down: "mail:els"} {
				want := map[string]int{first: 1, "mail:coordinator": 1, "mail:clerk": 1, "webhook:prog": 3}
				if key == nobody {
					want["nobody dpo"], want["webhook:prog"] = 1, 4
				}
				w.want(key, want)
			}
			w.want(before, map[string]int{})
			if mails, posts := r.mails.Load(), r.posts.Load(); mails != 12 || posts != 13 {
				t.Errorf("%d mails and %d posts, want each once: 12 and 13", mails, posts)
			}
		})
	}
}

// copyBut copies a folder with all that is in it but one folder.
func copyBut(from, to, leave string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			if d.Name() == leave {
				return filepath.SkipDir
			}
			return os.MkdirAll(target, 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
}
