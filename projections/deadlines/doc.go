// Package deadlines is the view of running terms: which are due next, how each
// stands, when the program itself must say that one is due soon or overdue, and
// which open incidents were judged last under a law that has changed since.
//
// Rows, by the first byte of their key (numbers big-endian):
//
//	i key(16)                     the incident and all its clocks
//	d due(8) key(16) clock id     one running clock that does not stand still
//	a instant(8) key(16) clock id the next thing to be said of such a clock
//	l age(8) key(16)              an open incident by the age of the law it was judged by
//	c policy|organisation         the last entry of the adoption or of the profile
//	b d|a|l span(4)               how many rows d, a or l lie in a span of some 73 minutes
//	n year(4) track(1)            how many numbers of a series are given
//
// It may import the standard library, domain, domain/incident,
// domain/organisation, domain/policy and projections.
//
// Invariant: the rows d, a and l are what the incident's row says; one written, all
// are.
package deadlines
