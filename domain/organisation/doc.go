// Package organisation holds the rules of an organisation's own profile: what it
// is under the law, and so which duties it has, from when.
//
// It may import domain, domain/policy and the standard library.
//
// Invariant: a ledger has exactly one such aggregate, under the key of Key; a
// profile holds from the instant it names until the next one does.
package organisation
