package incident

import (
	"testing"

	"incidentledger/domain"
)

// The level changes at whole scores, and what is exactly at one is above it.
func TestTheMethodOfENISA(t *testing.T) {
	for _, c := range []struct {
		w     Enisa
		score int64
		level domain.Code
	}{
		{Enisa{}, 0, ""},
		{Enisa{Context: 1, Identification: "negligible"}, 25, "low"},
		{Enisa{Context: 2, Identification: "significant", Availability: "recoverable"}, 175, "low"},
		{Enisa{Context: 2, Identification: "maximal"}, 200, "medium"},
		{Enisa{Context: 3, Identification: "significant", Malicious: true}, 275, "medium"},
		{Enisa{Context: 3, Identification: "significant", Malicious: true, Integrity: "recoverable"}, 300, "high"},
		{Enisa{Context: 3, Identification: "maximal", Confidentiality: "anybody", Availability: "recoverable"}, 375, "high"},
		{Enisa{Context: 4, Identification: "maximal"}, 400, "very-high"},
		{Enisa{4, "maximal", "anybody", "lost", "lost", true}, 600, "very-high"},
	} {
		e := BreachAssessed{Enisa: c.w, EnisaScore: 1, EnisaLevel: "high"}
		if err := e.weigh("enisa"); err != nil || e.EnisaScore != c.score || e.EnisaLevel != c.level {
			t.Errorf("%+v weighs %d, %s, %v", c.w, e.EnisaScore, e.EnisaLevel, err)
		}
	}
}
