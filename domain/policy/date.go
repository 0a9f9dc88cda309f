package policy

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Date is a day from whose first instant something holds or no longer holds,
// such as 2026-08-15, read in the zone of whatever it bounds; or an RFC 3339
// instant. Empty: no bound.
type Date string

// at gives the instant of the date in a zone.
func (d Date) at(loc *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, string(d)); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date; write it as 2026-08-15", string(d))
	}
	return day{t.Year(), t.Month(), t.Day()}.at(0, loc), nil
}

// A span of validity: from inclusive, to exclusive; zero is unbounded.
type valid struct{ from, to time.Time }

func validity(from, to Date, loc *time.Location) (v valid, err error) {
	if from != "" {
		if v.from, err = from.at(loc); err != nil {
			return v, err
		}
	}
	if to != "" {
		if v.to, err = to.at(loc); err != nil {
			return v, err
		}
		if !v.from.Before(v.to) {
			return v, fmt.Errorf("validTo %s is not after validFrom %s", to, from)
		}
	}
	return v, nil
}

func (v valid) holds(t time.Time) bool {
	return (v.from.IsZero() || !t.Before(v.from)) && (v.to.IsZero() || t.Before(v.to))
}

// within narrows v to what lies in w too.
func (v valid) within(w valid) valid {
	if v.from.Before(w.from) {
		v.from = w.from
	}
	if v.to.IsZero() || !w.to.IsZero() && w.to.Before(v.to) {
		v.to = w.to
	}
	return v
}

// A day is a date on a local calendar.
type day struct {
	y int
	m time.Month
	d int
}

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, m, d}
}

func (d day) utc() time.Time        { return time.Date(d.y, d.m, d.d, 0, 0, 0, 0, time.UTC) }
func (d day) plus(n int) day        { return dayOf(d.utc().AddDate(0, 0, n)) }
func (d day) weekday() time.Weekday { return d.utc().Weekday() }
func (d day) String() string        { return d.utc().Format("Mon 2006-01-02") }

// plusMonths adds months and keeps the day's number, or takes the month's last
// day where the month is too short.
func (d day) plusMonths(n int) day {
	first := time.Date(d.y, d.m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return day{first.Year(), first.Month(), min(d.d, last)}
}

// at gives the instant of a time of day. A time that the clocks skip is shifted
// forward by as much as they skip; of a time that comes twice the first is
// taken.
func (d day) at(clock time.Duration, loc *time.Location) time.Time {
	u := d.utc().Add(clock)
	before, after := offset(u.Add(-24*time.Hour), loc), offset(u.Add(24*time.Hour), loc)
	t := u.Add(-before)
	if before == after || offset(t, loc) == before {
		return t
	}
	if s := u.Add(-after); offset(s, loc) == after {
		return s
	}
	return t
}

func offset(t time.Time, loc *time.Location) time.Duration {
	_, s := t.In(loc).Zone()
	return time.Duration(s) * time.Second
}

// clockOf is the time of day as it stands on the wall.
func clockOf(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// A span is an ISO 8601 duration: a part in calendar units and a part in hours,
// minutes and seconds. They are never converted into each other.
type span struct {
	months, days int
	clock        time.Duration
}

// parseSpan reads P[nY][nM][nW][nD][T[nH][nM][nS]] with whole numbers.
func parseSpan(s string) (span, error) {
	bad := fmt.Errorf("%q is not a duration; write it as PT72H, PT10M, P1M or P7D", s)
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" || strings.HasSuffix(rest, "T") {
		return span{}, bad
	}
	var sp span
	date, clock, _ := strings.Cut(rest, "T")
	for _, part := range []struct{ text, units string }{{date, "YMWD"}, {clock, "HMS"}} {
		units := part.units
		for text := part.text; text != ""; {
			i := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
			if i <= 0 || i > 7 {
				return span{}, bad
			}
			n, _ := strconv.Atoi(text[:i])
			at := strings.IndexByte(units, text[i])
			if at < 0 {
				return span{}, bad
			}
			unit := text[i]
			units, text = units[at+1:], text[i+1:]
			switch {
			case part.units == "HMS" && unit == 'H':
				sp.clock += time.Duration(min(n, 1e6)) * time.Hour
			case part.units == "HMS" && unit == 'M':
				sp.clock += time.Duration(n) * time.Minute
			case part.units == "HMS":
				sp.clock += time.Duration(n) * time.Second
			case unit == 'Y':
				sp.months += 12 * n
			case unit == 'M':
				sp.months += n
			case unit == 'W':
				sp.days += 7 * n
			default:
				sp.days += n
			}
		}
	}
	if sp.months > 1200 || sp.days > 36525 || sp.clock > 876600*time.Hour {
		return span{}, fmt.Errorf("%q is longer than a hundred years", s)
	}
	return sp, nil
}

// elapsedSpan reads a duration that has hours, minutes and seconds only.
func elapsedSpan(s string) (time.Duration, error) {
	sp, err := parseSpan(s)
	if err != nil {
		return 0, err
	}
	if sp.months != 0 || sp.days != 0 {
		return 0, fmt.Errorf("%q counts days or months, whose length varies; write hours, such as PT24H, or use wall or civil", s)
	}
	return sp.clock, nil
}

var locations sync.Map // zone name → *time.Location; a pure function of the rules in the program

// location finds a zone's rules. They are those of the time/tzdata that the
// program embeds, or of its machine.
func location(zone string) (*time.Location, error) {
	if l, ok := locations.Load(zone); ok {
		return l.(*time.Location), nil
	}
	if zone == "" || zone == "Local" {
		return nil, fmt.Errorf("zone %q: name a zone such as Europe/Amsterdam", zone)
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", zone, err)
	}
	locations.Store(zone, l)
	return l, nil
}
