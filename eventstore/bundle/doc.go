// Package bundle writes and verifies what leaves the house as evidence: one file
// for one incident, which somebody who never saw this program can check.
//
// It may import domain, eventstore/seal, golang.org/x/mod/sumdb, torchwood and
// go-json-experiment, nothing else.
//
// Invariant: verifying needs nothing but the bundle and anchors from elsewhere;
// and what a bundle says of itself never makes it proven.
//
// # The file, incidentledger/bundle/1
//
// A ZIP archive of stored (not compressed) files under one folder, which is a bag
// (RFC 8493) with SHA-256 manifests. Its bytes follow from the incident and the
// sequence of the entry ExportPrepared alone, and from which timestamps had come
// by then. In the payload folder data:
//
//	bundle.json               what this is: format, organisation, origin of the log, incident, sequence of ExportPrepared
//	entries/SEQ.json          stored bytes of an entry, verbatim; SEQ has 20 digits
//	disclosures/SEQ.txt       what of it is disclosed, one disclosure a line
//	proofs/SEQ.tlog-proof     its place in the log (c2sp.org/tlog-proof), with the checkpoint
//	checkpoints/SIZE.note     earlier checkpoints, which narrow down when an entry was written
//	consistency/SIZE.txt      proof that the tree of such a checkpoint is part of that of the proofs, a hash in base64 a line
//	timestamps/SIZE.TSA.tsr   timestamps (RFC 3161, a response in DER) over the bytes of the checkpoint of that size
//	policies/HASH.json        the policy sets by which was decided; HASH is their SHA-256
//	evidence/HASH             evidence files that are not withheld; HASH is the SHA-256 of the content, which an entry names
//	report.LANG.html          the incident for human readers; no evidence by itself
//	README.LANG.txt           how to check all this by hand
//	verify.py                 a second verifier
//
// The entries are those of the incident, from its report to ExportPrepared, which
// is the last; those that its decisions read (basis), with what these read; and
// those of the persons who acted. All proofs are to the same checkpoint.
package bundle
