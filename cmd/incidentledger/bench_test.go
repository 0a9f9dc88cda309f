package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// benchChild in the environment makes the test binary the program itself, for
// the sections that start it.
const benchChild = "INCIDENTLEDGER_TEST_CHILD"

// A short run measures every row of the table, judges it and leaves nothing.
func TestBenchMeasuresEveryRow(t *testing.T) {
	t.Setenv(benchChild, "1")
	log := filepath.Join(t.TempDir(), "log.csv")
	if err := os.WriteFile(log, []byte(volvoRows), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	parent := t.TempDir()
	b := &bench{
		app:     &app{getenv: os.Getenv, std: stdio{nil, &out, &errs}, format: "json"},
		entries: leastEntries, round: 20 * time.Millisecond, rounds: 1, parent: parent, volvo: log,
		self: os.Args[:1],
	}
	if err := b.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	rows := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var r benchRow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rows[r.Name]++
		if r.Value <= 0 || r.Unit == "" || r.Rounds != 1 {
			t.Errorf("row %q measured nothing: %+v", r.What, r)
		}
		if (r.Yardstick != "") != (r.Theirs > 0 && r.Ratio > 0) {
			t.Errorf("row %q: yardstick %q, its figure %v, ratio %v", r.What, r.Yardstick, r.Theirs, r.Ratio)
		}
		if (r.Target != "") != (r.Reached != nil) {
			t.Errorf("row %q has target %q and reached %v", r.What, r.Target, r.Reached)
		}
	}
	for name, n := range map[string]int{"append": 1, "store": 2, "desk": 3, "catch-up": 2, "queries": 3, "clocks": 4, "seal": 1, "memory": 1, "start": 2, "volvo": 1} {
		if rows[name] != n {
			t.Errorf("section %s has %d rows, not %d", name, rows[name], n)
		}
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) > 0 {
		t.Errorf("the bench left %v (%v)", left, err)
	}
}

// volvoRows is a log in the form of the BPI Challenge 2013, with invented rows.
const volvoRows = "SR Number,Change Date+Time,Status,Sub Status,Activity,Activity Level,Involved ST Function Div,Involved Org line 3,Involved ST,Involved ST 2,ST Level,SR Latest Impact,Product,Country,Owner Country,Owner First Name,Resource\n" +
	"1-1,2012-03-01T09:00:00+01:00,Accepted,In Progress,Accepted-In Progress,Accepted-In Progress-L1,A2_1,Org line A2,G1,G1,L1,Medium,PROD1,be,Belgium,Ann,be-Ann\n" +
	"1-1,2012-03-02T09:00:00+01:00,Completed,Resolved,Completed-Resolved,Completed-Resolved-L1,A2_1,Org line A2,G1,G1,L1,Medium,PROD1,be,Belgium,Ann,be-Ann\n"

// The least that durable appending costs is still durable appending: everybody
// is answered, and every byte that fits is in the file.
func TestGroupFileWritesWhatItAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	g, err := newGroupFile(path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if err := g.write(bytes.Repeat([]byte{byte(i + 1)}, 100)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		if n := bytes.Count(raw, []byte{byte(i + 1)}); n != 100 {
			t.Errorf("writer %d has %d bytes in the file, not 100", i, n)
		}
	}
	if err := g.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is still there")
	}
}

// A ratio is that of contestants in the same round: a slow machine in one round
// slows both and changes nothing.
func TestRatioIsOfTheSameRound(t *testing.T) {
	ours := []measured{{rate: 100}, {rate: 40}, {rate: 900}}
	theirs := []measured{{rate: 50}, {rate: 10}, {rate: 100}}
	if got := ratioOf(ours, theirs, rateOf); got != 4 {
		t.Errorf("the ratio is %v, not 4", got)
	}
	if got := medianOf(ours, rateOf); got != 100 {
		t.Errorf("the median is %v, not 100", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("the median of four is %v, not 2.5", got)
	}
}

func TestTargetsAreJudged(t *testing.T) {
	r := versus(benchRow{Unit: "µs"}, []measured{{p50: 120 * time.Microsecond}}, []measured{{p50: 100 * time.Microsecond}}, p50Of)
	for _, c := range []struct {
		row     benchRow
		target  string
		reached bool
	}{
		{r.ratioAtMost(1.2), "at most 1.2 x", true},
		{r.ratioAtMost(1.1), "at most 1.1 x", false},
		{r.ratioAtLeast(1.3), "at least 1.3 x", false},
		{r.valueBelow(200), "at most 200 µs", true},
	} {
		if c.row.Target != c.target || *c.row.Reached != c.reached {
			t.Errorf("target %q reached %v; want %q %v", c.row.Target, *c.row.Reached, c.target, c.reached)
		}
	}
	if l := r.line(); l.Measured != "120 µs" || l.Theirs != "100 µs" || l.Ratio != "1.20" || l.Reached != "" {
		t.Errorf("the line is %+v", l)
	}
}

func TestBenchRefusesWhatItCannotMeasure(t *testing.T) {
	for _, args := range [][]string{
		{"--only", "colour"}, {"--entries", "10"}, {"--rounds", "0"}, {"--seconds", "0"}, {"--only", "volvo"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"bench"}, args...), func(string) string { return "" }, stdio{nil, &out, &errs})
		if code != exitUsage || !strings.Contains(errs.String(), "--") {
			t.Errorf("bench %v: exit %d, %s", args, code, &errs)
		}
	}
}
