package contact

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
)

// What the directory holds of a person is gone with that person's key.
func TestAContactIsSealedUnderThePersonToo(t *testing.T) {
	who := domain.PersonID{UUID: domain.KeyNamed("nuth", "somebody", "x").UUID}
	e := ContactAdded{Person: who, Name: "A. Jansen", Organisation: "Nuth", Channels: []Channel{{Kind: "phone", Address: "+31 45 1"}}}
	_, sealed := domain.SetApart(e, domain.Ref{Kind: Name, Key: Key("nuth", "anna")}, domain.OrderID{})
	if len(sealed) != 3 {
		t.Errorf("%d texts are sealed", len(sealed))
	}
	for _, s := range sealed {
		if !slices.Contains(s.Scopes, "person/"+who.String()) {
			t.Errorf("%s is sealed under %v", s.Path, s.Scopes)
		}
	}
}

func TestAnEntryIsStaleAfterSixMonths(t *testing.T) {
	checked := time.Date(2026, 2, 1, 9, 0, 0, 0, time.UTC)
	s := State{ConfirmedAt: checked}
	for at, want := range map[time.Time]bool{
		checked: false, time.Date(2026, 8, 1, 8, 59, 59, 0, time.UTC): false, time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC): true,
	} {
		if s.Stale(at) != want {
			t.Errorf("at %s stale: %t", at, !want)
		}
	}
	if s.Retired = true; s.Stale(checked.AddDate(1, 0, 0)) {
		t.Error("nobody needs to check a contact that is not used")
	}
}
