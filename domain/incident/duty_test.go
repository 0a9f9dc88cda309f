package incident

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/policyfile"
)

// A receipt names what is owed to others that the order brought about, changed or
// met, and nothing that the house owes itself.
func TestADecisionNamesTheDutiesItTouched(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, set)
	const gdpr = "gdpr-33/ap/initial/1"
	for _, c := range []struct {
		role domain.Code
		c    domain.Command
		want []string
	}{
		{"help-desk", &ReportIncident{Kind: "incident", Title: "Laptop", Description: "Lost.", Category: "burglary", Channel: "phone",
			Discovered: t0.Add(-time.Hour), SuspectedDataLeak: true}, []string{gdpr}},
		{"help-desk", &AssessPriority{Urgency: "low", Impact: "low"}, nil},                                                                                  // terms of service alone
		{"ict", &RecordSupplierNotice{Supplier: "hosting-bv", Service: "mail", ReceivedAt: t0, NextUpdateAt: t0.Add(time.Hour), Content: "It burns."}, nil}, // what somebody else promised
		{"dpo", &EstablishAwareness{AwareAt: t0, Basis: "Seen."}, []string{gdpr}},
		{"dpo", &DecideDuty{Duty: gdpr, Grounds: "It was empty."}, []string{gdpr}},
		{"system", &MarkOverdue{Clock: "local-p5-reaction/own/reaction/1"}, nil},
	} {
		if c.role == "system" {
			w.now = w.now.Add(30 * 24 * time.Hour)
		}
		d, err := w.give(w.order(c.role, c.c))
		if err != nil {
			t.Fatalf("%s: %v", c.c.CommandName(), err)
		}
		if !slices.Equal(d.Duties, c.want) {
			t.Errorf("%s touched the duties %v, want %v", c.c.CommandName(), d.Duties, c.want)
		}
	}
}
