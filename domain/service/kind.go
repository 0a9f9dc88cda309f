package service

import (
	"embed"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "service"

//go:embed service.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of services. law is asked at each decision for
// the code lists that are adopted, known for what the registers say; nil: for
// nothing.
func Kind(law func() (domain.Codes, []domain.Basis), known domain.Known) domain.Kind {
	return domain.Table[State]{Name: Name, Commands: commands, Events: events, Correctors: managing, Known: known}.Kind(law)
}

// Key is the key of the service with a code.
func Key(org domain.OrgID, code domain.Code) domain.Key {
	return domain.KeyNamed(org, Name, string(code))
}

// Who keeps the register of services: who is responsible for a process, and who
// guards continuity (MAJ-03, BCM-04).
var managing = []domain.Code{"process-owner", "security-officer", "acib", "coordinator", "department-head", "ict", "secretary", "policy-officer", "chain-desk"}

// PhaseKept is the one phase of a service.
const PhaseKept domain.Code = "kept"

// State is what is known of one service.
type State struct {
	Service      ServiceAdded
	Dependencies DependenciesSet
	Reliances    domain.Reliances // on which suppliers it rested, and from when
	Obligations  []ObligationSet  // one for each customer and obligation, in order of their first telling
	Recovery     RecoveryObjectivesSet
}

// Phase implements domain.Standing.
func (s State) Phase() domain.Code {
	if s.Service.Code == "" {
		return ""
	}
	return PhaseKept
}
