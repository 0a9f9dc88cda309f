package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// checkFile refuses --file where an order can have none, before anything is read.
func checkFile(body []byte, path, kind, command string) error {
	if !takesFile(kind, command) {
		return usage("--file: %s takes no file", command)
	}
	var members map[string]jsontext.Value
	if err := handlers.DecodeStrict(body, &members); err != nil {
		return err
	}
	if _, ok := members[fileMember(command)]; ok {
		return usage("--file and the JSON both name a file; leave one out")
	}
	info, err := os.Stat(path)
	if err != nil {
		return usage("--file: %v", err)
	}
	if !info.Mode().IsRegular() {
		return usage("--file: %s is no plain file", path)
	}
	return nil
}

// withFile puts a file into the member file of an order: one that is taken in, or,
// where the order only compares it or nothing is to be written, what it is known by.
func (a *app) withFile(ctx context.Context, c *client, body []byte, path, command string, dryRun bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("--file: %v", err)
	}
	defer f.Close()
	file := incident.EvidenceFile{Name: domain.Text(filepath.Base(path))}
	if dryRun || command == (incident.VerifyEvidence{}).CommandName() {
		h := sha256.New()
		if file.Size, err = io.Copy(h, f); err != nil {
			return nil, usage("--file: %v", err)
		}
		h.Sum(file.SHA256[:0])
	} else {
		s, err := a.upload(ctx, c, f)
		if err != nil {
			return nil, fmt.Errorf("--file: %w", err)
		}
		file.SHA256, file.SHA512, file.Size, file.ID, file.Stored = s.SHA256, s.SHA512, s.Size, s.ID, s.Stored
		a.say("%s was taken in. Its SHA-256 is %s.", filepath.Base(path), s.SHA256)
	}
	var members map[string]jsontext.Value
	if err := handlers.DecodeStrict(body, &members); err != nil {
		return nil, err
	}
	if members == nil {
		members = map[string]jsontext.Value{}
	}
	if members[fileMember(command)], err = json.Marshal(file); err != nil {
		return nil, err
	}
	return json.Marshal(members, json.Deterministic(true))
}

// upload sends a file to be taken in.
func (a *app) upload(ctx context.Context, c *client, f *os.File) (domain.StoredFile, error) {
	info, err := f.Stat()
	if err != nil {
		return domain.StoredFile{}, err
	}
	bar := a.bar(filepath.Base(f.Name()))
	defer bar.done()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+c.path("files"), &metered{r: f, bar: bar, of: info.Size()})
	if err != nil {
		return domain.StoredFile{}, err
	}
	r.ContentLength = info.Size()
	if r.ContentLength == 0 {
		r.Body = http.NoBody
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Ledger-Door", "cli")
	res, err := c.http.Do(r)
	if err != nil {
		return domain.StoredFile{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return domain.StoredFile{}, fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode >= 300 {
		return domain.StoredFile{}, problemError(res.StatusCode, b)
	}
	var s domain.StoredFile
	return s, json.Unmarshal(b, &s)
}

// download writes the file of an item of evidence. What is not what was taken in
// leaves no file.
func (a *app) download(ctx context.Context, c *client, evidence, path string) (err error) {
	res, err := c.send(ctx, http.MethodGet, c.path("evidence", evidence, "file"), nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		return problemError(res.StatusCode, b)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usage("-o: %v", err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	bar := a.bar("evidence " + evidence)
	defer bar.done()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), &metered{r: res.Body, bar: bar, of: res.ContentLength})
	if err != nil {
		return fmt.Errorf("the file is not what was taken in, or did not arrive whole, so nothing was kept; `incidentledger verify` and the log of the server say more: %w", err)
	}
	want := strings.Trim(strings.TrimPrefix(res.Header.Get("Repr-Digest"), "sha-256="), ":")
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("what arrived has another SHA-256 than was announced, so nothing was kept")
	}
	a.say("Written to %s (%d bytes). Its SHA-256 is %x, as it was when it was taken in. It may be malware: open it where that does no harm.", path, n, h.Sum(nil))
	return f.Sync()
}

// metered shows on a bar how much was read.
type metered struct {
	r    io.Reader
	bar  *bar
	done int64
	of   int64
}

func (c *metered) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	c.bar.at(c.done, max(c.of, c.done))
	return n, err
}

// fileMember is the member of a command that takes its file.
func fileMember(command string) string {
	if command == (incident.RecordReceipt{}).CommandName() {
		return "acknowledgement"
	}
	return "file"
}

// takesFile reports whether a command has a file among its fields.
func takesFile(kind, command string) bool {
	for _, k := range storeKinds() {
		if string(k.Name) != kind {
			continue
		}
		if c, ok := k.CommandNamed(command); ok {
			fields, _ := domain.Schema(c, nil, nil)["properties"].(map[string]any)
			_, has := fields[fileMember(command)]
			return has
		}
	}
	return false
}
