package alerts

import (
	"testing"
	"time"
)

func TestWindowsFollowTheClockOnTheWall(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	night := Window{From: 22 * 60, To: 7 * 60, Zone: zone}
	weekend := Window{From: 18 * 60, To: 8 * 60, Days: []time.Weekday{time.Friday}, Zone: zone}
	for _, tt := range []struct {
		name    string
		w       Window
		at, end string // UTC; no end: it lies outside
	}{
		{"a winter night", night, "2026-01-10T21:30:00Z", "2026-01-11T06:00:00Z"},
		{"the night of 23 hours", night, "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"},
		{"the night of 25 hours", night, "2026-10-24T20:00:30Z", "2026-10-25T06:00:00Z"},
		{"its first instant", night, "2026-07-01T20:00:00Z", "2026-07-02T05:00:00Z"},
		{"its end is outside", night, "2026-07-02T05:00:00Z", ""},
		{"by day", night, "2026-07-01T10:00:00Z", ""},
		{"the night that began on Friday", weekend, "2026-11-28T06:59:00Z", "2026-11-28T07:00:00Z"},
		{"Saturday evening", weekend, "2026-11-28T18:00:00Z", ""},
		{"the whole of Friday", Window{Days: []time.Weekday{time.Friday}}, "2026-11-27T12:00:00Z", "2026-11-28T00:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		want := at
		if tt.end != "" {
			if want, err = time.Parse(time.RFC3339, tt.end); err != nil {
				t.Fatal(err)
			}
		}
		if got := tt.w.End(at); tt.w.Contains(at) != (tt.end != "") || !got.Equal(want) {
			t.Errorf("%s: contains %v, ends %s, want %s", tt.name, tt.w.Contains(at), got.UTC().Format(time.RFC3339), want.UTC().Format(time.RFC3339))
		}
	}
	always := Window{}
	if at := time.Now(); !always.Contains(at) || always.End(at).Before(at.Add(7*24*time.Hour)) {
		t.Error("a window without end ends soon")
	}
}
