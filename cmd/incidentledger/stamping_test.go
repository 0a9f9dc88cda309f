package main

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"incidentledger/domain"
	"incidentledger/eventstore/seal/testtsa"
)

func startTSA(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: tsa FILE ROOTS DAYS")
	}
	days, err := strconv.Atoi(args[2])
	ts.Check(err)
	a := testtsa.New(testtsa.Options{Cert: func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, days) }})
	srv := httptest.NewServer(a)
	ts.Defer(srv.Close)
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(ts.ReadFile(args[0]), "TSAURL", srv.URL)), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), a.Roots, 0o600))
}

// T27: while an authority is down nothing waits for it, and no entry is shown as
// timestamped; once it is back, all are.
func TestNothingWaitsForATimestamp(t *testing.T) {
	t.Parallel()
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
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, a.Roots, 0o600); err != nil {
		t.Fatal(err)
	}
	th := openTownHall(t, t.TempDir())
	work(t, th, proofing{Timestamps: []authority{{Name: "tsa", URL: srv.URL, Roots: roots}}})
	seq := th.mustGive("report", domain.Key{}).Seq
	sealed(t, th)
	if tr := th.o.trust(seq); tr.Sealed.IsZero() || !tr.Cosigned.IsZero() || !tr.Timestamped.IsZero() {
		t.Errorf("while the authority is down: %+v", tr)
	}
	ask := func() (map[domain.Seq]map[string][]byte, error) {
		head := th.o.seal.Head()
		return th.o.stampedFor(t.Context(), head, map[domain.Seq][]byte{head.Size: head.Note})
	}
	if over, err := ask(); err != nil || len(over[th.o.seal.Head().Size]) != 0 {
		t.Errorf("for a bundle: %v, %v", over, err)
	}
	down.Store(false)
	if over, err := ask(); err != nil || over[th.o.seal.Head().Size]["tsa"] == nil {
		t.Errorf("for a bundle, once it is back: %v, %v", over, err)
	}
	if tr := th.o.trust(seq); tr.Timestamped.IsZero() {
		t.Errorf("once it is back: %+v", tr)
	}
}

// What is wrong in the configuration is said before anything is served.
func TestAuthoritiesAreConfigured(t *testing.T) {
	t.Parallel()
	good := authority{Name: "tsa-1", URL: "https://tsa.example.org", Roots: "roots.pem", Every: time.Hour}
	if err := checkAuthorities([]authority{good}); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*authority){
		"no name":          func(a *authority) { a.Name = "" },
		"a name of a path": func(a *authority) { a.Name = "../x" },
		"no address":       func(a *authority) { a.URL = "tsa.example.org" },
		"no roots":         func(a *authority) { a.Roots = "" },
		"too often":        func(a *authority) { a.Every = time.Second },
	} {
		bad := good
		change(&bad)
		if checkAuthorities([]authority{bad}) == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if checkAuthorities([]authority{good, good}) == nil {
		t.Error("two of one name are taken")
	}
}
