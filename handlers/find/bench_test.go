package find

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// BenchmarkIndex reports how fast entries of eighty words, fifteen an incident, are
// taken in, how much memory each costs, and how long a search takes among them.
func BenchmarkIndex(b *testing.B) {
	const n = 100_000
	entries := make([]*domain.Entry, n)
	texts := make([]domain.Text, n)
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 2, 200_000)
	for i := range entries {
		var key domain.Key
		binary.BigEndian.PutUint64(key.UUID[:], uint64(i/15)+1)
		var t strings.Builder
		fmt.Fprintf(&t, "SD-%d ", i)
		for range 40 {
			fmt.Fprintf(&t, "woord%d é ", zipf.Uint64())
		}
		texts[i] = domain.Text(t.String())
		entries[i] = &domain.Entry{Seq: domain.Seq(i + 1), ID: domain.OrderID{UUID: uuid.UUID(key.UUID)}, Kind: incident.Name, Key: key, Sealed: make([]domain.Box, 1)}
	}
	open := openerFunc(func(en *domain.Entry) ([]domain.Event, string, int, error) {
		return []domain.Event{incident.LogEntryAdded{Text: texts[en.Seq-1]}}, "", 0, nil
	})
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := New(Config{Opener: open})
		begun := time.Now()
		for _, en := range entries {
			x.read(en)
		}
		b.ReportMetric(float64(n)/time.Since(begun).Seconds(), "entries/s")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/entry")
		begun = time.Now()
		const searches = 200
		for i := range searches {
			if keys, _ := x.Search(incident.Name, fmt.Sprintf("woord1 woord2 woord%d", i), domain.Seq(n)); len(keys) == 0 {
				b.Fatal("nothing found")
			}
		}
		b.ReportMetric(float64(time.Since(begun).Microseconds())/searches, "µs/search")
	}
}
