// Package duties is the view of what is owed to others by law or agreement: by
// when, what was decided of it, what was sent, and what is still missing.
//
// Its rows are those of projections.Things: one thing an incident, with index
// keys
//
//	order(1) due(8) duty 00   a duty: open with a due instant, open without, settled
//
// It may import the standard library, domain, domain/incident, domain/policy and
// projections.
//
// Invariant: a duty stands as the incident itself folds it from the same events,
// corrections worked in.
package duties
