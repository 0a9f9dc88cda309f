package projections

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// A slot is one view and where it stands.
type slot struct {
	db       *DB
	view     View
	live     generation // what readers see
	building generation // id 0: nothing is being built
	err      error
}

func (db *DB) findSlots(views []View) error {
	seen := map[string]bool{}
	b := db.pebble.NewBatch()
	defer b.Close()
	db.head = newSet(db)
	for _, v := range views {
		if seen[v.Name()] || v.Name() == "" {
			return fmt.Errorf("projections: view %q is given twice or has no name", v.Name())
		}
		seen[v.Name()] = true
		s := &slot{db: db, view: v}
		db.slots = append(db.slots, s)
		var err error
		if s.live, err = readGeneration(db.get, "live/", v.Name()); err != nil {
			return err
		}
		if s.building, err = readGeneration(db.get, "build/", v.Name()); err != nil {
			return err
		}
		if db.cfg.ReadOnly {
			continue
		}
		if err := db.prepare(b, s); err != nil {
			return err
		}
	}
	if db.cfg.ReadOnly || b.Empty() {
		return nil
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("projections: open: %w", err)
	}
	return nil
}

// prepare gives a new view its first generation, and a view whose shape was
// raised a build beside the live one. A build that cannot go on is removed.
func (db *DB) prepare(b *pebble.Batch, s *slot) error {
	name, shape := s.view.Name(), s.view.Shape()
	if s.building.id != 0 && (s.building.shape != shape || s.live.shape == shape) {
		if err := remove(b, s.building.id); err != nil {
			return err
		}
		if err := b.Delete(metaKey("build/", name), nil); err != nil {
			return err
		}
		s.building = generation{}
	}
	var err error
	switch {
	case s.live.id == 0:
		if s.live, err = db.newGeneration(b, shape); err == nil {
			err = b.Set(metaKey("live/", name), generationValue(s.live), nil)
		}
	case s.live.shape != shape && s.building.id == 0:
		if s.building, err = db.newGeneration(b, shape); err == nil {
			err = b.Set(metaKey("build/", name), generationValue(s.building), nil)
		}
	}
	if err != nil {
		return fmt.Errorf("projections: view %s: %w", name, err)
	}
	if s.live.shape == shape {
		db.head.add(newLine(db, s, s.live))
	}
	return nil
}

// newGeneration takes the next free number. The batches that take one are
// committed one after the other.
func (db *DB) newGeneration(b *pebble.Batch, shape uint32) (generation, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	key := metaKey("next", "")
	if db.next == 0 {
		v, err := readMeta(db.get, key, 4)
		if err != nil {
			return generation{}, err
		}
		if db.next = 1; v != nil {
			db.next = binary.BigEndian.Uint32(v)
		}
	}
	g := generation{id: db.next, shape: shape}
	db.next++
	return g, b.Set(key, binary.BigEndian.AppendUint32(nil, db.next), nil)
}

func (db *DB) slot(view string) (*slot, error) {
	for _, s := range db.slots {
		if s.view.Name() == view {
			return s, nil
		}
	}
	return nil, fmt.Errorf("projections: view %s: %w", view, ErrNoView)
}
