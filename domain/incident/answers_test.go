package incident

import (
	"errors"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
)

// A set that knows what a controller asks of its processor refuses other answers,
// in the notification and in its correction; one that does not takes every answer.
func TestAControllerIsAnsweredWhatItAsks(t *testing.T) {
	shipped, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	asking := *shipped
	asking.Rules = nil
	for _, r := range shipped.Rules {
		if r.ID == "gdpr-33-2" {
			r.Answers = []domain.Code{"nature"}
		}
		asking.Rules = append(asking.Rules, r)
	}
	set, err := policy.New(asking)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		set     *policy.Set
		refused bool
	}{{shipped, false}, {set, true}} {
		w := newWorld(t, c.set)
		give := func(name, args string) error {
			_, err := w.give(w.order("dpo", decode(t, name, args)))
			return err
		}
		tell := func(answers string) error {
			return give("NotifyController", `{"controller":"sittard","processing":"payroll","submitted":"2026-11-20T17:50:00+01:00",
				"channels":[{"kind":"phone","at":"2026-11-20T17:50:00+01:00","outcome":"delivered"}],"answers":`+answers+`}`)
		}
		if err := errors.Join(
			give("ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"data-leak","channel":"phone","suspectedDataLeak":true}`),
			give("AssessBreach", `{"processing":"payroll","role":"processor","controller":"sittard","personalData":"confirmed","nature":["confidentiality"],"risk":"risk","reasons":"R"}`),
			tell(`{"nature":"A list."}`),
		); err != nil {
			t.Fatal(err)
		}
		if err := tell(`{"natuur":"A list."}`); (err != nil) != c.refused {
			t.Errorf("told: %v", err)
		}
		if err := give("CorrectFact", `{"corrects":3,"fields":{"answers":{"natuur":{"text":"A list."}}},"reason":"R"}`); (err != nil) != c.refused {
			t.Errorf("corrected: %v", err)
		}
	}
}
