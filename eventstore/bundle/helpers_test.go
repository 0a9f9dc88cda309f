package bundle

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore/seal"
)

const (
	origin   = "incidentledger/nuth/0a1b2c3d4e5f"
	incident = "0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"
	other    = "0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c12"
	law      = "0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c13"
	export   = 7
)

func seedOf(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func keyOf(t testing.TB, seed []byte) string {
	t.Helper()
	k, err := seal.VerifierKey(origin, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A town is a small ledger with its sealed log and a witness: whatever a bundle
// is cut from. Its entries have the form of stored ones.
type town struct {
	t       testing.TB
	seed    []byte
	entries [][]byte
	shown   map[domain.Seq][]string
	log     *seal.Log
	circle  *seal.Circle
	witness string // its key
}

var image = []byte("MZ what was found on the disk")

var policySet = []byte(`{"id":"set","version":"1"}`)

// newTown writes entries until the incident is exported: 1 and 2 are the policy's,
// 3, 5 and 7 the incident's, 4 and 6 another's.
func newTown(t testing.TB, seed byte) *town {
	t.Helper()
	w := &town{t: t, seed: seedOf(seed), shown: map[domain.Seq][]string{}}
	var err error
	if w.log, err = seal.Open(seal.Config{Dir: t.TempDir(), Origin: origin, Seed: w.seed, Leaves: w}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.log.Close() })
	w.askWitness(seed + 100)
	basis := func(set []byte) string {
		return fmt.Sprintf(`"basis":[{"kind":"policy","key":"%s","seq":2,"hash":"%x"},{"kind":"ledger","key":"%s","seq":1,"hash":"%s"}],`, law, sha256.Sum256(set), other, domain.LeafHash(w.entries[0]))
	}
	w.add("ledger", other, 0, "", `{"type":"LedgerFounded","v":1,"open":{}}`)
	w.add("policy", law, 0, "", `{"type":"PolicyApproved","v":1,"open":{}}`)
	w.add("incident", incident, 0, basis(policySet), w.said("title", "A laptop", "description", "It holds the files of Jan."))
	w.seal()
	w.add("incident", other, 0, "", w.said("title", "Something else"))
	w.add("incident", incident, 3, basis(policySet), w.said("text", "The owner was called.")+
		fmt.Sprintf(`,{"type":"Collected","v":1,"open":{"file":{"sha256":"%x"}}},{"type":"Collected","v":1,"open":{"file":{"sha256":"%x"}}}`, sha256.Sum256(image), sha256.Sum256(nil)))
	w.add("incident", other, 4, "", w.said("text", "More of it"))
	w.seal()
	w.add("incident", incident, 5, "", `{"type":"ExportPrepared","v":1,"open":{}}`)
	w.add("incident", other, 6, "", w.said("text", "And more"))
	w.seal()
	return w
}

func (w *town) askWitness(seed byte) {
	wit, err := seal.OpenWitness(seal.WitnessConfig{Dir: w.t.TempDir(), Name: "witness.example.org", Seed: seedOf(seed), Logs: []string{keyOf(w.t, w.seed)}})
	if err != nil {
		w.t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		line, err := wit.AddCheckpoint(body)
		if err != nil {
			status, _, text := err.(*seal.Declined).HTTP()
			http.Error(rw, strings.TrimSuffix(text, "\n"), status)
			return
		}
		rw.Write(line)
	}))
	w.t.Cleanup(srv.Close)
	w.witness = wit.Key()
	p, err := seal.ParsePolicy([]byte(w.anchor() + "\n"))
	if err != nil {
		w.t.Fatal(err)
	}
	p.Witnesses[0].URL = srv.URL
	if w.circle, err = seal.OpenCircle(seal.CircleConfig{Log: w.log, Policy: p, Client: srv.Client()}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.circle.Close() })
}

// anchor is what a verifier must have from elsewhere.
func (w *town) anchor() string {
	return "log " + keyOf(w.t, w.seed) + "\nwitness w " + w.witness + "\nquorum w\n"
}

// said gives an event with sealed texts, and keeps their disclosures.
func (w *town) said(pairs ...string) string {
	seq := domain.Seq(len(w.entries) + 1)
	var digests []string
	for i := 0; i < len(pairs); i += 2 {
		salt := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{byte(seq), byte(i)}, 8))
		d := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `["%s","%s","%s"]`, salt, pairs[i], pairs[i+1]))
		w.shown[seq] = append(w.shown[seq], d)
		sum := sha256.Sum256([]byte(d))
		digests = append(digests, `"`+base64.RawURLEncoding.EncodeToString(sum[:])+`"`)
	}
	return `{"type":"Said","v":1,"open":{"n":1},"sd":[` + strings.Join(digests, ",") + `]}`
}

// add stores an entry as of now.
func (w *town) add(kind, key string, prev int, basis, event string) {
	hash := domain.Hash{}
	if prev > 0 {
		hash = domain.LeafHash(w.entries[prev-1])
	}
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	w.entries = append(w.entries, fmt.Appendf(nil, `{"v":"incidentledger/entry/1","id":"%s","org":"nuth","kind":"%s","key":"%s","prev":%d,"prevHash":"%s","command":"C",`+
		`"actor":{"role":"r","proof":"stated"},"occurred":"%s","precision":"second","recorded":"%s","mac":"00",%s"events":[%s]}`,
		other, kind, key, prev, hash, now, now, basis, event))
}

func (w *town) seal() {
	if _, err := w.log.Seal(); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.circle.Round(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) Last() domain.Seq                          { return domain.Seq(len(w.entries)) }
func (w *town) WaitFor(context.Context, domain.Seq) error { return nil }
func (w *town) Leaves(after, to domain.Seq) iter.Seq2[domain.Hash, error] {
	return func(yield func(domain.Hash, error) bool) {
		for _, b := range w.entries[after:to] {
			if !yield(domain.LeafHash(b), nil) {
				return
			}
		}
	}
}

// content is what the bundle of the incident is made of.
func (w *town) content() Content {
	head, err := w.circle.Covering(export)
	if err != nil {
		w.t.Fatal(err)
	}
	c := Content{Name: "incident-2026-0042-7", Exported: "2026-11-25", Checkpoint: head.Note, Size: head.Size, Inclusion: w.log.Inclusion,
		About:    About{Org: "nuth", Origin: origin, Export: export},
		Policies: map[domain.Hash][]byte{sha256.Sum256(policySet): policySet}, Files: map[domain.Hash][]byte{sha256.Sum256(image): image}, Papers: map[string][]byte{"README.en.txt": []byte("How to check this.\n"), "verify.py": Verifier}}
	if err := c.About.Incident.UnmarshalText([]byte(incident)); err != nil {
		w.t.Fatal(err)
	}
	for _, seq := range []domain.Seq{1, 2, 3, 5, 7} {
		c.Entries = append(c.Entries, Stored{seq, w.entries[seq-1], w.shown[seq]})
	}
	for _, seq := range []domain.Seq{1, 4} {
		earlier, err := w.circle.Covering(seq)
		if err != nil {
			w.t.Fatal(err)
		}
		p, err := w.log.Consistency(earlier.Size, head.Size)
		if err != nil {
			w.t.Fatal(err)
		}
		c.Earlier = append(c.Earlier, Earlier{earlier.Size, earlier.Note, p})
	}
	return c
}

func (w *town) bundle() []byte {
	var b bytes.Buffer
	if err := Write(&b, w.content()); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

// unpacked gives the files of a bundle, and pack a bundle of files as somebody
// makes it who knows how a bag is made.
func unpacked(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	files, err := readZip(b)
	if err == nil {
		files, err = unwrap(files)
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func pack(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	bag(files, string(files["bag-info.txt"]))
	wrapped := map[string][]byte{}
	for name, data := range files {
		wrapped["incident/"+name] = data
	}
	var b bytes.Buffer
	if err := writeZip(&b, wrapped); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
