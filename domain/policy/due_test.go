package policy

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

const local = "2006-01-02T15:04:05.999999999Z07:00"

func reckon(t testing.TB, term Term, anchor, zone string) string {
	t.Helper()
	cals := map[domain.Code]*calendar{}
	for name, c := range calendars() {
		cc, err := c.compile()
		if err != nil {
			t.Fatal(err)
		}
		cals[name] = cc
	}
	c, err := term.compile(cals)
	if err != nil {
		t.Fatalf("%s: %v", term, err)
	}
	loc, err := location(zone)
	if err != nil {
		t.Fatal(err)
	}
	due := c.due(at(t, anchor), loc, nil, nil, nil)
	if due.IsZero() {
		return "-"
	}
	return due.In(loc).Format(local)
}

// Every instant here was worked out by hand.
func TestTermsAreDueWhenTheyShould(t *testing.T) {
	day, week := Term{Wall: "P1D"}, Term{Wall: "P7D"}
	month, atw := Term{Civil: "P1M"}, Term{Civil: "P1M", ExtendIfNonworking: "nl-atw"}
	for _, c := range []struct {
		why    string
		term   Term
		anchor string
		want   string
	}{
		{"72 hours over a weekend", Term{Elapsed: "PT72H"}, "2026-11-20T17:30:00+01:00", "2026-11-23T17:30:00+01:00"},
		{"72 hours over the lost hour", Term{Elapsed: "PT72H"}, "2026-03-27T12:00:00+01:00", "2026-03-30T13:00:00+02:00"},
		{"72 hours over the won hour", Term{Elapsed: "PT72H"}, "2026-10-23T12:00:00+02:00", "2026-10-26T11:00:00+01:00"},
		{"minutes within the won hour", Term{Elapsed: "PT45M"}, "2026-10-25T02:30:00+02:00", "2026-10-25T02:15:00+01:00"},
		{"a fraction of a second stays", Term{Elapsed: "PT10M"}, "2026-11-21T09:00:00.25+01:00", "2026-11-21T09:10:00.25+01:00"},

		{"a day over the lost hour has 23 hours", day, "2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00"},
		{"a day over the won hour has 25 hours", day, "2026-10-24T12:00:00+02:00", "2026-10-25T12:00:00+01:00"},
		{"a time that does not exist is shifted forward", day, "2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00"},
		{"its edge: two o'clock is three o'clock", day, "2026-03-28T02:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"of a time that comes twice the first", day, "2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"from the second time of two on", day, "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"},
		{"a week", week, "2026-10-22T16:05:00+02:00", "2026-10-29T16:05:00+01:00"},
		{"24 hours come before a day in autumn", Term{EarliestOf: []Term{{Elapsed: "PT24H"}, day}}, "2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+01:00"},
		{"a day comes before 24 hours in spring", Term{EarliestOf: []Term{{Elapsed: "PT24H"}, day}}, "2026-03-28T12:00:00+01:00", "2026-03-29T12:00:00+02:00"},
		{"what has no term is not the earliest", Term{EarliestOf: []Term{{None: true}, day}}, "2026-03-02T12:00:00+01:00", "2026-03-03T12:00:00+01:00"},

		{"a month", month, "2026-07-15T10:00:00+02:00", "2026-08-15T23:59:59+02:00"},
		{"a month from the 31st ends with the month", month, "2026-05-31T10:00:00+02:00", "2026-06-30T23:59:59+02:00"},
		{"from 31 January to the end of February", month, "2026-01-31T10:00:00+01:00", "2026-02-28T23:59:59+01:00"},
		{"and in a leap year", month, "2028-01-31T10:00:00+01:00", "2028-02-29T23:59:59+01:00"},
		{"from 29 February, the 29th", month, "2028-02-29T10:00:00+01:00", "2028-03-29T23:59:59+02:00"},
		{"a year from 29 February", Term{Civil: "P1Y"}, "2028-02-29T10:00:00+01:00", "2029-02-28T23:59:59+01:00"},
		{"counted from the local day, not the one of Greenwich", month, "2026-11-30T23:30:00Z", "2027-01-01T23:59:59+01:00"},
		{"a month to the day the clocks change", month, "2026-09-25T10:00:00+02:00", "2026-10-25T23:59:59+01:00"},

		{"moved from a Saturday to Monday", atw, "2026-10-21T10:00:00+02:00", "2026-11-23T23:59:59+01:00"},
		{"over Good Friday, the weekend and Easter Monday", atw, "2026-03-03T10:00:00+01:00", "2026-04-07T23:59:59+02:00"},
		{"over Christmas and a weekend", atw, "2026-11-25T10:00:00+01:00", "2026-12-28T23:59:59+01:00"},
		{"King's day on the 26th when the 27th is a Sunday", atw, "2025-03-26T10:00:00+01:00", "2025-04-28T23:59:59+02:00"},
		{"5 May is a day off every year", atw, "2026-04-05T10:00:00+02:00", "2026-05-06T23:59:59+02:00"},
		{"but every fifth year only at the desk of the chain", Term{Civil: "P1M", ExtendIfNonworking: "nl-bkwi"}, "2026-04-05T10:00:00+02:00", "2026-05-05T23:59:59+02:00"},
		{"as in 2025", Term{Civil: "P1M", ExtendIfNonworking: "nl-bkwi"}, "2025-04-05T10:00:00+02:00", "2025-05-06T23:59:59+02:00"},

		{"four hours of an afternoon run into the next morning", Term{Business: "PT4H", Calendar: "be-wettelijk"}, "2026-11-19T15:00:00+01:00", "2026-11-20T10:00:00+01:00"},
		{"and over a weekend", Term{Business: "PT4H", Calendar: "be-wettelijk"}, "2026-11-20T15:00:00+01:00", "2026-11-23T10:00:00+01:00"},
		{"from a Sunday they begin on Monday", Term{Business: "PT4H", Calendar: "be-wettelijk"}, "2026-11-22T11:00:00+01:00", "2026-11-23T12:00:00+01:00"},
		{"what ends with the window is due then", Term{Business: "PT2H", Calendar: "be-wettelijk"}, "2026-11-19T15:00:00+01:00", "2026-11-19T17:00:00+01:00"},
		{"at closing time nothing is left of the day", Term{Business: "PT1H", Calendar: "be-wettelijk"}, "2026-11-19T17:00:00+01:00", "2026-11-20T09:00:00+01:00"},
		{"armistice day is not worked", Term{Business: "PT9H", Calendar: "be-wettelijk"}, "2026-11-10T12:00:00+01:00", "2026-11-12T12:00:00+01:00"},
		{"a calendar without windows counts whole days", Term{Business: "PT24H", Calendar: "nl-atw"}, "2026-11-20T12:00:00+01:00", "2026-11-23T12:00:00+01:00"},

		{"at once", Term{Immediate: true}, "2026-11-21T09:00:00+01:00", "2026-11-21T09:00:00+01:00"},
		{"no number, no instant", Term{None: true}, "2026-11-21T09:00:00+01:00", "-"},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got := reckon(t, c.term, c.anchor, "Europe/Amsterdam"); got != c.want {
				t.Errorf("%s from %s: due %s, want %s", c.term, c.anchor, got, c.want)
			}
		})
	}
}

func TestRulesHoldWithinTheirValidityToTheSecond(t *testing.T) {
	s := draft()
	s.Rules = append(s.Rules,
		Rule{ID: "old", Source: "local", Dormant: true, ValidFrom: "2016-07-01", ValidTo: "2021-01-01", Due: Term{Elapsed: "PT1H"}},
		Rule{ID: "old", Source: "local", Dormant: true, ValidFrom: "2021-01-01", Due: Term{Elapsed: "PT2H"}})
	set := mustSet(t, s)
	for _, c := range []struct{ rule, anchor, want string }{
		{"old", "2016-06-30T23:59:59+02:00", "-"},
		{"old", "2016-07-01T00:00:00+02:00", "2016-07-01T01:00:00+02:00"},
		{"old", "2020-12-31T23:59:59+01:00", "2021-01-01T00:59:59+01:00"},
		{"old", "2021-01-01T00:00:00+01:00", "2021-01-01T02:00:00+01:00"},
		{"gdpr-33", "2018-05-24T23:59:59+02:00", "-"}, // its source bounds it
		{"gdpr-33", "2018-05-25T00:00:00+02:00", "2018-05-28T00:00:00+02:00"},
		{"subjects", "2026-01-01T00:00:00+01:00", "-"},
	} {
		due, ok, lines, err := DueOf(set, domain.Code(c.rule), at(t, c.anchor), "")
		got := "-"
		if ok {
			got = due.Format(local)
		}
		if err != nil || got != c.want || len(lines) == 0 {
			t.Errorf("%s at %s: due %s (%v), want %s; %q", c.rule, c.anchor, got, err, c.want, lines)
		}
	}
	if due, _, _, _ := DueOf(set, "final", at(t, "2026-11-30T23:30:00Z"), "Etc/UTC"); due.Format(local) != "2026-12-30T23:59:59Z" {
		t.Errorf("in another zone: due %s", due)
	}
	if _, _, _, err := DueOf(set, "gdpr-99", at(t, "2026-01-01T00:00:00Z"), ""); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("an unknown rule gives %v, want not found", err)
	}
	if _, _, _, err := DueOf(set, "gdpr-33", at(t, "2026-01-01T00:00:00Z"), "Mars/Olympus"); err == nil {
		t.Error("an unknown zone was taken")
	}
}

func TestTermsThatCannotBeReckonedSayWhatToWrite(t *testing.T) {
	for _, c := range []struct {
		term Term
		want string
	}{
		{Term{}, "gives no term"},
		{Term{Elapsed: "P1D"}, "write hours"},
		{Term{Elapsed: "72H"}, "PT72H"},
		{Term{Elapsed: "PT"}, "not a duration"},
		{Term{Elapsed: "PT1M1H"}, "not a duration"},
		{Term{Elapsed: "PT0S"}, "immediate"},
		{Term{Elapsed: "PT9999999H"}, "hundred years"},
		{Term{Civil: "PT24H"}, "elapsed"},
		{Term{Wall: "PT24H"}, "elapsed"},
		{Term{Business: "PT4H"}, "names its calendar"},
		{Term{Elapsed: "PT4H", Calendar: "nl-atw"}, "goes with business"},
		{Term{Elapsed: "PT4H", ExtendIfNonworking: "nl-atw"}, "hours never move"},
		{Term{Elapsed: "PT4H", Wall: "P1D"}, "several kinds"},
		{Term{EarliestOf: []Term{{}}}, "gives no term"},
	} {
		if err := c.term.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", c.term, err, c.want)
		}
	}
}

func anyTerm() *rapid.Generator[Term] {
	return rapid.SampledFrom([]Term{
		{Elapsed: "PT72H"}, {Elapsed: "PT10M"}, {Civil: "P1M"}, {Civil: "P1M", ExtendIfNonworking: "nl-atw"}, {Civil: "P1Y"}, {Wall: "P1D"}, {Wall: "P1M"},
		{Business: "PT4H", Calendar: "be-wettelijk"}, {Business: "PT30H", Calendar: "nl-bkwi"}, {Immediate: true},
		{EarliestOf: []Term{{Elapsed: "PT24H"}, {Wall: "P1D"}}},
	})
}

func anyInstant() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "near a change of the clock") {
			change := rapid.SampledFrom([]int64{1774746000, 1792890000, 1711846800, 1729990800}).Draw(t, "change")
			return time.Unix(change+rapid.Int64Range(-3*86400, 3*86400).Draw(t, "seconds"), 0).UTC()
		}
		return time.Unix(rapid.Int64Range(631152000, 4102444800).Draw(t, "unix"), 0).UTC()
	})
}

// A later anchor never gives an earlier due instant, and no due instant lies
// before its anchor. The one exception of wall terms is the law of local time: in
// the hour that comes twice the later anchor can have the earlier time of day.
func TestDueIsMonotoneInTheAnchor(t *testing.T) {
	set := mustSet(t, draft())
	loc, _ := location("Europe/Amsterdam")
	cals := map[domain.Code]*calendar{}
	for name, c := range set.Calendars {
		cals[name], _ = c.compile()
	}
	rapid.Check(t, func(t *rapid.T) {
		spec := anyTerm().Draw(t, "term")
		term, err := spec.compile(cals)
		if err != nil {
			t.Fatal(err)
		}
		a := anyInstant().Draw(t, "anchor")
		b := a.Add(time.Duration(rapid.Int64Range(0, 40*86400).Draw(t, "later")) * time.Second)
		da, db := term.due(a, loc, nil, nil, nil), term.due(b, loc, nil, nil, nil)
		if da.Before(a) {
			t.Fatalf("%s from %s: due %s, before its anchor", spec, a, da)
		}
		slack := time.Duration(0)
		if _, next := a.In(loc).ZoneBounds(); strings.Contains(spec.String(), "wall") && b.Sub(next).Abs() < time.Hour {
			slack = time.Hour
		}
		if _, next := da.In(loc).ZoneBounds(); strings.Contains(spec.String(), "wall") && next.Sub(da) < 48*time.Hour {
			slack = time.Hour // a skipped time of day is shifted past a later one that exists
		}
		if db.Add(slack).Before(da) {
			t.Fatalf("%s: from %s due %s, but from %s already %s", spec, a, da, b, db)
		}
		if spec.Elapsed == "PT72H" && da.Sub(a) != 72*time.Hour {
			t.Fatalf("72 hours took %s", da.Sub(a))
		}
	})
}

func TestHoldsMoveTermsByTheirLength(t *testing.T) {
	anchor := at(t, "2026-11-19T09:00:00+01:00")
	hold := func(from, to string) Hold {
		h := Hold{From: at(t, from)}
		if to != "" {
			h.To = at(t, to)
		}
		return h
	}
	cal, err := calendars()["be-wettelijk"].compile()
	if err != nil {
		t.Fatal(err)
	}
	holds := []Hold{hold("2026-11-19T08:00:00+01:00", "2026-11-19T09:30:00+01:00"), hold("2026-11-19T16:30:00+01:00", "2026-11-20T08:30:00+01:00")}
	ps, open := pausesOf(holds, anchor, time.Time{})
	if open || len(ps) != 2 || !ps[0].From.Equal(anchor) {
		t.Fatalf("pauses %v, open %t: want two, the first from the anchor", ps, open)
	}
	// 09:30 to 16:30 on the first day, 08:30 to 09:30 on the second.
	if got := cal.add(anchor, 8*time.Hour, ps, nil); !got.Equal(at(t, "2026-11-20T09:30:00+01:00")) {
		t.Errorf("eight hours of business with two holds: %s", got)
	}
	term, _ := Term{Elapsed: "PT7H"}.compile(nil)
	if got := term.due(anchor, time.UTC, ps, nil, nil); !got.Equal(at(t, "2026-11-19T16:30:00+01:00")) {
		t.Errorf("a hold that begins at the due instant moved it to %s", got)
	}
	if ps, open := pausesOf([]Hold{hold("2026-11-19T10:00:00+01:00", "")}, anchor, at(t, "2026-11-19T11:00:00+01:00")); open || ps[0].To.Sub(ps[0].From) != time.Hour {
		t.Errorf("a hold that outlasts the meeting counts until then: %v", ps)
	}
}
