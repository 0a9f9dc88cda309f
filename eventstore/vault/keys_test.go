package vault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"incidentledger/domain"
)

// Everybody who waited while one fsync ran is served by the next.
func TestManyCallersShareAnFsync(t *testing.T) {
	c := config(t)
	mustClose(t, mustCreate(t, c))
	synctest.Test(t, func(t *testing.T) {
		v, disk := openTroubled(t, c)
		hold := make(chan struct{})
		disk.onSync = func() { <-hold }

		const n = 100
		entries := make([]*domain.Entry, n)
		var done sync.WaitGroup
		one := func(i int) {
			done.Go(func() {
				var err error
				if entries[i], err = trySeal(v, orderID(i), spoken(), story()...); err != nil {
					t.Error(err)
				}
			})
		}
		one(0)
		synctest.Wait() // the first is being synced
		for i := 1; i < n; i++ {
			one(i)
		}
		synctest.Wait() // all others gather
		for i, en := range entries {
			if en != nil {
				t.Errorf("entry %d was sealed before its keys were synced", i)
			}
		}
		close(hold)
		done.Wait()
		if disk.synced != 2 {
			t.Errorf("%d entries took %d fsyncs", n, disk.synced)
		}
		for _, en := range entries {
			opens(t, v, en, "the mayor", story()...)
		}
		disk.onSync = nil
		mustClose(t, v)
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	c := config(t)
	mustClose(t, mustCreate(t, c))
	synctest.Test(t, func(t *testing.T) {
		v, disk := openTroubled(t, c)
		hold := make(chan struct{})
		disk.onSync = func() { <-hold }
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		var done sync.WaitGroup
		done.Go(func() {
			_, _, _, err = v.Seal(ctx, org, incident, orderID(1), nil, story(), version)
		})
		synctest.Wait()
		cancel()
		done.Wait()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
		close(hold)
		disk.onSync = nil
		opens(t, v, sealed(t, v, orderID(1), nil, story()...), "", story()...)
		mustClose(t, v)
	})
}

// Callers that wait on one group all learn that it failed, and none of its keys
// is used again.
func TestAGroupThatFailsFailsForAll(t *testing.T) {
	c := config(t)
	mustClose(t, mustCreate(t, c))
	synctest.Test(t, func(t *testing.T) {
		v, disk := openTroubled(t, c)
		hold := make(chan struct{})
		disk.onSync = func() { <-hold }
		var first, rest sync.WaitGroup
		var firstErr error
		first.Go(func() { _, firstErr = trySeal(v, orderID(0), nil, story()...) })
		synctest.Wait()
		disk.write = syscall.ENOSPC
		errs := make([]error, 20)
		for i := range errs {
			rest.Go(func() { _, errs[i] = trySeal(v, orderID(1+i%5), nil, story()...) })
		}
		synctest.Wait()
		close(hold)
		first.Wait()
		rest.Wait()
		if firstErr != nil {
			t.Errorf("the group before failed too: %v", firstErr)
		}
		for i, err := range errs {
			if !errors.Is(err, domain.ErrUnavailable) {
				t.Errorf("caller %d: %v", i, err)
			}
		}
		if len(v.pending) != 0 || v.next != nil {
			t.Error("keys that were not written are still offered")
		}
		disk.write, disk.onSync = nil, nil
		opens(t, v, sealed(t, v, orderID(1), nil, story()...), "", story()...)
		mustClose(t, v)
	})
}

// A group that is full takes no more orders; they go into the one after. An
// order's own keys stay together all the same.
func TestAFullGroupTakesNoMore(t *testing.T) {
	c := config(t)
	mustClose(t, mustCreate(t, c))
	synctest.Test(t, func(t *testing.T) {
		v, disk := openTroubled(t, c)
		v.groupMax = 1
		hold := make(chan struct{})
		disk.onSync = func() { <-hold }
		const n = 50
		var done sync.WaitGroup
		give := func(i int) {
			done.Go(func() {
				if _, err := trySeal(v, orderID(i), nil, story()...); err != nil {
					t.Error(err)
				}
			})
		}
		give(0)
		synctest.Wait() // its group is being synced
		for i := range n - 1 {
			give(i + 1)
		}
		synctest.Wait()
		if got, want := len(v.next.body), keyRecordSize("entry/"+orderID(0).String()); got != want {
			t.Errorf("%d bytes gather in a group, want the %d of one key", got, want)
		}
		close(hold)
		done.Wait()
		if disk.synced != n {
			t.Errorf("%d orders made %d groups", n, disk.synced)
		}
		disk.onSync = nil
		mustClose(t, v)
	})
}

// Many goroutines seal and open under shared and own scopes, with groups so
// small that they fill up and a cache so small that keys are read back.
func TestConcurrentSealing(t *testing.T) {
	c := config(t)
	c.CacheKeys = 8
	v := mustCreate(t, c)
	v.groupMax = 300
	const callers, each = 16, 20
	entries := make([][]*domain.Entry, callers)
	var done sync.WaitGroup
	for i := range callers {
		done.Go(func() {
			for j := range each {
				// Two callers at a time give the same order.
				en, err := trySeal(v, orderID(i/2*each+j), spoken(), story()...)
				if err != nil {
					t.Error(err)
					return
				}
				entries[i] = append(entries[i], en)
				if got, err := v.Open(en); err != nil || got.Erased > 0 {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	done.Wait()
	mustClose(t, v)
	v = mustOpen(t, c)
	if want := callers/2*each + 1 + 2 + 1; len(v.index) != want {
		t.Errorf("%d keys, want %d: one a scope", len(v.index), want)
	}
	for _, ens := range entries {
		for _, en := range ens {
			opens(t, v, en, "the mayor", story()...)
		}
	}
	if n := len(v.cache.young) + len(v.cache.old); n > c.CacheKeys {
		t.Errorf("the cache holds %d keys, at most %d are allowed", n, c.CacheKeys)
	}
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := newCache(8)
	h := func(i int) scopeHash { return hashScope(fmt.Append(nil, i)) }
	for i := range 100 {
		c.put(h(i), scopeKey{kid: [kidSize]byte{byte(i)}})
		if key, ok := c.get(h(0)); !ok || key.kid[0] != 0 {
			t.Fatalf("after %d keys the one in use was forgotten", i)
		}
		if n := len(c.young) + len(c.old); n > 8 {
			t.Fatalf("%d keys are kept", n)
		}
	}
	if _, ok := c.get(h(50)); ok {
		t.Error("a key of long ago is still there")
	}
}

func TestScopes(t *testing.T) {
	for scope, ok := range map[string]bool{
		"incident/1": true, "ledger/é": true,
		"": false, "a\nb": false, "a\x7f": false, "\xff": false, string(make([]byte, 256)): false,
	} {
		if err := checkScope(scope); (err == nil) != ok {
			t.Errorf("%q: %v", scope, err)
		}
	}
}

// BenchmarkSeal is what 256 callers get: every entry brings a key of its own
// that must be synced.
func BenchmarkSeal(b *testing.B) {
	v := mustCreate(b, config(b))
	var mu sync.Mutex
	n := 0
	b.SetParallelism(128)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			id := orderID(n)
			mu.Unlock()
			if _, err := trySeal(v, id, nil, domain.RuleDeviated{Code: "late", Reason: "a text of some length, as people type it"}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "seals/s")
}
