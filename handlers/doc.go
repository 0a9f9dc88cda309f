// Package handlers holds the desk, the only way into the ledger, and below it
// one room for each door.
//
// It may import domain and a JSON library. What it needs of the ledger, the
// vault and the views it declares as interfaces, which cmd supplies.
//
// Invariant: every order, whatever door it came through, is judged by the same
// desk, and answered only with what is durable.
package handlers
