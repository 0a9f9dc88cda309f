// Package web holds pages for people: until the full application stands, the
// one-time set-up page that founds the first ledger.
//
// It may import domain, domain/X, handlers and the views it shows.
//
// Invariant: pages have no logic of their own; what they do goes through the
// same functions as every other door.
package web
