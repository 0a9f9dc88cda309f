package deadlines

import (
	"bytes"
	"encoding/binary"
	"iter"
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
	if f.open {
		out = append(out, pair{indexLaw(f.age, key), nil})
	}
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
func exchange(tx *projections.Tx, before, after []pair) error {
	for len(before) > 0 || len(after) > 0 {
		c := 1
		if len(before) > 0 && len(after) > 0 {
			c = bytes.Compare(before[0].key, after[0].key)
		} else if len(before) > 0 {
			c = -1
		}
		if c < 0 {
			tx.Delete(before[0].key)
			if err := tally(tx, before[0].key, -1); err != nil {
				return err
			}
			before = before[1:]
			continue
		}
		if c > 0 || !bytes.Equal(before[0].val, after[0].val) {
			tx.Set(after[0].key, after[0].val)
		}
		if c == 0 {
			before = before[1:]
		} else if err := tally(tx, after[0].key, +1); err != nil {
			return err
		}
		after = after[1:]
	}
	return nil
}

// Index rows are removed at the front all the time, and stepping over what was
// removed is slow. So the rows of each span of some 73 minutes are counted, and
// reading begins where there are any.
const spanBits = 42 // of nanoseconds

func spanKey(index []byte) []byte {
	span := binary.BigEndian.Uint64(index[1:9]) >> spanBits
	return projections.KeyUint32([]byte{'b', index[0]}, uint32(span))
}

func tally(tx *projections.Tx, index []byte, by int) error {
	k := spanKey(index)
	n := 0
	if v, found := tx.Get(k); found {
		d := projections.NewDec(v)
		if n = int(d.Num()); d.Err() != nil {
			return d.Err()
		}
	}
	if n += by; n > 0 {
		tx.Set(k, projections.Num(nil, uint64(n)))
	} else {
		tx.Delete(k)
	}
	return nil
}

// scan gives the rows of an index from lo up to but without hi, in order.
func scan(r *projections.Reader, what byte, lo, hi []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		spans := []byte{'b', what}
		first := spans
		if len(lo) >= 9 {
			first = spanKey(lo)
		}
		for k := range r.Scan(first, projections.After(spans)) {
			d := projections.NewDec(k[2:])
			span := uint64(d.Uint32())
			if d.Err() != nil {
				r.Fail(d.Err())
				return
			}
			from := binary.BigEndian.AppendUint64([]byte{what}, span<<spanBits)
			to := projections.After(binary.BigEndian.AppendUint64([]byte{what}, span<<spanBits|(1<<spanBits-1)))
			if bytes.Compare(from, lo) < 0 {
				from = lo
			}
			if bytes.Compare(hi, to) < 0 {
				to = hi
			}
			if bytes.Compare(from, to) >= 0 {
				return
			}
			for k, v := range r.Scan(from, to) {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}
