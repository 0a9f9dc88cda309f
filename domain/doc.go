// Package domain holds the words of the incident ledger: entries, orders,
// actors, kinds of aggregate, refusals, and the rules by which a command's
// declaration is checked and its sealed fields are set apart.
//
// It may import the standard library and uuid, nothing else.
//
// Invariant: everything here is pure. Nothing reads a clock, draws randomness
// or does I/O; the same arguments always give the same result.
package domain
