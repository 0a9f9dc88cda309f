package improvement

import (
	"embed"
	"time"

	"incidentledger/domain"
)

// Name is the kind's name in the ledger.
const Name domain.KindName = "improvement"

//go:embed improvement.go
var source embed.FS

// Docs gives what the commands and their fields are for.
func Docs() (map[string]string, error) { return domain.Docs(source) }

// Kind gives what the ledger knows of improvements. law is asked at each decision
// for the code lists that are adopted.
func Kind(law func() (domain.Codes, []domain.Basis)) domain.Kind {
	return domain.Table[State]{Name: Name, Commands: commands, Events: events, Correctors: directing}.Kind(law)
}

// Phases of an improvement.
const (
	PhaseProposed    domain.Code = "proposed"
	PhaseAssigned    domain.Code = "assigned"
	PhaseCompleted   domain.Code = "completed"
	PhaseVerified    domain.Code = "verified"    // it has the effect that was meant
	PhaseIneffective domain.Code = "ineffective" // it has not: it must be adjusted
	PhaseDropped     domain.Code = "dropped"
)

// State is what is known of one improvement.
type State struct {
	At          domain.Code // phase
	Improvement ImprovementProposed
	Assignment  ImprovementAssigned // the last one
	Proposed    time.Time
	Completed   time.Time
	Checked     time.Time
	Rounds      int // how often its effect was checked and found lacking
}

// Phase implements domain.Standing.
func (s State) Phase() domain.Code { return s.At }

// PDCA is where the improvement stands in the cycle of planning, doing, checking
// and acting (EVA-05); empty once it was dropped.
func (s State) PDCA() domain.Code {
	switch s.At {
	case PhaseProposed:
		return "plan"
	case PhaseAssigned:
		return "do"
	case PhaseCompleted:
		return "check"
	case PhaseIneffective, PhaseVerified:
		return "act"
	}
	return ""
}

// Done reports whether nothing more is to be done.
func (s State) Done() bool { return s.At == PhaseVerified || s.At == PhaseDropped }
