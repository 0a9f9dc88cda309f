package find

import (
	"context"
	"fmt"
	"log/slog"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// A Config says what an index reads.
type Config struct {
	Ledger handlers.Follower
	Opener handlers.Opener
	Log    *slog.Logger // nil: slog.Default
}

func (c Config) complete() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Run reads the ledger from its first entry on, until ctx ends or the ledger
// fails. It is to be called once.
func (x *Index) Run(ctx context.Context) error {
	for en, err := range x.c.Ledger.Follow(ctx, 0) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			err = fmt.Errorf("find: following the ledger: %w", err)
			x.stop(err)
			return err
		}
		x.read(en)
	}
	return ctx.Err()
}

// read opens an entry and adds it. What cannot be opened is as if it were erased:
// the words of others are found all the same.
func (x *Index) read(en *domain.Entry) {
	x.reading.Lock()
	defer x.reading.Unlock()
	if len(en.Sealed) == 0 {
		x.add(en, nil)
		return
	}
	events, by, _, err := x.c.Opener.Open(en)
	if err != nil {
		x.c.Log.Error("an entry cannot be opened; nothing of it is found", "org", en.Org, "entry", en.Seq, "alarm", true, "err", err)
		x.add(en, nil)
		return
	}
	var words []string
	put := func(w string) { words = append(words, w) }
	wordsOf(by, put)
	for _, e := range events {
		_, texts := domain.SetApart(e, domain.Ref{}, domain.OrderID{})
		for _, t := range texts {
			wordsOf(t.Value, put)
		}
	}
	x.add(en, words)
}

func (x *Index) stop(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.err = err
	close(x.moved)
	x.moved = make(chan struct{})
}

// WaitFor returns when an entry was read, or tells why it will not be.
func (x *Index) WaitFor(ctx context.Context, seq domain.Seq) error {
	for {
		x.mu.RLock()
		at, err, moved := x.seq, x.err, x.moved
		x.mu.RUnlock()
		switch {
		case at >= seq:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
