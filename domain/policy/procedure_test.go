package policy

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
)

// Quiet hours last into the next day, and over a change of the clocks; they never
// hold back priority 1.
func TestQuietHours(t *testing.T) {
	night := QuietHours{From: "22:00", To: "07:00", Zone: "Europe/Amsterdam"}
	noon := QuietHours{From: "12:00", To: "13:00", Zone: "Europe/Amsterdam"}
	for _, c := range []struct {
		q        QuietHours
		at       string
		priority int
		want     string // end of the quiet hours; empty outside them
	}{
		{night, "2026-11-21T21:59:59+01:00", 3, ""},
		{night, "2026-11-21T22:00:00+01:00", 3, "2026-11-22T07:00:00+01:00"},
		{night, "2026-11-22T06:59:59+01:00", 0, "2026-11-22T07:00:00+01:00"},
		{night, "2026-11-22T07:00:00+01:00", 3, ""},
		{night, "2026-11-21T23:00:00+01:00", 1, ""},
		{night, "2026-10-24T23:00:00+02:00", 2, "2026-10-25T07:00:00+01:00"},
		{night, "2026-03-28T23:00:00+01:00", 2, "2026-03-29T07:00:00+02:00"},
		{noon, "2026-11-21T12:30:00+01:00", 2, "2026-11-21T13:00:00+01:00"},
		{noon, "2026-11-21T13:00:00+01:00", 2, ""},
	} {
		got, quiet := c.q.Until(at(t, c.at), c.priority)
		if quiet != (c.want != "") || quiet && !got.Equal(at(t, c.want)) {
			t.Errorf("at %s, priority %d: quiet until %s (%t), want %q", c.at, c.priority, got, quiet, c.want)
		}
	}
}

func TestFormsAreThoseOfTheirTime(t *testing.T) {
	d := draft()
	d.Codes["answers"], d.Codes["regimes"] = list("nature", "records"), list("gdpr")
	form := Form{ID: "leak", Authority: list("ap"), Regime: "gdpr", Stage: "initial", Source: "local", ValidTo: "2021-05-10", Fields: []Field{{Code: "nature"}}}
	next := form
	next.ValidFrom, next.ValidTo, next.Fields = "2021-05-10", "", []Field{{Code: "records"}, {Code: "nature"}}
	d.Forms = []Form{form, next}
	d.Ladder = []Rung{{Level: 1, To: "dpo", After: "PT0S", Source: "local"}, {Level: 2, To: "board", After: "PT15M", Source: "local"}}
	s := mustSet(t, d)
	for _, err := range s.Lint() {
		t.Error(err)
	}
	for day, want := range map[string]domain.Code{"2021-05-09T23:59:59+02:00": "nature", "2021-05-10T00:00:00+02:00": "records"} {
		if f, ok := s.FormOf("ap", "gdpr", "initial", at(t, day)); !ok || f.Fields[0].Code != want {
			t.Errorf("at %s it asks %v first", day, f.Fields)
		}
	}
	if _, ok := s.FormOf("gba", "gdpr", "initial", at(t, "2026-11-21T00:00:00Z")); ok {
		t.Error("a form that nobody wrote")
	}
	if w := s.Ladder[1].Waits(); w != 15*time.Minute {
		t.Errorf("the second rung waits %s", w)
	}
}

// A set that names nobody determines nobody; one that names somebody names one
// who hears of every report.
func TestWhoHears(t *testing.T) {
	d := draft()
	f := story(t)
	if got := mustSet(t, d).Hears(&f, nil); got != nil {
		t.Errorf("nobody is named, but %v hear", got)
	}
	d.Recipients = []Hearer{{Role: "dpo", Source: "local", When: new(code(IncidentChain, "suwi"))}}
	if s := d; len(s.Lint()) != 1 {
		t.Errorf("nobody is always told: %v", s.Lint())
	}
	d.Recipients = append(d.Recipients, Hearer{Role: "board", Source: "local"}, Hearer{Role: "board", Source: "local", When: new(code(OrgCountry, "NL"))})
	s := mustSet(t, d)
	f.Code[IncidentChain] = "suwi"
	if got := s.Hears(&f, map[Path]domain.Code{OrgCountry: "NL"}); !slices.Equal(got, list("board", "dpo")) {
		t.Errorf("%v hear", got)
	}
}
