package domain_test

import (
	"testing"
	"time"

	"incidentledger/domain"
)

// A span that ends no later than it began lasts into the next day, over the end of
// the week too; somebody without hours can always be reached.
func TestOnCallAt(t *testing.T) {
	spans := []domain.Weekly{{Weekday: "sunday", From: "18:00", To: "08:00"}, {Weekday: "wednesday", From: "00:00", To: "24:00"}}
	for at, want := range map[string]bool{
		"2026-11-22T17:59:00Z": false, "2026-11-22T18:00:00Z": true, "2026-11-23T07:59:00Z": true, "2026-11-23T08:00:00Z": false, // a Sunday and the Monday
		"2026-11-24T23:59:00Z": false, "2026-11-25T00:00:00Z": true, "2026-11-25T23:59:00Z": true, "2026-11-26T00:00:00Z": false,
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := domain.OnCallAt(spans, when); got != want {
			t.Errorf("at %s: %v", at, got)
		}
		if !domain.OnCallAt(nil, when) {
			t.Errorf("at %s nobody is there without hours", at)
		}
	}
}
