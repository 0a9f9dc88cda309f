package eventstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"incidentledger/domain"
)

// foundingMark stands in an organisation's folder while its ledger is being
// founded. Nothing was promised to anybody as long as it is there.
const foundingMark = "founding"

// ErrExists says that an organisation has a ledger already.
var ErrExists = errors.New("a ledger of this organisation exists")

// Found makes the folder, the streams and the empty journal of a new
// organisation's ledger. The caller then appends the genesis entry and whatever
// else belongs to it, and calls Founded. A crash in between leaves nothing: the
// next Open removes what is half made.
func (s *Store) Found(ctx context.Context, org domain.OrgID) (*Ledger, error) {
	if err := CheckOrg(org); err != nil {
		return nil, err
	}
	c := s.cfg
	dir := c.orgDir(org)
	for _, path := range []string{dir, c.streamDir(org)} {
		if _, err := os.Stat(path); err == nil {
			return nil, fmt.Errorf("organisation %s: %w: %s is there", org, ErrExists, path)
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("organisation %s: %w", org, err)
		}
	}
	if err := c.beginFounding(org); err != nil {
		return nil, fmt.Errorf("organisation %s: %w", org, err)
	}
	if err := s.bus.createStreams(ctx, org, ledgerStream(org), eventsStream(org)); err != nil {
		return nil, err
	}
	s.bus.gate.admit(org)
	shapes, err := openShapes(dir)
	if err != nil {
		return nil, fmt.Errorf("organisation %s: %w", org, err)
	}
	scan := &journalScan{heads: map[aggID]domain.Seq{}}
	j, err := openJournal(c.journalDir(org), c.SegmentSize, scan)
	if err != nil {
		return nil, fmt.Errorf("organisation %s: %w", org, err)
	}
	l, err := newLedger(c, org, s.bus, j, scan.heads, shapes)
	if err != nil {
		return nil, err
	}
	l.run()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledgers[org] = l
	s.order = append(s.order, org)
	slices.Sort(s.order)
	return l, nil
}

// halfDir is where an organisation's folder lies while it has no mark: before it
// gets one, and when it is being removed. It is no name of an organisation.
func (c Config) halfDir(org domain.OrgID) string {
	return filepath.Join(c.orgsDir(), "."+string(org)+".half")
}

// beginFounding makes an organisation's folder, which gets its name only when the
// founding mark stands in it.
func (c Config) beginFounding(org domain.OrgID) error {
	half := c.halfDir(org)
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(half, filepath.Base(c.journalDir(org))), 0o700); err != nil {
		return err
	}
	if err := writeFileSync(filepath.Join(half, foundingMark), nil); err != nil {
		return err
	}
	if err := os.Rename(half, c.orgDir(org)); err != nil {
		return err
	}
	return errors.Join(syncDir(c.orgsDir()), syncDir(c.Dir))
}

// Founded says that a ledger's first entries are complete. From here on it is
// there for ever.
func (s *Store) Founded(org domain.OrgID) error {
	l, err := s.Ledger(org)
	if err != nil {
		return err
	}
	if l.Last() == 0 {
		return fmt.Errorf("organisation %s: a ledger is founded by its genesis entry, and there is none", org)
	}
	// The stream's folder itself must outlive a power cut, or the next start
	// would find a ledger whose stream is gone. So must the data folder and what
	// else was made in it meanwhile, such as the folder of the keys.
	if err := errors.Join(syncTree(s.cfg.jetstreamDir()), syncDir(s.cfg.Dir), syncDir(filepath.Dir(s.cfg.Dir))); err != nil {
		return fmt.Errorf("organisation %s: %w", org, err)
	}
	dir := s.cfg.orgDir(org)
	if err := errors.Join(os.Remove(filepath.Join(dir, foundingMark)), syncDir(dir)); err != nil {
		return fmt.Errorf("organisation %s: %w", org, err)
	}
	return nil
}

// dropUnfounded removes what a crash left of organisations that were being
// founded, and gives the others.
func (c Config) dropUnfounded(orgs []domain.OrgID) ([]domain.OrgID, error) {
	var out []domain.OrgID
	for _, org := range orgs {
		if _, err := os.Stat(filepath.Join(c.orgDir(org), foundingMark)); errors.Is(err, os.ErrNotExist) {
			out = append(out, org)
			continue
		} else if err != nil {
			return nil, fmt.Errorf("organisation %s: %w", org, err)
		}
		if err := c.removeFounding(org); err != nil {
			return nil, fmt.Errorf("organisation %s: remove what is left of an unfinished founding: %w", org, err)
		}
		c.Log.Warn("the founding of this organisation was interrupted; what was left of it is removed", "org", org)
	}
	return out, nil
}

// removeFounding removes the streams of an unfinished founding and then, with
// its mark, the organisation's folder: by one rename, so that it is never there
// without the mark.
func (c Config) removeFounding(org domain.OrgID) error {
	streams := filepath.Dir(c.streamDir(org))
	if err := errors.Join(os.RemoveAll(c.streamDir(org)), os.RemoveAll(filepath.Join(streams, EventsStreamName(org)))); err != nil {
		return err
	}
	if err := syncDir(streams); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	half := c.halfDir(org)
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := os.Rename(c.orgDir(org), half); err != nil {
		return err
	}
	return errors.Join(syncDir(c.orgsDir()), os.RemoveAll(half))
}

// syncTree makes every file and folder below root durable.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // a temporary file of the running server
		}
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
