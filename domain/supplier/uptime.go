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
	Service     domain.Code
	Agreed      int64         // uptime, thousandths of a percent
	Margin      int64         // the same
	From, To    time.Time     // the part that is reckoned
	Scheduled   time.Duration // of it, without maintenance: the agreed time
	Down        time.Duration // of that, without overlaps
	Uptime      int64         // thousandths of a percent, rounded down
	Breach      bool          // more was lost than the margin allows
	Credit      int64         // share of the fee to be given back, thousandths of a percent
	CreditCents int64         // what is given back, where this service is the one by which it is reckoned
	Decides     bool          // this service did worst of those of the contract in the part, or first of the worst
}

// Reckon gives how each version of the contracts was kept in the period in which
// at lies, in the zone of the organisation, service by service. An outage that
// lasts counts until asOf. Versions that agree no uptime or do not hold in the
// period give nothing. Where a version holds in a part of its period, the fee is
// that part's share of the period's.
//
// The fee is one for all services of a contract, and so is what it gives back:
// the share that its terms set for the service that did worst. So two services
// that are down together give back no more than one, and a period never more than
// its fee (SUP-05: compensation in proportion).
func Reckon(versions []ContractRecorded, outages map[domain.Code][]Interval, at, asOf time.Time, zone *time.Location) []Reckoning {
	var out []Reckoning
	for _, c := range versions {
		if c.UptimePercent == 0 {
			continue
		}
		period := PeriodOf(c.Period, at, zone)
		part := both(period, Interval{c.ValidFrom, c.ValidTo})
		if !part.From.Before(part.To) {
			continue
		}
		worst := len(out)
		for i, service := range c.Services {
			if slices.Contains(c.Services[:i], service) {
				continue
			}
			out = append(out, c.reckon(service, part, ended(outages[service], asOf), zone))
			if n := len(out) - 1; out[n].Down > out[worst].Down {
				worst = n
			}
		}
		if worst < len(out) {
			out[worst].Decides = true
			out[worst].CreditCents = rounded(c.share(period, part)*out[worst].Credit, whole)
		}
	}
	return out
}

// share gives the fee of a part of a period in cents. The parts of a period make
// up its fee, whatever is rounded.
func (c ContractRecorded) share(period, part Interval) int64 {
	upTo := func(at time.Time) int64 {
		return rounded(c.FeeEUR*100*int64(at.Sub(period.From)/time.Minute), int64(period.To.Sub(period.From)/time.Minute))
	}
	return upTo(part.To) - upTo(part.From)
}

// rounded divides to the nearest whole number.
func rounded(n, by int64) int64 { return (2*n + by) / (2 * by) }

// reckon works out one version over its part of a period for one service.
func (c ContractRecorded) reckon(service domain.Code, part Interval, outages []Interval, zone *time.Location) Reckoning {
	r := Reckoning{Contract: c.Code, Service: service, Agreed: c.UptimePercent, Margin: c.ErrorMargin, From: part.From, To: part.To}
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
	return r
}

// At gives an instant in the part to which a claim under a contract for a span of
// time belongs: where the span begins if the contract holds then, else where it
// first holds after that, else its last instant. So a claim is told once, whatever
// the parts, and none is lost (SUP-05). False: no such contract agrees an uptime.
func At(versions []ContractRecorded, contract domain.Code, from time.Time) (time.Time, bool) {
	var last time.Time
	for _, v := range versions {
		switch {
		case v.Code != contract || v.UptimePercent == 0:
			continue
		case v.ValidFrom.After(from):
			return v.ValidFrom, true
		case v.ValidTo.IsZero() || v.ValidTo.After(from):
			return from, true
		}
		last = v.ValidTo.Add(-1)
	}
	return last, !last.IsZero()
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
