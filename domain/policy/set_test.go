package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

func TestASetIsItsCanonicalForm(t *testing.T) {
	s := mustSet(t, draft())
	want, err := json.Marshal(*s)
	if err != nil {
		t.Fatal(err)
	}
	if want, err = jcs.Transform(want); err != nil || !bytes.Equal(want, s.Canonical()) {
		t.Fatalf("canonical form\n%s\nwant (%v)\n%s", s.Canonical(), err, want)
	}
	if s.Hash() != sha256.Sum256(s.Canonical()) {
		t.Error("the hash is not that of the canonical form")
	}
	again, err := Parse(s.Canonical())
	if err != nil || again.Hash() != s.Hash() {
		t.Errorf("read again: %v", err)
	}
	other := draft()
	other.Rules[0].Due = Term{Elapsed: "PT96H"}
	if mustSet(t, other).Hash() == s.Hash() {
		t.Error("another term, the same hash")
	}
}

func TestCanonicalStringsAgreeWithTheStandard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "members")
		raw, _ := json.Marshal(m)
		want, err := jcs.Transform(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if got, err := canonical(m); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s (%v), want %s", got, err, want)
		}
	})
}

func TestASoundSetHasNothingToLint(t *testing.T) {
	s := draft()
	for _, err := range s.Lint() {
		t.Error(err)
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, c := range []struct {
		why   string
		spoil func(*Set)
		hard  bool
		want  string
	}{
		{"another format", func(s *Set) { s.Format = "incident-policy/2" }, true, "format: "},
		{"no zone", func(s *Set) { s.Zone = "" }, true, "zone: "},
		{"a term of days", func(s *Set) { s.Rules[0].Due.Elapsed = "P3D" }, true, "rules.0.due: "},
		{"an unknown calendar", func(s *Set) { s.Rules[3].Due.ExtendIfNonworking = "nl" }, true, `calendar "nl" is unknown`},
		{"a cell of a table", func(s *Set) { s.ServiceLevels[0].Stages[1].Terms[0].Due = Term{} }, true, "serviceLevels.0.stages.1.terms.0.due: "},
		{"an unknown base", func(s *Set) { s.Rules[0].Extends = "gdpr" }, true, "rules.0.extends: rule gdpr is unknown"},
		{"bases in a circle", func(s *Set) { s.Rules[0].Extends, s.Rules[1].Extends = "subjects", "gdpr-33" }, true, "extends itself"},
		{"anchors in a circle", func(s *Set) { s.Rules[0].Anchor = []Anchor{{DueOf: "final"}} }, true, "leads back"},
		{"an anchor on nothing", func(s *Set) { s.Rules[0].Anchor = []Anchor{{DueOf: "nothing"}} }, true, "rule nothing is unknown"},
		{"a condition that says nothing", func(s *Set) { s.Rules[0].When = &Cond{} }, true, "says nothing"},
		{"a date that is none", func(s *Set) { s.Rules[0].ValidFrom = "2026-02-30" }, true, "not a date"},
		{"an end before its beginning", func(s *Set) { s.Rules[0].ValidFrom, s.Rules[0].ValidTo = "2026-02-01", "2026-01-01" }, true, "is not after"},
		{"a warning of days", func(s *Set) { s.Rules[0].Warn = []string{"P1D"} }, true, "rules.0.warn.0: "},
		{"no source", func(s *Set) { s.Rules[0].Source = "" }, false, "rules.0: names no source"},
		{"an unknown source", func(s *Set) { s.Rules[0].Source = "bible" }, false, `source "bible" is unknown`},
		{"an undated source", func(s *Set) { s.Sources["local"] = Source{Ref: "our own"} }, false, "sources.local: the source is undated"},
		{"an unknown fact", func(s *Set) { s.Rules[1].When = new(code("breach.colour", "red")) }, false, `no aggregate tells a fact "breach.colour"`},
		{"a fact of another kind", func(s *Set) { s.Rules[1].When = new(flag(BreachRisk, true)) }, false, "another kind of value"},
		{"an unknown instant", func(s *Set) { s.Rules[1].Met = "breach.risk" }, false, `no aggregate tells an instant "breach.risk"`},
		{"an unknown recipient", func(s *Set) { s.Rules[1].To.All = list("pope") }, false, `recipient "pope"`},
		{"no anchor", func(s *Set) { s.Rules[1].Anchor = nil }, false, "rules.1: names no anchor"},
		{"versions that overlap", func(s *Set) { s.Rules = append(s.Rules, s.Rules[0]) }, false, "versions of gdpr-33 overlap"},
		{"versions with a gap", func(s *Set) {
			s.Rules[0].ValidTo = "2020-01-01"
			s.Rules = append(s.Rules, s.Rules[0])
			s.Rules[4].ValidFrom, s.Rules[4].ValidTo = "2021-01-01", ""
		}, false, "there is a gap"},
		{"authorities that overlap", func(s *Set) { s.Authorities = append(s.Authorities, Authority{ID: "ap", Source: "law"}) }, false, "versions of ap overlap"},
		{"a hole in the matrix", func(s *Set) { s.Priority.Matrix["low"] = map[domain.Code]int{"high": 2} }, false, "urgency low and impact medium"},
		{"a code twice", func(s *Set) { s.Codes["categories"] = list("fire", "fire") }, false, "codes.categories.1: fire stands twice"},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := draft()
			c.spoil(&s)
			var all strings.Builder
			for _, err := range s.Lint() {
				all.WriteString(err.Error() + "\n")
			}
			if !strings.Contains(all.String(), c.want) {
				t.Errorf("lint says %q, want %q", all.String(), c.want)
			}
			if _, err := New(s); (err != nil) != c.hard {
				t.Errorf("New says %v; refused: want %t", err, c.hard)
			}
		})
	}
}

func TestParseTakesNothingItDoesNotKnow(t *testing.T) {
	good := string(mustSet(t, draft()).Canonical())
	for why, text := range map[string]string{
		"an unknown key":      strings.Replace(good, `"format":`, `"colour":"red","format":`, 1),
		"an unknown operator": strings.Replace(good, `"in":[`, `"matches":[`, 1),
		"another type":        strings.Replace(good, `"version":"1"`, `"version":1`, 1),
		"more than a set":     good + "{}",
		"half a set":          good[:len(good)/2],
		"a pair of three":     strings.Replace(good, `["breach.risk","high-risk"]`, `["breach.risk","high-risk",1]`, 1),
		"a fraction":          strings.Replace(good, `"priority":2`, `"priority":2.5`, 1),
	} {
		if text == good {
			t.Fatalf("%s: the text was not spoilt", why)
		}
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s was taken", why)
		}
	}
}

func TestWhatASetAnswers(t *testing.T) {
	s := mustSet(t, draft())
	var codes domain.Codes = s
	if !codes.HasCode("categories", "fire") || codes.HasCode("categories", "flood") || codes.HasCode("nothing", "fire") || !codes.HasCode("authorities", "ap") {
		t.Error("code lists")
	}
	if got := s.CodesOf("authorities"); len(got) != 4 || got[1] != "ap" {
		t.Errorf("authorities %v", got)
	}
	if p, ok := s.PriorityOf("low", "high"); p != 2 || !ok {
		t.Errorf("urgency low, impact high: priority %d", p)
	}
	for eur, want := range map[int64]domain.Code{999: "", 1000: "medium", 9999: "medium", 10000: "high"} {
		if got := s.ImpactFloor(eur); got != want {
			t.Errorf("%d euro: impact %q, want %q", eur, got, want)
		}
	}
	for date, want := range map[string]bool{"2015-12-31T23:59:59+01:00": true, "2016-01-01T00:00:00+01:00": false} {
		if _, got := s.AuthorityAt("cbp", at(t, date)); got != want {
			t.Errorf("the CBP is there at %s: %t", date, got)
		}
	}
	if a, ok := s.AuthorityAt("ap", at(t, "2026-01-01T00:00:00Z")); !ok || len(a.Mandatory()) != 1 {
		t.Errorf("the AP: %+v", a)
	}
	if r, ok := s.Rule("local-p2-reaction"); !ok || !r.Service || r.Due.Elapsed != "PT10M" {
		t.Errorf("a rule of a table: %+v", r)
	}
	if h := TZDBHash(); len(h) != 64 {
		t.Errorf("time-zone rules %q", h)
	}
}
