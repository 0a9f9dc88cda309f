package contact

import (
	"embed"
	"time"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "contact"

//go:embed contact.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of contacts. law is asked at each decision for
// the code lists that are adopted.
func Kind(law func() (domain.Codes, []domain.Basis)) domain.Kind {
	return domain.Table[State]{Name: Name, Commands: commands, Events: events, Correctors: managing}.Kind(law)
}

// Key is the key of the contact with a code.
func Key(org domain.OrgID, code domain.Code) domain.Key {
	return domain.KeyNamed(org, Name, string(code))
}

// Who keeps the directory: whoever must reach others on incidents (COM-04).
var managing = []domain.Code{"security-officer", "acib", "vcib", "coordinator", "help-desk", "communication", "dpo", "hr", "secretary", "department-head", "ict",
	"policy-officer", "chain-desk", "security-admin", "local-admin"}

// Phases of a contact.
const (
	PhaseActive  domain.Code = "active"
	PhaseRetired domain.Code = "retired"
)

var inActive = []domain.Code{PhaseActive}

// CheckedMonths is after how many months without a check an entry of the
// directory must be looked at again.
const CheckedMonths = 6

// State is what is known of one contact. What is sealed of it stands in its
// entries.
type State struct {
	Contact     ContactAdded
	ConfirmedAt time.Time // when the data were last known to be right
	Retired     bool
}

// Phase implements domain.Standing.
func (s State) Phase() domain.Code {
	switch {
	case s.ConfirmedAt.IsZero():
		return ""
	case s.Retired:
		return PhaseRetired
	}
	return PhaseActive
}

// Stale reports whether an entry in use must be checked again at an instant.
func (s State) Stale(at time.Time) bool {
	return s.Phase() == PhaseActive && !at.Before(s.ConfirmedAt.AddDate(0, CheckedMonths, 0))
}
