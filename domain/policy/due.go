package policy

import (
	"fmt"
	"time"

	"incidentledger/domain"
)

// pauses are the holds that a term feels, within its own life: in order, each
// closed, none before the anchor.
type pauses []Hold

// pausesOf clips holds to the life of a term: from its anchor to when it was
// met, if it was. open tells whether one still lasts.
func pausesOf(holds []Hold, anchor, met time.Time) (closed pauses, open bool) {
	for _, h := range holds {
		if h.From.Before(anchor) {
			h.From = anchor
		}
		if !met.IsZero() {
			if !h.From.Before(met) {
				continue
			}
			if h.To.IsZero() || h.To.After(met) {
				h.To = met
			}
		}
		switch {
		case h.To.IsZero():
			open = true
		case h.To.After(h.From):
			closed = append(closed, h)
		}
	}
	return closed, open
}

// due reckons a term from its anchor. loc is the zone of days; business terms
// take their calendar's. Facts that the term reads are looked up in k, which may
// be nil: nothing is known. It gives zero where there is no fixed term.
func (t *term) due(anchor time.Time, loc *time.Location, ps pauses, k *known, tr *trace) time.Time {
	switch t.kind {
	case elapsedTerm:
		due := anchor.Add(t.span.clock)
		tr.add("%s + %s of elapsed time = %s", tr.at(anchor), hours(t.span.clock), tr.at(due))
		return ps.extend(due, tr)
	case wallTerm:
		local := anchor.In(loc)
		d := dayOf(local).plusMonths(t.span.months).plus(t.span.days)
		due := d.at(clockOf(local), loc)
		tr.add("%s + %s at the same time of day = %s", tr.at(anchor), t.src.Wall, tr.at(due))
		if got := clockOf(due.In(loc)); got != clockOf(local) {
			tr.add("that time of day does not exist on %s: shifted forward to %s", d, tr.at(due))
		}
		return ps.extend(due, tr)
	case civilTerm:
		return ps.extend(t.civil(anchor, loc, tr), tr)
	case businessTerm:
		return t.cal.add(anchor, t.span.clock, ps, tr)
	case immediateTerm:
		tr.add("immediate: due at its anchor, %s", tr.at(anchor))
		return anchor
	case givenTerm:
		return t.given(k, tr)
	case minutesTerm:
		return ps.extend(t.minutes(anchor, k, tr), tr)
	case earliestTerm:
		var first time.Time
		for _, e := range t.of {
			if d := e.due(anchor, loc, ps, k, tr); !d.IsZero() && (first.IsZero() || d.Before(first)) {
				first = d
			}
		}
		if !first.IsZero() {
			tr.add("the earliest of these: %s", tr.at(first))
		}
		return first
	}
	tr.add("no fixed term: the source names no number")
	return time.Time{}
}

// given is the instant that somebody set or promised. It is theirs: no hold moves
// it.
func (t *term) given(k *known, tr *trace) time.Time {
	if k != nil {
		if at, ok := k.at(t.src.Given); ok {
			tr.add("due as given by %s: %s", t.src.Given, tr.at(at))
			return at
		}
	}
	tr.add("no fixed term while %s is not known", t.src.Given)
	return time.Time{}
}

// longest is the longest term in minutes: a hundred years.
const longest = 36525 * 24 * 60

// minutes adds as many minutes as a fact says.
func (t *term) minutes(anchor time.Time, k *known, tr *trace) time.Time {
	var n int64
	if k != nil {
		n, _ = k.num(t.src.MinutesOf)
	}
	if n < 1 || n > longest {
		tr.add("no fixed term while %s gives no number of minutes", t.src.MinutesOf)
		return time.Time{}
	}
	due := anchor.Add(time.Duration(n) * time.Minute)
	tr.add("%s + %d minutes, as %s says = %s", tr.at(anchor), n, t.src.MinutesOf, tr.at(due))
	return due
}

// civil counts days and months on the local calendar, from the anchor's day,
// and is due when the last day ends.
func (t *term) civil(anchor time.Time, loc *time.Location, tr *trace) time.Time {
	from := dayOf(anchor.In(loc))
	d := from.plusMonths(t.span.months)
	if d.d != from.d {
		tr.add("the month of %s is shorter than day %d: its last day is taken", d, from.d)
	}
	d = d.plus(t.span.days)
	tr.add("%s + %s on the calendar of %s = %s", from, t.src.Civil, loc, d)
	if t.cal != nil {
		d = t.cal.nextWorking(d, tr)
	}
	due := d.at(24*time.Hour-time.Second, loc)
	tr.add("due at the end of that day: %s", tr.at(due))
	return due
}

// extend adds the time that the term stood still. A hold that begins when the
// term has run out adds nothing.
func (ps pauses) extend(due time.Time, tr *trace) time.Time {
	if due.IsZero() {
		return due
	}
	for _, h := range ps {
		if h.From.Before(due) {
			due = due.Add(h.To.Sub(h.From))
			tr.add("on hold from %s to %s, %s: due moves to %s", tr.at(h.From), tr.at(h.To), hours(h.To.Sub(h.From)), tr.at(due))
		}
	}
	return due
}

// DueOf reckons one rule of a set at an anchor: the version of the rule in
// force then, without holds. zone replaces the rule's zone; empty keeps it, or
// takes the set's; due stands in it. ok is false where the rule gives no instant
// at that anchor, because the source names no number or the rule is not in
// force. lines tells the arithmetic. An unknown rule is domain.ErrNotFound.
func DueOf(s *Set, id domain.Code, anchor time.Time, zone string) (due time.Time, ok bool, lines []string, err error) {
	if s.law == nil {
		return due, false, nil, errNotMade
	}
	versions := s.law.rules[id]
	if len(versions) == 0 {
		return due, false, nil, fmt.Errorf("rule %s in policy %s: %w", id, s.ID, domain.ErrNotFound)
	}
	loc := versions[0].zoneFor("")
	if zone != "" {
		if loc, err = location(zone); err != nil {
			return due, false, nil, err
		}
	}
	tr := &trace{loc: loc}
	for _, r := range versions {
		if !r.valid.holds(anchor) {
			continue
		}
		tr.add("rule %s of policy %s %s: %s", id, s.ID, s.Version, r.src.Due)
		tr.lines = append(tr.lines, r.sourceLine())
		if due = r.due.due(anchor.UTC(), loc, nil, nil, tr); due.IsZero() {
			return due, false, tr.lines, nil
		}
		return due.In(loc), true, tr.lines, nil
	}
	tr.add("rule %s of policy %s %s is not in force at %s", id, s.ID, s.Version, tr.at(anchor))
	for _, r := range versions {
		tr.add("in force %s", tr.span(r.valid))
	}
	return due, false, tr.lines, nil
}

// A trace collects the lines of an explanation; nil collects nothing.
type trace struct {
	loc   *time.Location
	lines []string
}

// lazy renders an instant only where a line is written.
type lazy struct {
	t   time.Time
	loc *time.Location
}

func (l lazy) String() string { return l.t.In(l.loc).Format("2006-01-02T15:04:05.999999999Z07:00") }

func (tr *trace) at(t time.Time) fmt.Stringer {
	if tr == nil {
		return nil
	}
	return lazy{t, tr.loc}
}

func (tr *trace) add(format string, args ...any) {
	if tr != nil {
		tr.lines = append(tr.lines, fmt.Sprintf(format, args...))
	}
}

func (tr *trace) span(v valid) string {
	switch {
	case v.from.IsZero() && v.to.IsZero():
		return "always"
	case v.to.IsZero():
		return fmt.Sprintf("from %s on", tr.at(v.from))
	case v.from.IsZero():
		return fmt.Sprintf("until before %s", tr.at(v.to))
	}
	return fmt.Sprintf("from %s until before %s", tr.at(v.from), tr.at(v.to))
}

// hours writes a length of time in hours, minutes and seconds.
type hours time.Duration

func (h hours) String() string { return time.Duration(h).String() }
