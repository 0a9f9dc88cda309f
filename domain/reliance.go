package domain

import (
	"slices"
	"time"
)

// A Reliance says on which suppliers a service rests from an instant on, until
// the next says so anew.
type Reliance struct {
	From      time.Time `json:"from"`
	Suppliers []Code    `json:"suppliers,omitempty"`
}

// Reliances are those of one service, in the order told.
type Reliances []Reliance

// Charges reports whether an outage of the service that began at an instant is
// charged to a supplier whose contract covers it (SUP-05): where the register
// names suppliers of the service, to them alone; where it names none, to whoever
// agreed to keep it up. What was said first holds for the time before, too.
func (r Reliances) Charges(supplier Code, at time.Time) bool {
	var holds Reliance
	for i, next := range slices.SortedStableFunc(slices.Values(r), func(a, b Reliance) int { return a.From.Compare(b.From) }) {
		if i == 0 || !next.From.After(at) {
			holds = next
		}
	}
	return len(holds.Suppliers) == 0 || slices.Contains(holds.Suppliers, supplier)
}

// Known answers what a Table's decisions ask of the registers of services and
// suppliers.
type Known interface {
	// Needs gives the services on which one depends; false: there is no such service.
	Needs(service Code) ([]Code, bool)
	// Supplies reports whether there is such a supplier.
	Supplies(supplier Code) bool
}
