// Package improvements is the view of measures of improvement and where they
// stand in the cycle of planning, doing, checking and acting (EVA-05).
//
// Its rows are those of projections.Things: one thing an improvement, with an
// index key
//
//	done(1) due(8)   what is open first, without a term before those that have one
//
// It may import the standard library, domain, domain/improvement and projections.
//
// Invariant: an improvement stands as it folds itself from the same events.
package improvements
