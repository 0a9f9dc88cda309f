// Package evidence is the view of evidence: each item with its chain of custody
// and what became of it.
//
// Its rows are those of projections.Things: one thing an incident, with index
// keys
//
//	kept(1) collected(8) id(16)   an item: kept still, or released
//
// It may import the standard library, domain, domain/incident and projections.
//
// Invariant: the chain of an item has a link for every hand that it went through
// and every look at it, in the order in which they were recorded.
package evidence
