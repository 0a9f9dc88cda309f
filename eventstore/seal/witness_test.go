package seal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"incidentledger/domain"
)

func logKey(t testing.TB, origin string, seed []byte) string {
	t.Helper()
	k, err := VerifierKey(origin, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func otherSeed(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

// serveWitness puts a witness of the log behind a real server.
func serveWitness(t testing.TB, name string, n byte) (*Witness, Party) {
	t.Helper()
	w, err := OpenWitness(WitnessConfig{Dir: t.TempDir(), Name: name, Seed: otherSeed(n), Logs: []string{logKey(t, origin, seed())}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var line []byte
		var err error
		if hash, asked := strings.CutSuffix(r.URL.Path, "/checkpoint"); asked {
			line, err = w.Checkpoint(strings.TrimPrefix(hash, "/"))
		} else {
			line, err = w.AddCheckpoint(body)
		}
		var no *Declined
		switch {
		case errors.As(err, &no):
			status, kind, text := no.HTTP()
			rw.Header().Set("Content-Type", kind)
			rw.WriteHeader(status)
			io.WriteString(rw, text)
		case err != nil:
			http.Error(rw, err.Error(), http.StatusInternalServerError)
		default:
			rw.Write(line)
		}
	}))
	t.Cleanup(srv.Close)
	return w, Party{Name: strings.ReplaceAll(name, "/", "-"), Key: w.Key(), URL: srv.URL}
}

func policyOf(t testing.TB, k int, parties ...Party) *Policy {
	t.Helper()
	text := "log " + logKey(t, origin, seed()) + "\n"
	var names []string
	for _, p := range parties {
		text += "witness " + p.Name + " " + p.Key + " " + p.URL + "\n"
		names = append(names, p.Name)
	}
	text += fmt.Sprintf("group enough %d %s\nquorum enough\n", k, strings.Join(names, " "))
	p, err := ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func circle(t testing.TB, l *Log, p *Policy) *Circle {
	t.Helper()
	c, err := OpenCircle(CircleConfig{Log: l, Policy: p, Client: &http.Client{Timeout: 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Two of three witnesses are enough; one that is away is asked again later and
// takes up where it was.
func TestWitnessesCosignAGrowingLog(t *testing.T) {
	t.Parallel()
	_, a := serveWitness(t, "a.example.org/witness", 1)
	wb, b := serveWitness(t, "b.example.org/witness", 2)
	away := httptest.NewServer(http.NotFoundHandler())
	url := away.URL
	away.Close()
	wc, c := serveWitness(t, "c.example.org/witness", 3)
	gone := c
	gone.URL = url
	dir, e := t.TempDir(), newEntries(10)
	l := open(t, dir, e)
	ci := circle(t, l, policyOf(t, 2, a, b, gone))
	if _, err := ci.Covering(1); !errors.Is(err, ErrNotSealed) {
		t.Errorf("cosigned before anybody was asked: %v", err)
	}
	for range 3 {
		seal(t, l)
		head, err := ci.Round(context.Background())
		if head.Size != e.Last() || err == nil || errors.Is(err, ErrQuorum) {
			t.Fatalf("round of %d entries: head of %d, %v; want it cosigned, and told that one is away", e.Last(), head.Size, err)
		}
		e.add(300)
	}
	first, err := ci.Covering(10)
	if err != nil || first.Size != 10 || bytes.Count(first.Note, []byte("\n— ")) != 3 {
		t.Errorf("the cosigned head of entry 10 is %q, %v", first.Note, err)
	}
	if err := ci.Close(); err != nil {
		t.Fatal(err)
	}
	seal(t, l)
	ci = circle(t, l, policyOf(t, 3, a, b, c))
	if head, err := ci.Round(context.Background()); err != nil || head.Size != 910 {
		t.Fatalf("with all three back: %d, %v", head.Size, err)
	}
	for _, w := range []*Witness{wb, wc} {
		kept, err := w.Checkpoint(nameOf(origin))
		if err != nil || !bytes.HasPrefix(kept, []byte(origin+"\n910\n")) {
			t.Errorf("the witness serves %q, %v", kept, err)
		}
	}
	if kept, err := wb.Checkpoint(nameOf("another")); kept != nil || err != nil {
		t.Errorf("the witness serves %q, %v of a log it does not know", kept, err)
	}
}

// A ledger that was put back to an older state, or that tells another history,
// is recognised by whoever cosigned it before.
func TestAWitnessRemembers(t *testing.T) {
	t.Parallel()
	_, w := serveWitness(t, "w.example.org/witness", 1)
	e := newEntries(500)
	l := open(t, t.TempDir(), e)
	seal(t, l)
	if _, err := circle(t, l, policyOf(t, 1, w)).Round(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		entries int
		forged  int
		want    error
	}{
		{"an older copy", 499, 0, ErrBehind},
		{"other entries, as many", 500, 7, ErrForked},
		{"other entries, and more", 900, 500, ErrForked},
		{"an older copy with more behind", 501, 500, ErrForked},
		{"the same", 500, 0, nil},
		{"more", 777, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEntries(c.entries)
			if c.forged > 0 {
				e.bytes[c.forged-1] = "forged"
			}
			l := open(t, t.TempDir(), e)
			seal(t, l)
			_, err := circle(t, l, policyOf(t, 1, w)).Round(context.Background())
			if !errors.Is(err, c.want) {
				t.Errorf("the round gives %v, want %v", err, c.want)
			}
			var shown *Contradiction
			if errors.As(err, &shown) != (c.want != nil) {
				t.Errorf("the round gives %v, and as evidence %v", err, shown)
			}
			if shown != nil {
				if signed, err := l.read(shown.Checkpoint); err != nil || signed.Size != 500 {
					t.Errorf("the evidence is a checkpoint of %d entries, %v", signed.Size, err)
				}
			}
		})
	}
}

// A witness that says anything, and shows nothing that the log signed, is
// believed in nothing.
func TestALyingWitness(t *testing.T) {
	t.Parallel()
	e := newEntries(5)
	l := open(t, t.TempDir(), e)
	seal(t, l)
	honest, _ := serveWitness(t, "w.example.org/witness", 1)
	foreign := open(t, t.TempDir(), newEntries(9))
	other := seal(t, foreign)
	forged := bytes.Replace(other.Note, []byte("\n9\n"), []byte("\n8\n"), 1)
	for name, says := range map[string]func(path string) (int, string){
		"more entries":              func(string) (int, string) { return 409, "7\n" },
		"now this size, now that":   func(path string) (int, string) { return 409, strconv.Itoa(len(path)) + "\n" },
		"no size":                   func(string) (int, string) { return 409, "many\n" },
		"inconsistent":              func(string) (int, string) { return 422, "" },
		"fine, without a signature": func(string) (int, string) { return 200, "" },
		"fine, with a foreign one":  func(string) (int, string) { return 200, string(lastLine(other.Note)) },
		"something else":            func(string) (int, string) { return 500, "out of order" },
		"a checkpoint that nobody made": func(path string) (int, string) {
			if strings.HasSuffix(path, "/add-checkpoint") {
				return 422, ""
			}
			return 200, string(forged)
		},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			status, text := says(r.URL.Path)
			rw.WriteHeader(status)
			io.WriteString(rw, text)
		}))
		p := policyOf(t, 1, Party{"w", honest.Key(), srv.URL})
		_, err := circle(t, open(t, t.TempDir(), e), p).Round(context.Background())
		if err != nil {
			t.Errorf("%s: an unsealed log was asked about: %v", name, err)
		}
		var shown *Contradiction
		if _, err := circle(t, l, p).Round(context.Background()); !errors.Is(err, ErrQuorum) || errors.As(err, &shown) {
			t.Errorf("%s: the round gives %v", name, err)
		}
		srv.Close()
	}
}

// What a witness declines, and with which answer.
func TestWhatAWitnessDeclines(t *testing.T) {
	t.Parallel()
	w, _ := serveWitness(t, "w.example.org/witness", 1)
	e := newEntries(5)
	l := open(t, t.TempDir(), e)
	five := seal(t, l)
	e.add(4)
	nine := seal(t, l)
	add := func(old int, proof [][]byte, checkpoint []byte) []byte {
		b := fmt.Appendf(nil, "old %d\n", old)
		for _, h := range proof {
			b = append(base64.StdEncoding.AppendEncode(b, h), '\n')
		}
		return append(append(b, '\n'), checkpoint...)
	}
	good, err := l.Consistency(5, 9)
	if err != nil {
		t.Fatal(err)
	}
	bad := slicesOf(good)
	bad[0] = make([]byte, 32)
	if _, err := w.AddCheckpoint(add(0, nil, five.Note)); err != nil {
		t.Fatal(err)
	}
	stranger, _, err := keys("example.org/other", otherSeed(9))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := note.Sign(&note.Note{Text: torchwood.Checkpoint{Origin: "example.org/other"}.String()}, stranger)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(nine.Note)
	flipped[len(flipped)-4] ^= 1
	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"nothing":                      {nil, 400},
		"no old size":                  {[]byte("\n\n" + string(nine.Note)), 400},
		"an old size with a zero":      {[]byte(strings.Replace(string(add(5, slicesOf(good), nine.Note)), "old 5", "old 05", 1)), 400},
		"64 hashes":                    {add(5, make64(), nine.Note), 400},
		"a hash that is none":          {add(5, [][]byte{{1}}, nine.Note), 400},
		"an old size beyond":           {add(10, nil, nine.Note), 400},
		"a log that nobody knows":      {add(0, nil, foreign), 404},
		"a signature that is wrong":    {add(5, slicesOf(good), flipped), 403},
		"no signature":                 {add(5, slicesOf(good), nine.Note[:bytes.Index(nine.Note, []byte("—"))]), 403},
		"from another size":            {add(4, slicesOf(good), nine.Note), 409},
		"a proof that is wrong":        {add(5, bad, nine.Note), 422},
		"a proof that is missing":      {add(5, nil, nine.Note), 422},
		"a proof where none is needed": {add(5, slicesOf(good), five.Note), 422},
	} {
		line, err := w.AddCheckpoint(c.body)
		var no *Declined
		if !errors.As(err, &no) || no.Status != c.status || line != nil {
			t.Errorf("%s: answered %q, %v; want %d", name, line, err, c.status)
		} else if c.status == 409 && no.Size != 5 {
			t.Errorf("%s: it says that it cosigned %d", name, no.Size)
		}
	}
	if _, err := w.AddCheckpoint(add(5, slicesOf(good), nine.Note)); err != nil {
		t.Errorf("after all that, the good one: %v", err)
	}
}

func make64() [][]byte {
	out := make([][]byte, 64)
	for i := range out {
		out[i] = make([]byte, 32)
	}
	return out
}

// A policy in which one hand would count twice is refused; so is a cosignature
// at a time that cannot be.
func TestOneHandCountsOnce(t *testing.T) {
	t.Parallel()
	_, a := serveWitness(t, "a.example.org/witness", 1)
	twin, err := torchwood.NewCosignatureSigner("b.example.org/witness", ed25519.NewKeyFromSeed(otherSeed(1)))
	if err != nil {
		t.Fatal(err)
	}
	self, err := torchwood.NewCosignatureSigner("c.example.org/witness", ed25519.NewKeyFromSeed(seed()))
	if err != nil {
		t.Fatal(err)
	}
	log := "log " + logKey(t, origin, seed()) + "\n"
	for name, text := range map[string]string{
		"one key under two names":  log + "witness a " + a.Key + "\nwitness b " + twin.Verifier().String() + "\ngroup g 2 a b\nquorum g\n",
		"the log as a witness":     log + "witness c " + self.Verifier().String() + "\nquorum c\n",
		"a name that nobody has":   log + "quorum nobody\n",
		"a witness that is no key": log + "witness a nonsense\nquorum a\n",
		"a word that is none":      log + "jury a\nquorum none\n",
	} {
		if _, err := ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s: the policy is taken", name)
		}
	}
	if _, err := OpenWitness(WitnessConfig{Dir: t.TempDir(), Name: "w", Seed: seed(), Logs: []string{logKey(t, origin, seed())}}); err == nil {
		t.Error("a witness takes a log that has its own key")
	}
}

// Witnesses alone do not make a checkpoint: the log must have signed it.
func TestWitnessesAloneAreNotEnough(t *testing.T) {
	t.Parallel()
	_, w := serveWitness(t, "w.example.org/witness", 1)
	l := open(t, t.TempDir(), newEntries(5))
	seal(t, l)
	p := policyOf(t, 1, w)
	head, err := circle(t, l, p).Round(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(head.Note, []byte("— "))
	without := append(bytes.Clone(head.Note[:at]), lastLine(head.Note)...)
	if got, err := p.Check(without, time.Time{}, time.Now()); err == nil || errors.Is(err, ErrQuorum) || got.Size != 0 {
		t.Errorf("a checkpoint without the log's signature is taken: %+v, %v", got, err)
	}
}

func TestCosignaturesHaveTheirTime(t *testing.T) {
	t.Parallel()
	_, w := serveWitness(t, "w.example.org/witness", 1)
	e := newEntries(5)
	l := open(t, filepath.Join(t.TempDir(), "log"), e)
	head := seal(t, l)
	p := policyOf(t, 1, w)
	cosigned, err := circle(t, l, p).Round(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, c := range map[string]struct {
		signed, now time.Time
		note        []byte
		want        error
	}{
		"as it is":                        {head.At, now, cosigned.Note, nil},
		"when it was signed is not known": {time.Time{}, now, cosigned.Note, nil},
		"from the future":                 {head.At, now.Add(-time.Hour), cosigned.Note, ErrQuorum},
		"older than the checkpoint":       {now.Add(time.Hour), now, cosigned.Note, ErrQuorum},
		"signed by the log alone":         {head.At, now, head.Note, ErrQuorum},
	} {
		got, err := p.Check(c.note, c.signed, c.now)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && got.Size != domain.Seq(5) {
			t.Errorf("%s: the head has %d entries", name, got.Size)
		}
	}
}
