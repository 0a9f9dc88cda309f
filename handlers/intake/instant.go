package intake

import (
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
)

// A clock reads instants as the other system wrote them.
type clock struct {
	layouts   []layout
	zone      *time.Location // nil: an instant must carry its offset
	precision domain.Precision
	repeated  string
	missing   string
}

// A layout is one way of writing an instant.
type layout struct {
	name      string // unix, unixMilli; else empty
	layout    string // of package time
	offset    bool   // the text carries an offset
	precision domain.Precision
}

// A reading is an instant and what had to be decided to get it.
type reading struct {
	at        time.Time
	precision domain.Precision
	warning   string // repeated_hour, missing_hour; empty: none
}

// read gives the instant that a text says.
func (c *clock) read(text string) (reading, *fault) {
	if text == "" {
		return reading{}, faultf("bad_time", "there is no instant")
	}
	for _, l := range c.layouts {
		got, ok := l.parse(text)
		if !ok {
			continue
		}
		r := reading{at: got, precision: l.precision}
		if c.precision != "" {
			r.precision = c.precision
		}
		if l.offset {
			return r, nil
		}
		return c.place(r)
	}
	return reading{}, faultf("bad_time", "%q is no instant in any of the layouts of the mapping", shorten(text, 80))
}

func (l layout) parse(text string) (time.Time, bool) {
	if l.name == "" {
		t, err := time.Parse(l.layout, text)
		return t, err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	if l.name == "unixMilli" {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Unix(n, 0).UTC(), true
}

// place puts a local time, read as if in UTC, where it belongs in the zone.
func (c *clock) place(r reading) (reading, *fault) {
	local := r.at
	before, after := c.offset(local, -24*time.Hour), c.offset(local, 24*time.Hour)
	early, late := local.Add(-before), local.Add(-after)
	earlyFits, lateFits := c.shows(early, local), c.shows(late, local)
	if early.After(late) {
		early, late = late, early
	}
	switch {
	case earlyFits && lateFits && !early.Equal(late):
		r.warning = "repeated_hour"
		if c.repeated == "refuse" {
			return r, faultf("repeated_hour", "%s came twice in %s, where clocks were put back", local.Format("2006-01-02 15:04:05"), c.zone)
		}
		r.at = early
		if c.repeated == "later" {
			r.at = late
		}
	case earlyFits:
		r.at = local.Add(-before)
	case lateFits:
		r.at = local.Add(-after)
	default:
		// By the offset that held before, the clock already showed the time
		// moved on by the gap.
		r.warning = "missing_hour"
		if c.missing == "refuse" {
			return r, faultf("missing_hour", "%s never was in %s, where clocks were put forward", local.Format("2006-01-02 15:04:05"), c.zone)
		}
		r.at = local.Add(-before)
	}
	r.at = r.at.In(c.zone)
	return r, nil
}

func (c *clock) offset(local time.Time, away time.Duration) time.Duration {
	_, s := local.Add(away).In(c.zone).Zone()
	return time.Duration(s) * time.Second
}

// shows reports whether a clock in the zone shows the local time at an instant.
func (c *clock) shows(at, local time.Time) bool {
	_, s := at.In(c.zone).Zone()
	return at.Add(time.Duration(s) * time.Second).Equal(local)
}

// tokens of a layout, the longest first, and what package time calls them.
var tokens = []struct {
	token, std string
	unit       domain.Precision
}{
	{"yyyy", "2006", ""}, {"yy", "06", ""}, {"MM", "01", ""}, {"M", "1", ""}, {"dd", "02", ""}, {"d", "2", ""},
	{"HH", "15", domain.PrecisionHour}, {"H", "15", domain.PrecisionHour}, {"hh", "03", domain.PrecisionHour}, {"h", "3", domain.PrecisionHour},
	{"mm", "04", domain.PrecisionMinute}, {"ss", "05", domain.PrecisionSecond}, {"SSS", "000", ""}, {"a", "PM", ""}, {"XXX", "Z07:00", ""},
}

// elsewhen shares no part of its name with the instant that package time writes
// its layouts by.
var elsewhen = time.Date(1987, time.July, 23, 9, 38, 47, 0, time.UTC)

// newLayout reads a layout of the mapping file.
func newLayout(w word) (layout, error) {
	switch w.s {
	case "rfc3339":
		return layout{layout: time.RFC3339Nano, offset: true, precision: domain.PrecisionSecond}, nil
	case "unix", "unixMilli":
		return layout{name: w.s, offset: true, precision: domain.PrecisionSecond}, nil
	}
	l := layout{precision: domain.PrecisionDay}
	var b strings.Builder
	has := map[string]bool{}
next:
	for rest := w.s; rest != ""; {
		if rest[0] == '\'' {
			text, after, ok := strings.Cut(rest[1:], "'")
			if !ok {
				return l, w.errorf("a ' that is not closed in %q", w.s)
			}
			if elsewhen.Format(text) != text {
				return l, w.errorf("the literal text '%s' in layout %q reads as part of an instant", text, w.s)
			}
			b.WriteString(text)
			rest = after
			continue
		}
		for _, t := range tokens {
			if strings.HasPrefix(rest, t.token) {
				b.WriteString(t.std)
				has[t.std] = true
				if t.unit != "" {
					l.precision = finer(l.precision, t.unit)
				}
				rest = rest[len(t.token):]
				continue next
			}
		}
		if c := rest[0]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return l, w.errorf("%q in layout %q is not known; a layout has yyyy yy MM M dd d HH H hh h a mm ss SSS XXX and 'literal text'", rest[:1], w.s)
		}
		b.WriteByte(rest[0])
		rest = rest[1:]
	}
	for _, part := range [][]string{{"2006", "06"}, {"01", "1"}, {"02", "2"}} {
		if !has[part[0]] && !has[part[1]] {
			return l, w.errorf("layout %q lacks year, month or day", w.s)
		}
	}
	l.layout, l.offset = b.String(), has["Z07:00"]
	return l, nil
}

var fineness = map[domain.Precision]int{domain.PrecisionDay: 0, domain.PrecisionHour: 1, domain.PrecisionMinute: 2, domain.PrecisionSecond: 3}

func finer(a, b domain.Precision) domain.Precision {
	if fineness[b] > fineness[a] {
		return b
	}
	return a
}
