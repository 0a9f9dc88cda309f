package main

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// withFile puts what a file is known by, its name, hash and size, into the
// member file of an order. The file itself stays where it is.
func (a *app) withFile(body []byte, path, kind, command string) ([]byte, error) {
	if !takesFile(kind, command) {
		return nil, usage("--file: %s takes no file", command)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("--file: %v", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, usage("--file: %s is no plain file", path)
	}
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return nil, usage("--file: %v", err)
	}
	var sum domain.Hash
	h.Sum(sum[:0])

	var members map[string]jsontext.Value
	if err := handlers.DecodeStrict(body, &members); err != nil {
		return nil, err
	}
	if _, ok := members["file"]; ok {
		return nil, usage("--file and the JSON both name a file; leave one out")
	}
	if members == nil {
		members = map[string]jsontext.Value{}
	}
	if members["file"], err = json.Marshal(incident.EvidenceFile{Name: domain.Text(filepath.Base(path)), SHA256: sum, Size: size}); err != nil {
		return nil, err
	}
	a.say("%s has the SHA-256 %s. The ledger keeps this hash, not the file: keep %s where it is, unchanged, and safe.", filepath.Base(path), sum, path)
	return json.Marshal(members, json.Deterministic(true))
}

// takesFile reports whether a command has a file among its fields.
func takesFile(kind, command string) bool {
	for _, k := range storeKinds() {
		if string(k.Name) != kind {
			continue
		}
		if c, ok := k.CommandNamed(command); ok {
			fields, _ := domain.Schema(c, nil, nil)["properties"].(map[string]any)
			_, has := fields["file"]
			return has
		}
	}
	return false
}
