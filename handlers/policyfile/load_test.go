package policyfile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file in testdata/bad is wrong in its own way; beside it stands what is
// said of it. A file named rules-… is a rule file, another is a whole set.
func TestWhatIsSaidOfBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	base := shippedSet(t)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "rules-") {
				_, err = Overlay(base, name, src)
			} else {
				_, err = Load(name, src)
			}
			if err == nil {
				t.Fatal("it was taken")
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, rerr := os.ReadFile(golden)
			if rerr != nil || string(want) != err.Error()+"\n" {
				t.Errorf("said:\n%v\nwant (%v):\n%s", err, rerr, want)
			}
		})
	}
}

func TestRuleFiles(t *testing.T) {
	base := shippedSet(t)
	hash := base.Hash()
	for _, c := range []struct {
		why, file    string
		rule         domain.Code
		anchor, want string
	}{
		{"a term alone adds a rule", "reply: {elapsed: PT24H}", "reply", "2026-11-21T10:00:00+01:00", "2026-11-22T10:00:00+01:00"},
		{"or replaces one", "gdpr-33: {elapsed: PT96H}", "gdpr-33", "2026-11-21T10:00:00+01:00", "2026-11-25T10:00:00+01:00"},
		{"and leaves its validity", "gdpr-33: {elapsed: PT96H}", "gdpr-33", "2018-05-24T10:00:00+02:00", "-"},
		{"under rules", "rules:\n  reply: {civil: P1M, extendIfNonworking: nl-atw}", "reply", "2026-10-21T10:00:00+02:00", "2026-11-23T23:59:59+01:00"},
		{"as a list", "rules:\n  - id: reply\n    source: local\n    due: {business: PT4H, calendar: be-wettelijk}", "reply", "2026-11-20T15:00:00+01:00", "2026-11-23T10:00:00+01:00"},
		{"a row of a table", "local-p3-resolution: {wall: P1D}", "local-p3-resolution", "2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00"},
		{"the other rows stay", "local-p3-resolution: {wall: P1D}", "local-p3-reaction", "2026-03-28T02:30:00+01:00", "2026-03-28T03:30:00+01:00"},
		{"a calendar of its own", "calendars:\n  ours: {zone: Europe/Amsterdam, weekend: [fri], source: local, windows: [{days: [sat], from: \"10:00\", to: \"12:00\"}]}\nrules:\n  reply: {business: PT3H, calendar: ours}", "reply", "2026-11-20T15:00:00+01:00", "2026-11-28T11:00:00+01:00"},
		{"several kinds at once", "reply: {earliestOf: [{elapsed: PT24H}, {wall: P1D}]}", "reply", "2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+01:00"},
		{"no term", "gdpr-33: {none: true}", "gdpr-33", "2026-11-21T10:00:00+01:00", "-"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s, err := Overlay(base, "rules.yaml", []byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			if got := due(t, s, c.rule, c.anchor); got != c.want {
				t.Errorf("due %s, want %s", got, c.want)
			}
			if s.Hash() == hash || base.Hash() != hash {
				t.Error("the set that results is another, and the base stays as it was")
			}
		})
	}
	whole, err := Overlay(base, "whole.yaml", ShippedSource())
	if err != nil || whole.Hash() != hash {
		t.Errorf("a whole set stands in the place of the base: %v", err)
	}
}

// FuzzLoad looks for text that breaks the loader instead of being refused.
func FuzzLoad(f *testing.F) {
	f.Add("format: incident-policy/1\nid: x\nzone: Europe/Brussels\nsources: {local: {ref: x, dated: 2026-01-01}}\n")
	f.Add("a: {elapsed: PT1H}\nb: [1, {c: null}]\n")
	f.Add("rules: [{id: x, due: {none: true}, when: {not: {eq: [a, [b]]}}}]")
	base, err := Shipped()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, load := range []func() (*policy.Set, error){
			func() (*policy.Set, error) { return Load("x.yaml", []byte(text)) },
			func() (*policy.Set, error) { return Overlay(base, "x.yaml", []byte(text)) },
		} {
			if s, err := load(); err == nil && s.Hash() == (domain.Hash{}) {
				t.Error("taken, but no set")
			}
		}
	})
}
