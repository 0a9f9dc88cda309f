package projections_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/projections/obligations"
	"incidentledger/projections/suppliers"
)

// fault begins an incident.
func (s *teller) fault(title string) domain.Key {
	return s.give(incident.Name, domain.Key{}, "coordinator", time.Hour, "ReportIncident",
		fmt.Sprintf(`{"kind":"incident","title":%q,"description":"D","category":"outage","channel":"phone"}`, title)).Key
}

// told gives an order about an incident and tells where it stands.
func (s *teller) told(key domain.Key, name, body string) domain.Seq {
	s.t.Helper()
	return s.give(incident.Name, key, "coordinator", 0, name, body).Seq
}

// named begins a service or supplier.
func (s *teller) named(kind domain.KindName, name, body string) domain.Key {
	return s.give(kind, domain.Key{}, "policy-officer", 0, name, body).Key
}

func (s *teller) agreed(key domain.Key, name, body string) {
	s.t.Helper()
	s.give(supplier.Name, key, "policy-officer", 0, name, body)
}

// september gives the service levels of that month; code empty: of all suppliers.
func (s *teller) september(code domain.Code) []suppliers.Level {
	at := time.Date(2026, 9, 15, 12, 0, 0, 0, zone)
	r := s.reader(suppliers.New())
	return slices.Collect(suppliers.Levels(r, suppliers.Query{Org: storyOrg, Code: code}, supplier.PeriodOf("month", at, zone), storyNow, zone))
}

// Performance rests on outages that stand. September has 43,200 minutes; three
// outages of six, one and two hours are 540.
//
// requirements: SUP-02 SUP-05 BCM-06
func TestWhatWasTakenBackDoesNotCount(t *testing.T) {
	s := tellStory(t)
	hosting := s.named(supplier.Name, "AddSupplier", `{"code":"hosting","kind":"supplier","name":"Hosting","mayBeInvolved":true}`)
	s.agreed(hosting, "RecordContract", `{"code":"c1","validFrom":"2026-01-01T00:00:00+01:00","services":["mail"],"scope":"Mail.","uptimePercent":99500,"period":"month","feeEUR":4000,"noticeMinutes":60}`)
	a, b := s.fault("A"), s.fault("B")
	six := s.told(a, "RecordDowntime", `{"service":"mail","from":"2026-09-10T00:00:00+01:00","to":"2026-09-10T06:00:00+01:00"}`)
	s.told(a, "RecordDowntime", `{"service":"mail","from":"2026-09-12T00:00:00+01:00"}`)
	end := s.told(a, "RecordDowntime", `{"service":"mail","from":"2026-09-12T00:00:00+01:00","to":"2026-09-12T01:00:00+01:00"}`)
	s.told(b, "RecordDowntime", `{"service":"mail","from":"2026-09-14T00:00:00+01:00","to":"2026-09-14T02:00:00+01:00"}`)
	s.told(b, "RecordSupplierNotice", `{"supplier":"hosting","service":"mail","receivedAt":"2026-09-14T05:00:00+01:00","content":"Down."}`)
	s.told(b, "ClaimCredit", `{"contract":"c1","period":{"from":"2026-09-01T00:00:00+01:00","to":"2026-10-01T00:00:00+01:00"},"basis":"Article 7.","amountEUR":700}`)
	check := func(when string, minutes int64, outages, notices int, claimed int64, rows int) {
		t.Helper()
		list := s.september("hosting")
		if len(list) != 1 {
			t.Fatalf("%s: %+v", when, list)
		}
		if l := list[0]; l.DownSeconds != minutes*60 || l.Outages != outages || l.Notices != notices || l.ClaimedEUR != claimed {
			t.Errorf("%s: %+v; want %d minutes in %d outages, %d notices, %d euros", when, l, minutes, outages, notices, claimed)
		}
		n := 0
		for o := range obligations.Find(s.reader(obligations.New()), obligations.Query{}) {
			if o.Key == a || o.Key == b {
				n++
			}
		}
		if n != rows {
			t.Errorf("%s: %d services hit, want %d", when, n, rows)
		}
	}
	check("all stands", 540, 3, 1, 700, 2)
	s.told(a, "MarkMisfiled", fmt.Sprintf(`{"seq":%d,"reason":"Of another case."}`, six))
	check("one is misfiled", 180, 2, 1, 700, 2)
	s.told(a, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"to":"2026-09-10T07:00:00+01:00"},"reason":"Longer."}`, six))
	check("a correction does not bring it back", 180, 2, 1, 700, 2)
	dropped := s.told(b, "WithdrawReport", `{"grounds":"A false alarm."}`)
	check("the report is withdrawn", 60, 1, 0, 0, 1)
	s.told(b, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"fields":{"grounds":"A hoax."},"reason":"Clearer."}`, dropped))
	check("a correction of that changes nothing", 60, 1, 0, 0, 1)
	s.told(b, "ReopenIncident", `{"reason":"It was none."}`)
	check("it goes on after all", 180, 2, 1, 700, 2)
	s.told(b, "MergeReport", fmt.Sprintf(`{"into":%q,"grounds":"The same."}`, a))
	check("it is merged", 60, 1, 0, 0, 1)
	s.told(a, "MarkMisfiled", fmt.Sprintf(`{"seq":%d,"reason":"Of another case."}`, end))
	check("its end is misfiled: it lasts", 19*1440, 1, 0, 0, 1)

	c := s.fault("C")
	s.told(c, "RecordDowntime", `{"service":"mail","from":"2026-09-01T00:00:00+01:00","to":"2026-09-02T00:00:00+01:00"}`)
	check("another one", 20*1440, 2, 0, 0, 1)
	s.told(c, "RejectReport", `{"grounds":"A hoax."}`)
	check("it is rejected", 19*1440, 1, 0, 0, 1)
}

// A claim belongs to one contract of one supplier, and to one part of its period.
// The fee of September is 1,000: until the 16th at noon 15.5 of 30 days of it, 516.67.
// An outage is charged to those alone on whom the service rested then.
//
// requirements: SUP-05 SUP-07
func TestClaimsAndOutagesBelongToOneContract(t *testing.T) {
	s := tellStory(t)
	hosting := s.named(supplier.Name, "AddSupplier", `{"code":"hosting","kind":"supplier","name":"Hosting","mayBeInvolved":true}`)
	other := s.named(supplier.Name, "AddSupplier", `{"code":"other","kind":"supplier","name":"Other","mayBeInvolved":true}`)
	const terms = `"scope":"x","uptimePercent":99500,"period":"month","feeEUR":1000,"credits":[{"below":99000,"creditPercent":60000}]`
	s.agreed(hosting, "RecordContract", `{"code":"c1","validFrom":"2026-01-01T00:00:00+01:00","services":["mail","web"],`+terms+`}`)
	s.agreed(hosting, "AmendContract", `{"code":"c1","validFrom":"2026-09-16T12:00:00+01:00","services":["mail","web"],`+terms+`}`)
	s.agreed(other, "RecordContract", `{"code":"c1","validFrom":"2026-01-01T00:00:00+01:00","services":["mail"],`+terms+`}`)
	mail := s.named(service.Name, "AddService", `{"code":"mail","name":"Mail"}`)
	rests := func(ago time.Duration, suppliers string) {
		s.give(service.Name, mail, "policy-officer", ago, "SetDependencies", `{"suppliers":[`+suppliers+`]}`)
	}
	a := s.fault("A")
	for _, hit := range []string{"mail", "web"} {
		s.told(a, "RecordDowntime", fmt.Sprintf(`{"service":%q,"from":"2026-09-10T00:00:00+01:00","to":"2026-09-11T00:00:00+01:00"}`, hit))
	}
	for _, whose := range []string{`"supplier":"hosting",`, ""} { // the second as it was claimed when no supplier was named
		s.told(a, "ClaimCredit", `{"contract":"c1",`+whose+`"period":{"from":"2026-09-01T00:00:00+01:00","to":"2026-10-01T00:00:00+01:00"},"basis":"Article 7.","amountEUR":350}`)
	}
	s.told(a, "ClaimCredit", `{"contract":"c1","supplier":"other","period":{"from":"2026-08-20T00:00:00+01:00","to":"2026-09-20T00:00:00+01:00"},"basis":"Article 7.","amountEUR":5}`)
	sums := func(code domain.Code) (down []int64, claimed, cents int64) {
		for _, l := range s.september(code) {
			down = append(down, l.DownSeconds/3600)
			claimed += l.ClaimedEUR
			cents += l.CreditCents
		}
		return
	}
	if down, claimed, cents := sums("hosting"); !slices.Equal(down, []int64{24, 24, 0, 0}) || claimed != 700 || cents != 310_00 {
		t.Errorf("hosting: %v hours, claimed %d, %d cents", down, claimed, cents)
	}
	if down, claimed, _ := sums("other"); !slices.Equal(down, []int64{24}) || claimed != 0 {
		t.Errorf("nobody said yet on whom mail rests: %v, claimed %d", down, claimed)
	}
	rests(81*24*time.Hour, `"hosting"`)
	if down, _, cents := sums("other"); !slices.Equal(down, []int64{0}) || cents != 0 {
		t.Errorf("mail does not rest on it: %v, %d cents", down, cents)
	}
	rests(72*24*time.Hour, `"other"`) // since 10 September at 10:30
	if down, _, _ := sums("hosting"); !slices.Equal(down, []int64{24, 24, 0, 0}) {
		t.Errorf("what rests on another later still rested on it then: %v", down)
	}
	if down, _, cents := sums("other"); !slices.Equal(down, []int64{0}) || cents != 0 {
		t.Errorf("%v, %d", down, cents)
	}
}

// What is down is seen at a glance, and what cannot work without it: an outage
// that lasts counts, whatever began and ended since.
//
// requirements: BCM-06
func TestServicesThatRestOnOneThatIsDown(t *testing.T) {
	s := tellStory(t)
	add := func(code, needs, owed string) {
		key := s.named(service.Name, "AddService", fmt.Sprintf(`{"code":%q,"name":"x","critical":%t}`, code, code == "desk"))
		if needs != "" {
			s.give(service.Name, key, "policy-officer", 0, "SetDependencies", `{"services":[`+needs+`]}`)
		}
		if owed != "" {
			s.give(service.Name, key, "policy-officer", 0, "SetObligation", `{"customer":"ocmw","obligation":"`+owed+`","text":"x","withinMinutes":60}`)
		}
	}
	add("network", `"desk"`, "") // a circle that was recorded when nobody checked
	add("mail", `"network"`, "mail-works")
	add("desk", `"mail"`, "desk-open")
	add("fountain", "", "water")
	a := s.fault("A")
	s.told(a, "RecordDowntime", `{"service":"mail","from":"2026-11-20T08:00:00+01:00"}`)
	s.told(a, "RecordDowntime", `{"service":"mail","from":"2026-11-20T09:00:00+01:00","to":"2026-11-20T09:30:00+01:00"}`)
	look := func(q obligations.Query) string {
		q.Incident = a
		out := ""
		for o := range obligations.Find(s.reader(obligations.New()), q) {
			up := "lasts"
			if !o.Up.IsZero() {
				up = o.Up.In(zone).Format("15:04")
			}
			out += fmt.Sprintf("%s<%s %s-%s %s %t; ", o.Service, o.Through, o.Down.In(zone).Format("15:04"), up, o.Obligation, o.Critical)
		}
		return out
	}
	const all = "mail< 08:00-lasts mail-works false; desk<mail 08:00-lasts desk-open true; network<mail 08:00-lasts  false; "
	if got := look(obligations.Query{}); got != all {
		t.Errorf("have %s\nwant %s", got, all)
	}
	if got := look(obligations.Query{Down: true}); got != all {
		t.Errorf("down: %s", got)
	}
	s.told(a, "InformCustomer", `{"service":"desk","customer":"ocmw","content":"Closed."}`)
	if got := look(obligations.Query{Untold: true}); got != "mail< 08:00-lasts mail-works false; " {
		t.Errorf("untold: %s", got)
	}
	s.told(a, "RecordDowntime", `{"service":"desk","from":"2026-11-20T10:00:00+01:00","to":"2026-11-20T11:00:00+01:00"}`)
	s.told(a, "RecordDowntime", `{"service":"mail","from":"2026-11-20T08:00:00+01:00","to":"2026-11-20T10:15:00+01:00"}`)
	// One outage after the other, without a gap: each service was hit by both.
	const later = "mail< 08:00-11:00 mail-works false; desk< 08:00-11:00 desk-open true; network<mail 08:00-11:00  false; "
	if got := look(obligations.Query{}); got != later {
		t.Errorf("have %s\nwant %s", got, later)
	}
	if got := look(obligations.Query{Down: true}); got != "" {
		t.Errorf("down: %s", got)
	}
}
