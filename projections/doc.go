// Package projections keeps the read models of one ledger: it runs views over
// the entries and stores their rows in Pebble.
//
// A view is a name, a shape and an Apply. The rows it writes for an entry and
// the sequence it has reached are committed in one Pebble batch, so that on disk
// they always belong together. There is no write-ahead log and no fsync a
// commit: Pebble keeps commits in order, a crash leaves the state after one of
// them, and what came later is read from the ledger again.
//
// Rows live in generations. A view has one live generation, which readers see,
// and while it is rebuilt a second one beside it; changing from the one to the
// other is one batch. Readers resolve the live generation inside their own
// snapshot.
//
// Keys in the store:
//
//	00 "next"                   the next free generation, 4 bytes
//	00 "live/"  view            generation and shape that readers see, 4 + 4 bytes
//	00 "build/" view            the same of a build that goes on after a restart
//	00 "at/"    generation      the last entry applied, 8 bytes
//	01 generation row-key       one row
//
// Numbers are big-endian. It may import the standard library, domain and
// pebble.
//
// Invariant: the rows of a generation are exactly what its view makes of the
// entries up to the generation's sequence, applied one by one in order.
package projections
