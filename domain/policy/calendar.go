package policy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
)

// A Calendar tells which days are worked, and when on them. It has rules, not
// lists of dates, so it holds for every year.
type Calendar struct {
	Zone     string        `json:"zone"`
	Weekend  []domain.Code `json:"weekend,omitempty"` // mon … sun: days never worked
	Holidays []Holiday     `json:"holidays,omitempty"`
	Windows  []Window      `json:"windows,omitempty"` // absent: working days count whole
	Source   domain.Code   `json:"source"`
	Note     string        `json:"note,omitempty"`
}

// A Holiday is a day not worked: on a date of every year, on one day for once,
// or so many days after Easter Sunday.
type Holiday struct {
	Name       domain.Code `json:"name"`
	Date       string      `json:"date,omitempty"`       // 04-27, or 2026-05-15 for one day
	Easter     *int        `json:"easter,omitempty"`     // days after Easter Sunday; -2 is Good Friday
	IfSunday   int         `json:"ifSunday,omitempty"`   // by how many days it moves when it falls on a Sunday
	EveryYears int         `json:"everyYears,omitempty"` // only every so many years, counted from From
	From       int         `json:"from,omitempty"`       // first year
	Until      int         `json:"until,omitempty"`      // last year
}

// A Window is a part of the day that counts, on days that are worked.
type Window struct {
	Days []domain.Code `json:"days"`
	From string        `json:"from"` // 08:30
	To   string        `json:"to"`   // 18:00; 24:00 is the day's end
}

var weekdays = []domain.Code{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Check reports a calendar that cannot be reckoned with.
func (c Calendar) Check() error {
	_, err := c.compile()
	return err
}

type calendar struct {
	loc      *time.Location
	weekend  [7]bool
	holidays []holiday
	windows  [7][]window // of each weekday, in order; nil everywhere: whole days
	whole    bool
}

type holiday struct {
	Holiday
	year  int // of a single day
	month time.Month
	day   int
}

type window struct{ from, to time.Duration }

func (c Calendar) compile() (*calendar, error) {
	loc, err := location(c.Zone)
	if err != nil {
		return nil, err
	}
	out := &calendar{loc: loc, whole: len(c.Windows) == 0}
	for _, name := range c.Weekend {
		i := slices.Index(weekdays, name)
		if i < 0 {
			return nil, fmt.Errorf("weekend day %q is unknown; write mon, tue, wed, thu, fri, sat or sun", name)
		}
		out.weekend[i] = true
	}
	for _, h := range c.Holidays {
		ch, err := h.compile()
		if err != nil {
			return nil, fmt.Errorf("holiday %s: %w", h.Name, err)
		}
		out.holidays = append(out.holidays, ch)
	}
	for _, w := range c.Windows {
		from, err1 := clockTime(w.From)
		to, err2 := clockTime(w.To)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if to <= from {
			return nil, fmt.Errorf("the window %s to %s ends before it begins; a window lies within one day", w.From, w.To)
		}
		for _, name := range w.Days {
			i := slices.Index(weekdays, name)
			if i < 0 {
				return nil, fmt.Errorf("window day %q is unknown; write mon, tue, wed, thu, fri, sat or sun", name)
			}
			for _, o := range out.windows[i] {
				if from < o.to && o.from < to {
					return nil, fmt.Errorf("windows on %s overlap", name)
				}
			}
			out.windows[i] = append(out.windows[i], window{from, to})
		}
	}
	works := false
	for i := range 7 {
		slices.SortFunc(out.windows[i], func(a, b window) int { return int(a.from - b.from) })
		works = works || !out.weekend[i] && (out.whole || len(out.windows[i]) > 0)
	}
	if !works {
		return nil, errors.New("no day of the week is ever worked")
	}
	return out, nil
}

func (h Holiday) compile() (holiday, error) {
	out := holiday{Holiday: h}
	switch {
	case (h.Date == "") == (h.Easter == nil):
		return out, errors.New("give either date (such as 12-25) or easter (days after Easter Sunday)")
	case h.EveryYears < 0 || h.EveryYears > 0 && h.From == 0:
		return out, errors.New("everyYears counts from a year: give from")
	case h.IfSunday < -6 || h.IfSunday > 6 || h.Easter != nil && (*h.Easter < -60 || *h.Easter > 60):
		return out, errors.New("days are too many")
	case h.Easter != nil:
		return out, nil
	}
	if t, err := time.Parse(time.DateOnly, h.Date); err == nil {
		out.year, out.month, out.day = t.Year(), t.Month(), t.Day()
		return out, nil
	}
	if h.Date == "02-29" {
		return out, errors.New("29 February is not in every year; write 02-28 or 03-01, or single days such as 2028-02-29")
	}
	t, err := time.Parse("01-02", h.Date)
	if err != nil {
		return out, fmt.Errorf("%q is not a day of the year; write month and day, such as 12-25", h.Date)
	}
	out.month, out.day = t.Month(), t.Day()
	return out, nil
}

func clockTime(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, fmt.Errorf("%q is not a time of day; write it as \"08:30\"", s)
	}
	return clockOf(t), nil
}

// in gives the holiday's day in a year.
func (h *holiday) in(year int) (day, bool) {
	switch {
	case h.year != 0 && h.year != year,
		h.From != 0 && year < h.From,
		h.Until != 0 && year > h.Until,
		h.EveryYears > 0 && (year-h.From)%h.EveryYears != 0:
		return day{}, false
	}
	d := day{year, h.month, h.day}
	if h.Easter != nil {
		d = easter(year).plus(*h.Easter)
	}
	if h.IfSunday != 0 && d.weekday() == time.Sunday {
		d = d.plus(h.IfSunday)
	}
	return d, true
}

// free tells why a day is not worked; empty where it is.
func (c *calendar) free(d day) domain.Code {
	for i := range c.holidays {
		h := &c.holidays[i]
		if hd, ok := h.in(d.y); ok && hd == d {
			return h.Name
		}
		if h.IfSunday != 0 { // it may have moved over the turn of the year
			for _, y := range [2]int{d.y - 1, d.y + 1} {
				if hd, ok := h.in(y); ok && hd == d {
					return h.Name
				}
			}
		}
	}
	if c.weekend[d.weekday()] {
		return weekdays[d.weekday()]
	}
	return ""
}
