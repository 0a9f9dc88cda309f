package domain

import "errors"

var (
	// ErrConflict says that the aggregate got another entry meanwhile. The
	// order may be tried again after loading anew.
	ErrConflict = errors.New("the aggregate has moved on")

	// ErrUnknown says that it is not known whether an append took place. Asking
	// again under the same order id tells.
	ErrUnknown = errors.New("whether the entry was stored is unknown")

	// ErrNotFound says that no such aggregate, entry or number exists.
	ErrNotFound = errors.New("not found")

	// ErrTooLarge says that an entry's stored form exceeds 65,535 bytes.
	ErrTooLarge = errors.New("the entry is larger than 65,535 bytes")

	// ErrUnavailable says that the ledger cannot take entries now, for instance
	// because the disk is full. Nothing was written; trying again later is safe.
	ErrUnavailable = errors.New("the ledger cannot take entries now")

	// ErrErased says that sealed content can no longer be opened: a key of one
	// of its scopes is gone.
	ErrErased = errors.New("the content is sealed under a key that is gone")
)
