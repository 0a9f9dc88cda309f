package projections_test

import (
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/service"
	"incidentledger/projections/obligations"
)

// What an outage puts at risk is seen at a glance: what somebody said, and what
// the register of services says besides; and who of the customers knows.
//
// requirements: BCM-06
func TestObligationsOfTheStory(t *testing.T) {
	s := tellStory(t)
	added := s.give(service.Name, domain.Key{}, "process-owner", 48*time.Hour, "AddService", `{"code":"social-domain","name":"Social domain","critical":true}`)
	set := func(body string) {
		s.give(service.Name, added.Key, "process-owner", 0, "SetObligation", body)
	}
	set(`{"customer":"neighbouring-municipality","obligation":"payment-within-48-hours","withinMinutes":2880,"text":"Paid within two days."}`)
	set(`{"customer":"housing-association","obligation":"monthly-list","text":"A list each month."}`)
	r := s.reader(obligations.New())
	golden(s, "obligations", r, obligations.Find(r, obligations.Query{}))

	for o := range obligations.Find(r, obligations.Query{Untold: true}) {
		if o.Customer != "housing-association" || o.AtRisk || o.Up.IsZero() {
			t.Errorf("%+v", o)
		}
	}
	set(`{"customer":"housing-association","obligation":"monthly-list","ended":true,"text":"No longer."}`)
	r = s.reader(obligations.New())
	for o := range obligations.Find(r, obligations.Query{Untold: true}) {
		t.Errorf("what is owed no more shows: %+v", o)
	}
}

// Intervals of a service that overlap or touch are one outage, and one that took
// longer than agreed is at risk although nobody said so.
//
// requirements: BCM-06
func TestAnOutageIsOneHoweverItWasTold(t *testing.T) {
	s := tellStory(t)
	added := s.give(service.Name, domain.Key{}, "process-owner", 0, "AddService", `{"code":"till","name":"Till"}`)
	s.give(service.Name, added.Key, "process-owner", 0, "SetObligation", `{"customer":"shop","obligation":"pay","withinMinutes":240,"text":"Within four hours."}`)
	s.give(service.Name, added.Key, "process-owner", 0, "SetObligation", `{"customer":"shop","obligation":"list","withinMinutes":840,"text":"Within fourteen hours."}`)
	key := s.fault("Till")
	shows := func(down, up, now string, late bool) {
		t.Helper()
		instant := func(text string) (at time.Time) {
			if text != "" {
				at, _ = time.Parse(time.RFC3339, text)
			}
			return at
		}
		for o := range obligations.Find(s.reader(obligations.New()), obligations.Query{Incident: key, Now: instant(now)}) {
			if want := late && o.Obligation == "pay"; !o.Down.Equal(instant(down)) || !o.Up.Equal(instant(up)) || o.AtRisk != want {
				t.Errorf("%s: down %v, up %v, at risk %t, want %s, %s, %t", o.Obligation, o.Down, o.Up, o.AtRisk, down, up, want)
			}
		}
	}
	down := func(from, to string) {
		t.Helper()
		s.told(key, "RecordDowntime", `{"service":"till","from":"`+from+`","to":"`+to+`"}`)
	}
	down("2026-11-19T09:00:00Z", "2026-11-19T11:00:00Z")
	shows("2026-11-19T09:00:00Z", "2026-11-19T11:00:00Z", "2026-11-21T09:00:00Z", false)
	down("2026-11-18T22:00:00Z", "2026-11-19T10:00:00Z")
	shows("2026-11-18T22:00:00Z", "2026-11-19T11:00:00Z", "", true)
	down("2026-11-19T11:00:00Z", "2026-11-19T11:30:00Z")
	shows("2026-11-18T22:00:00Z", "2026-11-19T11:30:00Z", "", true)
	down("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z") // another, kept in time: the first was not
	shows("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z", "", true)

	key = s.fault("Till again")
	s.told(key, "RecordDowntime", `{"service":"till","from":"2026-11-21T04:00:00Z"}`)
	shows("2026-11-21T04:00:00Z", "", "2026-11-21T07:00:00Z", false)
	shows("2026-11-21T04:00:00Z", "", "2026-11-21T09:00:00Z", true)
}
