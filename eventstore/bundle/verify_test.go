package bundle

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/eventstore/seal/testtsa"
)

// codeOf gives the exit code of a result, as contract 2 has it.
func codeOf(r *Result, err error) int {
	code := 0
	if errors.Is(err, ErrUnreadable) {
		return 3
	}
	for _, c := range r.Claims {
		switch {
		case c.Verdict == Contradicted:
			return 1
		case c.Verdict == NotProven:
			code = 2
		}
	}
	return code
}

// both lets both verifiers judge a bundle and gives the one code they agree on.
func (p *python) both(t testing.TB, b []byte, anchors ...string) (int, string) {
	t.Helper()
	texts := make([][]byte, len(anchors))
	for i, a := range anchors {
		texts[i] = []byte(a)
	}
	policies, roots, err := ReadAnchors(texts...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(b, policies, roots, time.Now())
	code, said := codeOf(r, err), fmt.Sprint(err)
	if err == nil {
		said = fmt.Sprint(r.Claims)
	}
	if theirs, says := p.verify(t, b, anchors); theirs != code {
		t.Fatalf("the verifiers disagree: %d and %d\n%s\n%s", code, theirs, said, says)
	}
	return code, said
}

// python is the second verifier, at work as long as a test.
type python struct {
	in  io.WriteCloser
	out *bufio.Reader
	dir string
}

func startPython(t testing.TB) *python {
	t.Helper()
	p := &python{dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(p.dir, "verify.py"), Verifier, 0o600); err != nil {
		t.Fatal(err)
	}
	const loop = `
import sys, time, json, verify
for line in sys.stdin:
    path, anchors = json.loads(line)
    try:
        claims, code = verify.verify(open(path, "rb").read(), verify.anchors(anchors), int(time.time()))
    except verify.Unreadable as e:
        claims, code = str(e), 3
    print(json.dumps([code, claims]).replace("\n", " "), flush=True)
`
	cmd := exec.Command("python3", "-c", loop)
	cmd.Dir, cmd.Stderr, cmd.Env = p.dir, os.Stderr, append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("the second verifier needs python3: %v", err)
	}
	p.out = bufio.NewReader(out)
	t.Cleanup(func() {
		p.in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *python) verify(t testing.TB, b []byte, anchors []string) (int, string) {
	t.Helper()
	path := filepath.Join(p.dir, "bundle.zip")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	quoted := make([]string, len(anchors))
	for i, a := range anchors {
		quoted[i] = fmt.Sprintf("%q", a)
	}
	fmt.Fprintf(p.in, "[%q, [%s]]\n", path, strings.Join(quoted, ","))
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the second verifier has ended: %v", err)
	}
	var code int
	if _, err := fmt.Sscanf(line, "[%d,", &code); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return code, line
}

func TestABundleProvesWhatItHolds(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	b := w.bundle()
	if code, said := p.both(t, b, w.anchor()); code != 0 {
		t.Errorf("%d: %s", code, said)
	}
	if _, said := p.both(t, b, w.anchor()); !strings.Contains(said, "evidence files PROVEN 1 files have the SHA-256 that the entries name; 1 more are named and not here") {
		t.Error(said)
	}
	if again := w.bundle(); !bytes.Equal(again, b) {
		t.Error("the same content gives other bytes")
	}
	if code, said := p.both(t, b); code != 2 || !strings.Contains(said, "no anchor was given") {
		t.Errorf("without an anchor: %d: %s", code, said)
	}
	alone := "log " + keyOf(t, w.seed) + "\nquorum none\n"
	if code, said := p.both(t, b, alone); code != 2 || !strings.Contains(said, "signature of the log PROVEN") {
		t.Errorf("with the log's key alone: %d: %s", code, said)
	}
	stranger := newTown(t, 2)
	if code, said := p.both(t, b, stranger.anchor()); code != 2 || !strings.Contains(said, "another log, or a forgery") {
		t.Errorf("with the anchor of another log: %d: %s", code, said)
	}
	if code, said := p.both(t, b, stranger.anchor(), w.anchor()); code != 0 {
		t.Errorf("with two anchors, one of them right: %d: %s", code, said)
	}
	// A complete forgery: own keys, own witness, and nothing wrong in itself.
	if code, said := p.both(t, stranger.bundle(), w.anchor()); code != 2 {
		t.Errorf("a complete forgery: %d: %s", code, said)
	}
}

// The cases of tampering, each as somebody does it who makes all sums right again.
func TestTampering(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	b := w.bundle()
	name := func(folder string, seq int, suffix string) string {
		return payload + folder + "/" + seqName(domain.Seq(seq)) + suffix
	}
	edit := func(file, from, to string) func(map[string][]byte) {
		return func(files map[string][]byte) {
			if !bytes.Contains(files[file], []byte(from)) {
				t.Fatalf("%s does not hold %q", file, from)
			}
			files[file] = bytes.Replace(files[file], []byte(from), []byte(to), 1)
		}
	}
	file := func(data []byte) string { return fmt.Sprintf("%sevidence/%x", payload, sha256.Sum256(data)) }
	for what, c := range map[string]struct {
		harm func(files map[string][]byte)
		code int
	}{
		"T02 another text, the salt kept": {func(f map[string][]byte) {
			d := lines(f[name("disclosures", 5, ".txt")])[0]
			raw, _ := base64.RawURLEncoding.DecodeString(d)
			f[name("disclosures", 5, ".txt")] = []byte(base64.RawURLEncoding.EncodeToString(bytes.Replace(raw, []byte("owner"), []byte("thief"), 1)) + "\n")
		}, 1},
		"T02 disclosures swapped between two entries": {func(f map[string][]byte) {
			a, b := name("disclosures", 3, ".txt"), name("disclosures", 5, ".txt")
			f[a], f[b] = f[b], f[a]
		}, 1},
		"T02 a disclosure twice": {func(f map[string][]byte) {
			n := name("disclosures", 5, ".txt")
			f[n] = append(f[n], f[n]...)
		}, 1},
		"T03 the last entry dropped": {func(f map[string][]byte) {
			delete(f, name("entries", 7, ".json"))
			delete(f, name("proofs", 7, ".tlog-proof"))
		}, 1},
		"T03 cut before the export": {func(f map[string][]byte) {
			delete(f, name("entries", 7, ".json"))
			delete(f, name("proofs", 7, ".tlog-proof"))
			edit(payload+"bundle.json", `"export":7`, `"export":5`)(f)
		}, 1},
		"T04 a middle entry dropped": {func(f map[string][]byte) {
			for _, n := range []string{name("entries", 5, ".json"), name("proofs", 5, ".tlog-proof"), name("disclosures", 5, ".txt")} {
				delete(f, n)
			}
		}, 1},
		"T05 two entries swapped": {func(f map[string][]byte) {
			for _, of := range [][2]string{{"entries", ".json"}, {"proofs", ".tlog-proof"}, {"disclosures", ".txt"}} {
				a, b := name(of[0], 3, of[1]), name(of[0], 5, of[1])
				f[a], f[b] = f[b], f[a]
			}
		}, 1},
		"T06 a word of an entry changed":       {edit(name("entries", 5, ".json"), `"role":"r"`, `"role":"x"`), 1},
		"T08 the bundle of another incident":   {edit(payload+"bundle.json", incident, other), 1},
		"T08 an entry of another organisation": {edit(payload+"bundle.json", `"org":"nuth"`, `"org":"heer"`), 1},
		"T11 signed by the log alone": {func(f map[string][]byte) {
			for _, seq := range []int{1, 2, 3, 5, 7} {
				n := name("proofs", seq, ".tlog-proof")
				f[n] = f[n][:bytes.LastIndex(f[n], []byte("— "))]
			}
		}, 2},
		"T24 the policy swapped": {func(f map[string][]byte) {
			for n := range f {
				if strings.HasPrefix(n, payload+"policies/") {
					f[n] = []byte(`{"id":"set","version":"2"}`)
				}
			}
		}, 1},
		"T24 the policy left out": {func(f map[string][]byte) {
			for n := range f {
				if strings.HasPrefix(n, payload+"policies/") {
					delete(f, n)
				}
			}
		}, 1},
		"T28 a text withheld":          {func(f map[string][]byte) { delete(f, name("disclosures", 5, ".txt")) }, 0},
		"T35 a file that nobody knows": {func(f map[string][]byte) { f[payload+"extra.txt"] = []byte("?") }, 1},
		"T35 a file beside the bag":    {func(f map[string][]byte) { f["extra.txt"] = []byte("?") }, 1},
		"T35 an empty entry":           {func(f map[string][]byte) { f[name("entries", 5, ".json")] = nil }, 1},
		"T36 a proof that is too long": {func(f map[string][]byte) {
			n := name("proofs", 5, ".tlog-proof")
			f[n] = bytes.Replace(f[n], []byte("\n\n"), []byte("\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n\n"), 1)
		}, 1},
		"T36 a proof for another place": {edit(name("proofs", 5, ".tlog-proof"), "index 4", "index 3"), 1},
		"T36 an index with a zero":      {edit(name("proofs", 5, ".tlog-proof"), "index 4", "index 04"), 1},
		"T36 lines that end as in DOS":  {edit(name("proofs", 5, ".tlog-proof"), "index 4\n", "index 4\r\n"), 1},
		"T34 a member twice":            {edit(name("entries", 5, ".json"), `"command":"C"`, `"command":"C","command":"C"`), 1},
		"T40 an evidence file replaced": {func(f map[string][]byte) { f[file(image)] = []byte("MZ something else") }, 1},
		"T40 an evidence file under the name of another": {func(f map[string][]byte) {
			f[file([]byte("MZ something else"))] = []byte("MZ something else")
			delete(f, file(image))
		}, 1},
		"T40 an evidence file that no entry names": {func(f map[string][]byte) { f[file([]byte("?"))] = []byte("?") }, 1},
		"T40 an evidence file cut off":             {func(f map[string][]byte) { f[file(image)] = image[:4] }, 1},
		"T28 an evidence file withheld":            {func(f map[string][]byte) { delete(f, file(image)) }, 0},
		"T28 an evidence file that was withheld":   {func(f map[string][]byte) { f[file(nil)] = nil }, 0},
		"T42 a version that nobody knows":          {edit(payload+"bundle.json", "bundle/1", "bundle/2"), 3},
		"a checkpoint of another size":             {func(f map[string][]byte) { f[payload+"checkpoints/4.note"] = f[payload+"checkpoints/3.note"] }, 1},
		"a proof of consistency left out":          {func(f map[string][]byte) { delete(f, payload+"consistency/3.txt") }, 1},
		"an earlier checkpoint changed":            {edit(payload+"checkpoints/3.note", "\n3\n", "\n2\n"), 1},
		"the earlier checkpoints left out": {func(f map[string][]byte) {
			for n := range f {
				if strings.HasPrefix(n, payload+"checkpoints/") || strings.HasPrefix(n, payload+"consistency/") {
					delete(f, n)
				}
			}
		}, 0},
	} {
		files := unpacked(t, b)
		c.harm(files)
		if code, said := p.both(t, pack(t, files), w.anchor()); code != c.code {
			t.Errorf("%s: %d, want %d: %s", what, code, c.code, said)
		}
	}
}

// The container itself: whatever is not exactly what its files give.
func TestTheContainer(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	b := w.bundle()
	for what, c := range map[string]struct {
		b    []byte
		code int
	}{
		"nothing":                        {nil, 3},
		"T42 half of it":                 {b[:len(b)/2], 3},
		"T35 something before it":        {slices.Concat([]byte("MZ"), b), 3},
		"T35 something behind it":        {slices.Concat(b, []byte("x")), 3},
		"T35 twice":                      {slices.Concat(b, b), 1},
		"T35 a comment":                  {slices.Concat(b[:len(b)-2], []byte{22, 0}, []byte("PK\x05\x06"), make([]byte, 18)), 1},
		"another date":                   {bytes.Replace(b, []byte{0, 0, 0x21, 0}, []byte{0, 0, 0x22, 0}, 1), 1},
		"a name that leads elsewhere":    {bytes.ReplaceAll(b, []byte("/data/README.en.txt"), []byte("/../../../README.tx")), 1},
		"a name in capitals":             {bytes.ReplaceAll(b, []byte("README.en"), []byte("readme.en")), 1},
		"a byte of a file, the sum kept": {bytes.Replace(b, []byte("How to"), []byte("how to"), 1), 1},
	} {
		if code, said := p.both(t, c.b, w.anchor()); code != c.code {
			t.Errorf("%s: %d, want %d: %s", what, code, c.code, said)
		}
	}
}

// Every bit of one event: its entry, what is disclosed of it, its proof and the
// note in it. Sums are made right again; no flip is proven, and both agree.
func TestEveryBitOfOneEvent(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	whole := unpacked(t, w.bundle())
	for _, file := range []string{payload + "entries/" + seqName(5) + ".json", payload + "disclosures/" + seqName(5) + ".txt", payload + "proofs/" + seqName(5) + ".tlog-proof"} {
		for bit := range len(whole[file]) * 8 {
			data := whole[file]
			whole[file] = bytes.Clone(data)
			whole[file][bit/8] ^= 1 << (bit % 8)
			if code, said := p.both(t, pack(t, whole), w.anchor()); code != 1 {
				t.Errorf("%s: byte %d, bit %d: %d: %s", file, bit/8, bit%8, code, said)
			}
			whole[file] = data
		}
	}
}

// evidence are the files that cannot be changed unseen. Papers can be, as a paper
// beside the evidence can; disclosures and earlier checkpoints can be left out.
var evidence = regexp.MustCompile(`^data/(entries|proofs|policies|evidence|timestamps)/`)

// Ten thousand mutations of any file, in any way: both verifiers agree, and no
// change of the evidence is proven.
func TestTheVerifiersAgree(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	a, content := testtsa.New(testtsa.Options{}), w.content()
	stampAll(&content, a)
	b, anchors := written(t, content), []string{w.anchor(), string(a.Roots)}
	if code, said := p.both(t, b, anchors...); code != 0 {
		t.Fatalf("%d: %s", code, said)
	}
	whole := unpacked(t, b)
	var names []string
	for name := range whole {
		names = append(names, name)
	}
	slices.Sort(names)
	const each = 100 // mutations a check: rapid makes a hundred checks
	rapid.Check(t, func(rt *rapid.T) {
		for range each {
			files := map[string][]byte{}
			for name, data := range whole {
				files[name] = data
			}
			name := rapid.SampledFrom(names).Draw(rt, "file")
			files[name] = mutated(rt, files[name])
			if rapid.Bool().Draw(rt, "sums left as they were") {
				p.both(t, mutated(rt, b), anchors...)
				continue
			}
			code, said := p.both(t, pack(t, files), anchors...)
			if code == 0 && evidence.MatchString(name) && !bytes.Equal(files[name], whole[name]) {
				rt.Fatalf("%s was changed and is proven: %s", name, said)
			}
		}
	})
}

func mutated(rt *rapid.T, b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) == 0 {
		return []byte{byte(rapid.IntRange(0, 255).Draw(rt, "byte"))}
	}
	at := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
	switch rapid.IntRange(0, 4).Draw(rt, "how") {
	case 0:
		b[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
	case 1:
		b[at] = byte(rapid.IntRange(0, 255).Draw(rt, "byte"))
	case 2:
		return b[:at]
	case 3:
		n := min(len(b)-at, rapid.IntRange(1, 40).Draw(rt, "bytes"))
		return slices.Concat(b[:at], b[at+n:])
	default:
		n := min(len(b)-at, rapid.IntRange(1, 40).Draw(rt, "bytes"))
		return slices.Concat(b[:at+n], b[at:])
	}
	return b
}
