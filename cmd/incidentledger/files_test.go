package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

const filesURL = "/api/v1/organisations/nuth/files"

// takeOver sends a file over HTTP.
func takeOver(t *testing.T, srv *httptest.Server, content []byte) (s domain.StoredFile) {
	t.Helper()
	res, err := srv.Client().Post(srv.URL+filesURL, "application/octet-stream", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s: %v", res.StatusCode, b, err)
	}
	return s
}

// collecting is the order that names a stored file.
func collecting(key domain.Key, s domain.StoredFile) domain.Order {
	o := orderOf("evidence", handlers.NewOrderID(), key)
	o.Command.(*incident.CollectEvidence).File = incident.EvidenceFile{Name: "disk.img", SHA256: s.SHA256, SHA512: s.SHA512, Size: s.Size, ID: s.ID, Stored: s.Stored}
	return o
}

func (th *townHall) storedAt(s domain.StoredFile) string {
	return filepath.Join(filesDir(th.h.store.Dir(childOrg)), s.Stored.String())
}

// harmByte flips a bit of a stored file, counted from its end where at is negative.
func harmByte(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, b, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// A file goes in and out over HTTP; a browser never shows it; one that does not
// arrive whole is none; and one that is damaged in its midst ends with an error,
// not with a wrong file, over the network as within the process.
func TestEvidenceFilesOverHTTP(t *testing.T) {
	t.Parallel()
	th := openTownHall(t, t.TempDir())
	srv := httptest.NewServer(th.api)
	defer srv.Close()
	key := th.mustGive("report", domain.Key{}).Key
	content := bytes.Repeat([]byte("MZ malware "), 100_000)
	s := takeOver(t, srv, content)
	r, err := th.o.desk.Give(t.Context(), collecting(key, s))
	if err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/organisations/nuth/evidence/" + r.IDs["evidence"] + "/file"
	get := func(c *http.Client, base string) (*http.Response, []byte, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Ledger-Seq", fmt.Sprint(r.Seq))
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res, b, err
	}
	res, got, err := get(srv.Client(), srv.URL)
	if err != nil || res.StatusCode != http.StatusOK || !bytes.Equal(got, content) {
		t.Fatalf("%d, %d bytes, %v", res.StatusCode, len(got), err)
	}
	for name, want := range map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Content-Disposition": `attachment; filename="evidence-` + r.IDs["evidence"] + `.bin"`} {
		if have := res.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}

	res, err = srv.Client().Post(srv.URL+filesURL, "text/html", strings.NewReader("x"))
	if err != nil || res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("%v, %v", res, err)
	}
	before, err := th.o.files.List()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhalf of it", filesURL)
	conn.(*net.TCPConn).CloseWrite()
	if answer, _ := io.ReadAll(conn); !bytes.Contains(answer, []byte("could not be read to its end")) {
		t.Errorf("half a file is answered with %q", answer)
	}
	conn.Close()
	if after, err := th.o.files.List(); err != nil || len(after) != len(before) {
		t.Errorf("half a file left something: %v, %v", after, err)
	}

	harmByte(t, th.storedAt(s), -200_000)
	within := &http.Client{Transport: &inProcess{h: th.api}}
	for base, c := range map[string]*http.Client{srv.URL: srv.Client(), "http://localhost": within} {
		if res, got, err := get(c, base); err == nil || len(got) >= len(content) {
			t.Errorf("a damaged file: %d, %d bytes, %v", res.StatusCode, len(got), err)
		}
	}
	if !strings.Contains(th.log.String(), "alarm=true evidence="+r.IDs["evidence"]) {
		t.Errorf("no alarm names it: %s", th.log.String())
	}
}

// A file is as large as the configuration lets it be.
func TestATooLargeFileIsRefused(t *testing.T) {
	t.Parallel()
	th := openTownHall(t, t.TempDir())
	th.h.filing.MaxBytes = 100
	th.h.openFiles(th.o)
	api, err := th.h.api()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(api)
	defer srv.Close()
	takeOver(t, srv, make([]byte, 100))
	res, err := srv.Client().Post(srv.URL+filesURL, "application/octet-stream", bytes.NewReader(make([]byte, 101)))
	if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%v, %v", res, err)
	}
}

// No accepted order names a file that is not there, or as another than it is; and
// what was measured is not corrected.
func TestAnOrderNamesOnlyWhatWasTakenIn(t *testing.T) {
	t.Parallel()
	th := openTownHall(t, t.TempDir())
	key := th.mustGive("report", domain.Key{}).Key
	s, err := th.o.files.Take(t.Context(), strings.NewReader("as it was"))
	if err != nil {
		t.Fatal(err)
	}
	before := th.o.ledger.Last()
	for what, change := range map[string]func(*domain.StoredFile){
		"another SHA-256": func(s *domain.StoredFile) { s.SHA256[0] ^= 1 },
		"another SHA-512": func(s *domain.StoredFile) { s.SHA512 = domain.Text(strings.Repeat("0", 128)) },
		"another size":    func(s *domain.StoredFile) { s.Size++ },
		"another id":      func(s *domain.StoredFile) { s.ID = key },
		"no such file":    func(s *domain.StoredFile) { s.Stored[0] ^= 1 },
	} {
		wrong := s
		change(&wrong)
		for _, dry := range []bool{true, false} {
			o := collecting(key, wrong)
			o.DryRun = dry
			var no *domain.Refusal
			if _, err := th.o.desk.Give(t.Context(), o); !errors.As(err, &no) || no.Code != domain.CodeNotStored {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if th.o.ledger.Last() != before {
		t.Error("a refused order left an entry")
	}
	o := collecting(key, s)
	r, err := th.o.desk.Give(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	// Taken in once more and given again under its id it is the same order, even when
	// the file is gone meanwhile.
	again, err := th.o.files.Take(t.Context(), strings.NewReader("as it was"))
	if err != nil {
		t.Fatal(err)
	}
	repeat := collecting(key, again)
	repeat.ID = o.ID
	if got, err := th.o.desk.Give(t.Context(), repeat); err != nil || !got.Repeated || got.Seq != r.Seq {
		t.Errorf("%+v, %v", got, err)
	}
	os.Remove(th.storedAt(s))
	if got, err := th.o.desk.Give(t.Context(), o); err != nil || !got.Repeated {
		t.Errorf("%+v, %v", got, err)
	}
	file := collecting(key, again).Command.(*incident.CollectEvidence).File
	raw, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	correct := orderOf("log", handlers.NewOrderID(), key)
	fields := fmt.Appendf(nil, `{"corrects":%d,"event":"EvidenceCollected","fields":{"file":%s},"reason":"x"}`, r.Seq, raw)
	c := &incident.CorrectFact{}
	if err := handlers.DecodeStrict(fields, c); err != nil {
		t.Fatal(err)
	}
	correct.Command = c
	var no *domain.Refusal
	if _, err := th.o.desk.Give(t.Context(), correct); !errors.As(err, &no) || !strings.Contains(no.Text, "cannot be corrected") {
		t.Errorf("%v", err)
	}
	// The second copy has no order. It stays a day, and goes when somebody says so.
	loose, err := th.o.files.Unnamed(t.Context())
	if err != nil || len(loose) != 1 || loose[0].Name != again.Stored.String() {
		t.Errorf("%+v, %v", loose, err)
	}
	if err := th.o.files.Discard(t.Context(), again.Stored.String()); !errors.As(err, &no) {
		t.Errorf("a file of today: %v", err)
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(th.storedAt(again), old, old); err != nil {
		t.Fatal(err)
	}
	if code, body := th.ask("POST", "/files/unnamed/"+again.Stored.String()+"/removal", ""); code != http.StatusNoContent {
		t.Errorf("%d %s", code, body)
	}
	if err := th.o.files.Discard(t.Context(), s.Stored.String()); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("a file that an order names: %v", err)
	}
}

// verify reads every file that an entry names: as it is stored, and, where the
// master key is given, its content.
func TestVerifyReadsEveryEvidenceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	th := openTownHall(t, dir)
	key := th.mustGive("report", domain.Key{}).Key
	s, err := th.o.files.Take(t.Context(), strings.NewReader("as it was"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := th.o.desk.Give(t.Context(), collecting(key, s))
	if err != nil {
		t.Fatal(err)
	}
	stored, path := []byte(nil), th.storedAt(s)
	if stored, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if err := th.h.close(); err != nil {
		t.Fatal(err)
	}
	look := func(master, verb string) string {
		var out, errs bytes.Buffer
		run(t.Context(), []string{"--data", dir + "/data", "--master-key", master, verb}, func(string) string { return "" }, stdio{strings.NewReader(""), &out, &errs})
		return out.String()
	}
	good := "PROVEN        nuth evidence files: 1 files"
	if said := look(dir+"/master.key", "verify"); !strings.Contains(said, good) || !strings.Contains(said, "the contents of 1 were hashed") {
		t.Error(said)
	}
	if said := look(dir+"/none", "verify"); !strings.Contains(said, good) || !strings.Contains(said, "NOT PROVEN    nuth contents of evidence files") {
		t.Error(said)
	}
	for what, harm := range map[string]func(){
		"a flipped bit": func() { harmByte(t, path, -1) },
		"cut off":       func() { os.Truncate(path, 100) },
		"gone":          func() { os.Remove(path) },
	} {
		harm()
		for _, master := range []string{"/master.key", "/none"} {
			want := fmt.Sprintf("CONTRADICTED  nuth evidence files: 1 findings; the first: the evidence %s, named by entry %d: ", r.IDs["evidence"], r.Seq)
			if said := look(dir+master, "verify"); !strings.Contains(said, want) || !strings.Contains(said, "put the file back from a backup") {
				t.Errorf("%s: %s", what, said)
			}
		}
		if said := look(dir+"/master.key", "doctor"); what == "gone" && !strings.Contains(said, "1 files that entries name are not there") {
			t.Error(said)
		}
		os.Remove(path)
		if err := os.WriteFile(path, stored, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if said := look(dir+"/master.key", "verify"); !strings.Contains(said, good) {
		t.Error(said)
	}
}
