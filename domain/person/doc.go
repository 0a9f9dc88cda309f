// Package person holds the rules of one person of the organisation: who they are,
// in which roles they may act, and that they promised confidentiality.
//
// It may import domain and the standard library.
//
// Invariant: everything that names the person is sealed under their own key, and
// under no other that would keep it readable once that is gone.
package person
