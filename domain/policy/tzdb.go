package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
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
		first, last := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		const day = 86400
		for t := first; t < last; t += day {
			was, is := offset(time.Unix(t, 0), loc), offset(time.Unix(t+day, 0), loc)
			if was == is && t != first {
				continue
			}
			n := sort.Search(day, func(i int) bool { return offset(time.Unix(t+int64(i), 0), loc) != was })
			fmt.Fprintln(h, t+int64(n), was, is)
		}
	}
	return domain.Code(hex.EncodeToString(h.Sum(nil)))
})
