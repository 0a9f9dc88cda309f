package incident

import (
	"time"

	"incidentledger/domain"
)

// IncidentResolved says that the service or the safe state is restored. It meets
// the resolution clock at RestoredAt.
type IncidentResolved struct {
	Cause      domain.Text `json:"cause,omitzero" seal:"aggregate"`
	Resolution domain.Text `json:"resolution,omitzero" seal:"aggregate"`
	RestoredAt time.Time   `json:"restoredAt" rule:"required,past"`
}

// IncidentReopened says that the incident goes on after all. Leg is the service
// leg that runs from At: one more than before where the service failed again.
type IncidentReopened struct {
	Because domain.Code `json:"because" rule:"oneof=manual|awareness"`
	Leg     int         `json:"leg" rule:"min=1"`
	At      time.Time   `json:"at" rule:"required,past"`
	Reason  domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

// IncidentClosed says that nothing is left to do, or who closed it with what
// still open and why.
type IncidentClosed struct {
	At         time.Time     `json:"at" rule:"required,past"`
	Overridden bool          `json:"overridden"`
	Open       []domain.Code `json:"open,omitempty"` // what stood open: clock ids, registration, resolution
	Reason     domain.Text   `json:"reason,omitzero" seal:"aggregate"`
}

func (IncidentResolved) EventName() string { return "IncidentResolved" }
func (IncidentReopened) EventName() string { return "IncidentReopened" }
func (IncidentClosed) EventName() string   { return "IncidentClosed" }
