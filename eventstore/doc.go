// Package eventstore is the ledger: it keeps entries, in order, for ever.
//
// It may import domain, nats-server, nats.go, a JSON library and highwayhash.
// It is the sole owner of streams, of the journal and of stored bytes.
//
// Invariant: an entry is acknowledged, and shown to anybody, only when
// JetStream has given it its sequence and the journal has it on disk (fsync).
// What was acknowledged is never changed, moved or removed.
//
// # The stored form of an entry, incidentledger/entry/1
//
// An entry is one JSON object (RFC 8259) in UTF-8 without byte-order mark, at
// most 65,535 bytes, without white space outside strings. It is stored once and
// hashed verbatim; nobody re-encodes it to check it. A reader refuses duplicate
// and unknown members, unknown event shapes, numbers with a fraction, and bytes
// after the object. Members stand in this order; those marked ? are absent when
// empty:
//
//	v            "incidentledger/entry/1"
//	id           id of the order, a UUID in lower case
//	org          id of the organisation
//	kind         kind of the aggregate: incident, policy, ledger …
//	key          key of the aggregate, a UUID
//	prev         sequence of the aggregate's previous entry, 0 for its first
//	prevHash     leaf hash of that entry, 64 hexadecimal digits; 64 zeros for the first
//	command      name of the accepted command
//	actor        who gave the order: id?, role, for?, door?, proof
//	by?          on whose word: medium, person?, contact?, sd?
//	occurred     when it happened as the actor says: RFC 3339 with offset
//	precision    second, minute, hour, day or about
//	recorded     when the desk wrote it: RFC 3339, UTC, six decimals
//	correlation? id of the conversation
//	causation?   id of the order that led to it
//	mac          HMAC-SHA256 of the order as given, under a key of the vault
//	basis?       versions of other aggregates that the decision read: kind, key, seq, hash
//	events       the events, at least one: type, v, open, sd?
//	sealed?      encrypted disclosures: scopes, kids, alg, box
//
// In events, open holds codes, numbers, instants, flags and random ids. What a
// human typed is a disclosure (RFC 9901): its digest stands in sd, and the
// disclosure itself in a box of sealed; package vault gives those bytes.
//
// The leaf hash of an entry is SHA-256 of a zero byte and the stored bytes
// (RFC 6962). prevHash repeats the leaf hash of the aggregate's previous entry,
// so the entries of one aggregate form a chain of their own.
//
// # The journal
//
// Beside the stream each ledger has journal segments: files named
// <first sequence, 20 digits>.journal, with records one after the other. A
// record is a header of 48 bytes, numbers big-endian, and the stored bytes:
//
//	0   4  "ILJ1"
//	4   4  length of the stored bytes
//	8   4  CRC-32C of bytes 12 to 47 and the stored bytes
//	12  4  zero
//	16  8  sequence
//	24  8  sequence up to which the journal was durable when this was written
//	32 16  first half of SHA-256 of "kind/key"
//
// The fourth number tells, after a crash, what had been acknowledged before:
// damage at or below it is not what a crash leaves. After the last record come
// zeros or the end of the file.
//
// # Beside the journal
//
//	synced   the sequence up to which the stream, too, is known to be on disk
//	clean    last sequence and leaf hash, written at an orderly stop and removed at the next start
//	shapes   every event shape ever stored here, one "kind/Type/version" a line
package eventstore
