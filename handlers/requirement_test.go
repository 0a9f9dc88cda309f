package handlers

import (
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

func TestARefusalOfAFormCitesWhatTheFieldIsFor(t *testing.T) {
	docs, err := incident.Docs()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cmd         domain.Command
		field, was  string
		requirement string
	}{
		{&incident.OrderShutdown{}, "consulted", "contract 3", "SEV-09"},          // of the command
		{&incident.Reclassify{}, "suspectedDataLeak", "contract 3", "NOT-06"},     // of the field
		{&incident.SwitchCommunication{}, "spokesperson", "contract 3", "REG-09"}, // of the field, not the command's ANA-04
		{&incident.NotifyAuthority{}, "channels.0.at", "RFC 3339", "RFC 3339"},    // it says why itself
		{&incident.OrderShutdown{}, "no.such.field", "contract 3", "SEV-09"},
	} {
		r := domain.Refuse(domain.CodeInvalid, c.was, "no")
		r.Field = c.field
		if got := because(r, c.cmd, docs).(*domain.Refusal); got.Requirement != c.requirement {
			t.Errorf("%s %s cites %s, want %s", c.cmd.CommandName(), c.field, got.Requirement, c.requirement)
		}
		if r.Requirement != c.was {
			t.Error("the refusal itself was changed")
		}
	}
}
