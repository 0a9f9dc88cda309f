package handlers

import (
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/domain/supplier"
)

func TestWhatMayHaveBeenMeant(t *testing.T) {
	kinds := []domain.Kind{supplier.Kind(nil, nil), improvement.Kind(nil)}
	for given, want := range map[string]string{
		"AddSuplier": "AddSupplier", "addsupplier": "AddSupplier", "add-supplier": "AddSupplier", "RecordContracts": "RecordContract",
		"Fly": "", "": "", "ProposeImprovement": "ProposeImprovement", "propose-improvement": "ProposeImprovement",
	} {
		r := NoCommand(&kinds[0], given, kinds)
		got := ""
		if len(r.Allowed) > 0 {
			got = r.Allowed[0]
		}
		if got != want || r.Requirement == "" {
			t.Errorf("%q: %+v, want %q", given, r, want)
		}
	}
}
