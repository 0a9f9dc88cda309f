// Package document holds the rules of one document of the procedure: a
// procedure, playbook, form, flow map or checklist, with every version of it.
//
// It may import domain and the standard library.
//
// Invariant: a version that was published never changes; who approved it did not
// publish it.
package document
