// Package deadlines is the view of running terms: which are due next, how each
// stands, and when the program itself must say that one is due soon or overdue.
//
// Rows, by the first byte of their key (numbers big-endian):
//
//	i key(16)                     the incident and all its clocks
//	d due(8) key(16) clock id     one running clock that does not stand still
//	a instant(8) key(16) clock id the next thing to be said of such a clock
//	b d|a span(4)                 how many rows d or a lie in a span of some 73 minutes
//	n year(4) track(1)            how many numbers of a series are given
//
// It may import the standard library, domain, domain/incident, domain/policy and
// projections.
//
// Invariant: the rows d and a are what the incident's row says; one written, all
// are.
package deadlines
