package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"time"
)

// measured is what one contestant did in one round.
type measured struct {
	rate     float64 // per second
	p50, p99 time.Duration
}

// A contestant is measured once a round, for about the given time.
type contestant struct {
	name string
	own  bool // part of this program, not a yardstick: it gets a CPU profile
	run  func(ctx context.Context, d time.Duration) (measured, error)
}

// contest measures contestants in turns: in each round every one of them, so
// that whatever else the machine does meets all alike. A short round before the
// first warms up and counts for nothing.
func (b *bench) contest(ctx context.Context, name string, cs ...contestant) (map[string][]measured, error) {
	out := map[string][]measured{}
	for round := range b.rounds + 1 {
		d := b.round
		if round == 0 {
			d /= 4
		} else {
			b.say("%s: round %d of %d", name, round, b.rounds)
		}
		for _, c := range cs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			runtime.GC() // what the one before left is not this one's burden
			m, err := b.profiled(c, round == b.rounds, func() (measured, error) { return c.run(ctx, d) })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				out[c.name] = append(out[c.name], m)
			}
		}
	}
	return out, nil
}

// profiled runs f under the CPU profiler where that was asked for.
func (b *bench) profiled(c contestant, last bool, f func() (measured, error)) (measured, error) {
	if b.profiles == "" || !c.own || !last {
		return f()
	}
	if err := os.MkdirAll(b.profiles, 0o755); err != nil {
		return measured{}, err
	}
	w, err := os.Create(filepath.Join(b.profiles, c.name+".pprof"))
	if err != nil {
		return measured{}, err
	}
	defer w.Close()
	if err := pprof.StartCPUProfile(w); err != nil {
		return measured{}, err
	}
	defer pprof.StopCPUProfile()
	return f()
}

// callers lets n callers do op again and again for d. Each waits for its own
// answer before it goes on; what is under way at the end is finished and counts.
func callers(ctx context.Context, n int, d time.Duration, op func(ctx context.Context, caller int) error) (measured, error) {
	took := make([][]time.Duration, n)
	errs := make([]error, n)
	begun := time.Now()
	end := begun.Add(d)
	var wg sync.WaitGroup
	for caller := range n {
		wg.Go(func() {
			for at := time.Now(); at.Before(end) && ctx.Err() == nil; {
				if errs[caller] = op(ctx, caller); errs[caller] != nil {
					return
				}
				now := time.Now()
				took[caller] = append(took[caller], now.Sub(at))
				at = now
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(begun)
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return measured{}, err
		}
	}
	return summary(slices.Concat(took...), elapsed), nil
}

// summary gives rate and percentiles of single durations. It sorts took.
func summary(took []time.Duration, elapsed time.Duration) measured {
	if len(took) == 0 {
		return measured{}
	}
	slices.Sort(took)
	at := func(percent int) time.Duration { return took[min(len(took)-1, len(took)*percent/100)] }
	return measured{rate: float64(len(took)) / elapsed.Seconds(), p50: at(50), p99: at(99)}
}

// medianOf gives the median over rounds of what get takes from each.
func medianOf(rounds []measured, get func(measured) float64) float64 {
	vs := make([]float64, len(rounds))
	for i, m := range rounds {
		vs[i] = get(m)
	}
	return median(vs)
}

// ratioOf gives the median of the ratios of the rounds.
func ratioOf(ours, theirs []measured, get func(measured) float64) float64 {
	vs := make([]float64, min(len(ours), len(theirs)))
	for i := range vs {
		vs[i] = get(ours[i]) / get(theirs[i])
	}
	return median(vs)
}

// median sorts vs.
func median(vs []float64) float64 {
	if len(vs) == 0 {
		return 0
	}
	slices.Sort(vs)
	if n := len(vs); n%2 == 0 {
		return (vs[n/2-1] + vs[n/2]) / 2
	}
	return vs[len(vs)/2]
}

func rateOf(m measured) float64 { return m.rate }
func p50Of(m measured) float64  { return micros(m.p50) }
func p99Of(m measured) float64  { return micros(m.p99) }

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func processors() int { return runtime.GOMAXPROCS(0) }
