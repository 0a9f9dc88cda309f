package handlers

import (
	"context"
	"iter"

	"incidentledger/domain"
)

// Reader is the ledger as doors that show it need it: nothing behind the
// watermark.
type Reader interface {
	Last() domain.Seq
	WaitFor(ctx context.Context, seq domain.Seq) error
	Entry(seq domain.Seq) (*domain.Entry, error)
	Load(ctx context.Context, ref domain.Ref, after domain.Seq) iter.Seq2[*domain.Entry, error]
}

// Follower is the ledger as rooms that act on entries need it.
type Follower interface {
	Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error]
}

// Opener opens what is sealed, for rendering only: nothing it gives may be kept,
// but by find, which can drop it.
type Opener interface {
	// Open gives the entry's events whole and the text of by. erased counts the
	// boxes whose keys are gone; their fields stay empty.
	Open(en *domain.Entry) (events []domain.Event, by string, erased int, err error)
}
