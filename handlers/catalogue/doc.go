// Package catalogue holds the words that people read, in Dutch, French and
// English: of reports, forms and messages, and of the events and codes of the
// ledger.
//
// It may import the standard library, go-i18n and x/text.
//
// Invariant: every key has words in every language; a test says which are
// missing. What is typed by people is never translated.
package catalogue
