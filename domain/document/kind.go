package document

import (
	"embed"
	"slices"
	"time"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "document"

//go:embed document.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of documents. law is asked at each decision
// for the code lists that are adopted.
func Kind(law func() (domain.Codes, []domain.Basis)) domain.Kind {
	return domain.Table[State]{Name: Name, Commands: commands, Events: events, Correctors: publishing}.Kind(law)
}

// Key is the key of the document with a code.
func Key(org domain.OrgID, code domain.Code) domain.Key {
	return domain.KeyNamed(org, Name, string(code))
}

// Who writes procedures (GOV-14, GOV-15), and who decides that they hold (GOV-11
// to GOV-13, GOV-18).
var (
	publishing = []domain.Code{"security-officer", "acib", "vcib", "coordinator", "communication", "hr", "ict", "process-owner", "dpo", "privacy-officer",
		"policy-officer", "controller", "chain-desk", "security-admin", "counsellor"}
	approving = []domain.Code{"board", "secretary", "department-head", "coordinator", "process-owner", "representative", "security-officer", "dpo"}
)

// Phases of a document.
const (
	PhasePublished domain.Code = "published" // its last version waits for approval
	PhaseApproved  domain.Code = "approved"
	PhaseRetired   domain.Code = "retired"
)

var inUse = []domain.Code{PhasePublished, PhaseApproved}

// State is what is known of one document.
type State struct {
	Versions []Version // in the order published
	Retired  bool
}

// A Version is one version of a document, with who published and who approved it.
type Version struct {
	DocumentPublished
	Seq       domain.Seq
	Publisher domain.PersonID // zero: nobody by name
	Published time.Time
	Approver  domain.PersonID
	Approved  time.Time // zero: not yet
}

// Phase implements domain.Standing.
func (s State) Phase() domain.Code {
	switch n := len(s.Versions); {
	case n == 0:
		return ""
	case s.Retired:
		return PhaseRetired
	case s.Versions[n-1].Approved.IsZero():
		return PhasePublished
	}
	return PhaseApproved
}

// Current is the version that holds: the last one that was approved.
func (s State) Current() (Version, bool) {
	for _, v := range slices.Backward(s.Versions) {
		if !v.Approved.IsZero() && !s.Retired {
			return v, true
		}
	}
	return Version{}, false
}

// version finds a version by its name; -1: there is none.
func (s State) version(name domain.Code) int {
	return slices.IndexFunc(s.Versions, func(v Version) bool { return v.Version == name })
}
