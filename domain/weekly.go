package domain

import "time"

// A Weekly is a span of time that comes each week, on the clock of whoever it is
// about: from a time of day, such as 18:00, to another. One that is not later is
// on the next day.
type Weekly struct {
	Weekday Code `json:"weekday" rule:"required,oneof=monday|tuesday|wednesday|thursday|friday|saturday|sunday"`
	From    Code `json:"from" rule:"required"`
	To      Code `json:"to" rule:"required"`
}

// Minutes gives the span as minutes from the beginning of its day; false where
// its times of day are none.
func (w Weekly) Minutes() (from, to int, ok bool) {
	from, to = minuteOf(w.From), minuteOf(w.To)
	if from < 0 || to < 0 {
		return 0, 0, false
	}
	if to <= from {
		to += 24 * 60
	}
	return from, to, true
}

// Day is the span's day of the week.
func (w Weekly) Day() time.Weekday {
	for d := time.Sunday; d < time.Saturday; d++ {
		if w.Weekday == dayCodes[d] {
			return d
		}
	}
	return time.Saturday
}

// OnCallAt reports whether an instant lies in one of the spans, on its own clock;
// somebody without any can always be reached.
func OnCallAt(spans []Weekly, at time.Time) bool {
	if len(spans) == 0 {
		return true
	}
	minute := at.Hour()*60 + at.Minute()
	for _, w := range spans {
		from, to, ok := w.Minutes()
		switch {
		case !ok:
		case w.Day() == at.Weekday() && minute >= from && minute < to,
			(w.Day()+1)%7 == at.Weekday() && minute+24*60 < to: // it began the day before
			return true
		}
	}
	return false
}

var dayCodes = [...]Code{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// CheckWeekly refuses times of day that are none.
func CheckWeekly(field string, weeks []Weekly) error {
	for _, w := range weeks {
		if _, _, ok := w.Minutes(); !ok {
			return Invalid(field, "%s has %q and %q; give times of day such as 18:00", field, w.From, w.To)
		}
	}
	return nil
}

// minuteOf reads a time of day, 24:00 included; -1: it is none.
func minuteOf(c Code) int {
	if c == "24:00" {
		return 24 * 60
	}
	t, err := time.Parse("15:04", string(c))
	if err != nil || len(c) != 5 {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}
