package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"incidentledger/domain"
)

// A Digest says what the rows of a view are, in 32 bytes.
type Digest struct {
	View  string
	Shape uint32
	Seq   domain.Seq
	Sum   domain.Hash
}

// Digest gives the SHA-256 over the name, shape and sequence of a view's live
// generation and all its rows in key order, each part with its length. It is the
// same wherever the same entries were applied, however they were batched.
func (db *DB) Digest(ctx context.Context, view string) (d Digest, err error) {
	if _, err := db.slot(view); err != nil {
		return d, err
	}
	snap, err := db.Snapshot()
	if err != nil {
		return d, err
	}
	defer func() {
		if cerr := snap.Close(); err == nil {
			err = cerr
		}
	}()
	g, err := readGeneration(snap.get, "live/", view)
	if err != nil {
		return d, err
	}
	d = Digest{View: view, Shape: g.shape, Seq: g.seq}
	sum := sha256.New()
	var buf []byte
	buf = Text(buf, "incidentledger/view/1")
	buf = Text(buf, view)
	buf = binary.BigEndian.AppendUint32(buf, g.shape)
	buf = KeySeq(buf, g.seq)
	sum.Write(buf)
	if g.id != 0 {
		r := &Reader{s: snap, view: view, gen: g, prefix: rowPrefix(g.id)}
		n := 0
		for k, v := range r.Scan(nil, nil) {
			buf = Bytes(Bytes(buf[:0], k), v)
			sum.Write(buf)
			if n++; n%4096 == 0 && ctx.Err() != nil {
				return d, fmt.Errorf("projections: digest of %s: %w", view, ctx.Err())
			}
		}
		if r.Err() != nil {
			return d, r.Err()
		}
	}
	sum.Sum(d.Sum[:0])
	return d, nil
}
