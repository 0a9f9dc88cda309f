// Package suppliers is the view of suppliers, vendors and partners, and of how
// they keep what was agreed: notices, outages, service levels and credits.
//
// Its rows are those of projections.Things: one thing a supplier, one a service
// and one an incident, with index keys of incidents
//
//	d service 00    a service was down in it
//	n supplier 00   the supplier gave notice in it
//	c contract 00   a credit was claimed in it
//
// It may import the standard library, domain, domain/incident, domain/service,
// domain/supplier and projections.
//
// Invariant: service levels are reckoned when they are read, by the contract as
// it stands corrected and the outages as they do; nothing reckoned is kept. What
// was taken back does not count: an entry that belongs to another incident, and
// all of a report that was rejected, withdrawn or merged (SUP-05).
package suppliers
