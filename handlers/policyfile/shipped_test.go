package policyfile

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func shippedSet(t testing.TB) *policy.Set {
	t.Helper()
	s, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func due(t *testing.T, s *policy.Set, rule domain.Code, anchor string) string {
	t.Helper()
	d, ok, _, err := policy.DueOf(s, rule, at(t, anchor), "")
	switch {
	case err != nil:
		return err.Error()
	case !ok:
		return "-"
	}
	return d.Format(time.RFC3339)
}

// Each rule that the contract names, at an anchor, worked out by hand.
func TestRulesOfTheShippedSet(t *testing.T) {
	s := shippedSet(t)
	for _, c := range []struct {
		rule         domain.Code
		anchor, want string
	}{
		{"gdpr-33", "2026-11-20T17:30:00+01:00", "2026-11-23T17:30:00+01:00"},
		{"gdpr-33", "2026-03-27T12:00:00+01:00", "2026-03-30T13:00:00+02:00"},
		{"gdpr-33", "2018-05-24T23:59:59+02:00", "-"},
		{"gdpr-34", "2026-11-20T17:30:00+01:00", "-"},
		{"gdpr-33-2", "2026-11-20T17:30:00+01:00", "-"},
		{"cbw-nl-early-warning", "2026-08-14T23:59:59+02:00", "-"},
		{"cbw-nl-early-warning", "2026-08-15T00:00:00+02:00", "2026-08-16T00:00:00+02:00"},
		{"cbw-nl-notification", "2026-10-24T12:00:00+02:00", "2026-10-27T11:00:00+01:00"},
		{"cbw-nl-intermediate-report", "2026-10-24T12:00:00+02:00", "-"},
		{"cbw-nl-final-report", "2026-11-25T10:00:00+01:00", "2026-12-28T23:59:59+01:00"},
		{"cbw-nl-final-report", "2027-02-26T10:00:00+01:00", "2027-03-30T23:59:59+02:00"}, // Good Friday to Easter Monday
		{"cbw-nl-final-after-ongoing", "2026-08-31T10:00:00+02:00", "2026-09-30T23:59:59+02:00"},
		{"cbw-nl-csirt-reply-expected", "2026-11-21T10:00:00+01:00", "2026-11-22T10:00:00+01:00"},
		{"nis2-be-early-warning", "2024-10-17T23:59:59+02:00", "-"},
		{"nis2-be-early-warning", "2024-10-18T00:00:00+02:00", "2024-10-19T00:00:00+02:00"},
		{"nis2-be-notification", "2026-11-21T10:00:00+01:00", "2026-11-24T10:00:00+01:00"},
		{"nis2-be-notification-trust-service", "2026-11-21T10:00:00+01:00", "2026-11-22T10:00:00+01:00"},
		{"nis2-be-intermediate-report", "2026-11-21T10:00:00+01:00", "-"},
		{"nis2-be-final-report", "2026-11-25T10:00:00+01:00", "2026-12-25T23:59:59+01:00"}, // the earlier day
		{"nis2-be-final-report", "2028-01-31T10:00:00+01:00", "2028-02-29T23:59:59+01:00"},
		{"nis2-be-final-after-ongoing", "2026-11-30T23:30:00Z", "2027-01-01T23:59:59+01:00"},
		{"ksz-major", "2026-11-21T10:00:00+01:00", "-"},
		{"suwi-datalek-suwidesk", "2026-11-21T10:00:00+01:00", "2026-11-21T10:00:00+01:00"},
		{"golden-hour", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"},
		{"nuth-p1-reaction", "2016-06-30T23:59:59+02:00", "-"},
		{"nuth-p1-reaction", "2016-07-01T00:00:00+02:00", "2016-07-01T00:00:00+02:00"},
		{"nuth-p1-resolution", "2020-12-31T23:59:59+01:00", "2021-01-01T00:59:59+01:00"},
		{"nuth-p1-resolution", "2021-01-01T00:00:00+01:00", "-"},
		{"nuth-p2-reaction", "2018-01-02T10:00:00+01:00", "2018-01-02T10:10:00+01:00"},
		{"nuth-p2-resolution", "2018-01-02T10:00:00+01:00", "2018-01-02T14:00:00+01:00"},
		{"nuth-p3-reaction", "2018-01-02T10:00:00+01:00", "2018-01-02T11:00:00+01:00"},
		{"nuth-p3-resolution", "2018-01-02T10:00:00+01:00", "2018-01-02T18:00:00+01:00"},
		{"nuth-p4-reaction", "2018-01-02T10:00:00+01:00", "2018-01-02T14:00:00+01:00"},
		{"nuth-p4-resolution", "2018-01-02T10:00:00+01:00", "2018-01-03T10:00:00+01:00"},
		{"nuth-p5-reaction", "2018-03-24T12:00:00+01:00", "2018-03-25T12:00:00+02:00"},
		{"nuth-p5-resolution", "2018-10-24T12:00:00+02:00", "2018-10-31T11:00:00+01:00"},
		{"local-p1-reaction", "2026-11-21T10:00:00+01:00", "2026-11-21T10:00:00+01:00"},
		{"local-p1-resolution", "2026-11-21T10:00:00+01:00", "2026-11-21T11:00:00+01:00"},
		{"local-p5-reaction", "2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+01:00"},
	} {
		if got := due(t, s, c.rule, c.anchor); got != c.want {
			t.Errorf("%s at %s: due %s, want %s", c.rule, c.anchor, got, c.want)
		}
	}
}

// A leaked file in a Dutch municipality that is a party of the chain: one duty
// each, and not one that rests on a law that is over or on facts not told.
func TestWhatALeakOwes(t *testing.T) {
	s := shippedSet(t)
	reported := at(t, "2026-11-21T09:00:00+01:00")
	f := policy.Facts{
		At:   map[policy.Path]time.Time{policy.IncidentReported: reported, policy.IncidentDiscovered: reported, policy.IncidentRecorded: reported},
		Code: map[policy.Path]domain.Code{policy.BreachPersonalData: "suspected", policy.IncidentChain: "suwi"},
		Num:  map[policy.Path]int64{policy.IncidentPriority: 1},
		Flag: map[policy.Path]bool{policy.IncidentSignificant: true},
	}
	f.Each = map[domain.Code][]policy.Item{policy.EachProcessing: {{N: 1, Code: f.Code}}}
	b := policy.Basis{Current: s, Profile: map[policy.Path]domain.Code{
		policy.OrgCountry: "NL", policy.OrgSuwiParty: "true", policy.OrgCbwClass: "essential", policy.OrgCSIRT: "ibd"}}
	ids := func() []policy.ClockID {
		t.Helper()
		clocks, err := policy.Derive(f, b)
		if err != nil {
			t.Fatal(err)
		}
		var out []policy.ClockID
		for _, c := range clocks {
			out = append(out, c.ID)
		}
		return out
	}
	want := []policy.ClockID{
		"cbw-nl-early-warning/cbw-authority/early-warning/1", "cbw-nl-early-warning/ibd/early-warning/1",
		"cbw-nl-final-report/cbw-authority/final/1", "cbw-nl-final-report/ibd/final/1",
		"cbw-nl-notification/cbw-authority/initial/1", "cbw-nl-notification/ibd/initial/1",
		"cbw-nl-service-recipients/service-recipients/initial/1",
		"gdpr-33/ap/initial/1", "local-p1-reaction/own/reaction/1", "local-p1-resolution/own/resolution/1",
		"suwi-datalek-suwidesk/suwidesk/initial/1",
	}
	if got := ids(); !slices.Equal(got, want) {
		t.Errorf("in the Netherlands %v\nwant %v", got, want)
	}
	b.Profile = map[policy.Path]domain.Code{policy.OrgCountry: "BE", policy.OrgNIS2Class: "none"}
	want = []policy.ClockID{"gdpr-33/gba/initial/1", "local-p1-reaction/own/reaction/1", "local-p1-resolution/own/resolution/1"}
	if got := ids(); !slices.Equal(got, want) {
		t.Errorf("in Belgium %v\nwant %v", got, want)
	}
	f.Code[policy.BreachRisk] = "unlikely"
	if got := ids(); slices.Contains(got, "gdpr-33/gba/initial/1") {
		t.Errorf("a risk that is unlikely is not notified: %v", got)
	}
}

func TestAuthoritiesAndCodesOfTheShippedSet(t *testing.T) {
	s := shippedSet(t)
	if a, ok := s.AuthorityAt("suwidesk", at(t, "2026-11-21T00:00:00Z")); !ok || !slices.Equal(a.Mandatory(), []domain.Code{"email", "phone"}) {
		t.Errorf("the desk of the chain takes mail and telephone, both: %+v", a)
	}
	if _, ok := s.AuthorityAt("ap", at(t, "2015-12-31T22:59:59Z")); ok {
		t.Error("the AP was there before 2016")
	}
	for list, code := range map[string]domain.Code{"roles": "vcib", "categories": "infected-system", "criteria": "counters-closed",
		"regimes": "cbw", "authorities": "gba", "channelKinds": "webform", "dataKinds": "bsn", "exemptions": "encrypted", "tlp": "amber+strict"} {
		if !s.HasCode(list, code) {
			t.Errorf("%s is not in the list %s", code, list)
		}
	}
	if p, _ := s.PriorityOf("low", "high"); p != 2 {
		t.Errorf("urgency low and impact high give %d", p)
	}
}

// The file that is shipped is a set that was adopted somewhere: other bytes are
// another set, so a change needs another version.
func TestTheShippedSetReadsBackAsItself(t *testing.T) {
	s := shippedSet(t)
	again, err := policy.Parse(s.Canonical())
	if err != nil || again.Hash() != s.Hash() {
		t.Fatalf("read again: %v", err)
	}
}

func BenchmarkDerive(b *testing.B) {
	s := shippedSet(b)
	reported := at(b, "2026-11-21T09:00:00+01:00")
	f := policy.Facts{
		At:   map[policy.Path]time.Time{policy.IncidentReported: reported, policy.IncidentDiscovered: reported, policy.IncidentRecorded: reported},
		Code: map[policy.Path]domain.Code{policy.BreachPersonalData: "suspected", policy.IncidentChain: "suwi"},
		Num:  map[policy.Path]int64{policy.IncidentPriority: 1},
		Flag: map[policy.Path]bool{policy.IncidentSignificant: true},
	}
	f.Each = map[domain.Code][]policy.Item{policy.EachProcessing: {{N: 1, Code: f.Code}}}
	basis := policy.Basis{Current: s, Profile: map[policy.Path]domain.Code{
		policy.OrgCountry: "NL", policy.OrgSuwiParty: "true", policy.OrgCbwClass: "essential", policy.OrgCSIRT: "ibd"}}
	derive := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.Derive(f, basis); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("new", derive)
	clocks, err := policy.Derive(f, basis)
	if err != nil {
		b.Fatal(err)
	}
	f.Bound = map[policy.ClockID]domain.Hash{}
	for _, c := range clocks {
		f.Bound[c.ID] = c.Policy
	}
	b.Run("bound", derive)
}
