// Package informed is the view of who was told of an incident: when, by which
// way and by whom.
//
// Its rows are those of projections.Things: one thing an incident, with index
// keys
//
//	told(8) seq   a telling, by when it was
//
// It may import the standard library, domain, domain/incident and projections.
//
// Invariant: every telling stands in it once, whatever became of it later.
package informed
