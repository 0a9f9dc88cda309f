package eventstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
)

// An UnsoundError says that a ledger stays shut: something is not what a stop
// or a crash leaves. Nothing was changed.
type UnsoundError struct {
	Org  domain.OrgID
	What []string // what is wrong and where
	Help string   // which command mends it
}

func (e *UnsoundError) Error() string {
	return fmt.Sprintf("the ledger of %s is not sound and stays shut; nothing was changed\n  %s\n%s", e.Org, strings.Join(e.What, "\n  "), e.Help)
}

func unsound(org domain.OrgID, help, format string, args ...any) *UnsoundError {
	return &UnsoundError{Org: org, What: []string{fmt.Sprintf(format, args...)}, Help: help}
}

func helpRestore(org domain.OrgID) string {
	return fmt.Sprintf("Copy the data folder away first. Then `incidentledger restore-log --org %s` rebuilds stream and journal from whatever copy is intact, and says which entries no copy holds.", org)
}

// A gate is what the start-up gate found on disk before the server starts.
type gate struct {
	org    domain.OrgID
	scan   *journalScan
	shapes *shapeFile
	clean  bool
	stream domain.Seq // the stream holds 1 to here, byte for byte
	extra  []*pending // entries behind the journal's last that only the stream holds
}

// gate compares the two copies of a ledger, journal and stream, while no server
// runs. After an orderly stop they must agree in every byte. After a crash,
// damage above what is known to have been synced is what a crash leaves and is
// cut off here, to be filled from the other copy when the server runs; anything
// else is an *UnsoundError.
func (c Config) gate(org domain.OrgID) (*gate, error) {
	dir := c.orgDir(org)
	g := &gate{org: org}
	var err error
	if g.shapes, err = openShapes(dir); err != nil && !errors.Is(err, errShapes) {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	if line := g.shapes.unknown(c.Codec); line != "" {
		return nil, unsound(org, "Use the version of the program that wrote this ledger, or a newer one.", "%s", (&UnknownShapeError{line}).Error())
	}
	mark, err := readMark(dir)
	if err != nil {
		return nil, unsound(org, helpRestore(org), "%v", err)
	}
	clean, err := readClean(dir)
	if err != nil {
		return nil, unsound(org, helpRestore(org), "%v", err)
	}
	if g.scan, err = scanJournal(c.journalDir(org), nil); err != nil {
		return nil, unsound(org, helpRestore(org), "%v", err)
	}
	if len(g.shapes.known) == 0 && g.scan.last > 0 {
		if err := g.shapes.relearn(c.Codec, g.scan); err != nil {
			return nil, unsound(org, "Use the version of the program that wrote this ledger, or a newer one.", "the list of event shapes is gone, and: %v", err)
		}
		c.Log.Warn("the list of event shapes was gone; it was made anew from the entries", "org", org)
	}
	g.clean = clean != nil
	if g.clean {
		return g, c.gateClean(g, *clean)
	}
	return g, c.gateCrash(g, mark)
}

// gateClean judges a ledger after an orderly stop.
func (c Config) gateClean(g *gate, clean cleanMark) error {
	help := helpRestore(g.org)
	if g.scan.damage != nil {
		return unsound(g.org, help, "journal %s", g.scan.damage)
	}
	if g.scan.last != clean.last {
		return unsound(g.org, help, "the journal %s ends with entry %d; at the last stop it ended with %d", c.journalDir(g.org), g.scan.last, clean.last)
	}
	cmp, err := c.compare(g)
	if err != nil {
		return err
	}
	if cmp.damage != nil {
		return unsound(g.org, help, "stream %s", cmp.damage)
	}
	if g.stream != clean.last || len(g.extra) > 0 {
		return unsound(g.org, help, "the stream %s ends with entry %d; at the last stop it ended with %d", c.streamDir(g.org), g.stream+domain.Seq(len(g.extra)), clean.last)
	}
	if clean.last > 0 && cmp.lastLeaf != clean.leaf {
		return unsound(g.org, help, "entry %d has the leaf hash %s; at the last stop it had %s", clean.last, cmp.lastLeaf, clean.leaf)
	}
	return nil
}

// gateCrash judges a ledger after anything but an orderly stop, and cuts off
// what the crash left half written.
func (c Config) gateCrash(g *gate, mark domain.Seq) error {
	help := helpRestore(g.org)
	if d := g.scan.damage; d != nil && d.From <= max(g.scan.proven, mark) {
		return unsound(g.org, help, "journal %s; entries up to %d were acknowledged, so this is not what a crash leaves", d, max(g.scan.proven, mark))
	}
	if g.scan.last < mark {
		return unsound(g.org, help, "the journal %s ends with entry %d, but entries up to %d were acknowledged", c.journalDir(g.org), g.scan.last, mark)
	}
	cmp, err := c.compare(g)
	if err != nil {
		return err
	}
	if d := cmp.damage; d != nil && d.From <= mark {
		return unsound(g.org, help, "stream %s; it was on disk up to entry %d, so this is not what a crash leaves", d, mark)
	}
	if g.stream+domain.Seq(len(g.extra)) < mark {
		return unsound(g.org, help, "the stream %s ends with entry %d, but it was on disk up to entry %d", c.streamDir(g.org), g.stream, mark)
	}
	aside, err := newAside(c.orgDir(g.org))
	if err != nil {
		return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	if g.scan.damage != nil {
		if err := aside.journal(c.journalDir(g.org), g.scan.last); err != nil {
			return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
		}
		if err := truncateJournal(c.journalDir(g.org), g.scan.last, g.scan); err != nil {
			return fmt.Errorf("eventstore: ledger %s: cut the journal after entry %d: %w", g.org, g.scan.last, err)
		}
		c.Log.Warn("the crash left half-written records at the end of the journal; they were never acknowledged and are set aside",
			"org", g.org, "after", g.scan.last, "aside", aside.dir)
	}
	if cmp.damage != nil {
		if err := aside.blocks(cmp.cut); err != nil {
			return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
		}
		if err := cutBlocks(cmp.cut, cmp.cutAt); err != nil {
			return fmt.Errorf("eventstore: ledger %s: cut the stream after entry %d: %w", g.org, g.stream, err)
		}
		c.Log.Warn("the crash left half-written messages at the end of the stream; they are set aside and filled from the journal",
			"org", g.org, "after", g.stream, "aside", aside.dir)
	}
	// The stream's index may speak of what the blocks no longer hold.
	err = os.Remove(filepath.Join(c.streamDir(g.org), "msgs", streamState))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	return nil
}

// comparison is what reading all blocks beside the journal found.
type comparison struct {
	lastLeaf domain.Hash // of the last entry that both hold
	damage   *Damage     // where the blocks stop to hold what they should
	cut      []blockFile // the block of the damage and those behind it
	cutAt    int64       // where the first of them is intact up to
}

var errStop = errors.New("stop")

// compare reads every block of the stream and the journal side by side. It sets
// g.stream and g.extra.
func (c Config) compare(g *gate) (*comparison, error) {
	msgs := filepath.Join(c.streamDir(g.org), "msgs")
	blocks, err := blockFiles(msgs)
	if errors.Is(err, os.ErrNotExist) {
		return nil, unsound(g.org, helpRestore(g.org), "the stream's folder %s is gone", c.streamDir(g.org))
	}
	if err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	journal := newCursor(g.scan)
	defer journal.close()
	cmp := &comparison{}
	var lastData []byte
	for i, blk := range blocks {
		off, err := scanBlock(StreamName(g.org), blk, func(r blkRecord, off int) error {
			next := g.stream + domain.Seq(len(g.extra)) + 1
			if r.Seq != next {
				cmp.damage = &Damage{fmt.Sprintf("%s: offset %d", blk.path, off), next, fmt.Sprintf("message %d stands here", r.Seq)}
				return errStop
			}
			if next > g.scan.last {
				return g.takeExtra(c, r)
			}
			stored, agg, err := journal.next()
			if err != nil {
				return err
			}
			if string(stored) != string(r.Data) || agg != subjectAgg(g.org, r.Subject) {
				cmp.damage = &Damage{fmt.Sprintf("%s: offset %d", blk.path, off), next, "it is not the entry that the journal holds"}
				return errStop
			}
			g.stream = next
			lastData = append(lastData[:0], r.Data...)
			return nil
		})
		if errors.Is(err, errBlockDamage) && cmp.damage == nil {
			cmp.damage = &Damage{fmt.Sprintf("%s: offset %d", blk.path, off), g.stream + domain.Seq(len(g.extra)) + 1, err.Error()}
		} else if err != nil && !errors.Is(err, errStop) && !errors.Is(err, errBlockDamage) {
			return nil, fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
		}
		if cmp.damage != nil {
			cmp.cut, cmp.cutAt = blocks[i:], int64(off)
			break
		}
	}
	if g.stream > 0 {
		cmp.lastLeaf = domain.LeafHash(lastData)
	}
	return cmp, nil
}

// takeExtra keeps an entry that only the stream holds: it was published and
// never acknowledged, or its place in the journal was not yet on disk.
func (g *gate) takeExtra(c Config, r blkRecord) error {
	data := append([]byte(nil), r.Data...)
	en, err := c.Codec.Decode(r.Seq, data)
	if err != nil {
		return err
	}
	g.extra = append(g.extra, &pending{agg: aggOf(en.Ref()), prev: en.Prev, subject: r.Subject, data: data, seq: r.Seq, done: make(chan struct{})})
	return nil
}

// subjectAgg gives the aggregate of a subject, zero for a foreign subject.
func subjectAgg(org domain.OrgID, s string) aggID {
	rest, ok := strings.CutPrefix(s, "ledger."+string(org)+".")
	kind, key, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return aggID{}
	}
	return aggOfString(kind + "/" + key)
}

// start opens a ledger whose copies were found to agree, once the server runs:
// it checks the stream as JetStream sees it and fills either copy from the other.
func (s *Store) start(ctx context.Context, g *gate) error {
	c := s.cfg
	stream, err := s.bus.js.Stream(ctx, StreamName(g.org))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return unsound(g.org, helpRestore(g.org), "JetStream does not know the stream %s although its files are there", StreamName(g.org))
	}
	if err != nil {
		return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	have := g.stream + domain.Seq(len(g.extra))
	if err := checkStream(info, ledgerStream(g.org)); err != nil {
		return unsound(g.org, helpRestore(g.org), "%v", err)
	}
	if st := info.State; domain.Seq(st.LastSeq) != have || st.NumDeleted != 0 || st.Msgs != st.LastSeq || have > 0 && st.FirstSeq != 1 {
		return unsound(g.org, helpRestore(g.org), "JetStream gives entries %d to %d, %d of them, %d deleted; the blocks hold 1 to %d", st.FirstSeq, st.LastSeq, st.Msgs, st.NumDeleted, have)
	}
	if err := s.events(ctx, g.org); err != nil {
		return err
	}
	if err := removeClean(c.orgDir(g.org)); err != nil {
		return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	j, err := openJournal(c.journalDir(g.org), c.SegmentSize, g.scan)
	if err != nil {
		return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
	}
	if !g.clean {
		// A killed process may have left records in the page cache only. They
		// become what everything rests on, so they go to disk first.
		if err := j.sync(); err != nil {
			return fmt.Errorf("eventstore: ledger %s: %w", g.org, err)
		}
	}
	if len(g.extra) > 0 {
		if err := j.write(g.extra); err != nil {
			return fmt.Errorf("eventstore: ledger %s: take over entries of the stream: %w", g.org, err)
		}
		for _, p := range g.extra {
			g.scan.heads[p.agg] = p.seq
		}
		c.Log.Warn("entries that only the stream held were taken over", "org", g.org, "from", g.extra[0].seq, "to", have)
	}
	l, err := newLedger(c, g.org, s.bus, j, g.scan.heads, g.shapes)
	if err != nil {
		return err
	}
	l.clean = g.clean
	s.mu.Lock()
	s.ledgers[g.org] = l
	s.order = append(s.order, g.org)
	s.mu.Unlock()
	if have < j.last {
		if err := l.refill(have); err != nil {
			return fmt.Errorf("eventstore: ledger %s: publish entries %d to %d again: %w", g.org, have+1, j.last, err)
		}
		c.Log.Warn("entries that only the journal held were published again", "org", g.org, "from", have+1, "to", j.last)
	}
	l.run()
	return nil
}

// events makes sure of the stream of integration events, which holds nothing
// that the ledger does not.
func (s *Store) events(ctx context.Context, org domain.OrgID) error {
	_, err := s.bus.js.Stream(ctx, EventsStreamName(org))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return s.bus.createStreams(ctx, org, eventsStream(org))
	}
	return err
}

// refill publishes the journal's entries behind have again, in order.
func (l *Ledger) refill(have domain.Seq) error {
	l.last = have
	for l.last < l.journal.last {
		stored, err := l.journal.chunk(l.last, l.journal.last)
		if err != nil {
			return err
		}
		var group []*pending
		for _, b := range stored[:min(len(stored), maxGroup)] {
			subj, err := l.subjectOf(b)
			if err != nil {
				return err
			}
			group = append(group, &pending{agg: subjectAgg(l.org, subj), subject: subj, data: b, done: make(chan struct{})})
		}
		if err := l.publish(group); err != nil {
			return err
		}
	}
	return nil
}
