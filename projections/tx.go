package projections

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"unsafe"

	"github.com/cockroachdb/pebble/v2"
)

// A Tx is what a view reads and writes while it applies an entry: the rows of
// its own generation, its own unwritten changes included. Several writes of one
// key within a batch become one.
//
// Errors of the store are kept: after one, reads find nothing, and the runtime
// stops the view at this entry whatever Apply returns.
type Tx struct {
	reader pebble.Reader
	at     *pebble.Iterator // over what is written; opened when needed
	prefix [5]byte
	key    []byte // scratch
	words  words

	// Rows that were touched lately. When they become many they move to old, and
	// those that are touched again come back.
	known
	old   known
	dirty []int32 // known rows to be written with the next commit

	added   []row    // rows that nobody will look for, to be written too
	space   arena    // for them
	changes []change // all that is to be written, once sort has put it in order

	back  []was // how to undo the entry at hand
	keep  int   // so many of the added rows are of earlier entries
	stale bool  // an undo left known rows that may be wrong
	err   error
}

// A change is a row to be written. Where its key begins mostly tells its place.
type change struct {
	head uint64
	row  *row
}

func newTx(r pebble.Reader, gen uint32) *Tx {
	tx := &Tx{reader: r, prefix: rowPrefix(gen)}
	tx.forget()
	return tx
}

// Dec reads a value that Get or Scan gave.
func (tx *Tx) Dec(val []byte) Dec { return Dec{b: val, words: &tx.words} }

// Get reads a row. What it gives must not be changed, and holds until Apply
// returns.
func (tx *Tx) Get(key []byte) (val []byte, found bool) {
	at := tx.find(key)
	if at < 0 {
		return nil, false
	}
	r := &tx.rows[at]
	return r.val, r.there
}

// Set writes a row. Key and value are copied.
func (tx *Tx) Set(key, val []byte) { tx.put(key, tx.arena.copy(val), true) }

// Add writes a row that Apply writes once and never again touches, whatever entry
// it is at: it is not kept to be found again. Key and value are copied.
func (tx *Tx) Add(key, val []byte) {
	tx.key = append(append(tx.key[:0], tx.prefix[:]...), key...)
	tx.added = append(tx.added, row{key: tx.space.copy(tx.key), val: tx.space.copy(val), there: true})
}

// Delete removes a row; one that is not there is no error.
func (tx *Tx) Delete(key []byte) { tx.put(key, nil, false) }

// Scan gives the rows from lo up to but without hi, in key order; hi nil: to the
// end. It looks through every unwritten change, so it is for rare use. Rows must
// not be written while it runs.
func (tx *Tx) Scan(lo, hi []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		var mine []int32
		for i := range tx.rows {
			k := tx.rows[i].key[len(tx.prefix):]
			if bytes.Compare(k, lo) >= 0 && (hi == nil || bytes.Compare(k, hi) < 0) {
				mine = append(mine, int32(i))
			}
		}
		slices.SortFunc(mine, func(a, b int32) int { return bytes.Compare(tx.rows[a].key, tx.rows[b].key) })
		it, err := tx.reader.NewIter(bounds(tx.prefix, lo, hi))
		if err != nil {
			tx.fail(err)
			return
		}
		defer func() { tx.fail(it.Close()) }()
		ok := it.First()
		for ok || len(mine) > 0 {
			c := 1
			if ok && len(mine) > 0 {
				c = bytes.Compare(it.Key(), tx.rows[mine[0]].key)
			} else if ok {
				c = -1
			}
			if c < 0 {
				if !yield(it.Key()[len(tx.prefix):], it.Value()) {
					return
				}
				ok = it.Next()
				continue
			}
			r := &tx.rows[mine[0]]
			mine = mine[1:]
			if c == 0 {
				ok = it.Next()
			}
			if r.there && !yield(r.key[len(tx.prefix):], r.val) {
				return
			}
		}
	}
}

func (tx *Tx) begin() { tx.back, tx.keep, tx.err = tx.back[:0], len(tx.added), nil }

// undo takes back what was written since begin. What is known afterwards is good
// for writing it, not for reading.
func (tx *Tx) undo() {
	for _, w := range slices.Backward(tx.back) {
		tx.rows[w.at] = w.row
	}
	n := 0
	for _, at := range tx.dirty {
		if tx.rows[at].dirty {
			tx.dirty[n] = at
			n++
		}
	}
	tx.dirty = tx.dirty[:n]
	tx.added = tx.added[:tx.keep]
	tx.back = tx.back[:0]
	tx.stale = true
}

// find gives the place of a row among the known ones and reads it where it is
// not known yet; -1 after an error.
func (tx *Tx) find(key []byte) int32 {
	tx.key = append(append(tx.key[:0], tx.prefix[:]...), key...)
	if at, ok := tx.index[unsafe.String(unsafe.SliceData(tx.key), len(tx.key))]; ok {
		return at
	}
	if at, ok := tx.old.index[unsafe.String(unsafe.SliceData(tx.key), len(tx.key))]; ok {
		r := tx.old.rows[at]
		return tx.know(row{val: tx.arena.copy(r.val), there: r.there})
	}
	if tx.err != nil {
		return -1
	}
	if tx.at == nil {
		it, err := tx.reader.NewIter(&pebble.IterOptions{UseL6Filters: true})
		if err != nil {
			tx.fail(err)
			return -1
		}
		tx.at = it
	}
	if tx.at.SeekPrefixGE(tx.key) {
		return tx.know(row{val: tx.arena.copy(tx.at.Value()), there: true})
	}
	if err := tx.at.Error(); err != nil {
		tx.fail(err)
		return -1
	}
	return tx.know(row{})
}

// know takes a row under the key in tx.key into the known ones.
func (tx *Tx) know(r row) int32 {
	r.key = tx.arena.copy(tx.key)
	at := int32(len(tx.rows))
	tx.rows = append(tx.rows, r)
	// The arena neither moves nor changes a key while the index holds it.
	tx.index[unsafe.String(unsafe.SliceData(r.key), len(r.key))] = at
	return at
}

func (tx *Tx) put(key, val []byte, there bool) {
	tx.key = append(append(tx.key[:0], tx.prefix[:]...), key...)
	at, ok := tx.index[unsafe.String(unsafe.SliceData(tx.key), len(tx.key))]
	if !ok {
		// The old value, if there is one, lies in the store: forgetting the row
		// is how to undo this write, and an unknown row reads from there.
		at = tx.know(row{})
		tx.back = append(tx.back, was{at, row{key: tx.rows[at].key}})
		tx.rows[at].dirty = true
		tx.dirty = append(tx.dirty, at)
	} else {
		tx.back = append(tx.back, was{at, tx.rows[at]})
	}
	r := &tx.rows[at]
	if !r.dirty {
		r.dirty = true
		tx.dirty = append(tx.dirty, at)
	}
	r.val, r.there = val, there
}

func (tx *Tx) fail(err error) {
	if err != nil && tx.err == nil {
		tx.err = fmt.Errorf("store: %w", damage(err))
	}
}

// sort puts the changes in key order, in which Pebble takes them fastest.
func (tx *Tx) sort() {
	tx.changes = tx.changes[:0]
	for _, at := range tx.dirty {
		tx.changes = append(tx.changes, tx.change(&tx.rows[at]))
	}
	for i := range tx.added {
		tx.changes = append(tx.changes, tx.change(&tx.added[i]))
	}
	slices.SortFunc(tx.changes, func(x, y change) int {
		if c := cmp.Compare(x.head, y.head); c != 0 {
			return c
		}
		return bytes.Compare(x.row.key, y.row.key)
	})
}

func (tx *Tx) change(r *row) change {
	var head [8]byte
	copy(head[:], r.key[len(tx.prefix):])
	return change{binary.BigEndian.Uint64(head[:]), r}
}

// write puts the changes into a batch, as sort has left them.
func (tx *Tx) write(b *pebble.Batch) error {
	for _, c := range tx.changes {
		var err error
		if c.row.there {
			err = b.Set(c.row.key, c.row.val, nil)
		} else {
			err = b.Delete(c.row.key, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// written says that the changes are committed, or that all are done with.
func (tx *Tx) written() {
	tx.leave()
	for _, at := range tx.dirty {
		tx.rows[at].dirty = false
	}
	tx.dirty = tx.dirty[:0]
	tx.drop()
	if tx.stale {
		tx.forget()
	} else if len(tx.rows) > knownRows || tx.arena.used > knownBytes {
		tx.known, tx.old = tx.old, tx.known
		tx.known.reset()
	}
}

// leave closes the iterator, which shows what was written when it was opened.
func (tx *Tx) leave() {
	if tx.at != nil {
		tx.fail(tx.at.Close())
		tx.at = nil
	}
}

// forget drops all that is known; everything must be written.
func (tx *Tx) forget() {
	tx.known.reset()
	tx.old.reset()
	tx.dirty, tx.back, tx.stale = tx.dirty[:0], tx.back[:0], false
	tx.drop()
}

// drop lets go of the added rows.
func (tx *Tx) drop() {
	tx.added, tx.keep, tx.changes = tx.added[:0], 0, tx.changes[:0]
	tx.space.reset()
}

func rowPrefix(gen uint32) [5]byte {
	var p [5]byte
	p[0] = 1
	binary.BigEndian.PutUint32(p[1:], gen)
	return p
}

func bounds(prefix [5]byte, lo, hi []byte) *pebble.IterOptions {
	o := &pebble.IterOptions{LowerBound: append(prefix[:len(prefix):len(prefix)], lo...)}
	if hi != nil {
		o.UpperBound = append(prefix[:len(prefix):len(prefix)], hi...)
	} else {
		o.UpperBound = After(prefix[:])
	}
	return o
}
