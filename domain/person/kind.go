package person

import (
	"embed"
	"slices"
	"time"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger. A person's key is their id.
const Name domain.KindName = "person"

//go:embed person.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of persons. law is asked at each decision for
// the code lists that are adopted.
func Kind(law func() (domain.Codes, []domain.Basis)) domain.Kind {
	return domain.Table[State]{Name: Name, Commands: commands, Events: events, Correctors: managing}.Kind(law)
}

// Who keeps the persons: the security administrator creates them, local
// administrators block and remove them (ORG-09), HR knows who comes and goes.
var managing = []domain.Code{"security-admin", "local-admin", "hr", "security-officer", "counsellor", "secretary", "operator"}

// Phases of a person.
const (
	PhaseActive  domain.Code = "active"
	PhaseBlocked domain.Code = "blocked"
	PhaseRemoved domain.Code = "removed"
)

// State is what is known of one person. What names them stands sealed in its
// entries.
type State struct {
	At       domain.Code // phase
	Person   PersonAdded
	Grants   []RoleGranted // as they stand, in the order given
	Promises []ConfidentialityAcknowledged
}

// Phase implements domain.Standing.
func (s State) Phase() domain.Code { return s.At }

// Has reports whether the person may act in a role at an instant.
func (s State) Has(role domain.Code, at time.Time) bool {
	return s.At == PhaseActive && slices.ContainsFunc(s.Grants, func(g RoleGranted) bool {
		return g.Role == role && !at.Before(g.From) && (g.Until.IsZero() || at.Before(g.Until))
	})
}
