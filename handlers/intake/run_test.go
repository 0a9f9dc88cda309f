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
	"golang.org/x/text/encoding/charmap"

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

const dirty = "Melding;Tijdstip;Status;Onderwerp;Soort;Effect;ICT;Lek;Diensten;Plaats;Schade;Hersteld;Melder\n" + // 1
	"M1;24-10-2026 10:15;Nieuw;Printer in café kapot sinds gisterenavond;Storing;Groot;ja;;Balie 1, Post;Nuth;1500;;Els\r\n" + // 2
	"M1;25-10-2026 02:30;In behandeling;\"Storing; \"\"groot\"\"\nmet twee regels\";Storing;Groot;ja;;;Nuth;;;Els\n" + // 3 and 4: in the hour that came twice
	"M1;99-10-2026 10:00;In behandeling;datum;Storing;Groot;ja;;;Nuth;;;Els\n" + // 5
	"M1;26-10-2026 10:00;In behandeling;\"geen einde;Storing;Groot;ja;;;Nuth;;;Els\n" + // 6
	"M1;26-10-2026 11:00;Opmerking;7\" scherm;Storing;Groot;ja;;;Nuth;;;Els\n" + // 7
	"M1;26-10-2026 11:00;Opmerking;7\" scherm;Storing;Groot;ja;;;Nuth;;;Els\n" + // 8: the same row again
	"M1;26-10-2026 11:10;Opmerking;te kort\n" + // 9
	"M1;26-10-2026 11:20;Zoek;wat is dit;Storing;Groot;ja;;;Nuth;;;Els\n" + // 10
	"M1;26-10-2026 11:30;Zoek;verhuisd;Storing;Groot;ja;;;Brunssum Zuid;;;Els\n" + // 11
	";26-10-2026 11:30;Opmerking;van wie;Storing;Groot;ja;;;Nuth;;;Els\n" + // 12
	"M2;29-3-2026 2:30;Nieuw;Mail;Phishing;Enorm;ja;;;Nuth;;;\n" + // 13: never was; no such effect
	"M1;26-10-2026 11:20;Zoek;wat is dit;Storing;Groot;ja;;;Nuth;;;Els\n" + // 14: row 10 again
	"\n" + // 15
	"M2;26-10-2026 12:00;Opgelost;Mail;Phishing;Klein;ja;;;Nuth;;morgen;\n" + // 16
	"M2;26-10-2027 12:00;Opmerking;toekomst;Phishing;Klein;ja;;;Nuth;;;\n" + // 17
	"TEST1;1-1-2026 9:00;Nieuw;proef;;;;;;;;;\n" + // 18
	"M3;1-1-2026 9:00;Nieuw;bedrag;Storing;Klein;misschien;;;Nuth;;;\n" + // 19
	"M4;1-1-2026 9:00;Opmerking;\x81;Storing;Klein;ja;;;Nuth;;;" // 20: a byte that the code page does not have

// A dirty log of another tool never stops the run: each row stands for itself
// and says what is wrong with it.
func TestDirtyLogOfAnotherTool(t *testing.T) {
	s := newStack(t, today)
	m := mustLoad(t, s, "servicetool.yaml", fixture(t, "servicetool.yaml"))
	encoded, err := charmap.Windows1252.NewEncoder().String(strings.ReplaceAll(dirty, "\x81", "?"))
	if err != nil {
		t.Fatal(err)
	}
	encoded = strings.Replace(encoded, "Opmerking;?;", "Opmerking;\x81;", 1)
	got := s.take(t, m, encoded)
	const want = "5 bad_time, 6 broken_quote, 9 column_count, 10 no_rule, 12 no_group, 13 not_in_table, 14 repeats_refused, 16 bad_time, 17 invalid, 19 bad_value, 20 invalid_encoding"
	if got.codes() != want {
		t.Errorf("refused\n%s\n%+v", got.codes(), got.lines)
	}
	if got.Rows != 17 || got.Accepted != 4 || got.Repeated != 1 || got.Skipped != 1 {
		t.Errorf("%+v", got.Summary)
	}
	for _, l := range got.lines {
		if l.Line == 6 && (l.Row != "M1;26-10-2026 10:00;In behandeling;\"geen einde;Storing;Groot;ja;;;Nuth;;;Els" || l.Group != "") {
			t.Errorf("the broken row is given as %+v", l)
		}
	}
	var warned []string
	for _, w := range got.Warnings {
		warned = append(warned, fmt.Sprintf("%s %d from %d", w.Code, w.Rows, w.Line))
	}
	if strings.Join(warned, ", ") != "identical_rows 1 from 8, missing_hour 1 from 13, repeated_hour 1 from 3" {
		t.Errorf("warned of %v", warned)
	}
	entries, story := s.history(t, m, "M1")
	if story != `2026-10-24T10:15:00+02:00 ReportIncident
2026-10-24T10:15:00+02:00 AssessPriority
2026-10-24T10:15:00+02:00 VerifyReport
2026-10-25T02:30:00+02:00 AddLogEntry
2026-10-26T11:00:00+01:00 AddLogEntry
2026-10-26T11:30:00+01:00 RouteReport
` {
		t.Errorf("M1 reads\n%s", story)
	}
	if p := entries[0].Occurred.Precision; p != domain.PrecisionMinute {
		t.Errorf("precision %s", p)
	}
	opened, err := s.vault.Open(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(opened.Events[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"title":"Printer in café kapot sinds g…"`, `{M1}`, `"affected":["Balie-1","Post"]`, `"ict":true`, `"suspectedDataLeak":false`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("%s lacks %s", b, part)
		}
	}
	// M2 began although its impact could not be read: the others of a row's orders are given.
	if _, story := s.history(t, m, "M2"); !strings.Contains(story, "2026-03-29T03:30:00+02:00 ReportIncident") || strings.Contains(story, "CloseIncident") {
		t.Errorf("M2 reads\n%s", story)
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
