// Package incident holds the rules of one incident, weakness or service
// request: its commands, the events they cause, its folded state, and the
// decision over each order.
//
// It may import domain, domain/policy and the standard library.
//
// Invariant: Decide and Evolve are pure, and the state depends on the open part
// of events alone. So a state can be kept, rebuilt and checked by whoever holds
// no key, and erasing a text changes no state.
//
// A command is a struct with a decide method; an event is a struct with an
// evolve method; each has one line in its table (commands.go, events.go).
package incident
