package eventstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

func offline(t *testing.T, dir string) *Offline {
	t.Helper()
	o, err := OpenOffline(Config{Dir: dir, Kinds: testKinds()}, "nuth")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// chainFindings gives what CheckChains finds, one line a finding.
func chainFindings(t *testing.T, o *Offline) string {
	t.Helper()
	var out []string
	for ch, err := range o.CheckChains(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ch.Bad {
			out = append(out, f.What)
		}
	}
	return strings.Join(out, "\n")
}

// TestAChainThatDoesNotHoldIsFound: the store itself does not judge what an entry
// says of the one before it; checking does.
func TestAChainThatDoesNotHoldIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(en *domain.Entry)
		says  string
	}{
		"another leaf hash": {func(en *domain.Entry) { en.PrevHash[3] ^= 1 }, "says that entry 2 has the leaf hash"},
		"recorded before":   {func(en *domain.Entry) { en.Recorded = en.Recorded.Add(-time.Hour) }, "before the entry before it"},
		"as it should be":   {func(*domain.Entry) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, l := found(t, dir)
			en := entry(1, add(t, l, entry(1, nil, "one")), "two")
			c.spoil(en)
			add(t, l, en)
			mustClose(t, s)
			if got := chainFindings(t, offline(t, dir)); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
				t.Errorf("found %q, want %q", got, c.says)
			}
		})
	}
}

// TestAnEntryThatNamesAnotherBeforeItIsFound: written past the committer, as only
// a forger could.
func TestAnEntryThatNamesAnotherBeforeItIsFound(t *testing.T) {
	dir := t.TempDir()
	s, l := found(t, dir)
	one := add(t, l, entry(1, nil, "one"))
	add(t, l, entry(1, one, "two"))
	forged := entry(1, one, "instead of two")
	data, err := l.codec.Encode(forged)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	path := journalFiles(t, dir)[0]
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(appendRecord(nil, 4, 3, aggOf(ref(1)), data), used(t, path)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	o := offline(t, dir)
	if got := chainFindings(t, o); !strings.Contains(got, "says that 2 came before it; it was 3") {
		t.Errorf("found %q", got)
	}
	if bad, err := o.CheckCopies(); err != nil || len(bad) == 0 {
		t.Errorf("the copies agree: %v, %v", bad, err)
	}
}

// TestTheTailIsTheOneThatWasThere: a whole history in both copies that is not the
// one that the last orderly stop left.
func TestTheTailIsTheOneThatWasThere(t *testing.T) {
	dir, want := stopped(t)
	path := filepath.Join(dir, "orgs/nuth/clean")
	leaf := domain.LeafHash([]byte("another"))
	if err := os.WriteFile(path, fmt.Appendf(nil, "%d %s\n", len(want), leaf), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(t, dir); err == nil || !strings.Contains(err.Error(), "leaf hash") {
		t.Errorf("opened with %v", err)
	}
	if bad, err := offline(t, dir).CheckCopies(); err != nil || len(bad) == 0 {
		t.Errorf("the check finds nothing: %v, %v", bad, err)
	}
}
