// Package supplier holds the rules of one supplier, vendor or partner: who they
// are, what was agreed with them, and what a service level was really kept at.
//
// It may import domain and the standard library.
//
// Invariant: a supplier is known by its short code, from which its key follows;
// an amended contract leaves the version before it in force for its own time.
package supplier
