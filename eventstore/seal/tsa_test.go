package seal

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"incidentledger/eventstore/seal/testtsa"
)

// serveTSA serves an authority by HTTP, as the configuration of a log names it.
func serveTSA(t testing.TB, name string, a *testtsa.TSA, every time.Duration) TSA {
	t.Helper()
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	return TSA{Name: name, URL: srv.URL, Roots: rootsOf(t, a.Roots), Every: every}
}

func clock(t testing.TB, c ClockConfig) *Clock {
	t.Helper()
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 5 * time.Second}
	}
	k, err := OpenClock(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// Two authorities stamp the heads of a log; what they say is there again after a
// restart, once for each head, and covers every entry before it.
func TestHeadsAreStamped(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(3)
	l := open(t, dir, e)
	first := seal(t, l)
	one, two := testtsa.New(testtsa.Options{Name: "One"}), testtsa.New(testtsa.Options{Name: "Two", Intermediate: true})
	conf := ClockConfig{Log: l, TSAs: []TSA{serveTSA(t, "one", one, time.Hour), serveTSA(t, "two", two, time.Hour)}}
	k := clock(t, conf)
	if _, err := k.Covering(1); !errors.Is(err, ErrNotSealed) {
		t.Errorf("before anything is stamped: %v", err)
	}
	for range 2 { // the second time nobody is asked
		if err := k.Ask(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	e.add(2)
	second := seal(t, l)
	if head, err := k.Covering(3); err != nil || string(head.Note) != string(first.Note) {
		t.Errorf("entry 3 is covered by %s, %v", head.Note, err)
	}
	if tr := TrustOf(3, l, nil, k); tr.Sealed.IsZero() || !tr.Cosigned.IsZero() || tr.Timestamped.IsZero() {
		t.Errorf("entry 3 is trusted as %+v", tr)
	}
	if tr := TrustOf(4, l, nil, k); tr.Sealed.IsZero() || !tr.Timestamped.IsZero() {
		t.Errorf("entry 4 is trusted as %+v", tr)
	}
	if _, err := k.Covering(4); !errors.Is(err, ErrNotSealed) {
		t.Errorf("entry 4 is covered: %v", err)
	}
	if err := k.Ask(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if one.Asked() != 2 || two.Asked() != 2 {
		t.Errorf("they were asked %d and %d times for two heads", one.Asked(), two.Asked())
	}
	k.Close()
	again := clock(t, conf)
	for _, head := range []Head{first, second} {
		kept, err := again.Over(head.Note)
		if err != nil || len(kept) != 2 {
			t.Fatalf("over the head of %d entries %d timestamps are kept, %v", head.Size, len(kept), err)
		}
		if s, err := CheckStamp(kept["two"], head.Note, conf.TSAs[1].Roots, time.Now()); err != nil || s.Subject != "CN=Two" {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

// T25: what an authority answers is judged before it is kept.
func TestABadTimestampIsRefused(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), newEntries(3))
	head := seal(t, l)
	for what, spoil := range map[string]func(*testtsa.Parts){
		"another imprint":     func(p *testtsa.Parts) { p.Imprint = make([]byte, 32) },
		"another nonce":       func(p *testtsa.Parts) { p.Nonce = big.NewInt(7) },
		"no nonce":            func(p *testtsa.Parts) { p.Nonce = nil },
		"no certificate":      func(p *testtsa.Parts) { p.Certs = nil },
		"a wrong signature":   func(p *testtsa.Parts) { p.Signature = func(b []byte) { b[20] ^= 1 } },
		"before the head was": func(p *testtsa.Parts) { p.At = p.At.Add(-time.Hour) },
		"in the future":       func(p *testtsa.Parts) { p.At = p.At.Add(time.Hour) },
	} {
		a := testtsa.New(testtsa.Options{})
		a.Spoil = spoil
		k := clock(t, ClockConfig{Log: l, TSAs: []TSA{serveTSA(t, "a", a, time.Hour)}})
		if err := k.Ask(t.Context(), head); !errors.Is(err, ErrToken) && !errors.Is(err, ErrUntrusted) || a.Asked() != 1 {
			t.Errorf("%s: asked %d times, and it is kept: %v", what, a.Asked(), err)
		}
		if kept, err := k.Over(head.Note); len(kept) != 0 || err != nil {
			t.Errorf("%s: %d are kept, %v", what, len(kept), err)
		}
	}
	stranger := serveTSA(t, "a", testtsa.New(testtsa.Options{}), time.Hour)
	stranger.Roots = rootsOf(t, testtsa.New(testtsa.Options{}).Roots)
	if err := clock(t, ClockConfig{Log: l, TSAs: []TSA{stranger}}).Ask(t.Context(), head); !errors.Is(err, ErrUntrusted) {
		t.Errorf("of an authority that the roots do not know: %v", err)
	}
}

// Servers that are no authorities: nothing of theirs is kept, and one that does
// not answer keeps nobody longer than it may.
func TestATSAThatIsNone(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), newEntries(3))
	head := seal(t, l)
	for what, f := range map[string]http.HandlerFunc{
		"stalls": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // a server notices that the caller has gone once it has read the question
			<-r.Context().Done()
		},
		"garbage": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(strings.Repeat("no", 1<<10))) },
		"garbage of the right kind": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/timestamp-reply")
			w.Write([]byte(strings.Repeat("0\x84", 1<<20)))
		},
		"an error": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
		},
	} {
		srv := httptest.NewServer(f)
		t.Cleanup(srv.Close)
		k := clock(t, ClockConfig{Log: l, TSAs: []TSA{{Name: "a", URL: srv.URL, Roots: rootsOf(t, testtsa.New(testtsa.Options{}).Roots)}}})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if err := k.Ask(ctx, head); err == nil {
			t.Errorf("%s: no error", what)
		}
		cancel()
		if kept, err := k.Over(head.Note); len(kept) != 0 || err != nil {
			t.Errorf("%s: %d are kept, %v", what, len(kept), err)
		}
	}
}

// T27: an authority that is down is told of, one failure after the other, and the
// newest head is stamped once it is back. Sealing goes on meanwhile.
func TestATSAThatIsDownIsCaughtUpLater(t *testing.T) {
	t.Parallel()
	e := newEntries(1)
	l := open(t, t.TempDir(), e)
	seal(t, l)
	a := testtsa.New(testtsa.Options{})
	var down atomic.Bool
	down.Store(true)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		a.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	type round struct {
		s        Stamp
		failures int
		err      error
	}
	told := make(chan round)
	k := clock(t, ClockConfig{Log: l, TSAs: []TSA{{Name: "a", URL: srv.URL, Roots: rootsOf(t, a.Roots), Every: time.Millisecond}},
		Report: func(_ string, s Stamp, failures int, err error) { told <- round{s, failures, err} }})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.Run(ctx) }()
	for i := 1; i <= 3; i++ {
		if r := <-told; r.err == nil || r.failures != i {
			t.Fatalf("failure %d: %+v", i, r)
		}
		e.add(1)
		seal(t, l)
	}
	down.Store(false)
	r := <-told
	for r.err != nil {
		r = <-told
	}
	if r.failures != 0 || r.s.Size != 4 {
		t.Errorf("once it is back: %+v", r)
	}
	e.add(1) // a head that moves is stamped again
	seal(t, l)
	if r = <-told; r.err != nil || r.s.Size != 5 {
		t.Errorf("the next head: %+v", r)
	}
	stop()
	<-done
}

// What a crash leaves of a timestamp is written over; anything else is damage.
func TestDamagedTimestamps(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(2)
	l := open(t, dir, e)
	conf := ClockConfig{Log: l, TSAs: []TSA{serveTSA(t, "a", testtsa.New(testtsa.Options{}), time.Hour)}}
	k := clock(t, conf)
	path := filepath.Join(dir, stampedFile)
	var sizes []int
	for range 2 {
		e.add(1)
		if err := k.Ask(t.Context(), seal(t, l)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(b))
	}
	k.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{sizes[0] + 1, sizes[0] + 200, sizes[1] - 1} {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		torn := clock(t, conf)
		if n := len(torn.kept.index); n != 1 {
			t.Errorf("of a file that is torn %d timestamps are left", n)
		}
		torn.Close()
	}
	for _, at := range []int{0, 30, sizes[0] / 2} {
		bad := append([]byte{}, whole...)
		bad[at] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenClock(conf); !errors.Is(err, ErrDamaged) {
			t.Errorf("a bit flipped at %d: %v", at, err)
		}
	}
}

// Timestamps are renewed before a certificate ages out: not while a newer one, or
// another of these days, is good for longer.
func TestTimestampsAge(t *testing.T) {
	t.Parallel()
	now := time.Now()
	e := newEntries(1)
	l := open(t, t.TempDir(), e)
	old := testtsa.New(testtsa.Options{Name: "Old", Cert: func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, 100) }})
	young := testtsa.New(testtsa.Options{Name: "Young"})
	a, b := serveTSA(t, "old", old, time.Hour), serveTSA(t, "young", young, time.Hour)
	k := clock(t, ClockConfig{Log: l, TSAs: []TSA{a}})
	if err := k.Ask(t.Context(), seal(t, l)); err != nil {
		t.Fatal(err)
	}
	if s, due := k.Ageing(now); due {
		t.Errorf("with 100 days left: %+v", s)
	}
	later := now.AddDate(0, 0, 11)
	if s, due := k.Ageing(later); !due || s.TSA != "old" || s.Subject != "CN=Old" {
		t.Errorf("with 89 days left: %+v, %v", s, due)
	}
	k.Close()
	e.add(1)
	k = clock(t, ClockConfig{Log: l, TSAs: []TSA{b}})
	if err := k.Ask(t.Context(), seal(t, l)); err != nil {
		t.Fatal(err)
	}
	if s, due := k.Ageing(later); due {
		t.Errorf("once it is renewed: %+v", s)
	}
	if head, err := k.Covering(1); err != nil || head.Size != 1 {
		t.Errorf("entry 1 was first stamped in a head of %d entries, %v", head.Size, err)
	}
}
