package supplier

import (
	"slices"
	"time"

	"incidentledger/domain"
)

// An Interval is a span of time: From inclusive, To exclusive. A zero To: it
// lasts.
type Interval struct{ From, To time.Time }

// A Reckoning is how a service level was kept over one period, or over the part
// of it in which one version of the contract held (SUP-05).
type Reckoning struct {
	Contract    domain.Code
	From, To    time.Time     // the part that is reckoned
	Scheduled   time.Duration // of it, without maintenance: the agreed time
	Down        time.Duration // of that, without overlaps
	Uptime      int64         // thousandths of a percent, rounded down
	Breach      bool          // more was lost than the margin allows
	Credit      int64         // share of the fee to be given back, thousandths of a percent
	CreditCents int64         // the same in cents, of the fee of the part
}

// Reckon gives how each version of the contracts was kept in the period in which
// at lies, in the zone of the organisation. An outage that lasts counts until
// asOf. Versions that agree no uptime, do not cover the service or do not hold in
// the period give nothing. Where a version holds in a part of its period, the fee
// is that part's share of the period's.
func Reckon(versions []ContractRecorded, service domain.Code, outages []Interval, at, asOf time.Time, zone *time.Location) []Reckoning {
	var out []Reckoning
	for _, c := range versions {
		if c.UptimePercent == 0 || !slices.Contains(c.Services, service) {
			continue
		}
		period := PeriodOf(c.Period, at, zone)
		part := both(period, Interval{c.ValidFrom, c.ValidTo})
		if part.From.Before(part.To) {
			out = append(out, c.reckon(period, part, ended(outages, asOf), zone))
		}
	}
	return out
}

// reckon works out one version over its part of a period.
func (c ContractRecorded) reckon(period, part Interval, outages []Interval, zone *time.Location) Reckoning {
	r := Reckoning{Contract: c.Code, From: part.From, To: part.To}
	agreed := Subtract([]Interval{part}, c.windows(part, zone))
	r.Scheduled = Total(agreed)
	r.Down = r.Scheduled - Total(Subtract(agreed, outages))
	// Whole milliseconds keep every product below within an int64, for a year too.
	scheduled, down := r.Scheduled.Milliseconds(), r.Down.Milliseconds()
	r.Uptime = whole
	if scheduled > 0 {
		r.Uptime = (scheduled - down) * whole / scheduled
	}
	r.Breach = (scheduled-down)*whole < (c.UptimePercent-c.ErrorMargin)*scheduled
	if !r.Breach {
		return r
	}
	limit := int64(whole + 1)
	for _, row := range c.Credits {
		if below := (scheduled-down)*whole < row.Below*scheduled; below && row.Below < limit {
			limit, r.Credit = row.Below, row.CreditPercent
		}
	}
	held, of := int64(part.To.Sub(part.From)/time.Minute), int64(period.To.Sub(period.From)/time.Minute)
	r.CreditCents = (2*c.FeeEUR*r.Credit*held/1000 + of) / (2 * of) // rounded to the nearest
	return r
}

// whole is 100 %.
const whole = 100_000

// PeriodOf gives the month, quarter or year in which an instant lies.
func PeriodOf(period domain.Code, at time.Time, zone *time.Location) Interval {
	y, m, _ := at.In(zone).Date()
	n := time.Month(1)
	switch period {
	case "quarter":
		m, n = (m-1)/3*3+1, 3
	case "year":
		m, n = 1, 12
	}
	return Interval{time.Date(y, m, 1, 0, 0, 0, 0, zone), time.Date(y, m+n, 1, 0, 0, 0, 0, zone)}
}

// ended gives intervals of which those that last end at an instant; what begins
// later is left out.
func ended(in []Interval, asOf time.Time) []Interval {
	var out []Interval
	for _, i := range in {
		if i.To.IsZero() {
			i.To = asOf
		}
		if i.From.Before(i.To) {
			out = append(out, i)
		}
	}
	return out
}

// both is what two intervals have in common. b may lack either bound.
func both(a, b Interval) Interval {
	if b.From.After(a.From) {
		a.From = b.From
	}
	if !b.To.IsZero() && b.To.Before(a.To) {
		a.To = b.To
	}
	return a
}

// Merge gives the same time as intervals that neither overlap nor touch, in
// order. Every interval has an end.
func Merge(in []Interval) []Interval {
	in = slices.DeleteFunc(slices.Clone(in), func(i Interval) bool { return !i.From.Before(i.To) })
	slices.SortFunc(in, func(a, b Interval) int { return a.From.Compare(b.From) })
	var out []Interval
	for _, i := range in {
		if n := len(out); n > 0 && !i.From.After(out[n-1].To) {
			out[n-1].To = later(out[n-1].To, i.To)
		} else {
			out = append(out, i)
		}
	}
	return out
}

// Subtract gives what of some time lies outside other intervals, merged.
func Subtract(from, less []Interval) []Interval {
	out := Merge(from)
	for _, l := range Merge(less) {
		var kept []Interval
		for _, i := range out {
			for _, part := range []Interval{{i.From, earlier(i.To, l.From)}, {later(i.From, l.To), i.To}} {
				if part.From.Before(part.To) {
					kept = append(kept, part)
				}
			}
		}
		out = kept
	}
	return Merge(out)
}

// Total adds intervals up.
func Total(in []Interval) (d time.Duration) {
	for _, i := range in {
		d += i.To.Sub(i.From)
	}
	return d
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// windows gives the maintenance that falls in a span of time.
func (c ContractRecorded) windows(in Interval, zone *time.Location) []Interval {
	var out []Interval
	for _, w := range c.Maintenance {
		out = append(out, Interval{w.Start, w.End})
	}
	y, m, d := in.From.In(zone).Date()
	for _, w := range c.MaintenanceWeekly {
		from, to, _ := w.Minutes()
		// From the day before: a window may reach over midnight.
		for day := time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC); wall(day, 0, zone).Before(in.To); day = day.AddDate(0, 0, 1) {
			if day.Weekday() == w.Day() {
				out = append(out, Interval{wall(day, from, zone), wall(day, to, zone)})
			}
		}
	}
	return out
}

// wall gives the first instant at which the clocks of a zone show a minute of a
// day, or a later one where they skip it.
func wall(day time.Time, minute int, zone *time.Location) time.Time {
	u := day.Add(time.Duration(minute) * time.Minute)
	before, after := offset(u.Add(-24*time.Hour), zone), offset(u.Add(24*time.Hour), zone)
	t := u.Add(-before)
	if offset(t, zone) == before {
		return t.In(zone)
	}
	if s := u.Add(-after); offset(s, zone) == after {
		return s.In(zone)
	}
	start, _ := t.In(zone).ZoneBounds()
	return start
}

func offset(t time.Time, zone *time.Location) time.Duration {
	_, s := t.In(zone).Zone()
	return time.Duration(s) * time.Second
}
