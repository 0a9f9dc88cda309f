package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"incidentledger/domain"
)

// Rebuild builds a view anew from the first entry, beside the live generation,
// which is served and kept up to date meanwhile, and exchanges the two in one
// batch. It works beside Run and without it. progress, which may be nil, is told
// the entry that has been reached. After an error the live generation is as it
// was.
func (db *DB) Rebuild(ctx context.Context, l Ledger, view string, progress func(domain.Seq)) error {
	if db.cfg.ReadOnly {
		return errors.New("projections: the store is open for reading only")
	}
	s, err := db.slot(view)
	if err == nil {
		err = db.alive()
	}
	if err != nil {
		return err
	}
	line, err := db.startBuild(ctx, s)
	if err != nil {
		return fmt.Errorf("projections: rebuild %s: %w", view, err)
	}
	set := newSet(db, line)
	err = set.run(ctx, func(ctx context.Context) iter.Seq2[*domain.Entry, error] { return l.ReadAll(ctx, 0) },
		drive{far: true, progress: progress})
	if err == nil && !line.stopped {
		err = db.join(ctx, l, set, progress)
	}
	if err == nil && line.stopped {
		err = line.err
	}
	if err != nil {
		return errors.Join(fmt.Errorf("projections: rebuild %s: %w", view, err), db.dropBuild(context.WithoutCancel(ctx), s, line))
	}
	return nil
}

func (db *DB) startBuild(ctx context.Context, s *slot) (*line, error) {
	db.turn.Lock()
	defer db.turn.Unlock()
	if s.building.id != 0 {
		return nil, errors.New("it is being built already")
	}
	b := db.pebble.NewBatch()
	g, err := db.newGeneration(b, s.view.Shape())
	if err == nil {
		err = b.Set(metaKey("build/", s.view.Name()), generationValue(g), nil)
	}
	if err == nil {
		err = db.commit(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	s.building = g
	l := newLine(db, s, g)
	l.private = true
	return l, nil
}

func (db *DB) dropBuild(ctx context.Context, s *slot, l *line) error {
	db.turn.Lock()
	defer db.turn.Unlock()
	if s.building.id != l.gen.id {
		return nil
	}
	b := db.pebble.NewBatch()
	err := errors.Join(remove(b, l.gen.id), b.Delete(metaKey("build/", s.view.Name()), nil))
	if err == nil {
		err = db.commit(ctx, b)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	s.building = generation{}
	return err
}

// take makes a line part of the head. Where it was built beside the live
// generation, it becomes the live one and the old rows go, in one batch. turn is
// held.
func (db *DB) take(ctx context.Context, l *line) error {
	s := l.slot
	if l.gen.id == s.live.id {
		db.head.add(l)
		return nil
	}
	if l.stopped {
		return nil // Status tells why; the live generation stays
	}
	if i := slices.IndexFunc(db.head.lines, func(h *line) bool { return h.slot == s }); i >= 0 {
		db.head.lines = slices.Delete(db.head.lines, i, i+1)
	}
	b := db.pebble.NewBatch()
	err := errors.Join(
		b.Set(metaKey("live/", s.view.Name()), generationValue(l.gen), nil),
		b.Delete(metaKey("build/", s.view.Name()), nil),
		remove(b, s.live.id),
	)
	if err == nil {
		err = db.commit(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("projections: view %s: %w", s.view.Name(), err)
	}
	l.private = false
	db.head.add(l)
	db.mu.Lock()
	defer db.mu.Unlock()
	s.live, s.building, s.err = l.gen, generation{}, nil
	db.wake()
	return nil
}

// Check builds a view from the first entry in a store of its own, in the scratch
// folder, up to where the live generation stands, and gives the digests of both.
// It changes nothing of the store, so that it works on one open for reading
// only. progress may be nil.
func (db *DB) Check(ctx context.Context, l Ledger, view string, progress func(domain.Seq)) (live, rebuilt Digest, err error) {
	s, err := db.slot(view)
	if err != nil {
		return live, rebuilt, err
	}
	if live, err = db.Digest(ctx, view); err != nil {
		return live, rebuilt, err
	}
	dir := db.cfg.FS.PathJoin(db.cfg.Scratch, fmt.Sprintf("%s-%d", filepath.Base(view), db.checks.Add(1)))
	if err := db.cfg.FS.RemoveAll(dir); err != nil {
		return live, rebuilt, fmt.Errorf("projections: check %s: %w", view, err)
	}
	scratch, err := Open(Config{Dir: dir, FS: db.cfg.FS, CacheBytes: 16 << 20, Logger: db.log}, s.view)
	if err != nil {
		return live, rebuilt, fmt.Errorf("projections: check %s: %w", view, err)
	}
	defer func() {
		err = errors.Join(err, scratch.Close(), db.cfg.FS.RemoveAll(dir))
	}()
	if live.Seq > 0 {
		err = scratch.head.run(ctx, func(ctx context.Context) iter.Seq2[*domain.Entry, error] { return l.ReadAll(ctx, 0) },
			drive{far: true, upto: live.Seq, progress: progress})
		if err == nil {
			err = scratch.slots[0].err
		}
		if err != nil {
			return live, rebuilt, fmt.Errorf("projections: check %s: %w", view, err)
		}
	}
	rebuilt, err = scratch.Digest(ctx, view)
	return live, rebuilt, err
}
