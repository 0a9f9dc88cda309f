// Package register is the view of all incidents: one row each, with its number,
// where it stands, and the open facts by which it can be found and sorted.
//
// Rows, by the first byte of their key (numbers big-endian):
//
//	r key(16)                     the incident
//	n year(4) track(1) place(4)   key of the incident with that number
//	c year(4) track(1)            how many numbers of a series are given
//	t recorded(8) seq(8)          key of the incident reported then
//	s phase 00 recorded(8) seq(8) key of an incident that stands there
//
// It may import the standard library, domain, domain/incident, domain/policy and
// projections.
//
// Invariant: numbers of a series are given without gap in order of sequence, and
// a number once given never changes.
package register
