package incident

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
)

// NumberRule names the frozen rule by which incidents get their human number:
// the n-th non-exercise IncidentReported of the recorded year in the ledger's
// zone, in order of sequence, in one series per track. Later corrections change
// no number.
const NumberRule domain.Code = "number/1"

// A Series is one count of numbers: a recorded year and a track.
type Series struct {
	Year      int
	Integrity bool
}

// SeriesOf gives the series in which a report is counted; exercises are counted
// in none. recorded is the entry's own instant, zone the ledger's.
func SeriesOf(e IncidentReported, recorded time.Time, zone *time.Location) (Series, bool) {
	if e.Exercise {
		return Series{}, false
	}
	return Series{recorded.In(zone).Year(), e.Track == TrackIntegrity}, true
}

// Number gives the n-th number of the series, n from 1: 2026-0042, or
// 2026-I-0042 in the integrity track.
func (s Series) Number(n int) string {
	if s.Integrity {
		return fmt.Sprintf("%04d-I-%04d", s.Year, n)
	}
	return fmt.Sprintf("%04d-%04d", s.Year, n)
}

// ParseNumber reads a number back to its series and place. It reports whether
// the text is a number as Number writes it.
func ParseNumber(text string) (Series, int, bool) {
	year, rest, ok := strings.Cut(text, "-")
	if !ok {
		return Series{}, 0, false
	}
	rest, integrity := strings.CutPrefix(rest, "I-")
	y, err := strconv.Atoi(year)
	if err != nil {
		return Series{}, 0, false
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 {
		return Series{}, 0, false
	}
	s := Series{y, integrity}
	return s, n, s.Number(n) == text
}
