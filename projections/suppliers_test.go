package projections_test

import (
	"fmt"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/supplier"
	"incidentledger/projections/suppliers"
)

// The supplier of the story: what was agreed, how late it told of the outage, and
// what the outage makes of the uptime. A correction of the outage, and an
// exercise that does not count, show.
//
// requirements: SUP-01 SUP-05 EVA-09
func TestSuppliersOfTheStory(t *testing.T) {
	s := tellStory(t)
	added := s.give(supplier.Name, domain.Key{}, "policy-officer", 0, "AddSupplier", `{"code":"hoster","kind":"supplier","name":"Hoster","mayBeInvolved":true}`)
	give := func(name, body string) { s.give(supplier.Name, added.Key, "policy-officer", 0, name, body) }
	give("RecordContract", `{"code":"hoster-2021","validFrom":"2026-01-01T00:00:00+01:00","services":["social-domain"],"scope":"The connection.",
		"uptimePercent":99900,"period":"month","errorMargin":50,"feeEUR":1000,"noticeMinutes":60,"credits":[{"below":99800,"creditPercent":10000}]}`)
	give("RecordAudit", `{"contract":"hoster-2021","at":"2026-10-05T10:00:00+02:00","outcome":"findings","next":"2027-10-05T10:00:00+02:00","finding":"Restore is not tested."}`)
	give("RecordPlan", `{"plan":"recovery","what":"exercise","at":"2026-10-12T09:00:00+02:00","text":"Restored in time."}`)
	give("AttestMFA", `{"enforced":true,"at":"2026-11-02T10:00:00+01:00"}`)

	span := supplier.PeriodOf("quarter", storyNow, zone)
	q := suppliers.Query{Org: storyOrg, Code: "hoster"}
	r := s.reader(suppliers.New())
	golden(s, "suppliers", r, suppliers.List(r, suppliers.Query{Org: storyOrg}))
	golden(s, "levels", r, suppliers.Levels(r, q, span, storyNow, zone))
	november := func(q suppliers.Query) suppliers.Level {
		r := s.reader(suppliers.New())
		for l := range suppliers.Levels(r, q, supplier.PeriodOf("month", storyNow, zone), storyNow, zone) {
			return l
		}
		t.Fatal("nothing is reckoned")
		return suppliers.Level{}
	}
	if l := november(q); !l.Breach || l.DownSeconds != 12000 || l.Outages != 1 || l.CreditCents != 10000 {
		t.Errorf("%+v", l)
	}
	var began domain.Seq
	for en, err := range s.ledger.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := en.Events[0].Event.(incident.DowntimeRecorded); ok && !d.Ends && en.Key == s.cases["chain-outage"] {
			began = en.Seq
		}
	}
	s.give(incident.Name, s.cases["chain-outage"], "ict", 0, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"from":"2026-11-16T11:40:00+01:00"},"reason":"It began later."}`, began))
	if l := november(q); l.Breach || l.DownSeconds != 600 {
		t.Errorf("after the correction: %+v", l)
	}
	q.Skip = func(key domain.Key) bool { return key == s.cases["chain-outage"] }
	if l := november(q); l.DownSeconds != 0 || l.Outages != 0 || l.Notices != 0 {
		t.Errorf("an exercise counts: %+v", l)
	}
}
