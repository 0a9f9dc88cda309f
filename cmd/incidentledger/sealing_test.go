package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
	tiles "incidentledger/handlers/tlog"
)

// A public client that knows the log's key, and nothing of this program, reads
// all entries and proves each; without a mirror's token it proves hashes alone.
func TestAPublicClientReadsTheLog(t *testing.T) {
	t.Parallel()
	th := openTownHall(t, t.TempDir())
	key := th.mustGive("report", domain.Key{}).Key
	for range 300 {
		th.mustGive("log", key)
	}
	last := th.o.ledger.Last()
	if _, err := th.o.seal.WaitFor(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("t", leastToken)
	srv := httptest.NewServer(tiles.New(tiles.Config{Log: th.h.sealedLog, Mirror: mirrors([]mirror{{"archive", token}}), Next: http.NotFoundHandler()}))
	defer srv.Close()
	genesis := th.o.law.genesis()
	public, err := base64.StdEncoding.DecodeString(string(genesis.LogKey))
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := seal.VerifierKey(string(genesis.Origin), ed25519.PublicKey(public))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	reader := overHTTP{srv.URL + "/log/" + string(th.o.org) + "/", token}
	signed, err := reader.ReadEndpoint(t.Context(), "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(string(genesis.Origin)), torchwood.SingleVerifierPolicy(v))
	c, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil || domain.Seq(c.N) != last {
		t.Fatalf("the checkpoint is %+v, %v; want %d entries", c, err, last)
	}
	client, err := torchwood.NewClient(reader)
	if err != nil {
		t.Fatal(err)
	}
	n := domain.Seq(0)
	for i, entry := range client.AllEntries(t.Context(), c.Tree, 0) {
		n++
		stored, err := th.o.ledger.Stored(domain.Seq(i) + 1)
		if err != nil || !bytes.Equal(stored, entry) {
			t.Fatalf("entry %d is read as %.60q, %v", i+1, entry, err)
		}
	}
	if err := client.Err(); err != nil || n != last {
		t.Fatalf("%d entries read, %v; want %d", n, err, last)
	}
	for _, other := range []string{"", "wrong", token + "t"} {
		if _, err := (overHTTP{reader.prefix, other}).ReadEndpoint(t.Context(), "tile/entries/000"); err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("with the token %q entries are answered with %v", other, err)
		}
	}
	for _, path := range []string{"tile/0/001.p/255", "tile/0/x001/000", "tile/0/../secret", "tile/9/000", "tile/0/1", "tile/entries/999"} {
		if _, err := reader.ReadEndpoint(t.Context(), path); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("%s is answered with %v", path, err)
		}
	}
}

// overHTTP reads a log as public tools do.
type overHTTP struct{ prefix, token string }

func (o overHTTP) SaveTiles([]tlog.Tile, [][]byte) {}

func (o overHTTP) ReadTiles(ctx context.Context, want []tlog.Tile) (out [][]byte, err error) {
	for _, t := range want {
		b, err := o.ReadEndpoint(ctx, torchwood.TilePath(t))
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func (o overHTTP) ReadEndpoint(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.prefix+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, res.Status)
	}
	return b, err
}

// An entry of which every copy is lost, and that no later entry names, keeps its
// place in the tree by what was sealed: the ledger goes on, and says what is lost.
func TestALostEntryKeepsItsPlaceInTheTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	th := openTownHall(t, dir)
	th.mustGive("report", domain.Key{})
	last := th.mustGive("report", domain.Key{})
	sealed(t, th)
	head := th.o.seal.Head()
	stored, err := th.o.ledger.Stored(last.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if err := th.h.close(); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	spoil(t, filepath.Join(data, "orgs", string(childOrg), "journal"), stored)
	spoil(t, filepath.Join(data, "stream"), stored)
	for _, name := range []string{"clean", "synced"} {
		if err := os.Remove(filepath.Join(data, "orgs", string(childOrg), name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	a := &app{data: data}
	r, err := eventstore.RestoreLog(t.Context(), eventstore.Config{Dir: data, Kinds: storeKinds(), Sealed: a.sealed}, childOrg, nil)
	if err != nil || !slices.Equal(r.Lost, []domain.Seq{last.Seq}) {
		t.Fatalf("restored %+v, %v; want entry %d lost", r, err, last.Seq)
	}
	th = openTownHall(t, dir)
	if now := th.o.seal.Head(); now.Root != head.Root || now.Size != head.Size {
		t.Errorf("the head is %d entries with the root %s; it was %d with %s", now.Size, now.Root, head.Size, head.Root)
	}
	th.mustGive("report", domain.Key{})
	sealed(t, th)
}

// spoil flips a bit of an entry's bytes wherever a file below dir holds them.
func spoil(t *testing.T, dir string, stored []byte) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if i := bytes.Index(b, stored); i >= 0 {
			found++
			b[i+len(stored)/2] ^= 1
			return os.WriteFile(path, b, 0o600)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d files below %s hold the entry, %v", found, dir, err)
	}
}
