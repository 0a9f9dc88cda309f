package policy

import (
	"time"
)

// reach bounds every search for a working day: no calendar is free for longer.
const reach = 400 * 366

func (c *calendar) nextWorking(d day, tr *trace) day {
	for range reach {
		why := c.free(d)
		if why == "" {
			return d
		}
		tr.add("%s is not worked (%s): the term extends to the next day", d, why)
		d = d.plus(1)
	}
	return d
}

// add gives the instant at which so much time inside the windows has passed
// since the anchor, leaving out the pauses. What ends exactly with a window is
// due then, not at the next opening. Zero, no fixed term, where that lies
// beyond four centuries.
func (c *calendar) add(anchor time.Time, left time.Duration, ps pauses, tr *trace) time.Time {
	d := dayOf(anchor.In(c.loc))
	var buf [1]window
	for range reach {
		ws := c.windows[d.weekday()]
		if c.whole {
			buf[0] = window{0, 24 * time.Hour}
			ws = buf[:]
		}
		if why := c.free(d); why != "" {
			tr.add("%s is not worked (%s)", d, why)
			ws = nil
		}
		for _, w := range ws {
			from, to := d.at(w.from, c.loc), d.at(w.to, c.loc)
			if w.to == 24*time.Hour {
				to = d.plus(1).at(0, c.loc)
			}
			if from.Before(anchor) {
				from = anchor
			}
			for from.Before(to) {
				end, next := to, to
				for _, h := range ps {
					if h.From.Before(end) && h.To.After(from) {
						end, next = h.From, h.To
						break
					}
				}
				if end.After(from) {
					if n := end.Sub(from); left <= n {
						due := from.Add(left)
						tr.add("%s: %s from %s, which completes it: %s", d, hours(left), tr.at(from), tr.at(due))
						return due
					} else {
						left -= n
						tr.add("%s: %s from %s to %s, %s left", d, hours(n), tr.at(from), tr.at(end), hours(left))
					}
				}
				from = next
			}
		}
		d = d.plus(1)
	}
	return time.Time{}
}

// easter is Easter Sunday of the Gregorian calendar (the computus of Meeus,
// Jones and Butcher).
func easter(y int) day {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	dayOfMonth := (h + l - 7*m + 33*month + 19) % 32
	return day{y, time.Month(month), dayOfMonth}
}
