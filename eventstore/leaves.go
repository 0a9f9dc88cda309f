package eventstore

import (
	"encoding/binary"
	"fmt"
	"iter"

	"incidentledger/domain"
)

// Leaves gives the leaf hashes of the entries behind after, up to and with to,
// hashed anew from the journal's bytes. That of a lost marker is the leaf hash
// which its entry had. to is not beyond the watermark.
func (l *Ledger) Leaves(after, to domain.Seq) iter.Seq2[domain.Hash, error] {
	return func(yield func(domain.Hash, error) bool) {
		if last := l.Last(); to > last {
			yield(domain.Hash{}, fmt.Errorf("eventstore: leaves up to %d: %w: the last entry is %d", to, domain.ErrNotFound, last))
			return
		}
		for after < to {
			chunk, err := l.journal.chunk(after, to)
			if err != nil {
				yield(domain.Hash{}, fmt.Errorf("eventstore: %w", err))
				return
			}
			for _, stored := range chunk {
				if !yield(leafOf(stored), nil) {
					return
				}
			}
			after += domain.Seq(len(chunk))
		}
	}
}

// Bundle gives the stored bytes of the entries behind after, up to and with to,
// as an entry bundle of c2sp.org/tlog-tiles: each behind its length in two bytes.
// A lost marker has none of an entry's bytes, so its bundle cannot be given.
func (l *Ledger) Bundle(after, to domain.Seq) ([]byte, error) {
	var out []byte
	for seq := after + 1; seq <= to; seq++ {
		stored, err := l.Stored(seq)
		if err != nil {
			return nil, err
		}
		if lost, ok := lostMarker(stored); ok {
			return nil, &LostError{Seq: seq, Leaf: lost.LeafHash}
		}
		out = binary.BigEndian.AppendUint16(out, uint16(len(stored)))
		out = append(out, stored...)
	}
	return out, nil
}

func leafOf(stored []byte) domain.Hash {
	if lost, ok := lostMarker(stored); ok {
		return lost.LeafHash
	}
	return domain.LeafHash(stored)
}
