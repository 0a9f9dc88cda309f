package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/nl"
	"pgregory.net/rapid"

	"incidentledger/domain"
)

// The Dutch and the Belgian days are those of an independent list, every day of
// a century. King's day begins in 2014.
func TestHolidaysAgreeWithAnIndependentList(t *testing.T) {
	for _, c := range []struct {
		name domain.Code
		days []*cal.Holiday
	}{{"nl-atw", nl.Holidays}, {"be-wettelijk", be.Holidays}} {
		ours, err := calendars()[c.name].compile()
		if err != nil {
			t.Fatal(err)
		}
		theirs := &cal.Calendar{}
		theirs.AddHoliday(c.days...)
		for d := (day{2014, 1, 1}); d.y < 2115; d = d.plus(1) {
			actual, observed, _ := theirs.IsHoliday(d.utc())
			if want := actual || observed; c.name == "nl-atw" && d.m == time.April && d.d == 27 && d.weekday() == time.Sunday {
				continue // the list also keeps the Sunday itself, which is no working day anyway
			} else if got := ours.free(d) != "" && !isWeekendName(ours.free(d)); got != want {
				t.Fatalf("%s: %s is a holiday: %t, by the list: %t", c.name, d, got, want)
			}
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
