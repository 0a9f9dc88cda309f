package projections_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/logbook"
)

// size is the number of entries of the benchmarks; ENTRIES in the environment
// changes it.
func size(b *testing.B) int {
	n := 100_000
	if s := os.Getenv("ENTRIES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// busy is a course with many incidents at a time.
func busy(n int) course { return course{n, 400} }

// BenchmarkCatchUp builds all views from the first entry, from a ledger that
// costs next to nothing to read.
func BenchmarkCatchUp(b *testing.B) {
	n := size(b)
	for b.Loop() {
		db := open(b, projections.Config{Dir: b.TempDir()}, views()...)
		begin := time.Now()
		catchUp(b, db, busy(n), n)
		b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "entries/s")
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGenerate is what the ledger of BenchmarkCatchUp costs by itself.
func BenchmarkGenerate(b *testing.B) {
	seq := domain.Seq(0)
	for b.Loop() {
		seq++
		busy(1).entry(seq)
	}
}

// BenchmarkQueries asks what the pages of the program ask most.
func BenchmarkQueries(b *testing.B) {
	n := size(b)
	db := open(b, projections.Config{Dir: b.TempDir()}, views()...)
	catchUp(b, db, busy(n), n)
	defer db.Close()
	key := busy(n).entry(domain.Seq(n / 2)).Key
	allow := func(c projections.Class) bool { return c.Track == "normal" }
	run := func(name string, ask func(s *projections.Snapshot) (int, error)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s, err := db.Snapshot()
				if err != nil {
					b.Fatal(err)
				}
				rows, err := ask(s)
				if err != nil || rows == 0 {
					b.Fatal(rows, err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("deadlines/next50", func(s *projections.Snapshot) (int, error) {
		d, err := deadlines.In(s)
		if err != nil {
			return 0, err
		}
		rows, err := d.Next(50, allow)
		return len(rows), err
	})
	newest := func(q audit.Query) func(s *projections.Snapshot) (int, error) {
		return func(s *projections.Snapshot) (int, error) {
			a, err := audit.In(s)
			if err != nil {
				return 0, err
			}
			q.Allow = allow
			p, err := a.Find(q)
			return len(p.Rows), err
		}
	}
	run("audit/newest50", newest(audit.Query{}))
	run("audit/organisation", newest(audit.Query{For: "org-2"}))
	run("audit/actor", newest(audit.Query{Actor: busy(n).entry(17).Actor.ID}))
	run("logbook/incident", func(s *projections.Snapshot) (int, error) {
		l, err := logbook.In(s)
		if err != nil {
			return 0, err
		}
		rows, _, err := l.OfIncident(key, logbook.Query{Order: logbook.ByOccurred})
		return len(rows), err
	})
}
