package deadlines

import (
	"bytes"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

type pair struct{ key, val []byte }

// index gives the rows d and a that belong to an incident, in key order.
func (f *file) index(key domain.Key) []pair {
	var out []pair
	for i := range f.clocks {
		c := &f.clocks[i]
		if !c.counts() {
			continue
		}
		v := c.encode(projections.Num(f.encodeHead(nil), uint64(f.priority())))
		out = append(out, pair{indexKey('d', c.Due, key, c.ID), v})
		if at, stage, ok := c.next(); ok {
			v := projections.Time(projections.Text(nil, stage), c.Due)
			out = append(out, pair{indexKey('a', at, key, c.ID), appendBool(v, f.exercise)})
		}
	}
	slices.SortFunc(out, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
	return out
}

func indexKey(what byte, at time.Time, key domain.Key, id policy.ClockID) []byte {
	b := make([]byte, 0, 25+len(id))
	b = append(projections.KeyTime(append(b, what), at), key.UUID[:]...)
	return append(b, id...)
}

// exchange writes what differs between two states of an incident's rows.
func exchange(tx *projections.Tx, before, after []pair) {
	for len(before) > 0 || len(after) > 0 {
		c := 1
		if len(before) > 0 && len(after) > 0 {
			c = bytes.Compare(before[0].key, after[0].key)
		} else if len(before) > 0 {
			c = -1
		}
		if c < 0 {
			tx.Delete(before[0].key)
			before = before[1:]
			continue
		}
		if c > 0 || !bytes.Equal(before[0].val, after[0].val) {
			tx.Set(after[0].key, after[0].val)
		}
		if c == 0 {
			before = before[1:]
		}
		after = after[1:]
	}
}
