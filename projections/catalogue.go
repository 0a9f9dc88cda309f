package projections

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"incidentledger/domain"
)

func metaKey(what, name string) []byte { return append(append([]byte{0}, what...), name...) }

func seqKey(gen uint32) []byte { return binary.BigEndian.AppendUint32(metaKey("at/", ""), gen) }

func generationValue(g generation) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, g.id), g.shape)
}

// readGeneration reads the live generation of a view, or the one being built,
// with its sequence. There may be none: the zero generation.
func readGeneration(get getter, what, view string) (generation, error) {
	v, err := readMeta(get, metaKey(what, view), 8)
	if v == nil || err != nil {
		return generation{}, wrapView(view, err)
	}
	g := generation{id: binary.BigEndian.Uint32(v), shape: binary.BigEndian.Uint32(v[4:])}
	v, err = readMeta(get, seqKey(g.id), 8)
	if v == nil || err != nil {
		return g, wrapView(view, err)
	}
	g.seq = domain.Seq(binary.BigEndian.Uint64(v))
	return g, nil
}

func wrapView(view string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("projections: view %s: %w", view, err)
}

// A getter reads a key; nil where it is not there. The value holds until the
// next call.
type getter func(key []byte) ([]byte, error)

func (db *DB) get(key []byte) ([]byte, error) {
	v, closer, err := db.pebble.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, damage(err)
	}
	v = append([]byte{}, v...)
	return v, closer.Close()
}

// readMeta reads a value of a fixed length; nil where there is none.
func readMeta(get getter, key []byte, n int) ([]byte, error) {
	v, err := get(key)
	if err == nil && v != nil && len(v) != n {
		err = fmt.Errorf("key %q: %w", key, ErrRow)
	}
	return v, err
}

// remove deletes a generation.
func remove(b *pebble.Batch, gen uint32) error {
	from, to := rowPrefix(gen), rowPrefix(gen+1)
	if err := b.DeleteRange(from[:], to[:], nil); err != nil {
		return err
	}
	return b.Delete(seqKey(gen), nil)
}
