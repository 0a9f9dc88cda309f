package eventstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"incidentledger/domain"
)

// Restored tells what restore-log found and made.
type Restored struct {
	Org         domain.OrgID `json:"org"`
	Last        domain.Seq   `json:"last"`
	FromJournal int          `json:"fromJournal"`
	FromStream  int          `json:"fromStream"` // entries of which only the stream had an intact copy
	Lost        []domain.Seq `json:"lost"`       // entries of which no copy is left; a marker stands in their place
	Aside       string       `json:"aside"`      // where what was there before lies now
}

// RestoreLog rebuilds stream and journal of one ledger from whatever copy of
// each entry is intact: same sequences, same bytes. It needs the data folder for
// itself. What was there before is moved aside, never removed. progress may be nil.
func RestoreLog(ctx context.Context, c Config, org domain.OrgID, progress func(done, of domain.Seq)) (_ *Restored, err error) {
	if c, err = c.prepare(); err != nil {
		return nil, err
	}
	if err := c.hasTraces(org); err != nil {
		return nil, err
	}
	lock, err := takeLock(c.Dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	sv, err := c.salvage(org)
	if err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	if sv.last == 0 {
		return nil, fmt.Errorf("eventstore: ledger %s: neither journal nor stream holds an intact entry", org)
	}
	r := &Restored{Org: org, Last: sv.last}
	work := filepath.Join(c.orgDir(org), "restoring")
	if err := os.RemoveAll(work); err != nil {
		return nil, err
	}
	if err := c.rebuild(ctx, org, work, sv, r, progress); err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	if r.Aside, err = c.exchange(org, work); err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	return r, nil
}

// hasTraces makes sure that there is something to restore: the organisation's
// folder, or at least its stream.
func (c Config) hasTraces(org domain.OrgID) error {
	if err := CheckOrg(org); err != nil {
		return err
	}
	for _, dir := range []string{c.orgDir(org), c.streamDir(org)} {
		if _, err := os.Stat(dir); err == nil {
			return os.MkdirAll(c.orgDir(org), 0o700)
		}
	}
	return fmt.Errorf("organisation %s: %w: there is neither a folder %s nor a stream", org, domain.ErrNotFound, c.orgDir(org))
}

// rebuild writes a new journal and a new stream below work, with a server of
// its own, so that no other ledger's stream is touched.
func (c Config) rebuild(ctx context.Context, org domain.OrgID, work string, sv *salvaged, r *Restored, progress func(done, of domain.Seq)) error {
	w := c
	w.Dir, w.Listen = work, Listen{}
	if err := os.MkdirAll(w.journalDir(org), 0o700); err != nil {
		return err
	}
	b, err := startBus(w, nil)
	if err != nil {
		return err
	}
	defer b.stop()
	if err := b.createStreams(ctx, org, ledgerStream(org)); err != nil {
		return err
	}
	j, err := openJournal(w.journalDir(org), c.SegmentSize, &journalScan{})
	if err != nil {
		return err
	}
	defer j.close()
	l, err := newLedger(w, org, b, j, map[aggID]domain.Seq{}, nil)
	if err != nil {
		return err
	}
	var leaf domain.Hash
	for seq := domain.Seq(1); seq <= sv.last; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var group []*pending
		for ; seq <= sv.last && len(group) < maxGroup; seq++ {
			stored, from, err := sv.entry(seq)
			if err != nil {
				return err
			}
			switch from {
			case fromJournal:
				r.FromJournal++
			case fromStream:
				r.FromStream++
			default:
				r.Lost = append(r.Lost, seq)
			}
			subj, err := subjectOf(c.Codec, org, stored)
			if err != nil {
				return err
			}
			group = append(group, &pending{agg: subjectAgg(org, subj), subject: subj, data: stored, done: make(chan struct{})})
			leaf = domain.LeafHash(stored)
		}
		if err := l.publish(group); err != nil {
			return err
		}
		if err := j.write(group); err != nil {
			return err
		}
		if progress != nil {
			progress(seq-1, sv.last)
		}
	}
	b.stop()
	if err := syncTree(work); err != nil {
		return err
	}
	if err := writeMark(work, sv.last); err != nil {
		return err
	}
	return writeFileSync(filepath.Join(work, "clean"), fmt.Appendf(nil, "%d %s\n", sv.last, leaf))
}

// exchange moves what was there aside and what was rebuilt in its place.
func (c Config) exchange(org domain.OrgID, work string) (string, error) {
	dir := c.orgDir(org)
	a, err := newAside(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(c.streamDir(org)), 0o700); err != nil {
		return "", err
	}
	w := c
	w.Dir = work
	// A start in the middle of this finds no clean mark, or no stream or
	// journal, and refuses; running restore-log again mends that.
	_ = os.Remove(filepath.Join(dir, "clean"))
	for _, m := range [][2]string{
		{c.journalDir(org), filepath.Join(a.dir, "journal")},
		{c.streamDir(org), filepath.Join(a.dir, "stream")},
		{w.journalDir(org), c.journalDir(org)},
		{w.streamDir(org), c.streamDir(org)},
		{filepath.Join(work, "synced"), filepath.Join(dir, "synced")},
		{filepath.Join(work, "clean"), filepath.Join(dir, "clean")},
	} {
		if err := os.Rename(m[0], m[1]); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	if err := os.RemoveAll(work); err != nil {
		return "", err
	}
	return a.dir, errors.Join(syncDir(dir), syncDir(filepath.Dir(c.streamDir(org))), syncDir(a.root))
}
