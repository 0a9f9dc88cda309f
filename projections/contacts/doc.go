// Package contacts is the view of the directory of those who may have to be
// reached, and of when what it says was last known to be right (COM-04).
//
// Its rows are those of projections.Things: one thing a contact, without index.
//
// It may import the standard library, domain, domain/contact and projections.
//
// Invariant: no name and no address stands in it; they are opened when shown.
package contacts
