package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"incidentledger/domain"
)

// TZDBHash identifies the time-zone rules that this program reckons with: the
// SHA-256 of every change of offset of Europe/Amsterdam and Europe/Brussels from
// 1990 to 2100. Two programs with the same hash give the same due instants in
// those zones. It is empty where the program has no rules for them.
func TZDBHash() domain.Code { return tzdb() }

var tzdb = sync.OnceValue(func() domain.Code {
	h := sha256.New()
	for _, zone := range []string{"Europe/Amsterdam", "Europe/Brussels"} {
		loc, err := location(zone)
		if err != nil {
			return ""
		}
		fmt.Fprintln(h, zone)
		end := time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC)
		for t := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC); t.Before(end); {
			name, off := t.In(loc).Zone()
			fmt.Fprintln(h, t.Unix(), off, name)
			_, next := t.In(loc).ZoneBounds()
			if next.IsZero() {
				break
			}
			t = next
		}
	}
	return domain.Code(hex.EncodeToString(h.Sum(nil)))
})
