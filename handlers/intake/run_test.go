package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

var today = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// taken is what came of one import.
type taken struct {
	Summary
	lines []refusedRow // in order of their line
}

// codes gives the refused rows as "line code".
func (r taken) codes() string {
	var out []string
	for _, l := range r.lines {
		out = append(out, fmt.Sprintf("%d %s", l.Line, l.Code))
	}
	return strings.Join(out, ", ")
}

func (s *stack) take(t testing.TB, m *Mapping, log string) taken {
	t.Helper()
	var refused bytes.Buffer
	sum, err := Run(context.Background(), Config{
		Desk: s.desk, Org: org, Mapping: m, Name: "the log", Input: strings.NewReader(log), Refused: &refused,
		Actor: domain.Actor{Role: "operator", For: org, Proof: "stated"}, Workers: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Accepted+sum.Repeated+sum.Refused+sum.Skipped != sum.Rows {
		t.Errorf("rows are not accounted for once each: %+v", sum)
	}
	out := taken{Summary: sum}
	for l := range strings.Lines(refused.String()) {
		var r refusedRow
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		out.lines = append(out.lines, r)
	}
	slices.SortFunc(out.lines, func(a, b refusedRow) int { return a.Line - b.Line })
	if len(out.lines) != sum.Refused {
		t.Errorf("%d rows are refused, %d are listed", sum.Refused, len(out.lines))
	}
	return out
}

// history gives the commands of the incident that a group became, opened.
func (s *stack) history(t testing.TB, m *Mapping, name string) (entries []*domain.Entry, story string) {
	t.Helper()
	var b strings.Builder
	for en, err := range s.ledger.Load(context.Background(), domain.Ref{Kind: "incident", Key: m.newGroup(org, name).key}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, en)
		fmt.Fprintf(&b, "%s %s\n", en.Occurred.Time.Format("2006-01-02T15:04:05Z07:00"), en.Command)
	}
	return entries, b.String()
}

func mustLoad(t testing.TB, s *stack, name string, src []byte) *Mapping {
	t.Helper()
	m, err := Load(name, src, s.desk.Kind)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const volvoHeader = "\uFEFFSR Number,Change Date+Time,Status,Sub Status,Activity,Activity Level,Involved ST Function Div,Involved Org line 3,Involved ST,Involved ST 2,ST Level,SR Latest Impact,Product,Country,Owner Country,Owner First Name,Resource\n"

// volvoRow makes an invented row in the shape of the log.
func volvoRow(sr, at, status, sub, team string) string {
	return fmt.Sprintf("%s,%s,%s,%s,a,b,X1,Org line Q,%s,T,L1,Major,PROD9,nl,Netherlands,Jo,nl-Jo\n", sr, at, status, sub, team)
}

// An incident of the log lives through taking up, waiting, resolving, closing
// and being opened again; each row is there, with its own instant, and doing it
// all again changes nothing.
func TestVolvoLogBecomesIncidents(t *testing.T) {
	s := newStack(t, today)
	src, err := Shipped(VolvoName)
	if err != nil {
		t.Fatal(err)
	}
	m := mustLoad(t, s, VolvoName, src)
	log := volvoHeader +
		volvoRow("1-1", "2011-05-02T09:00:00+01:00", "Queued", "Awaiting Assignment", "T1 2nd") +
		volvoRow("1-1", "2011-05-02T09:05:00+01:00", "Accepted", "In Progress", "T1 2nd") +
		volvoRow("1-2", "2011-05-02T09:06:00+01:00", "Accepted", "In Progress", "T1 2nd") + // rows may lie scattered
		volvoRow("1-1", "2011-05-02T10:00:00+01:00", "Accepted", "Wait - Vendor", "T1 2nd") +
		volvoRow("1-1", "2011-05-02T10:30:00+01:00", "Accepted", "Wait - Vendor", "T1 2nd") +
		volvoRow("1-1", "2011-05-02T11:00:00+01:00", "Accepted", "Wait", "T1 2nd") +
		volvoRow("1-1", "2011-05-02T12:00:00+01:00", "Completed", "Resolved", "T2") +
		volvoRow("1-1", "2011-05-03T12:00:00+01:00", "Completed", "Closed", "T2") +
		volvoRow("1-1", "2011-05-04T08:00:00+01:00", "Accepted", "In Progress", "T2") +
		volvoRow("1-1", "2011-05-04T09:00:00+01:00", "Completed", "Closed", "T2") +
		volvoRow("1-1", "2011-05-04T09:00:01+01:00", "Unmatched", "Unmatched", "T2") +
		volvoRow("1-3", "2011-05-04T09:00:00+01:00", "Accepted", "Assigned", "T2") +
		volvoRow("1-3", "2011-05-04T09:10:00+01:00", "Completed", "Cancelled", "T2")
	first := s.take(t, m, log)
	if first.Rows != 13 || first.Accepted != 13 || first.Orders != 29 {
		t.Errorf("%+v, refused %+v", first.Summary, first.lines)
	}
	entries, story := s.history(t, m, "1-1")
	const want = `2011-05-02T09:00:00+01:00 ReportIncident
2011-05-02T09:00:00+01:00 VerifyReport
2011-05-02T09:00:00+01:00 AssessPriority
2011-05-02T09:00:00+01:00 RouteReport
2011-05-02T09:00:00+01:00 AddLogEntry
2011-05-02T09:05:00+01:00 AcknowledgeIncident
2011-05-02T10:00:00+01:00 PlaceOnHold
2011-05-02T10:30:00+01:00 AddLogEntry
2011-05-02T11:00:00+01:00 ResumeIncident
2011-05-02T11:00:00+01:00 PlaceOnHold
2011-05-02T12:00:00+01:00 RouteReport
2011-05-02T12:00:00+01:00 ResolveIncident
2011-05-03T12:00:00+01:00 CloseIncident
2011-05-04T08:00:00+01:00 ReopenIncident
2011-05-04T08:00:00+01:00 AcknowledgeIncident
2011-05-04T09:00:00+01:00 ResolveIncident
2011-05-04T09:00:00+01:00 CloseIncident
2011-05-04T09:00:01+01:00 AddLogEntry
`
	if story != want {
		t.Errorf("the incident reads\n%s", story)
	}
	if !entries[0].Recorded.Equal(today) || entries[0].Actor.Door != "import" {
		t.Errorf("recorded %s by door %s", entries[0].Recorded, entries[0].Actor.Door)
	}
	opened, err := s.vault.Open(entries[0])
	if err != nil || opened.By != "Jo (nl-Jo), T1 2nd L1, Org line Q" {
		t.Errorf("on the word of %q, %v", opened.By, err)
	}
	last := s.ledger.Last()
	again := s.take(t, m, log)
	if again.Repeated != 13 || again.Orders != first.Orders || s.ledger.Last() != last {
		t.Errorf("the second time: %+v, last entry %d then %d", again.Summary, last, s.ledger.Last())
	}
}

// A new export may have its columns in another order: its rows are the same. A
// mapping of another id makes incidents of its own.
func TestColumnsMayMove(t *testing.T) {
	s := newStack(t, today)
	const src = `
format: incident-mapping/1
id: moving
input: {format: csv}
group: id
time: {column: at, layouts: [yyyy-MM-dd], zone: Europe/Brussels}
role: help-desk
rules:
  - name: report
    orders: [{command: ReportIncident, fields: {kind: incident, title: {column: what}, description: {column: what}, category: outage, channel: import}}, {command: AddLogEntry, fields: {text: {column: at}}}]
`
	m := mustLoad(t, s, "m.yaml", []byte(src))
	if got := s.take(t, m, "id,at,what\n1,2026-01-02,x\n"); got.Accepted != 1 {
		t.Errorf("%+v %+v", got.Summary, got.lines)
	}
	if got := s.take(t, m, "what,id,at\nx,1,2026-01-02\n"); got.Repeated != 1 {
		t.Errorf("%+v %+v", got.Summary, got.lines)
	}
	other := mustLoad(t, s, "m.yaml", []byte(strings.Replace(src, "id: moving", "id: other", 1)))
	if got := s.take(t, other, "id,at,what\n1,2026-01-02,x\n"); got.Accepted != 1 {
		t.Errorf("%+v %+v", got.Summary, got.lines)
	}
	// One group never makes two incidents.
	if got := s.take(t, m, "id,at,what\n1,2026-01-03,y\n"); got.codes() != "2 order_id_reused" {
		t.Errorf("%+v %+v", got.Summary, got.lines)
	}
}

// Newest first is put in order by time, over the whole log.
func TestSortedByTime(t *testing.T) {
	s := newStack(t, today)
	src := strings.Replace(string(fixture(t, "servicetool.yaml")), "order: file", "order: time", 1)
	m := mustLoad(t, s, "m.yaml", []byte(strings.Replace(src, "windows-1252", "utf-8", 1)))
	lines := strings.SplitAfter(dirty, "\n")
	got := s.take(t, m, lines[0]+lines[6]+"M5;2-10-2026 10:15;Nieuw;x;Storing;Groot;ja;;;Nuth;;;Els\n"+lines[1])
	if _, story := s.history(t, m, "M1"); got.Accepted != 3 || !strings.HasPrefix(story, "2026-10-24T10:15:00+02:00 ReportIncident") {
		t.Errorf("%+v %+v\n%s", got.Summary, got.lines, story)
	}
}

// JSON Lines: members, nested members, and lines that are no objects.
func TestJSONLines(t *testing.T) {
	s := newStack(t, today)
	m := mustLoad(t, s, "m.yaml", []byte(`
format: incident-mapping/1
id: events
input: {format: jsonl}
group: ticket.id
identical: distinct
time: {column: at, layouts: [unix, rfc3339]}
role: help-desk
rules:
  - name: first
    when: {first: true}
    orders:
      - command: ReportIncident
        fields: {kind: incident, title: {column: ticket.title}, description: {column: tags}, category: outage, channel: import, ict: {column: ict}}
  - name: more
    orders: [{command: AddLogEntry, fields: {text: {template: "{n}"}}}]
`))
	got := s.take(t, m, `{"ticket":{"id":"7","title":"Down"},"tags":["a", "b"],"ict":true,"at":1760000000}
{"ticket":{"id":"7"},"n":1.50,"at":"2026-01-01T10:00:00+01:00"}
{"ticket":{"id":"7"},"n":1.50,"at":"2026-01-01T10:00:00+01:00"}
[1]
null
{"ticket":{"id":"7"},"n":1,"n":2,"at":0}
{"ticket":{"id":"7"},"n":2,"at":null}
`)
	if got.Accepted != 3 || got.codes() != "4 not_json, 5 not_json, 6 not_json, 7 bad_time" {
		t.Errorf("%+v %+v", got.Summary, got.lines)
	}
	entries, _ := s.history(t, m, "7")
	if opened, err := s.vault.Open(entries[1]); err != nil || fmt.Sprint(opened.Events[0]) != "{1.50}" {
		t.Errorf("%v %v", opened.Events, err)
	}
}

// failing is a desk that ends before the log does.
type failing struct {
	Desk
	left int
}

func (f *failing) Give(ctx context.Context, o domain.Order) (domain.Receipt, error) {
	if f.left--; f.left < 0 {
		return domain.Receipt{}, fmt.Errorf("disk: %w", domain.ErrUnavailable)
	}
	return f.Desk.Give(ctx, o)
}

// A desk that can take no more ends the run; the next run goes on from there.
func TestInterruptedRunIsTakenUpAgain(t *testing.T) {
	s := newStack(t, today)
	src, _ := Shipped(VolvoName)
	m := mustLoad(t, s, VolvoName, src)
	log := volvoHeader
	for i := range 40 {
		log += volvoRow("1-1", fmt.Sprintf("2011-05-02T09:%02d:00+01:00", i), "Unmatched", "Unmatched", "T1")
	}
	var told []int
	c := Config{Desk: &failing{s.desk, 20}, Org: org, Mapping: m, Name: "log", Input: strings.NewReader(log), Workers: 1,
		Actor:    domain.Actor{Role: "operator", For: org, Proof: "stated"},
		Progress: func(bytes int64, rows int) { told = append(told, rows) }}
	sum, err := Run(context.Background(), c)
	if !errors.Is(err, domain.ErrUnavailable) || sum.Rows != sum.Accepted || sum.Rows != 16 {
		t.Errorf("%+v %v", sum, err)
	}
	if fmt.Sprint(told) != "[16]" {
		t.Errorf("progress %v", told)
	}
	if again := s.take(t, m, log); again.Repeated != 16 || again.Accepted != 24 {
		t.Errorf("%+v", again.Summary)
	}
}
