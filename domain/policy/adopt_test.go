package policy

import (
	"testing"
	"time"

	"incidentledger/domain"
)

// TestOnlyWhatLiesBesideTheLedgerIsAdopted: an adopted version that nobody has
// would shut the ledger for good, and so would a ledger without any.
func TestOnlyWhatLiesBesideTheLedgerIsAdopted(t *testing.T) {
	here, there := domain.Hash{1}, domain.Hash{2}
	k := Adoptions(func(h domain.Hash) bool { return h == here || h == there })
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	st := k.New()
	seq := domain.Seq(1)
	give := func(role domain.Code, c domain.Command) domain.Code {
		t.Helper()
		o := domain.Order{Org: "nuth", Kind: AdoptionKind, Key: AdoptionKey("nuth", "set"), Actor: domain.Actor{Role: role, Proof: "stated"}, Recorded: at, Command: c}
		dec, err := k.Decide(st, o)
		if r, ok := err.(*domain.Refusal); ok {
			return r.Code
		}
		if err != nil {
			t.Fatal(err)
		}
		seq++
		if st, err = k.Evolve(st, domain.Entry{Seq: seq, Recorded: at, Events: []domain.Record{{Type: dec.Events[0].EventName(), V: 1, Event: dec.Events[0]}}}); err != nil {
			t.Fatal(err)
		}
		return ""
	}
	approve := func(h domain.Hash) domain.Command {
		return &ApprovePolicy{Set: "set", Version: "1", Policy: h, Grounds: "decided"}
	}
	for i, step := range []struct {
		role domain.Code
		c    domain.Command
		want domain.Code
	}{
		{"operator", approve(domain.Hash{9}), "unknown_policy"},
		{"employee", approve(here), domain.CodeDenied},
		{"operator", approve(here), ""},
		{"operator", approve(here), "no_change"},
		{"operator", &WithdrawPolicy{Policy: here, Reason: "a mistake"}, "last_policy"},
		{"operator", approve(there), ""},
		{"operator", &WithdrawPolicy{Policy: here, Reason: "replaced"}, ""},
		{"operator", &WithdrawPolicy{Policy: here, Reason: "again"}, "last_policy"},
	} {
		if got := give(step.role, step.c); got != step.want {
			t.Errorf("step %d: %q, want %q", i+1, got, step.want)
		}
	}
	if cur, ok := st.(Adoption).Current(); !ok || cur.Policy != there {
		t.Errorf("the version that holds is %v", cur.Policy)
	}
}
