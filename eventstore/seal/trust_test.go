package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/eventstore/seal/testtsa"
)

// The three levels stand beside each other, and none is taken for another; an
// audit judges each by what somebody else believes.
func TestLevelsOfTrust(t *testing.T) {
	t.Parallel()
	dir, e := t.TempDir(), newEntries(2)
	l := open(t, dir, e)
	_, party := serveWitness(t, "w.example.org", 9)
	policy := policyOf(t, 1, party)
	c := circle(t, l, policy)
	a := testtsa.New(testtsa.Options{})
	tsa := serveTSA(t, "tsa", a, time.Hour)
	k := clock(t, ClockConfig{Log: l, Circle: c, TSAs: []TSA{tsa}})

	seal(t, l)
	cosigned, err := c.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Ask(t.Context(), cosigned); err != nil {
		t.Fatal(err)
	}
	e.add(1)
	seal(t, l)
	if _, err := c.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.add(1)
	seal(t, l)
	e.add(1)
	for seq, want := range [][3]bool{{}, {true, true, true}, {true, true, true}, {true, true, false}, {true, false, false}, {}} {
		if seq == 0 {
			continue
		}
		tr := TrustOf(domain.Seq(seq), l, c, k)
		if have := [3]bool{!tr.Sealed.IsZero(), !tr.Cosigned.IsZero(), !tr.Timestamped.IsZero()}; have != want {
			t.Errorf("entry %d: %+v, want sealed, cosigned, timestamped to be %v", seq, tr, want)
		}
	}

	audited := func() *Audit {
		au, err := OpenAudit(dir, origin, logKey(t, origin, seed()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { au.Close() })
		return au
	}
	au, now := audited(), time.Now()
	_, stranger := serveWitness(t, "s.example.org", 10)
	if r := au.Cosigned([]*Policy{policyOf(t, 1, stranger), policy}, now); r.Kept != 3 || r.Found != 3 {
		t.Errorf("cosigned: %+v", r)
	}
	if r := au.Cosigned([]*Policy{policyOf(t, 1, stranger)}, now); r.Kept != 3 || r.Found != 0 || !errors.Is(r.Why, ErrQuorum) {
		t.Errorf("cosigned, by a policy of strangers: %+v", r)
	}
	if r := au.Stamped(map[string]*Roots{"tsa": tsa.Roots}, now); r.Kept != 2 || r.Found != 2 || r.Why != nil {
		t.Errorf("timestamped: %+v", r)
	}
	if r := au.Stamped(map[string]*Roots{"tsa": rootsOf(t, testtsa.New(testtsa.Options{}).Roots)}, now); r.Kept != 2 || r.Found != 0 || !errors.Is(r.Why, ErrUntrusted) {
		t.Errorf("timestamped, by the roots of a stranger: %+v", r)
	}

	// T26: a timestamp passed off as one over more entries.
	path := filepath.Join(dir, stampedFile)
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, bytes.Replace(b, []byte(" 2 tsa\n"), []byte(" 4 tsa\n"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r := audited().Stamped(map[string]*Roots{"tsa": tsa.Roots}, now); r.Found != 0 || !errors.Is(r.Why, ErrToken) {
		t.Errorf("timestamped, over other entries: %+v", r)
	}
}
