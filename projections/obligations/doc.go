// Package obligations is the view of what the organisation owes customers by its
// services, at a glance: which services are or were down in incidents, which others
// depend on them, what is at risk, and whether the customer was told (BCM-06).
//
// Its rows are those of projections.Things: one thing an incident and one a
// service, with an index key
//
//	told(8)    an incident in which a service was down or something is at risk, by
//	           the first entry that told so
//
// It may import the standard library, domain, domain/incident, domain/service and
// projections.
//
// Invariant: what the register of services says is owed by a service that is down,
// or that depends on one, stands in it, whether or not somebody said that it is at
// risk. What was taken back does not: an entry that belongs to another incident,
// and all of a report that was rejected, withdrawn or merged.
package obligations
