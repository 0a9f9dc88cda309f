package policy

import (
	"fmt"
	"time"
)

// Later gives the instant one ISO 8601 duration after another: days, weeks,
// months and years on the calendar of a zone, at the same time of day; hours,
// minutes and seconds as time that passes. For moments that people agree on;
// what is due follows from rules (Derive).
func Later(at time.Time, duration, zone string) (time.Time, error) {
	sp, err := parseSpan(duration)
	if err != nil {
		return time.Time{}, err
	}
	if sp == (span{}) {
		return time.Time{}, fmt.Errorf("%q is no length of time", duration)
	}
	loc, err := location(zone)
	if err != nil {
		return time.Time{}, err
	}
	local := at.In(loc)
	return dayOf(local).plusMonths(sp.months).plus(sp.days).at(clockOf(local), loc).Add(sp.clock), nil
}
