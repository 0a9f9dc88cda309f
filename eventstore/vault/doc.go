// Package vault holds an organisation's keys, and seals and opens what must not
// stand open in its ledger.
//
// It may import domain, the standard library, golang.org/x/sys and
// go-json-experiment, nothing else.
//
// Invariant: a key is on disk, synced, before anything sealed under it leaves
// this package; and a scope has at most one key.
//
// # Disclosures and boxes
//
// Every sealed field of an event becomes a disclosure as in RFC 9901 (SD-JWT),
// section 4.2.1:
//
//	disclosure = base64url( JSON array [ salt, path, value ] )
//	salt       = base64url( 16 random bytes )
//	digest     = base64url( SHA-256( the characters of disclosure ) )
//
// Base64url has no padding, here and below. All three elements are JSON strings
// in UTF-8; path is the field's place within the event, such as "title" or
// "channels.0.person". The digests stand, sorted, in the event's sd list. The
// sealed text of "on whose word" has the path "by" and stands in the sd list of
// by.
//
// The disclosures of an entry are parted by the set of scopes that seals them.
// Each part makes one box; the boxes stand in the entry in the order of their
// scopes, joined by newlines. With LF for the byte 0x0A, org the organisation's
// id, order the entry's id (36 characters), index the box's place in the
// entry's sealed list counted from 0 in decimal, and scope1 … scopeN the box's
// scopes in the order in which it lists them (ascending by byte):
//
//	plaintext = JSON array of the disclosures, each a string
//	secret    = key of scope1 ‖ … ‖ key of scopeN                 (32 bytes each)
//	info      = "incidentledger/box/1" LF org LF order LF index
//	boxkey    = HKDF-SHA-256( secret, empty salt, info, 32 bytes )
//	ad        = "incidentledger/box/1" LF org LF order LF index LF scope1 LF … LF scopeN
//	nonce     = 12 random bytes
//	box       = base64url( nonce ‖ AES-256-GCM( boxkey, nonce, plaintext, ad ) )
//
// where GCM's 16 byte tag follows its ciphertext. White space after the array is
// allowed, so that a writer may pad. AES-GCM commits to nothing: a box is
// believed because every disclosure in it meets a digest in the entry, each
// exactly once, and, where all boxes of an entry open, every digest is met.
//
// The keyed hash of an order is
//
//	mackey = HKDF-SHA-256( key of the scope "ledger/"org, empty salt, "incidentledger/mac/1" LF org, 32 bytes )
//	open   = HMAC-SHA-256( mackey, what of the order stands open )
//	entkey = HKDF-SHA-256( key of the scope "entry/"order id, empty salt, "incidentledger/mac/1" LF org LF order id, 32 bytes )
//	sealed = HMAC-SHA-256( entkey, what of the order is sealed ), 16 zero bytes where nothing is
//	mac    = first 16 bytes of open, first 16 bytes of sealed
//	seed   = HKDF-SHA-256( key of the scope "log/"org, empty salt, "incidentledger/log-seed/1" LF org, 32 bytes ), of the log's Ed25519 key;
//	         with "witness" in the place of "log", of the key of the organisation as a witness
//	file   = HKDF-SHA-256( key of the scope "file/"id, empty salt, "incidentledger/file/1" LF org LF id, 32 bytes ), of a stored file; see eventstore/locker
//
// # Keys
//
// The master key is 32 random bytes in a file outside the data folder, one line:
//
//	incidentledger-master-key-1 base64url(the 32 bytes)
//
// A vault is one file, vault.keys, in a folder of its organisation. It begins
// with seven lines of text, each ended by LF:
//
//	incidentledger-vault-1
//	org …                  the organisation's id
//	vault …                16 random bytes in lower-case hexadecimal
//	epoch …                decimal, from 1
//	kek …                  base64url( nonce ‖ AES-256-GCM( wrapkey, nonce, kek, ad ) )
//	check …                base64url of the check value
//	crc …                  CRC-32C of all bytes above, eight hexadecimal digits
//
// with, where vault stands for the 16 bytes and epoch for the decimal digits:
//
//	wrapkey = HKDF-SHA-256( master key, salt vault, "incidentledger/vault/1" LF "wrap" LF org LF epoch, 32 bytes )
//	check   = HKDF-SHA-256( master key, salt vault, "incidentledger/vault/1" LF "check" LF org, 32 bytes )
//	ad      = "incidentledger/vault/1" LF "kek" LF org LF epoch
//
// The check value tells a wrong master key from a damaged file. The key
// encryption key (kek, 32 random bytes) wraps the keys of all scopes.
//
// After the header come groups: what one fsync made durable. Integers are
// big-endian.
//
//	4 bytes   "ILvg"
//	8 bytes   offset of this group in the file
//	4 bytes   length n of the body
//	4 bytes   CRC-32C of the 16 bytes above and the body
//	n bytes   body: records
//
// A record begins with one byte that says what it is:
//
//	1  a key: 1 byte length of the scope, the scope, 8 byte kid, 12 byte nonce,
//	   48 bytes AES-256-GCM( kek, nonce, key, "incidentledger/vault/1" LF "key" LF org LF scope LF kid )
//	   where kid in the associated data is 16 lower-case hexadecimal digits, as in a box
//	2  the vault was closed in good order here
//
// Any other kind of record is of a later version and the vault refuses to open.
// The first group holds the key of the scope "ledger/"org.
//
// # After a crash
//
// A group is written only after the one before it was synced. So a damaged group
// with nothing whole behind it is what a crash leaves of a write that nobody
// was told of: it is cut off when the vault is opened, and [Vault.Cut] tells how
// much. Before, it is copied and synced to vault.keys.cut-0001 beside the file,
// or under the number behind the highest in use: the bytes as they stood. This
// package never removes or overwrites such a copy. A damaged or missing group
// with a whole one behind it was synced once: that is damage, named by file and
// offset, and nothing is changed. The record of a good close is such a group
// behind the last keys.
//
// The file alone cannot show everything. Damage to the very last group after a
// crash looks as a torn write does; a file that was cut at the border of a group,
// or an older copy of it, is whole. Then keys are lost that the ledger's entries
// name. [Vault.ClosedWell] and [Vault.Holds] are there to find that before
// anything is read as erased or sealed under a second key of the same scope.
//
// # What is here and what can be added
//
// There is one epoch and no key is ever destroyed. A scope without a key counts
// as erased, though its key may as well be lost; a box that names another key
// than its scope has is an error, never "erased". A new epoch is a new file under
// a new kek, written beside the old one and renamed over it: kids and keys stay,
// only their wrapping changes, so no entry is touched. Destroying a key is leaving
// it out of that file; a record of a new kind can say so meanwhile. What was cut
// off and kept may hold a wrapped key too, which only the old kek opens. Changing
// the master key rewrites the kek and check lines in the same way.
package vault
