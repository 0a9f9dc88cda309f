package main

import (
	"errors"
	"io"
	"reflect"
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/handlers"
)

// What incidents are judged by is what the ledger says of services, suppliers and
// improvements now: each answer names the entry it rests on.
func TestRegistersSayWhatTheLedgerSays(t *testing.T) {
	h, err := durableHouse(t.Context(), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := h.found(t.Context(), founding{Org: childOrg, Name: "Gemeente Nuth", Country: "NL", Zone: "Europe/Amsterdam"}); err != nil {
		t.Fatal(err)
	}
	o, err := h.office(childOrg)
	if err != nil {
		t.Fatal(err)
	}
	give := func(kind domain.KindName, key domain.Key, c domain.Command) domain.Receipt {
		t.Helper()
		r, err := o.desk.Give(t.Context(), domain.Order{ID: handlers.NewOrderID(), Kind: kind, Key: key, Command: c,
			Actor: domain.Actor{Role: "security-officer", For: childOrg, Proof: "stated"}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	g := o.law.registers
	if _, _, ok := g.Service("mail"); ok {
		t.Error("a service that nobody added is known")
	}
	if _, _, ok := g.Supplier("hosting-bv"); ok {
		t.Error("a supplier that nobody added is known")
	}

	mail := give(service.Name, domain.Key{}, &service.AddService{Code: "mail", Name: "E-mail", Critical: true})
	give(service.Name, mail.Key, &service.SetDependencies{Suppliers: []domain.Code{"hosting-bv"}})
	last := give(service.Name, mail.Key, &service.SetObligation{Customer: "wijzelf", Obligation: "office-hours", Text: "Works in office hours."})
	want := incident.Service{Critical: true, Suppliers: []domain.Code{"hosting-bv"}, Obligations: []incident.Obligation{{Code: "office-hours", Customer: "wijzelf"}}}
	s, ref, ok := g.Service("mail")
	if ok && len(s.Reliances) == 1 && !s.Reliances[0].From.IsZero() {
		want.Reliances = domain.Reliances{{From: s.Reliances[0].From, Suppliers: want.Suppliers}}
	}
	if !ok || ref.Seq != last.Seq || ref.Key != mail.Key || ref.Hash != last.Entry.Hash || !reflect.DeepEqual(s, want) {
		t.Errorf("service: %+v %+v", s, ref)
	}

	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	firm := give(supplier.Name, domain.Key{}, &supplier.AddSupplier{Code: "hosting-bv", Kind: "supplier", Name: "Hosting BV"})
	give(supplier.Name, firm.Key, &supplier.RecordContract{Code: "c", ValidFrom: day(1), Services: []domain.Code{"mail"}, Scope: "Mail.", NoticeMinutes: 60})
	if list := g.Holders("c"); !slices.Equal(list, []domain.Code{"hosting-bv"}) || len(g.Holders("d")) != 0 {
		t.Errorf("suppliers with the contract: %v", list)
	}
	if s, _, _ := g.Supplier("hosting-bv"); len(s.Contracts) != 1 || !s.Contracts[0].To.IsZero() {
		t.Errorf("supplier: %+v", s)
	}
	give(supplier.Name, firm.Key, &supplier.AmendContract{Code: "c", ValidFrom: day(20), Services: []domain.Code{"mail"}, Scope: "Mail.", NoticeMinutes: 30})
	firms, _, _ := g.Supplier("hosting-bv")
	if s := firms; len(s.Contracts) != 2 || s.Contracts[0].NoticeMinutes != 60 || !s.Contracts[0].To.Equal(day(20)) || s.Contracts[1].NoticeMinutes != 30 {
		t.Errorf("supplier: %+v", s)
	}

	desk := give(service.Name, domain.Key{}, &service.AddService{Code: "desk", Name: "Desk"})
	told := give(service.Name, desk.Key, &service.SetDependencies{Services: []domain.Code{"mail", "fax"}, Suppliers: []domain.Code{"nobody"}})
	if w := told.Warnings; len(w) != 2 || w[0].Code != "unknown_service" || w[1].Code != "unknown_supplier" {
		t.Errorf("warnings %+v", w)
	}
	if list := g.Dependents("mail"); !slices.Equal(list, []domain.Code{"desk"}) || len(g.Dependents("desk")) != 0 {
		t.Errorf("what depends on mail: %v", list)
	}
	_, err = o.desk.Give(t.Context(), domain.Order{ID: handlers.NewOrderID(), Kind: service.Name, Key: mail.Key, Command: &service.SetDependencies{Services: []domain.Code{"desk"}},
		Actor: domain.Actor{Role: "security-officer", For: childOrg, Proof: "stated"}})
	var refused *domain.Refusal
	if !errors.As(err, &refused) || refused.Code != service.RefusedCircle {
		t.Errorf("a circle: %v", err)
	}

	taught, other := domain.KeyNamed(childOrg, "incident", "a"), domain.KeyNamed(childOrg, "incident", "b")
	first := give(improvement.Name, domain.Key{}, &improvement.ProposeImprovement{Kind: "prevent", Title: "x", Text: "x", Incident: taught})
	give(improvement.Name, domain.Key{}, &improvement.ProposeImprovement{Kind: "prevent", Title: "x", Text: "x"})
	if list := g.Improvements(taught); len(list) != 1 || list[0].Ref.Key != first.Key || list[0] != (incident.Improvement{Key: first.Key, Ref: list[0].Ref}) {
		t.Errorf("improvements: %+v", list)
	}
	give(improvement.Name, first.Key, &improvement.AssignImprovement{Owner: domain.PersonID(other), Due: time.Now().AddDate(0, 1, 0)})
	if list := g.Improvements(taught); len(list) != 1 || !list[0].Owner || !list[0].Due || list[0].Done {
		t.Errorf("improvements: %+v", list)
	}
	give(improvement.Name, first.Key, &improvement.DropImprovement{Reason: "x"})
	if list := g.Improvements(taught); len(list) != 1 || !list[0].Dropped {
		t.Errorf("improvements: %+v", list)
	}
	var b domain.Value
	if err := b.UnmarshalJSON([]byte(`"` + other.String() + `"`)); err != nil {
		t.Fatal(err)
	}
	give(improvement.Name, first.Key, &domain.CorrectFact{Corrects: first.Seq, Fields: map[domain.Code]domain.Value{"incident": b}, Reason: "x"})
	if now, then := g.Improvements(taught), g.Improvements(other); len(now) != 0 || len(then) != 1 {
		t.Errorf("after the correction %d and %d", len(now), len(then))
	}
}
