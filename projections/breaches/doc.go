// Package breaches is the register of all breaches of personal data, suspected
// ones and those that nobody need notify included: the facts, the effects, and
// what was done (GDPR 33(5)).
//
// Its rows are those of projections.Things: one thing an incident, with an index
// key
//
//	recorded(8)   the incident, where a breach is or was suspected in it
//
// It may import the standard library, domain, domain/incident and projections.
//
// Invariant: no breach leaves the register; a suspicion that proved false stays
// in it as such.
package breaches
