// Package logbook is the view of what was done in an incident: one line an
// entry, in the order in which it was recorded or in which it happened, and for
// the whole organisation the watch, by the time of recording. Rows are light;
// the words themselves are sealed and are opened from the entry by whoever shows
// them.
//
// Rows, by the first byte of their key (numbers big-endian):
//
//	i key(16) seq(8)        the line
//	w recorded(8) seq(8)    key of the incident, 16 bytes
//	x key(16)               class of an incident, where it is not plain
//
// It may import the standard library, domain, domain/incident and projections.
//
// Invariant: every entry of an incident has exactly one line, and no line is
// ever changed.
package logbook
