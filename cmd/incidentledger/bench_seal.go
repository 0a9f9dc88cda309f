package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"incidentledger/domain"
	"incidentledger/eventstore/seal"
)

// sealedAtOnce is how many entries one checkpoint covers: what comes in between
// two signatures at fifty thousand a second.
const sealedAtOnce = 10_000

// seal measures sealing beside the tree alone: the same bytes hashed, the same
// tree built in memory, nothing written and nothing signed.
func (b *bench) seal(ctx context.Context) error {
	got, err := b.contest(ctx, "seal",
		contestant{"seal", true, b.sealing},
		contestant{"tlog", false, treeAlone})
	if err != nil {
		return err
	}
	b.add(versus(benchRow{Name: "seal", What: fmt.Sprintf("one core: entries sealed, a signed checkpoint every %d, on disk", sealedAtOnce), Unit: "entries/s",
		Yardstick: "the tree alone (tlog), in memory"}, got["seal"], got["tlog"], rateOf).ratioAtLeast(0.5))
	return nil
}

// sealing seals into a new log for about d.
func (b *bench) sealing(ctx context.Context, d time.Duration) (m measured, err error) {
	dir, err := os.MkdirTemp(b.dir, "seal-")
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	leaves := &growing{}
	l, err := seal.Open(seal.Config{Dir: dir, Origin: "incidentledger/bench/000000000000", Seed: make([]byte, 32), Leaves: leaves})
	if err != nil {
		return m, err
	}
	begun := time.Now()
	for time.Since(begun) < d && ctx.Err() == nil {
		leaves.n += sealedAtOnce
		if _, err := l.Seal(); err != nil {
			return m, errors.Join(err, l.Close())
		}
	}
	return measured{rate: float64(leaves.n) / time.Since(begun).Seconds()}, errors.Join(l.Close(), ctx.Err())
}

func treeAlone(ctx context.Context, d time.Duration) (measured, error) {
	var hashes []tlog.Hash
	at := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	leaves := &growing{}
	n, begun := int64(0), time.Now()
	for ; n%1024 != 0 || time.Since(begun) < d && ctx.Err() == nil; n++ {
		more, err := tlog.StoredHashes(n, leaves.entry(domain.Seq(n)), at)
		if err != nil {
			return measured{}, err
		}
		hashes = append(hashes, more...)
	}
	return measured{rate: float64(n) / time.Since(begun).Seconds()}, ctx.Err()
}

// growing is a ledger in memory, as sealing sees it.
type growing struct {
	n   domain.Seq
	buf []byte
}

func (g *growing) Last() domain.Seq                          { return g.n }
func (g *growing) WaitFor(context.Context, domain.Seq) error { return nil }
func (g *growing) Leaves(after, to domain.Seq) iter.Seq2[domain.Hash, error] {
	return func(yield func(domain.Hash, error) bool) {
		for seq := after; seq < to && yield(domain.LeafHash(g.entry(seq)), nil); seq++ {
		}
	}
}

// entry gives the bytes of an entry of usual length; they are good until the
// next call.
func (g *growing) entry(seq domain.Seq) []byte {
	const usual = 1024
	if g.buf == nil {
		g.buf = bytes.Repeat([]byte("x"), usual)
	}
	binary.BigEndian.PutUint64(g.buf, uint64(seq))
	return g.buf
}
