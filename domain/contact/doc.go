// Package contact holds the rules of one entry of the contact directory: who can
// be reached in which role, through what, and when that was last checked.
//
// It may import domain and the standard library.
//
// Invariant: names, numbers and addresses are sealed under the entry's own key,
// and under the person's where the entry is about one.
package contact
