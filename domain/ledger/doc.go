// Package ledger holds the kind of aggregate that a ledger is to itself: its
// founding, and what befalls the machine it is kept on.
//
// It may import domain and the standard library.
//
// Invariant: a ledger has exactly one such aggregate, under the key of Key, and
// its founding is the entry with sequence 1.
package ledger
