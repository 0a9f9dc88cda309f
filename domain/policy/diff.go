package policy

import "incidentledger/domain"

// Diff gives the events that lead from the clocks held to those wanted.
func Diff(have map[ClockID]Clock, want []Clock) []domain.Event { return nil }

// Apply folds a clock event into the clocks held.
func Apply(have map[ClockID]Clock, e domain.Event) {}
