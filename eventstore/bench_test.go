package eventstore

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"testing"
	"time"

	"incidentledger/domain"
)

// BenchmarkAppend measures append to acknowledged at several numbers of writers.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			_, l := found(b, b.TempDir())
			took := make([]time.Duration, b.N)
			entries := make([]*domain.Entry, b.N)
			for i := range entries {
				entries[i] = entry(1000+i, nil, "x")
			}
			b.ResetTimer()
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for i := w; i < b.N; i += writers {
						at := time.Now()
						if err := l.Append(context.Background(), entries[i]); err != nil {
							b.Error(err)
						}
						took[i] = time.Since(at)
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(entries[0].Size), "bytes")
		})
	}
}
