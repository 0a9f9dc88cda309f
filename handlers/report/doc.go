// Package report makes documents of what the ledger holds: the evaluation of an
// incident, as data, as a page and as a PDF, in Dutch, French and English.
//
// It may import domain, domain/improvement, domain/incident, domain/policy, handlers, the catalogue,
// fpdf and the Go fonts.
//
// Invariant: a report is made from entries alone. The same entries, language and
// instant give the same bytes.
package report
