// Package audit is the view of who did what, and when: every entry of the
// ledger, newest first, found by actor, by aggregate, by organisation acted for,
// by command and by the time it was recorded.
//
// Rows, by the first byte of their key (numbers big-endian, 8 bytes unless said):
//
//	s seq                        the line
//	a actor(16) seq              empty
//	k kind 00 key(16) seq        empty
//	f organisation 00 block(4)   which lines of a block: 64 bits
//	c command 00 block(4)        the same
//	t block(4)                   latest instant recorded up to the block's end
//	d                            latest instant of all, and how far one was ever behind it
//	x key(16)                    class of an incident, where it is not plain
//
// A block is 64 sequences. It may import the standard library, domain,
// domain/incident and projections.
//
// Invariant: every entry has exactly one line, and each index names exactly the
// lines it is about.
package audit
