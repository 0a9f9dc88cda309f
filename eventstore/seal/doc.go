// Package seal signs the heads of an organisation's ledger, so that what was
// written can no longer be changed without showing.
//
// It may import domain, golang.org/x/mod/sumdb (tlog, note), torchwood,
// tspclient-go and golang.org/x/sys, nothing else.
//
// Invariant: nothing is ever signed that is smaller than, or inconsistent with,
// what was signed before; and everything a signature covers is on disk (fsync)
// before it is given.
//
// # The tree
//
// The leaves of the tree are the entries of one ledger: leaf i is the entry with
// sequence i+1, and its hash is the leaf hash that package eventstore defines.
// The tree is that of RFC 6962, section 2.1, parted into tiles of 256 hashes as
// c2sp.org/tlog-tiles has it.
//
// # The folder of a log
//
//	level-0 … level-7   the hashes of each level of tiles, 32 bytes each, one
//	                    after the other: level-0 the leaves, level-1 the roots
//	                    of every 256 leaves, and so on. A tile is a slice of its
//	                    level.
//	checkpoints         every checkpoint ever signed, oldest first. The last one
//	                    is the head.
//	cosigned            those of them that enough witnesses cosigned, with the
//	                    cosignatures
//	timestamps          what timestamping authorities said of them
//
// The hashes follow from the entries and can be made anew; the rest cannot.
// A record of a checkpoint is one line, the note, and an empty line:
//
//	checkpoint <length of the note in bytes> <CRC-32C of the note, 8 hexadecimal digits> <when, RFC 3339 in UTC>
//
// The note is a signed note (c2sp.org/signed-note) whose text is a checkpoint
// (c2sp.org/tlog-checkpoint) of three lines: origin, number of leaves, root in
// base64. Its first signature is the log's own, Ed25519, under the origin as
// the name of the key. A record may repeat the note before it: the head still
// stood at that time.
//
// A record of a timestamp has the same form, with "timestamp" as its first word
// and at the end of its line the number of entries and the name of the authority.
// What follows is a response of RFC 3161, in DER and with the status 0, over the
// bytes of a checkpoint of so many entries.
package seal
