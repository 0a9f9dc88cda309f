package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Period is a stretch of whole days in the zone of a ledger.
type Period struct {
	Name string    `json:"name"` // 2026, 2026-Q4, 2026-11, or two days with a slash between
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // the first instant after it
}

// ParsePeriod reads a year (2026), a quarter (2026-Q4), a month (2026-11), or a
// first and a last day (2026-11-01/2026-11-15).
func ParsePeriod(text string, zone *time.Location) (Period, error) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, zone) }
	bad := fmt.Errorf("the period is %q; give a year (2026), a quarter (2026-Q4), a month (2026-11) or two days (2026-11-01/2026-11-15)", text)
	if first, last, ok := strings.Cut(text, "/"); ok {
		from, err1 := time.ParseInLocation(time.DateOnly, first, zone)
		to, err2 := time.ParseInLocation(time.DateOnly, last, zone)
		if err1 != nil || err2 != nil || to.Before(from) {
			return Period{}, bad
		}
		return Period{text, from, day(to.Year(), to.Month(), to.Day()+1)}, nil
	}
	head, tail, _ := strings.Cut(text, "-")
	year, err := strconv.Atoi(head)
	if err != nil || len(head) != 4 {
		return Period{}, bad
	}
	switch quarter, ok := strings.CutPrefix(tail, "Q"); {
	case text == head:
		return Period{text, day(year, 1, 1), day(year+1, 1, 1)}, nil
	case ok && len(quarter) == 1 && quarter >= "1" && quarter <= "4":
		first := time.Month(3*(quarter[0]-'1') + 1)
		return Period{text, day(year, first, 1), day(year, first+3, 1)}, nil
	}
	month, err := time.ParseInLocation("2006-01", text, zone)
	if err != nil {
		return Period{}, bad
	}
	return Period{text, month, month.AddDate(0, 1, 0)}, nil
}

// PeriodFor is the period of which an audience is told at an instant: the council
// of the last whole year, the college and the controller of the last whole
// quarter, the management of this month so far.
func PeriodFor(audience string, now time.Time, zone *time.Location) Period {
	now = now.In(zone)
	name := now.Format("2006-01")
	switch audience {
	case "council":
		name = strconv.Itoa(now.Year() - 1)
	case "college", "controller":
		before := time.Date(now.Year(), (now.Month()-1)/3*3+1, 1, 0, 0, 0, 0, zone).AddDate(0, -3, 0)
		name = fmt.Sprintf("%d-Q%d", before.Year(), (before.Month()-1)/3+1)
	}
	p, _ := ParsePeriod(name, zone) // it was made to be read
	return p
}
