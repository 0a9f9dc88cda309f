package seal

import (
	"crypto"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"incidentledger/eventstore/seal/testtsa"
)

func rootsOf(t testing.TB, pems ...[]byte) *Roots {
	t.Helper()
	r, err := ParseRoots([]byte(strings.Join(stringsOf(pems), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stringsOf(list [][]byte) (out []string) {
	for _, b := range list {
		out = append(out, string(b))
	}
	return out
}

// T25 and T26: a timestamp is believed where nothing at all is wrong with it.
func TestATimestampIsJudged(t *testing.T) {
	t.Parallel()
	note, now := []byte("a checkpoint\n"), time.Now()
	for what, c := range map[string]struct {
		tsa   testtsa.Options
		spoil func(*testtsa.Parts)
		at    time.Time
		want  error
	}{
		"right":                     {},
		"right, by an intermediate": {tsa: testtsa.Options{Intermediate: true}},
		"over another note":         {spoil: func(p *testtsa.Parts) { p.Imprint = make([]byte, 32) }, want: ErrToken},
		"over the start of a hash":  {spoil: func(p *testtsa.Parts) { p.Imprint = p.Imprint[:31] }, want: ErrToken},
		"no certificate":            {spoil: func(p *testtsa.Parts) { p.Certs = nil }, want: ErrToken},
		"another certificate":       {spoil: func(p *testtsa.Parts) { p.Certs = p.Certs[1:] }, tsa: testtsa.Options{Intermediate: true}, want: ErrToken},
		"no intermediate":           {spoil: func(p *testtsa.Parts) { p.Certs = p.Certs[:1] }, tsa: testtsa.Options{Intermediate: true}, want: ErrUntrusted},
		"no extended key usage":     {tsa: testtsa.Options{NoUsage: true}, want: ErrUntrusted},
		"the usage is not critical": {tsa: testtsa.Options{LaxUsage: true}, want: ErrUntrusted},
		"another usage besides": {tsa: testtsa.Options{NoUsage: true, Cert: func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageServerAuth}
		}}, want: ErrUntrusted},
		"the key is for more":            {tsa: testtsa.Options{Cert: func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }}, want: ErrUntrusted},
		"self-signed":                    {tsa: testtsa.Options{SelfSigned: true}, want: ErrUntrusted},
		"expired when it was given":      {tsa: testtsa.Options{Cert: func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) }}, want: ErrUntrusted},
		"expired since it was given":     {tsa: testtsa.Options{Cert: func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Hour) }}, at: now.Add(-2 * time.Hour)},
		"before the certificate":         {at: now.AddDate(-2, 0, 0), want: ErrUntrusted},
		"in the future":                  {at: now.Add(time.Hour), want: ErrUntrusted},
		"SHA-1":                          {spoil: func(p *testtsa.Parts) { p.Digest = crypto.SHA1 }, want: ErrToken},
		"the certificate named by SHA-1": {spoil: func(p *testtsa.Parts) { p.ESS = testtsa.SigningCertificateV1 }, want: ErrToken},
		"two signatures":                 {spoil: func(p *testtsa.Parts) { p.Signatures = 2 }, want: ErrToken},
		"no signature":                   {spoil: func(p *testtsa.Parts) { p.Signatures = 0 }, want: ErrToken},
		"a wrong signature":              {spoil: func(p *testtsa.Parts) { p.Signature = func(b []byte) { b[20] ^= 1 } }, want: ErrToken},
		"another kind of content":        {spoil: func(p *testtsa.Parts) { p.Content = testtsa.Data }, want: ErrToken},
		"another version":                {spoil: func(p *testtsa.Parts) { p.Version = 2 }, want: ErrToken},
	} {
		tsa := testtsa.New(c.tsa)
		tsa.Spoil = c.spoil
		if c.at.IsZero() {
			c.at = now
		}
		stored := tsa.Stamp(note, c.at)
		s, err := CheckStamp(stored, note, rootsOf(t, tsa.Roots), now)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		if c.want != nil {
			continue
		}
		if !s.At.Equal(c.at.UTC().Truncate(time.Second)) || s.Subject != "CN=Test TSA" {
			t.Errorf("%s: it tells %+v", what, s)
		}
		if _, err := CheckStamp(stored, []byte("another checkpoint\n"), rootsOf(t, tsa.Roots), now); !errors.Is(err, ErrToken) {
			t.Errorf("%s, used for another note: %v", what, err)
		}
		for name, roots := range map[string]*Roots{"none": nil, "another's": rootsOf(t, testtsa.New(testtsa.Options{}).Roots)} {
			if _, err := CheckStamp(stored, note, roots, now); !errors.Is(err, ErrUntrusted) {
				t.Errorf("%s, with %s roots: %v", what, name, err)
			}
		}
	}
}

// Real timestamps and spoiled ones that nobody in this project made.
func TestTimestampsOfOthers(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/notaryproject/tspclient-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "testdata")
	root, err := os.ReadFile(filepath.Join(dir, "GlobalSignRootCA.crt"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.p7s"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		signed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".p7s")
		s, err := CheckStamp(response(signed), []byte("notation"), rootsOf(t, root), time.Now())
		if good := name == "TimeStampToken"; (err == nil) != good {
			t.Errorf("%s: %v, %v", name, s.At, err)
		}
	}
}

// Every bit of a timestamp: no flip is believed, none is taken for another fault
// than one of the timestamp itself.
func TestEveryBitOfATimestamp(t *testing.T) {
	t.Parallel()
	tsa, note, now := testtsa.New(testtsa.Options{}), []byte("a checkpoint\n"), time.Now()
	stored, roots := tsa.Stamp(note, now), rootsOf(t, tsa.Roots)
	for bit := range len(stored) * 8 {
		stored[bit/8] ^= 1 << (bit % 8)
		if _, err := CheckStamp(stored, note, roots, now); !errors.Is(err, ErrToken) {
			t.Errorf("byte %d, bit %d: %v", bit/8, bit%8, err)
		}
		stored[bit/8] ^= 1 << (bit % 8)
	}
}
