package policy

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/nl"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

// adopted is a set that the program shipped once, and its file.
func adopted(t testing.TB) (*Set, []byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/adopted.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return s, b
}

func shippedCalendars(t testing.TB) map[domain.Code]Calendar {
	t.Helper()
	s, _ := adopted(t)
	return s.Calendars
}

// The Dutch and the Belgian days are those of an independent list, every day from
// 1980 to 2199. The list knows King's day alone, and in every year: of the end of
// April before 2014 it says nothing.
func TestHolidaysAgreeWithAnIndependentList(t *testing.T) {
	for _, c := range []struct {
		name domain.Code
		days []*cal.Holiday
	}{{"nl-atw", nl.Holidays}, {"be-wettelijk", be.Holidays}} {
		ours, err := shippedCalendars(t)[c.name].compile()
		if err != nil {
			t.Fatal(err)
		}
		theirs := &cal.Calendar{}
		theirs.AddHoliday(c.days...)
		for d := (day{1980, 1, 1}); d.y < 2200; d = d.plus(1) {
			if c.name == "nl-atw" && d.m == time.April && d.d > 25 && (d.y < 2014 || d.d == 27 && d.weekday() == time.Sunday) {
				if moved := easter(d.y); d != moved.plus(1) && d != moved.plus(-2) {
					continue // the list also keeps the Sunday itself, which is no working day anyway
				}
			}
			actual, observed, _ := theirs.IsHoliday(d.utc())
			if want, got := actual || observed, ours.free(d) != "" && !isWeekendName(ours.free(d)); got != want {
				t.Fatalf("%s: %s is a holiday: %t, by the list: %t", c.name, d, got, want)
			}
		}
	}
}

// The two calendars that no list knows are those two with the days that differ.
func TestCalendarsOfTheChainAndOfFlanders(t *testing.T) {
	cals := shippedCalendars(t)
	compile := func(name domain.Code) *calendar {
		c, err := cals[name].compile()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	atw, bkwi, legal, flemish := compile("nl-atw"), compile("nl-bkwi"), compile("be-wettelijk"), compile("be-vlaamse-overheid")
	holiday := func(c *calendar, d day) bool { return c.free(d) != "" && !isWeekendName(c.free(d)) }
	for d := (day{1980, 1, 1}); d.y < 2200; d = d.plus(1) {
		worked := d == easter(d.y).plus(-2) || d.m == time.May && d.d == 5 && (d.y < 2000 || d.y%5 != 0) && d != easter(d.y).plus(39) && d != easter(d.y).plus(50)
		if got, want := holiday(bkwi, d), holiday(atw, d) && !worked; got != want {
			t.Fatalf("the desk of the chain is closed on %s: %t, want %t", d, got, want)
		}
		extra := d.m == time.July && d.d == 11 || d.m == time.November && (d.d == 2 || d.d == 15) || d.m == time.December && d.d == 26
		if got, want := holiday(flemish, d), holiday(legal, d) || extra; got != want {
			t.Fatalf("the staff of Flanders is free on %s: %t, want %t", d, got, want)
		}
	}
}

// King's day and before it Queen's day, which moves off a Sunday.
func TestTheKingsDayMovesOffASunday(t *testing.T) {
	c, err := shippedCalendars(t)["nl-atw"].compile()
	if err != nil {
		t.Fatal(err)
	}
	for date, want := range map[day]domain.Code{
		{1989, 4, 29}: "queens-day", {1989, 4, 30}: "sun", {2006, 4, 29}: "queens-day", {2013, 4, 30}: "queens-day", {2014, 4, 30}: "",
		{2013, 4, 27}: "sat", {2014, 4, 26}: "kings-day", {2014, 4, 27}: "sun", {2026, 4, 27}: "kings-day", {2031, 4, 26}: "kings-day",
	} {
		if got := c.free(date); got != want {
			t.Errorf("%s is free for %q, want %q", date, got, want)
		}
	}
}

func isWeekendName(c domain.Code) bool { return c == "sat" || c == "sun" }

func TestEasterAndWhatFollowsIt(t *testing.T) {
	for y, want := range map[int]day{1961: {1961, 4, 2}, 2000: {2000, 4, 23}, 2008: {2008, 3, 23}, 2011: {2011, 4, 24}, 2026: {2026, 4, 5}, 2038: {2038, 4, 25}, 2049: {2049, 4, 18}} {
		if got := easter(y); got != want {
			t.Errorf("Easter of %d: %s, want %s", y, got, want)
		}
	}
	c, _ := calendars()["nl-atw"].compile()
	for date, want := range map[day]domain.Code{
		{2026, 4, 3}: "good-friday", {2026, 4, 6}: "easter-monday", {2026, 5, 14}: "ascension", {2026, 5, 25}: "whit-monday",
		{2025, 4, 26}: "kings-day", {2026, 4, 27}: "kings-day", {2008, 5, 5}: "liberation-day", {2026, 5, 15}: "", {2026, 11, 21}: "sat",
	} {
		if got := c.free(date); got != want {
			t.Errorf("%s is free for %q, want %q", date, got, want)
		}
	}
}

func TestCalendarsThatCannotBeReckonedWithAreRefused(t *testing.T) {
	ok := Calendar{Zone: "Europe/Brussels", Weekend: weekend()}
	with := func(f func(*Calendar)) Calendar { c := ok; f(&c); return c }
	for _, c := range []struct {
		cal  Calendar
		want string
	}{
		{with(func(c *Calendar) { c.Zone = "Mars" }), "zone"},
		{with(func(c *Calendar) { c.Weekend = list("zat") }), "zat"},
		{with(func(c *Calendar) { c.Weekend = weekdays }), "ever worked"},
		{with(func(c *Calendar) { c.Holidays = []Holiday{onDate("leap", "02-29")} }), "29 February"},
		{with(func(c *Calendar) { c.Holidays = []Holiday{onDate("x", "31-12")} }), "month and day"},
		{with(func(c *Calendar) { c.Holidays = []Holiday{{Name: "x"}} }), "either date"},
		{with(func(c *Calendar) { c.Holidays = []Holiday{{Name: "x", Date: "05-05", EveryYears: 5}} }), "give from"},
		{with(func(c *Calendar) { c.Windows = office("18:00", "08:00") }), "ends before"},
		{with(func(c *Calendar) { c.Windows = office("8:00", "17:00") }), "time of day"},
		{with(func(c *Calendar) { c.Windows = append(office("08:00", "12:00"), office("11:00", "17:00")...) }), "overlap"},
	} {
		if err := c.cal.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

// Business time counted minute by minute agrees with the reckoning by windows.
func TestBusinessTimeIsTheMinutesInsideTheWindows(t *testing.T) {
	c, err := calendars()["nl-bkwi"].compile()
	if err != nil {
		t.Fatal(err)
	}
	inside := func(at time.Time) bool {
		at = at.In(c.loc)
		h := clockOf(at)
		return c.free(dayOf(at)) == "" && h >= 8*time.Hour+30*time.Minute && h < 18*time.Hour
	}
	rapid.Check(t, func(t *rapid.T) {
		anchor := anyInstant().Draw(t, "anchor").Truncate(time.Minute)
		n := rapid.IntRange(1, 900).Draw(t, "minutes")
		from := anchor.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "hold after")) * time.Minute)
		ps := pauses{{from, from.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "hold")) * time.Minute)}}
		got := c.add(anchor, time.Duration(n)*time.Minute, ps, nil)
		at := anchor
		for left := n; left > 0; at = at.Add(time.Minute) {
			if inside(at) && (at.Before(ps[0].From) || !at.Before(ps[0].To)) {
				left--
			}
		}
		if !got.Equal(at) {
			t.Fatalf("%d minutes from %s on hold %s to %s: %s, counted %s", n, anchor, ps[0].From, ps[0].To, got, at)
		}
	})
}
