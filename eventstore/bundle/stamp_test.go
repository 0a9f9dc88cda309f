package bundle

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore/seal/testtsa"
)

// stampAll has an authority stamp the checkpoint of a bundle and an earlier one.
func stampAll(c *Content, a *testtsa.TSA) {
	c.Stamps = map[domain.Seq]map[string][]byte{c.Size: {"tsa": a.Stamp(c.Checkpoint, time.Now())}}
	for _, e := range c.Earlier {
		c.Stamps[e.Size] = map[string][]byte{"tsa": a.Stamp(e.Note, time.Now())}
	}
}

func written(t testing.TB, c Content) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// T24 to T27: what a timestamp proves, by which roots, and what it does not.
func TestTimestampsInABundle(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	now := time.Now()
	stranger := testtsa.New(testtsa.Options{Name: "Stranger"})
	for what, c := range map[string]struct {
		tsa   testtsa.Options
		spoil func(*testtsa.Parts)
		at    time.Time
		code  int
		said  string
	}{
		"right":                               {said: "timestamp PROVEN"},
		"right, by an intermediate":           {tsa: testtsa.Options{Intermediate: true}, said: "timestamp PROVEN"},
		"T25 expired since":                   {tsa: testtsa.Options{Cert: func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }}, at: now.Add(-2 * time.Minute), said: "timestamp PROVEN"},
		"T25 another imprint":                 {spoil: func(p *testtsa.Parts) { p.Imprint = make([]byte, 32) }, code: 1},
		"T25 no certificate":                  {spoil: func(p *testtsa.Parts) { p.Certs = nil }, code: 1},
		"T25 no intermediate":                 {tsa: testtsa.Options{Intermediate: true}, spoil: func(p *testtsa.Parts) { p.Certs = p.Certs[:1] }, code: 2},
		"T25 no extended key usage":           {tsa: testtsa.Options{NoUsage: true}, code: 2},
		"T25 the usage is not critical":       {tsa: testtsa.Options{LaxUsage: true}, code: 2},
		"T25 the key is for more":             {tsa: testtsa.Options{Cert: func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }}, code: 2},
		"T25 self-signed":                     {tsa: testtsa.Options{SelfSigned: true}, code: 2},
		"T25 expired when it was given":       {tsa: testtsa.Options{Cert: func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) }}, code: 2},
		"T25 in the future":                   {at: now.Add(time.Hour), code: 2},
		"T25 SHA-1":                           {spoil: func(p *testtsa.Parts) { p.Digest = crypto.SHA1 }, code: 1},
		"T25 the certificate named by SHA-1":  {spoil: func(p *testtsa.Parts) { p.ESS = testtsa.SigningCertificateV1 }, code: 1},
		"T25 two signatures":                  {spoil: func(p *testtsa.Parts) { p.Signatures = 2 }, code: 1},
		"T25 no signature":                    {spoil: func(p *testtsa.Parts) { p.Signatures = 0 }, code: 1},
		"T25 a wrong signature":               {spoil: func(p *testtsa.Parts) { p.Signature = func(b []byte) { b[20] ^= 1 } }, code: 1},
		"T25 another kind of content":         {spoil: func(p *testtsa.Parts) { p.Content = testtsa.Data }, code: 1},
		"T06 stamped before it was recorded":  {at: now.Add(-time.Hour), code: 1, said: "time CONTRADICTED"},
		"stamped a moment before it was said": {at: now.Add(-time.Minute), said: "timestamp PROVEN"},
	} {
		a := testtsa.New(c.tsa)
		a.Spoil = c.spoil
		content := w.content()
		if c.at.IsZero() {
			c.at = now
		}
		content.Stamps = map[domain.Seq]map[string][]byte{content.Size: {"tsa": a.Stamp(content.Checkpoint, c.at)}}
		b := written(t, content)
		if code, said := p.both(t, b, w.anchor(), string(a.Roots)); code != c.code || !strings.Contains(said, c.said) {
			t.Errorf("%s: %d, want %d: %s", what, code, c.code, said)
		}
		// T24: a forger's own authority is not believed, whatever it says.
		if code, said := p.both(t, b, w.anchor(), string(stranger.Roots)); c.code == 0 && code != 2 || code == 0 {
			t.Errorf("%s, by the roots of another: %d: %s", what, code, said)
		}
		if code, _ := p.both(t, b, w.anchor()); c.code == 0 && code != 2 || code == 0 {
			t.Errorf("%s, without roots: %d", what, code)
		}
	}
	content := w.content()
	stampAll(&content, stranger)
	if code, said := p.both(t, written(t, content), w.anchor()+string(stranger.Roots)); code != 0 {
		t.Errorf("policy and roots in one file: %d: %s", code, said)
	}
	if code, said := p.both(t, w.bundle(), w.anchor(), string(stranger.Roots)); code != 2 || !strings.Contains(said, "timestamp NOT PROVEN") {
		t.Errorf("roots, and no timestamp: %d: %s", code, said)
	}
	if code, said := p.both(t, w.bundle(), w.anchor()); code != 0 || strings.Contains(said, "timestamp") {
		t.Errorf("neither roots nor timestamps: %d: %s", code, said)
	}
	alone := "log " + keyOf(t, w.seed) + "\nquorum none\n"
	if code, said := p.both(t, written(t, content), alone, string(stranger.Roots)); code != 2 || !strings.Contains(said, "timestamp PROVEN") || !strings.Contains(said, "not written later") {
		t.Errorf("a timestamp and no witness: %d: %s", code, said)
	}
}

// T26: timestamps moved about among the checkpoints of a bundle.
func TestTimestampsOverAnotherNote(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	a := testtsa.New(testtsa.Options{})
	content := w.content()
	stampAll(&content, a)
	files := unpacked(t, written(t, content))
	last, early := stampName(content.Size, "tsa"), stampName(content.Earlier[0].Size, "tsa")
	for what, c := range map[string]struct {
		harm func(map[string][]byte)
		code int
	}{
		"as they are":                        {func(map[string][]byte) {}, 0},
		"an older one for the newer":         {func(f map[string][]byte) { f[last] = f[early] }, 1},
		"a newer one for the older":          {func(f map[string][]byte) { f[early] = f[last] }, 1},
		"over a checkpoint that is not here": {func(f map[string][]byte) { f[stampName(2, "tsa")] = f[last] }, 1},
		"over nothing":                       {func(f map[string][]byte) { f[stampName(2, "tsa")] = a.Stamp([]byte{}, time.Now()) }, 1},
		"an earlier one left out":            {func(f map[string][]byte) { delete(f, early) }, 0},
		"that of the checkpoint left out":    {func(f map[string][]byte) { delete(f, last) }, 2},
		"by a TSA without a name":            {func(f map[string][]byte) { f[stampName(content.Size, "")] = f[last] }, 1},
		"a second one, of a stranger": {func(f map[string][]byte) {
			f[stampName(content.Size, "other")] = testtsa.New(testtsa.Options{}).Stamp(content.Checkpoint, time.Now())
		}, 0},
		"cut off":             {func(f map[string][]byte) { f[last] = f[last][:len(f[last])-1] }, 1},
		"something behind it": {func(f map[string][]byte) { f[last] = append(bytes.Clone(f[last]), 0) }, 1},
		"a status of its own": {func(f map[string][]byte) {
			f[last] = bytes.Replace(f[last], []byte{0x30, 3, 2, 1, 0}, []byte{0x30, 3, 2, 1, 1}, 1)
		}, 1},
		"nothing":              {func(f map[string][]byte) { f[last] = nil }, 1},
		"a longer form of DER": {func(f map[string][]byte) { f[last] = append([]byte{0x30, 0x83, 0}, f[last][2:]...) }, 1},
	} {
		spoiled := map[string][]byte{}
		for name, data := range files {
			spoiled[name] = data
		}
		c.harm(spoiled)
		if code, said := p.both(t, pack(t, spoiled), w.anchor(), string(a.Roots)); code != c.code {
			t.Errorf("%s: %d, want %d: %s", what, code, c.code, said)
		}
	}
}

// T01: a bit of every byte of a timestamp; package seal flips all of them.
func TestEveryByteOfATimestamp(t *testing.T) {
	t.Parallel()
	w, p := newTown(t, 1), startPython(t)
	a := testtsa.New(testtsa.Options{})
	content := w.content()
	content.Stamps = map[domain.Seq]map[string][]byte{content.Size: {"tsa": a.Stamp(content.Checkpoint, time.Now())}}
	files := unpacked(t, written(t, content))
	stamp := files[stampName(content.Size, "tsa")]
	for i := range stamp {
		stamp[i] ^= 1 << (i % 8)
		if code, said := p.both(t, pack(t, files), w.anchor(), string(a.Roots)); code != 1 {
			t.Errorf("byte %d: %d: %s", i, code, said)
		}
		stamp[i] ^= 1 << (i % 8)
	}
}
