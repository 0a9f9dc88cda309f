package bundle

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
)

const entryFormat = "incidentledger/entry/1"

// An entry is what a verifier reads of an entry's stored bytes. Members that it
// does not know, and members that stand twice, are errors.
type entry struct {
	V         string          `json:"v"`
	ID        string          `json:"id"`
	Org       domain.OrgID    `json:"org"`
	Kind      domain.KindName `json:"kind"`
	Key       domain.Key      `json:"key"`
	Prev      domain.Seq      `json:"prev"`
	PrevHash  domain.Hash     `json:"prevHash"`
	Command   string          `json:"command"`
	Actor     actor           `json:"actor"`
	By        *by             `json:"by"`
	Occurred  string          `json:"occurred"`
	Precision string          `json:"precision"`
	Recorded  string          `json:"recorded"`

	Correlation string         `json:"correlation"`
	Causation   string         `json:"causation"`
	MAC         string         `json:"mac"`
	Basis       []domain.Basis `json:"basis"`
	Events      []event        `json:"events"`
	Sealed      []domain.Box   `json:"sealed"`

	seq  domain.Seq
	leaf domain.Hash
}

type actor struct {
	ID    string `json:"id"`
	Role  string `json:"role"`
	For   string `json:"for"`
	Door  string `json:"door"`
	Proof string `json:"proof"`
}

type by struct {
	Medium  string   `json:"medium"`
	Person  string   `json:"person"`
	Contact string   `json:"contact"`
	SD      []string `json:"sd"`
}

type event struct {
	Type string         `json:"type"`
	V    int            `json:"v"`
	Open jsontext.Value `json:"open"`
	SD   []string       `json:"sd"`
}

// readEntry reads stored bytes.
func readEntry(seq domain.Seq, stored []byte) (*entry, error) {
	e := &entry{seq: seq, leaf: domain.LeafHash(stored)}
	if err := json.Unmarshal(stored, e, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	switch {
	case e.V != entryFormat:
		return nil, fmt.Errorf("its format is %q; this verifier reads %s", e.V, entryFormat)
	case len(e.Events) == 0:
		return nil, errors.New("it has no event")
	}
	return e, nil
}

// digests lists the digests of all sealed fields.
func (e *entry) digests() []string {
	var out []string
	for _, ev := range e.Events {
		out = append(out, ev.SD...)
	}
	if e.By != nil {
		out = append(out, e.By.SD...)
	}
	return out
}

// undisclosed checks disclosures against the digests of an entry and gives how
// many digests none of them meets.
func (e *entry) undisclosed(disclosures []string) (int, error) {
	open := map[string]bool{}
	for _, d := range e.digests() {
		if open[d] {
			return 0, fmt.Errorf("the digest %s stands in it twice", d)
		}
		open[d] = true
	}
	for i, d := range disclosures {
		if err := goodDisclosure(d); err != nil {
			return 0, fmt.Errorf("disclosure %d: %w", i+1, err)
		}
		sum := sha256.Sum256([]byte(d))
		digest := base64.RawURLEncoding.EncodeToString(sum[:])
		if !open[digest] {
			return 0, fmt.Errorf("disclosure %d meets no digest of the entry, or one that was met before", i+1)
		}
		delete(open, digest)
	}
	return len(open), nil
}

// goodDisclosure checks that a disclosure is the array of salt, path and value
// that package vault writes.
func goodDisclosure(d string) error {
	text, err := base64.RawURLEncoding.Strict().DecodeString(d)
	if err != nil || strings.ContainsAny(d, "\r\n") {
		return errors.New("it is not base64url")
	}
	var parts [3]string
	if err := json.Unmarshal(text, &parts); err != nil {
		return errors.New("it is not an array of salt, path and text")
	}
	return nil
}
