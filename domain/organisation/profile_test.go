package organisation

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
)

func day(d int) time.Time { return time.Date(2026, 10, d, 0, 0, 0, 0, time.UTC) }

func told(from time.Time, class domain.Code) OrganisationProfileSet {
	return OrganisationProfileSet{Country: "NL", CbwClass: class, ValidFrom: from}
}

func TestTheProfileThatBeganLastHolds(t *testing.T) {
	var s State
	for _, p := range []OrganisationProfileSet{told(day(10), "important"), told(day(20), "essential"), told(day(5), "none"), told(day(20), "none")} {
		p.Evolve(&s, domain.Posting{})
	}
	for _, c := range []struct {
		at   time.Time
		want domain.Code // empty: nothing is known
	}{
		{day(5).Add(-1), ""}, {day(5), "none"}, {day(10).Add(-1), "none"}, {day(10), "important"}, {day(20).Add(-1), "important"}, {day(20), "none"}, {day(31), "none"},
	} {
		p, ok := s.At(c.at)
		if p.CbwClass != c.want || ok != (c.want != "") {
			t.Errorf("at %s: %q", c.at, p.CbwClass)
		}
	}
	dated := s.Dated()
	if len(dated) != 3 || !slices.IsSortedFunc(dated, func(a, b policy.Profile) int { return a.From.Compare(b.From) }) {
		t.Errorf("dated: %v", dated)
	}
	for _, p := range dated {
		if at, _ := s.At(p.From); at.Fields()[policy.OrgCbwClass] != p.Fields[policy.OrgCbwClass] {
			t.Errorf("from %s policies read %v, but %q holds", p.From, p.Fields, at.CbwClass)
		}
	}
}

// An incident is judged by what the organisation was when it was reported,
// whatever it became since.
func TestDutiesFollowTheProfileOfTheReport(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	var s State
	told(day(10), "essential").Evolve(&s, domain.Posting{})
	told(day(20), "none").Evolve(&s, domain.Posting{})
	for _, c := range []struct {
		recorded time.Time
		owed     bool
	}{{day(10).Add(-1), false}, {day(10), true}, {day(20).Add(-1), true}, {day(20), false}} {
		facts := policy.Facts{
			At:   map[policy.Path]time.Time{policy.IncidentRecorded: c.recorded, policy.SignificantAware: day(25)},
			Flag: map[policy.Path]bool{policy.IncidentSignificant: true}, Leg: 1,
		}
		clocks, err := policy.Derive(facts, policy.Basis{Current: set, Dated: s.Dated(), Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}})
		if err != nil {
			t.Fatal(err)
		}
		if owed := slices.ContainsFunc(clocks, func(k policy.Clock) bool { return k.Rule == "cbw-nl-early-warning" }); owed != c.owed {
			t.Errorf("reported at %s, an early warning is owed: %t", c.recorded, owed)
		}
	}
}
