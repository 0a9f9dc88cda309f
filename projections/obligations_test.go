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
