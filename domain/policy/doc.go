// Package policy holds policy sets as data and the arithmetic of terms: which
// duties and clocks follow from the facts of an incident, when each is due, and
// why.
//
// It may import domain and the standard library.
//
// Invariant: Derive is the one computation of due instants. It is pure; the
// same facts under the same sets give the same clocks, to the nanosecond.
package policy
