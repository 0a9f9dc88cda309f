package main

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/organisation"
	"incidentledger/domain/policy"
	"incidentledger/handlers/overdue"
	"incidentledger/handlers/policyfile"
)

// A profile that is set, or a rule that is adopted, after the incident was weighed
// makes what is owed appear without another order, and the whole ledger follows
// from its entries.
func TestALateLawArmsTheTermsOfAnOpenIncident(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	dir := t.TempDir()
	h, err := durableHouse(ctx, dir, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.found(ctx, founding{Org: childOrg, Name: "Gemeente Nuth", Country: "NL", Zone: "Europe/Amsterdam"}); err != nil {
		t.Fatal(err)
	}
	o, err := h.office(childOrg)
	if err != nil {
		t.Fatal(err)
	}
	person := domain.PersonID{UUID: uuid.MustParse("0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11")}
	by := person
	give := func(kind domain.KindName, key domain.Key, c domain.Command) domain.Receipt {
		t.Helper()
		r, err := o.desk.Give(ctx, domain.Order{ID: domain.OrderID{UUID: uuid.New()}, Org: childOrg, Kind: kind, Key: key,
			Actor: domain.Actor{ID: by, Role: "security-officer", For: childOrg, Door: "cli", Proof: "stated"}, Command: c})
		if err != nil {
			t.Fatalf("%s: %v", c.CommandName(), err)
		}
		return r
	}
	key := give(incident.Name, domain.Key{}, &incident.ReportIncident{Kind: "incident", Title: "Attack", Description: "Files are locked.", Category: "malware", Channel: "phone", ICT: true}).Key
	r := give(incident.Name, key, &incident.AssessSignificance{Significant: true, Criteria: []domain.Code{"severe-operational-disruption"}, Reasons: "No counter can open."})
	if !slices.ContainsFunc(r.Warnings, func(w domain.Warning) bool { return w.Code == "no_profile" }) {
		t.Errorf("the receipt does not say that no profile holds: %v", r.Warnings)
	}
	set := give(organisation.Name, domain.Key{}, &organisation.SetOrganisationProfile{Country: "NL", CbwClass: "essential", CSIRT: "cbw-csirt",
		ValidFrom: time.Now().AddDate(0, -1, 0), Approver: person})

	kept := make(chan error)
	running, end := context.WithCancel(ctx)
	go func() {
		kept <- overdue.Run(running, overdue.Config{Desk: o.desk, View: overdue.View(o.views), Log: h.log})
	}()
	reassessed := func(after domain.Seq) {
		t.Helper()
		for en, err := range o.ledger.Follow(ctx, after) {
			if err != nil {
				t.Fatal(err)
			}
			if en.Command == "ReassessClocks" && en.Key == key {
				return
			}
		}
	}
	reassessed(set.Seq)

	shipped, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	own, err := policyfile.Overlay(shipped, "own", []byte("rules:\n  - {id: own-look, source: local, anchor: incident.reported, due: {elapsed: PT2H}, met: incident.acknowledged}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.law.Lay(own); err != nil {
		t.Fatal(err)
	}
	give(policy.AdoptionKind, domain.Key{}, &policy.ProposePolicy{Set: own.ID, Version: domain.Code(own.Version), Policy: own.Hash(), Grounds: "We look sooner."})
	by = domain.PersonID{UUID: uuid.New()}
	reassessed(give(policy.AdoptionKind, domain.Key{}, &policy.ApprovePolicy{Set: own.ID, Version: domain.Code(own.Version), Policy: own.Hash(), Grounds: "Decided."}).Seq)
	end()
	if err := <-kept; err != nil {
		t.Error(err)
	}
	st, _, err := o.desk.State(ctx, domain.Ref{Kind: incident.Name, Key: key}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []policy.ClockID{"cbw-nl-early-warning/cbw-csirt/early-warning/1", "own-look/own/initial/1"} {
		if c := st.(*incident.Incident).Clocks[id]; !c.Running() || c.Due.IsZero() {
			t.Errorf("%s stands so: %+v", id, c)
		}
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	v := &verification{}
	a := &app{data: filepath.Join(dir, "data"), master: filepath.Join(dir, "master.key")}
	if err := a.verify(ctx, v); err != nil || v.exit() != exitDone {
		t.Errorf("verify: %v, %+v", err, v)
	}
}
