// Package locker keeps an organisation's evidence files: it takes them in,
// encrypted and hashed, and gives them out again after hashing them anew.
//
// It may import domain, age, google/uuid and the standard library, nothing else.
// Nobody else touches the folder.
//
// Invariant: a file has its name only when all of it, its key and its folder are
// on disk; what has a name is never changed; and nothing is given out whole that
// is not what was taken in.
//
// # The folder
//
//	incoming-…   a file on its way in, or what a crash left of one
//	ADDRESS      a file; ADDRESS is the SHA-256 of these bytes, 64 lower-case hexadecimal digits
//
// A file is encrypted under a key of its own, so the same content taken in twice
// has two addresses: an address tells nobody what is in it, and one file can be
// erased without another.
//
// # The form of a file
//
// A file is in the format age-encryption.org/v1. Its plaintext is the content and
// then 96 bytes: the SHA-256 and the SHA-512 of the content. Its header has one
// stanza:
//
//	-> incidentledger-file ID
//	base64( nonce ‖ AES-256-GCM( key, nonce, file key of age, ad ) )
//
// where ID is the id of the file, 36 characters; key is that of the file
// as package vault derives it from the scope "file/"ID; and ad is
// "incidentledger/file/1" LF organisation LF ID.
package locker
