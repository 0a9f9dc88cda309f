package projections

import (
	"bytes"
	"iter"
	"time"

	"incidentledger/domain"
)

// A ThingReader reads a view of things in one snapshot. It is for one goroutine.
// Its errors are the Reader's: after one it finds nothing, and Err tells.
type ThingReader struct {
	v     *Things
	r     *Reader
	judge *Judge
}

// In reads the view in a snapshot; of incidents that allow does not permit
// nothing is found. allow nil: everything may be shown. ErrNotBuilt says that the
// view is not there yet.
func (v *Things) In(s *Snapshot, allow func(Class) bool) (*ThingReader, error) {
	r, err := s.Read(v.Called, v.Number)
	if err != nil {
		return nil, err
	}
	return &ThingReader{v, r, NewJudge(r, 'x', allow)}, nil
}

// Seq is the last entry that the view knows of.
func (t *ThingReader) Seq() domain.Seq { return t.r.Seq() }

// Err gives the first error.
func (t *ThingReader) Err() error { return t.r.Err() }

// All gives every thing of a kind of aggregate, by aggregate and id.
func (t *ThingReader) All(kind domain.KindName) iter.Seq[*Thing] {
	return t.within(KeyText([]byte{'t'}, string(kind)))
}

// Of gives the things of one aggregate in order of their id.
func (t *ThingReader) Of(ref domain.Ref) iter.Seq[*Thing] {
	return t.within(thingRow(ref, ""))
}

// One gives one thing of an aggregate.
func (t *ThingReader) One(ref domain.Ref, id string) (*Thing, bool) {
	row := thingRow(ref, id)
	val, found := t.r.Get(row)
	if !found || !t.judge.May(ref.Key) {
		return nil, false
	}
	thing, err := t.v.decode(row, val)
	t.r.Fail(err)
	return thing, err == nil
}

func (t *ThingReader) within(prefix []byte) iter.Seq[*Thing] {
	return func(yield func(*Thing) bool) {
		for k, val := range t.r.Scan(prefix, After(prefix)) {
			thing, err := t.v.decode(k, val)
			if err != nil {
				t.r.Fail(err)
				return
			}
			if t.judge.May(thing.Ref.Key) && !yield(thing) {
				return
			}
		}
	}
}

// Found gives the things whose index keys lie from lo up to but without hi, in
// order of those keys; hi nil: to the last that begins with lo. A thing found
// under several keys is given several times.
func (t *ThingReader) Found(lo, hi []byte) iter.Seq[*Thing] {
	lo = append([]byte{'i'}, lo...)
	if hi == nil {
		hi = After(lo)
	} else {
		hi = append([]byte{'i'}, hi...)
	}
	return func(yield func(*Thing) bool) {
		for k, row := range t.r.Scan(lo, hi) {
			under, row := bytes.Clone(k[1:len(k)-len(row)]), bytes.Clone(row)
			val, found := t.r.Get(row)
			if !found {
				t.r.Fail(ErrRow)
				return
			}
			thing, err := t.v.decode(row, val)
			if err != nil {
				t.r.Fail(err)
				return
			}
			thing.Under = under
			if t.judge.May(thing.Ref.Key) && !yield(thing) {
				return
			}
		}
	}
}

// Span gives the bounds of index keys that begin with an instant: from one up to
// but without another; zero: without bound.
func Span(from, to time.Time) (lo, hi []byte) {
	lo, hi = []byte{}, bytes.Repeat([]byte{0xff}, 9) // longer than any instant's key
	if !from.IsZero() {
		lo = KeyTime(nil, from)
	}
	if !to.IsZero() {
		hi = KeyTime(nil, to)
	}
	return lo, hi
}
