package projections_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/logbook"
	"incidentledger/projections/register"
)

var update = flag.Bool("update", false, "write golden files anew")

// A part of the course, seen by all views however it was batched and
// wherever it was interrupted.
//
// requirements: ARC-02
func TestViewsDoNotDependOnBatching(t *testing.T) {
	const n = 700
	db := open(t, projections.Config{}, views()...)
	catchUp(t, db, course{n, 20}, n)
	want := digests(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		fs := vfs.NewCrashableMem()
		stops := rapid.SliceOfNDistinct(rapid.IntRange(1, n-1), 0, 3, rapid.ID[int]).Draw(rt, "stops")
		crash := rapid.Bool().Draw(rt, "crash")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		last := 0
		for _, at := range append(stops, n) {
			if at < last {
				continue
			}
			last = at
			db := open(t, projections.Config{Dir: "views", FS: fs}, views()...)
			catchUp(t, db, course{at, 20}, at)
			if crash {
				fs = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 30, RNG: rng})
			}
			if err := db.Close(); err != nil {
				rt.Fatal(err)
			}
		}
		db := open(t, projections.Config{Dir: "views", FS: fs}, views()...)
		catchUp(t, db, course{n, 20}, n)
		if got := digests(t, db); got != want {
			rt.Fatalf("stopped at %v, crash %v:\n%swant\n%s", stops, crash, got, want)
		}
		if err := db.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

func digests(t testing.TB, db *projections.DB) string {
	t.Helper()
	var out bytes.Buffer
	for _, s := range db.Status() {
		d, err := db.Digest(t.Context(), s.View)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s shape %d at %d: %s\n", d.View, d.Shape, d.Seq, d.Sum)
	}
	return out.String()
}

// list is a ledger of entries made by hand.
type list []*domain.Entry

func (l list) ReadAll(_ context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for _, en := range l[after:] {
			if !yield(en, nil) {
				return
			}
		}
	}
}

func (l list) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return waiting(ctx, l.ReadAll(ctx, after))
}

func story() []*domain.Entry {
	key := domain.Key{UUID: id('i', 1)}
	other := domain.Key{UUID: id('i', 2)}
	officer := domain.Actor{ID: domain.PersonID{UUID: id('p', 1)}, Role: "security-officer", For: "org-1", Door: "web", Proof: "oidc"}
	system := domain.Actor{ID: domain.PersonID{UUID: id('p', 9)}, Role: "operator", For: "org-1", Door: "system", Proof: "system"}
	at := func(min int) time.Time { return begun.Add(time.Duration(min) * time.Minute) }
	gdpr := policy.Origin{Rule: "gdpr-33", Recipient: "ap", Stage: "initial", N: 1, Engine: policy.Engine, Zone: "Europe/Amsterdam",
		AnchorPath: "incident.discovered", Anchor: at(-60)}
	const clock domain.Code = "gdpr-33/ap/initial/1"
	type line struct {
		key       domain.Key
		min, late int
		actor     domain.Actor
		command   string
		events    []domain.Event
	}
	lines := []line{
		{key, 0, 60, officer, "ReportIncident", []domain.Event{
			incident.IncidentReported{Kind: "incident", Category: "data-leak", Channel: "phone", Discovered: at(-60), Reported: at(0),
				SuspectedDataLeak: true, Track: incident.TrackNormal, HasOwnReference: true},
			incident.IncidentRegistered{Because: "suspected-data-leak", At: at(0)},
			policy.ClockArmed{Clock: clock, Origin: gdpr, Due: at(-60).Add(72 * time.Hour), Provisional: true, Statutory: true,
				Warn: []time.Time{at(-60).Add(48 * time.Hour), at(-60).Add(66 * time.Hour)}}}},
		{other, 3, 0, domain.Actor{Role: "reporter", Proof: "anonymous"}, "ReportIncident", []domain.Event{
			incident.IncidentReported{Kind: "weakness", Category: "undetermined", Channel: "form", Reported: at(3), Anonymous: true, Track: incident.TrackIntegrity}}},
		{key, 10, 5, officer, "AssessPriority", []domain.Event{
			incident.PriorityAssessed{Urgency: "high", Impact: "medium", Weighed: "medium", Computed: 2}}},
		{key, 20, 0, officer, "EstablishAwareness", []domain.Event{
			incident.AwarenessEstablished{Of: "breach", AwareAt: at(15)},
			policy.ClockMoved{Clock: clock, Origin: gdpr, Was: at(-60).Add(72 * time.Hour), Due: at(15).Add(72 * time.Hour), Statutory: true,
				Warn: []time.Time{at(15).Add(48 * time.Hour), at(15).Add(66 * time.Hour)}}}},
		{key, 30, 0, officer, "AddLogEntry", []domain.Event{incident.LogEntryAdded{}}},
		{key, 32, 0, officer, "CorrectEntry", []domain.Event{incident.EntryCorrected{Corrects: 5}}},
		{key, 40, 0, officer, "CorrectFact", []domain.Event{
			incident.FactCorrected{Corrects: 3, Event: "PriorityAssessed", Fields: values(`{"impact":"high","computed":1}`)},
			incident.FactCorrected{Corrects: 1, Event: "IncidentReported", Fields: values(`{"category":"phishing","department":"civil-affairs"}`)}}},
		{key, 15 + 48*60, 0, system, "MarkDueSoon", []domain.Event{policy.ClockDueSoon{Clock: clock, Stage: "warn-1", Due: at(15).Add(72 * time.Hour)}}},
		{key, 15 + 72*60 + 1, 0, system, "MarkOverdue", []domain.Event{policy.ClockOverdue{Clock: clock, Due: at(15).Add(72 * time.Hour)}}},
		{key, 15 + 73*60, 75, officer, "NotifyAuthority", []domain.Event{
			incident.AuthorityNotified{Notification: domain.Key{UUID: id('n', 1)}, Authority: "ap", Regime: "gdpr", Stage: "initial", Submitted: at(15 + 72*60 + 30),
				Channels: []incident.Channel{{Kind: "webform", At: at(15 + 72*60 + 30), Outcome: "delivered", HasReference: true}}, HasLateReason: true},
			policy.ClockMet{Clock: clock, At: at(15 + 72*60 + 30), Due: at(15).Add(72 * time.Hour)},
			domain.RuleDeviated{Code: "late", Requirement: "NOT-01"}}},
		{key, 5000, 0, officer, "ResolveIncident", []domain.Event{incident.IncidentResolved{RestoredAt: at(4990)}}},
		{key, 5001, 0, officer, "CloseIncident", []domain.Event{incident.IncidentClosed{At: at(5001)}}},
		{key, 6000, 0, officer, "ReopenIncident", []domain.Event{incident.IncidentReopened{Because: "manual", Leg: 2, At: at(6000)}}},
	}
	var out []*domain.Entry
	last := map[domain.Key]domain.Seq{}
	for i, l := range lines {
		en := &domain.Entry{Seq: domain.Seq(i + 1), Prev: last[l.key], Size: 500 + i, Org: "org-1", Kind: "incident", Key: l.key, ID: domain.OrderID{UUID: id('o', uint64(i))},
			Command: l.command, Actor: l.actor, Recorded: at(l.min),
			Occurred: domain.Moment{Time: at(l.min - l.late).In(zone), Precision: domain.PrecisionMinute}}
		for _, e := range l.events {
			en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: e})
		}
		out = append(out, en)
		last[l.key] = en.Seq
	}
	return out
}

func values(object string) map[domain.Code]incident.Value {
	m := map[domain.Code]incident.Value{}
	if err := json.Unmarshal([]byte(object), &m); err != nil {
		panic(err)
	}
	return m
}

// One history, told by every view after each entry that changes what is asked.
func TestGoldenTimeline(t *testing.T) {
	db := open(t, projections.Config{}, views()...)
	defer db.Close()
	var out bytes.Buffer
	entries := story()
	for _, stop := range []int{2, 4, 8, 9, 13} {
		catchUp(t, db, list(entries[:stop]), stop)
		fmt.Fprintf(&out, "== after entry %d\n", stop)
		tell(t, &out, db, entries[0].Key)
	}
	out.WriteString(digests(t, db))
	const golden = "testdata/timeline.golden"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("differs from %s; -update writes it anew:\n%s", golden, out.String())
	}
}

func tell(t *testing.T, out *bytes.Buffer, db *projections.DB, key domain.Key) {
	t.Helper()
	s, err := db.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	reg, err := register.In(s)
	must(err)
	rows, total, err := reg.List(register.Query{Sort: register.Number})
	must(err)
	fmt.Fprintf(out, "register of %d\n", total)
	for _, r := range rows {
		fmt.Fprintf(out, "  %s %s %s %s p%d(%d/%d) leg %d track %s dept %q first %d last %d refs %v overdue %d next %s aware %s resolved %s closed %s deviated %v\n",
			r.Number, r.Kind, r.Category, r.Phase, r.Priority, r.Computed, r.Overridden, r.Leg, r.Class.Track, r.Department, r.First, r.Last,
			r.References, r.Overdue(r.LastRecorded), stamp(r.NextDue()), stamp(r.Aware), stamp(r.Resolved), stamp(r.Closed), r.Deviated)
	}
	log, err := logbook.In(s)
	must(err)
	lines, total, err := log.OfIncident(key, logbook.Query{Order: logbook.ByOccurred})
	must(err)
	fmt.Fprintf(out, "logbook of %d by occurred\n", total)
	for _, r := range lines {
		fmt.Fprintf(out, "  %d %s %s recorded %s %s %s %v corrects %v corrected by %v late %v deviates %v\n", r.Seq,
			r.Occurred.Time.Format(time.RFC3339), r.Occurred.Precision, stamp(r.Recorded), r.Role, r.Command, r.Events, r.Corrects, r.CorrectedBy, r.Late, r.Deviates)
	}
	dl, err := deadlines.In(s)
	must(err)
	next, err := dl.Next(10, nil)
	must(err)
	all, err := dl.OfIncident(key, nil)
	must(err)
	actions, more, err := dl.Actions(begun.Add(1000 * time.Hour))
	must(err)
	fmt.Fprintf(out, "deadlines: %d next\n", len(next))
	for _, c := range all {
		fmt.Fprintf(out, "  %s %s %s due %s provisional %v statutory %v p%d warned %d met %s\n", c.Number, c.ID, c.State(), stamp(c.Due), c.Provisional, c.Statutory, c.Priority, c.Warned, stamp(c.Met))
	}
	for _, a := range actions {
		fmt.Fprintf(out, "  must say %s of %s at %s\n", a.Stage, a.Clock, stamp(a.At))
	}
	if !more.IsZero() {
		t.Errorf("more actions at %s", more)
	}
	aud, err := audit.In(s)
	must(err)
	p, err := aud.Find(audit.Query{Limit: 3})
	must(err)
	fmt.Fprintf(out, "audit, newest 3, next %d\n", p.Next)
	for _, r := range p.Rows {
		fmt.Fprintf(out, "  %d %s %s %s for %q %s %d bytes\n", r.Seq, stamp(r.Recorded), r.Role, r.Command, r.For, r.Proof, r.Size)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
