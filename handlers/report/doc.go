// Package report makes documents of what the ledger holds: the evaluation of an
// incident, forms, the account of a period and the offline kit, as data, as a page
// and as a PDF, in Dutch, French and English.
//
// It may import domain and the kinds that it shows, domain/policy, handlers, the catalogue,
// fpdf and the Go fonts.
//
// Invariant: a report is made from entries alone, and a kit also from who is
// configured to be on call. The same entries, language and instant give the same
// bytes.
package report
