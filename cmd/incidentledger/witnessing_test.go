package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore/seal"
	tiles "incidentledger/handlers/tlog"
)

// Another organisation that remembers this one's heads: a data folder that was
// put back to last night's state writes nothing, says why, and keeps the
// checkpoint that shows it. The newest folder, put back, goes on.
func TestAnOlderCopyIsRecognisedByItsWitness(t *testing.T) {
	t.Parallel()
	neighbour := openTownHall(t, t.TempDir())
	dir := t.TempDir()
	th := openTownHall(t, dir)
	key, err := th.o.logKey()
	if err != nil {
		t.Fatal(err)
	}
	witness := work(t, neighbour, proofing{Cosigns: []string{key}})
	srv := httptest.NewServer(tiles.New(tiles.Config{Witness: witness.witness, Log: neighbour.h.sealedLog, Mirror: mirrors(nil), Next: http.NotFoundHandler(), Report: witness.log}))
	defer srv.Close()
	policy := "witness neighbour " + witness.witness(childOrg).(*seal.Witness).Key() + " " + srv.URL + "/witness/" + string(childOrg) + "\nquorum neighbour\n"
	asks := proofing{Witnesses: []witnessPolicy{{From: time.Now().Add(-time.Hour), Policy: policy}}}

	incident := th.mustGive("report", domain.Key{}).Key
	sealed(t, th)
	work(t, th, asks)
	if head, err := th.o.circle.Load().Covering(1); err != nil || bytes.Count(head.Note, []byte("\n— ")) != 2 {
		t.Fatalf("the first entry is cosigned by %q, %v", head.Note, err)
	}
	closeHall(t, th)
	night := copied(t, filepath.Join(dir, "data"))

	th = openTownHall(t, dir)
	th.mustGive("log", incident)
	sealed(t, th)
	work(t, th, asks)
	closeHall(t, th)

	newest := filepath.Join(dir, "newest")
	rename(t, filepath.Join(dir, "data"), newest)
	rename(t, night, filepath.Join(dir, "data"))
	th = openTownHall(t, dir)
	work(t, th, asks)
	_, _, err = th.give("log", incident)
	if !errors.Is(err, domain.ErrUnavailable) || !strings.Contains(err.Error(), "quarantine") {
		t.Errorf("an older copy takes an order: %v", err)
	}
	if _, err := th.o.ledger.Entry(1); err != nil {
		t.Errorf("an older copy cannot be read: %v", err)
	}
	shown, err := filepath.Glob(filepath.Join(th.h.store.Dir(childOrg), "contradiction-*.note"))
	if err != nil || len(shown) != 1 {
		t.Fatalf("the evidence is %v, %v", shown, err)
	}
	if note, err := os.ReadFile(shown[0]); err != nil || !bytes.Contains(note, []byte("/witness ")) {
		t.Errorf("the evidence is %q, %v", note, err)
	}
	closeHall(t, th)

	rename(t, filepath.Join(dir, "data"), filepath.Join(dir, "older"))
	rename(t, newest, filepath.Join(dir, "data"))
	th = openTownHall(t, dir)
	work(t, th, asks)
	th.mustGive("log", incident)
}

// work starts the rooms of a hall as serve does, with what the configuration
// says of its proof.
func work(t *testing.T, th *townHall, p proofing) *serving {
	t.Helper()
	a := &app{std: stdio{nil, io.Discard, io.Discard}, quiet: true}
	a.conf.Proof = map[domain.OrgID]proofing{childOrg: p}
	s := &serving{app: a, house: th.h, log: th.h.log, doing: map[domain.OrgID]bool{}}
	ctx, stop := context.WithCancel(t.Context())
	th.ends = func() { stop(); s.wg.Wait() }
	t.Cleanup(th.ends)
	if err := s.work(ctx, childOrg); err != nil {
		t.Fatal(err)
	}
	return s
}

func sealed(t *testing.T, th *townHall) {
	t.Helper()
	if _, err := th.o.seal.WaitFor(t.Context(), th.o.ledger.Last()); err != nil {
		t.Fatal(err)
	}
}

func closeHall(t *testing.T, th *townHall) {
	t.Helper()
	th.ends()
	if err := th.h.close(); err != nil {
		t.Fatal(err)
	}
}

// copied gives a copy of a folder, as a backup takes it.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
