package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"

	"incidentledger/domain"
	"incidentledger/handlers/alerts"
	"incidentledger/handlers/policyfile"
)

// mailbox starts a mail server on this machine, whose port takes the place of
// MAILPORT in a file. What it takes can be waited for with mailed.
func mailbox(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mailbox FILE")
	}
	box := make(chan string, 100)
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letterbox(box), nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	go srv.Serve(l)
	ts.Defer(func() { srv.Close() })
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(string(b), "MAILPORT", port)), 0o600))
	mailboxes(ts)[""] = box
}

func mailboxes(ts *testscript.TestScript) map[string]chan string {
	return ts.Value("mailboxes").(map[string]chan string)
}

// mailed waits for a mail in which all of some texts stand.
func mailed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mailed TEXT…")
	}
	for late := time.After(20 * time.Second); ; {
		select {
		case m := <-mailboxes(ts)[""]:
			ts.Logf("%s", m)
			if !slices.ContainsFunc(args, func(text string) bool { return !strings.Contains(m, text) }) {
				return
			}
		case <-late:
			ts.Fatalf("no such mail came")
		}
	}
}

type letterbox chan string

func (b letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (b letterbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (b letterbox) Reset()                               {}
func (b letterbox) Logout() error                        { return nil }

func (b letterbox) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	b <- string(raw)
	return err
}

// requirements: ORG-08
func TestWhoIsOnCallByTheConfiguration(t *testing.T) {
	t.Parallel()
	const file = `
mail: {host: localhost, encryption: none, from: a@example.org}
onCall:
  - {name: day, roles: [security-officer], mail: day@example.org, from: "08:00", to: "18:00", weekdays: [mon, tue, wed, thu, fri], zone: Europe/Amsterdam}
  - {name: night, roles: [security-officer, board], mail: night@example.org, safe: [mail], person: 0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11}
  - {name: night, org: ocmw, roles: [security-officer], mail: night@ocmw.example.org}
`
	var c config
	if err := yaml.UnmarshalWithOptions([]byte(file), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	a := &c.Alerting
	if err := a.check(); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		org  domain.OrgID
		at   string
		want string
	}{
		{"nuth", "2026-11-25T09:00:00+01:00", "day@example.org night@example.org"},
		{"nuth", "2026-11-25T18:00:00+01:00", "night@example.org"},
		{"nuth", "2026-11-28T09:00:00+01:00", "night@example.org"}, // Saturday
		{"ocmw", "2026-11-28T09:00:00+01:00", "night@ocmw.example.org"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		rs, err := a.directory(tt.org, zone).OnCall("security-officer", at)
		var got []string
		for _, r := range rs {
			got = append(got, r.Channels[0].Address)
		}
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s at %s: %q, %v; want %s", tt.org, tt.at, got, err, tt.want)
		}
	}
	night := a.OnCall[1]
	r, ok, err := a.directory("nuth", zone).Person(*night.Person)
	if err != nil || !ok || r.ID != "night" || !r.Channels[0].Safe {
		t.Errorf("the person is %+v, %v, %v", r, ok, err)
	}
}

// requirements: MAJ-09
func TestTheLadderOfTheShippedPolicy(t *testing.T) {
	t.Parallel()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for level, want := range []string{"security-officer 0s true", "coordinator 15m0s true", "secretary 30m0s true", " 0s false"} {
		if to, after, ok := above(set.Ladder, level); fmt.Sprint(to, " ", after, " ", ok) != want && level < 3 || ok != (level < 3) {
			t.Errorf("above level %d: %s after %s, %v; want %s", level, to, after, ok, want)
		}
	}
}

// The example in the README works as it stands, and what it says of what is left
// out is so.
func TestTheConfigurationOfTheReadmeIsOne(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, file, _ := strings.Cut(string(b), "**Configuration**")
	_, file, _ = strings.Cut(file, "```yaml\n")
	file, _, _ = strings.Cut(file, "```")
	var c config
	if err := yaml.UnmarshalWithOptions([]byte(file), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	a := &c.Alerting
	if err := a.check(); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(a.Tell, alerts.Roles()) || len(a.OnCall) != 3 {
		t.Errorf("it says %v of %d on call", a.Tell, len(a.OnCall))
	}
}

func TestAlertingThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	for i, file := range []string{
		`onCall: [{name: "two words", mail: a@example.org}]`,
		`onCall: [{name: a}]`,
		`onCall: [{name: a, mail: a@example.org}]`, // no server
		`{mail: {host: h, from: a@example.org}, onCall: [{name: a, mail: "a@example.org\r\nBcc: b@example.org"}]}`,
		`onCall: [{name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}, {name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]`,
		`onCall: [{name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, language: de}]`,
		`onCall: [{name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, from: "25:00", to: "08:00"}]`,
		`onCall: [{name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, from: "18:00"}]`,
		`onCall: [{name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, weekdays: [monday]}]`,
		`onCall: [{name: a, webhook: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, zone: Europe/Nuth}]`,
		`onCall: [{name: a, webhook: "https://example.org", secret: weak}]`,
		`onCall: [{name: a, webhook: "http://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}]`,
		`webhooks: [{name: a, url: "https://example.org", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, types: [ClockMet]}]`,
		`mail: {host: example.org, from: a@example.org, encryption: none}`,
		`tell: {overdo: [board]}`,
		`lastResort: nobody`,
		`publicURL: nonsense`,
	} {
		var c config
		err := yaml.UnmarshalWithOptions([]byte(file), &c, yaml.Strict())
		if err != nil {
			t.Errorf("%s: %v", strconv.Itoa(i), err)
		}
		if c.Alerting.check() == nil {
			t.Errorf("%s was taken", file)
		}
	}
}
