package ledger

import (
	"testing"
	"time"

	"incidentledger/domain"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func order(c domain.Command) domain.Order {
	return domain.Order{Org: "nuth", Kind: Name, Key: Key("nuth"), Actor: domain.Actor{Role: "operator", Proof: "system"}, Recorded: now, Command: c}
}

func founding() *FoundLedger {
	return &FoundLedger{Origin: "incidentledger/nuth/3f9a1c", LogKey: "key", Country: "NL", Zone: "Europe/Amsterdam", Formats: []domain.Code{"incidentledger/entry/1"}, Name: "Gemeente Nuth"}
}

func TestALedgerIsFoundedOnce(t *testing.T) {
	k := Kind()
	if err := k.Validate(); err != nil {
		t.Fatal(err)
	}
	dec, err := k.Decide(k.New(), order(founding()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.Evolve(k.New(), domain.Entry{Recorded: now, Events: []domain.Record{{Type: "LedgerFounded", V: 1, Event: dec.Events[0]}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.(State).Founded.Country; got != "NL" {
		t.Errorf("country %q", got)
	}
	refused(t, k, s, order(founding()), "already_founded")
}

func TestWhatAFoundingMustSay(t *testing.T) {
	k := Kind()
	for name, spoil := range map[string]func(*domain.Order, *FoundLedger){
		"no country":     func(_ *domain.Order, c *FoundLedger) { c.Country = "" },
		"another land":   func(_ *domain.Order, c *FoundLedger) { c.Country = "DE" },
		"unknown zone":   func(_ *domain.Order, c *FoundLedger) { c.Zone = "Europe/Nuth" },
		"another's key":  func(o *domain.Order, _ *FoundLedger) { o.Key = Key("beek") },
		"text in origin": func(_ *domain.Order, c *FoundLedger) { c.Origin = "two words" },
	} {
		t.Run(name, func(t *testing.T) {
			c := founding()
			o := order(c)
			spoil(&o, c)
			refused(t, k, k.New(), o, domain.CodeInvalid)
		})
	}
	o := order(founding())
	o.Actor.Proof = "stated"
	refused(t, k, k.New(), o, domain.CodeDenied)
	refused(t, k, k.New(), order(&RecordClockStep{Before: now, After: now.Add(time.Hour)}), "not_founded")
}

func refused(t *testing.T, k domain.Kind, s domain.State, o domain.Order, code domain.Code) {
	t.Helper()
	dec, err := k.Decide(s, o)
	r, ok := err.(*domain.Refusal)
	if !ok || r.Code != code {
		t.Errorf("events %v, error %v; want the refusal %s", dec.Events, err, code)
	}
}
