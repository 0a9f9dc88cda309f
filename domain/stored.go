package domain

// A StoredFile is a file that was taken in and is kept beside the ledger,
// encrypted under a key of its own, so that it can be erased alone.
type StoredFile struct {
	ID     Key   `json:"id"`     // of the file; its key has the scope file/ID
	Stored Hash  `json:"stored"` // SHA-256 of what is stored: where it is found
	SHA256 Hash  `json:"sha256"` // of its content
	SHA512 Text  `json:"sha512"` // of its content, 128 lower-case hexadecimal digits
	Size   int64 `json:"size"`   // of its content, in bytes
}

// Filed is implemented by commands and events that name files which were taken in.
// Of an event only what stands open is given.
type Filed interface{ StoredFiles() []StoredFile }

// Refiled is implemented by commands with files. AsGiven leaves out where they are
// stored: whoever repeats an order may have taken the same file in again.
type Refiled interface{ AsGiven() Command }

// FileScope is the scope of the key of a file.
func FileScope(id Key) string { return "file/" + id.String() }

// Refusals of orders about files.
const (
	CodeNotStored   Code = "file_not_stored" // an order names a file that was not taken in, or as another than it is
	CodeFileDamaged Code = "file_damaged"    // a stored file is not what was taken in
)
