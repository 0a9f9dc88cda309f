package alerts

import (
	"fmt"
	"slices"
	"time"
)

// A Window is a part of the day that comes back, in the time of a zone: on call
// from 18:00 to 08:00, quiet from 22:00 to 07:00.
type Window struct {
	From, To TimeOfDay      // To itself is outside; the same as From: the whole day
	Days     []time.Weekday // on which it begins; empty: every day
	Zone     *time.Location // nil: UTC
}

// A TimeOfDay counts minutes from midnight.
type TimeOfDay int

// ParseTimeOfDay reads 18:00.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day; give one such as 18:00", s)
	}
	return minuteOf(t), nil
}

func minuteOf(t time.Time) TimeOfDay { return TimeOfDay(t.Hour()*60 + t.Minute()) }

// Contains reports whether an instant lies in the window.
func (w Window) Contains(at time.Time) bool {
	if w.Zone == nil {
		w.Zone = time.UTC
	}
	at = at.In(w.Zone)
	m, today := minuteOf(at), at.Weekday()
	begins := func(d time.Weekday) bool { return len(w.Days) == 0 || slices.Contains(w.Days, d) }
	switch {
	case w.From == w.To:
		return begins(today)
	case w.From < w.To:
		return begins(today) && w.From <= m && m < w.To
	}
	return begins(today) && m >= w.From || begins((today+6)%7) && m < w.To
}

// End gives the first instant from at on that lies outside. It goes by the clock
// on the wall minute by minute, so that a night with 23 or 25 hours ends right.
// A window without end is given up after eight days.
func (w Window) End(at time.Time) time.Time {
	for limit := at.Add(8 * 24 * time.Hour); w.Contains(at) && at.Before(limit); {
		at = at.Truncate(time.Minute).Add(time.Minute)
	}
	return at
}
