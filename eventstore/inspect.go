package eventstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// An Offline is a ledger opened for reading its files only: nothing is locked,
// started or changed. It is for checking evidence.
type Offline struct {
	c     Config
	org   domain.OrgID
	scan  *journalScan
	clean *cleanMark
	mark  domain.Seq
}

// Orgs lists the organisations in a data folder without opening it.
func Orgs(dir string) ([]domain.OrgID, error) { return Config{Dir: dir}.orgs() }

// OrgDir is where an organisation's own files lie in a data folder.
func OrgDir(dir string, org domain.OrgID) string { return Config{Dir: dir}.orgDir(org) }

// OpenOffline reads every byte of a ledger's journal. What is wrong with it is
// not an error here but a finding of Check.
func OpenOffline(c Config, org domain.OrgID) (*Offline, error) {
	c, err := c.prepare()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.orgDir(org)); err != nil {
		return nil, fmt.Errorf("organisation %s: %w: there is no folder %s", org, domain.ErrNotFound, c.orgDir(org))
	}
	o := &Offline{c: c, org: org}
	if o.clean, err = readClean(c.orgDir(org)); err != nil {
		return nil, err
	}
	if o.mark, err = readMark(c.orgDir(org)); err != nil {
		return nil, err
	}
	if o.scan, err = scanJournal(c.journalDir(org), nil); err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	return o, nil
}

// Last is the last entry of the journal's unbroken run.
func (o *Offline) Last() domain.Seq { return o.scan.last }

// A Finding is something that a check found to be otherwise than it should.
type Finding struct {
	Seq  domain.Seq // 0: not about one entry
	What string
}

// CheckCopies compares journal and stream byte for byte, and both with what the
// last orderly stop left. After a crash, what the next start would heal is no
// finding.
func (o *Offline) CheckCopies() (findings []Finding, err error) {
	find := func(seq domain.Seq, format string, args ...any) {
		findings = append(findings, Finding{seq, fmt.Sprintf(format, args...)})
	}
	shapes, err := openShapes(o.c.orgDir(o.org))
	if err != nil && !errors.Is(err, errShapes) {
		return nil, err
	}
	if line := shapes.unknown(o.c.Codec); line != "" {
		find(0, "%v", &UnknownShapeError{line})
	}
	g := &gate{org: o.org, scan: o.scan, shapes: shapes, clean: o.clean != nil}
	proven := max(o.scan.proven, o.mark)
	if d := o.scan.damage; d != nil && (g.clean || d.From <= proven) {
		find(d.From, "journal %s", d)
	}
	if o.scan.last < o.mark {
		find(o.mark, "the journal ends with entry %d, but entries up to %d were acknowledged", o.scan.last, o.mark)
	}
	cmp, err := o.c.compare(g)
	var shut *UnsoundError
	if errors.As(err, &shut) {
		find(0, "%s", shut.What[0])
		return findings, nil
	}
	if err != nil {
		return nil, err
	}
	if d := cmp.damage; d != nil && (g.clean || d.From <= o.mark) {
		find(d.From, "stream %s", d)
	}
	have := g.stream + domain.Seq(len(g.extra))
	if have < o.mark {
		find(o.mark, "the stream ends with entry %d, but it was on disk up to entry %d", have, o.mark)
	}
	if o.clean != nil {
		if o.scan.last != o.clean.last || have != o.clean.last {
			find(o.clean.last, "at the last stop the ledger ended with entry %d; now the journal ends with %d and the stream with %d", o.clean.last, o.scan.last, have)
		} else if o.clean.last > 0 && cmp.lastLeaf != o.clean.leaf {
			find(o.clean.last, "entry %d has the leaf hash %s; at the last stop it had %s", o.clean.last, cmp.lastLeaf, o.clean.leaf)
		}
	}
	return findings, nil
}

// A Checked entry is one that CheckChains read.
type Checked struct {
	Seq   domain.Seq
	Leaf  domain.Hash   // of its bytes; of a lost one the leaf hash that it had
	Entry *domain.Entry // nil: it does not decode, or is lost
	Lost  bool          // a lost marker stands here
	Bad   []Finding     // what is wrong with it
}

// link is the last entry of an aggregate on the way through the ledger.
type link struct {
	seq      domain.Seq
	hash     domain.Hash
	recorded time.Time
}

// CheckChains gives every entry in order, decoded strictly, with what is wrong
// with its place in its aggregate's chain: prev, prevHash, and an instant of
// recording before that of the entry before.
func (o *Offline) CheckChains(ctx context.Context) iter.Seq2[Checked, error] {
	return func(yield func(Checked, error) bool) {
		heads, lostAt := map[aggID]link{}, map[domain.Seq]domain.Hash{}
		cur := newCursor(o.scan)
		defer cur.close()
		for seq := domain.Seq(1); seq <= o.scan.last; seq++ {
			if err := ctx.Err(); err != nil {
				yield(Checked{}, err)
				return
			}
			stored, agg, err := cur.next()
			if err != nil {
				yield(Checked{}, err)
				return
			}
			ch := Checked{Seq: seq, Leaf: leafOf(stored)}
			en, err := o.c.Codec.Decode(seq, stored)
			var lost *LostError
			switch {
			case errors.As(err, &lost):
				ch.Lost = true
				lostAt[seq] = lost.Leaf
			case err != nil:
				ch.Bad = append(ch.Bad, Finding{seq, err.Error()})
			default:
				ch.Entry = en
				if leaf, gone := lostAt[en.Prev]; gone {
					// Its predecessor is lost; what it says of it is all there is.
					heads[agg] = link{en.Prev, en.PrevHash, heads[agg].recorded}
					if !leaf.IsZero() && leaf != en.PrevHash {
						ch.Bad = append(ch.Bad, Finding{seq, fmt.Sprintf("entry %d was lost with the leaf hash %s; entry %d says %s", en.Prev, leaf, seq, en.PrevHash)})
					}
				}
				ch.Bad = append(ch.Bad, o.checkLink(heads, agg, en)...)
			}
			if !yield(ch, nil) {
				return
			}
		}
	}
}

func (o *Offline) checkLink(heads map[aggID]link, agg aggID, en *domain.Entry) (bad []Finding) {
	find := func(format string, args ...any) { bad = append(bad, Finding{en.Seq, fmt.Sprintf(format, args...)}) }
	if en.Org != o.org {
		find("entry %d belongs to %s", en.Seq, en.Org)
	}
	if agg != aggOf(en.Ref()) {
		find("entry %d is filed under another aggregate than %s", en.Seq, en.Ref())
	}
	h := heads[agg]
	switch {
	case en.Prev != h.seq:
		find("entry %d of %s says that %d came before it; it was %d", en.Seq, en.Ref(), en.Prev, h.seq)
	case en.PrevHash != h.hash:
		find("entry %d of %s says that entry %d has the leaf hash %s; it has %s", en.Seq, en.Ref(), en.Prev, en.PrevHash, h.hash)
	}
	if en.Recorded.Before(h.recorded) {
		find("entry %d of %s was recorded at %s, before the entry before it", en.Seq, en.Ref(), en.Recorded.Format(time.RFC3339Nano))
	}
	heads[agg] = link{en.Seq, en.Hash, en.Recorded}
	return bad
}

// ReadAll gives the entries behind after, without what is wrong with them; lost
// ones as entries of LostKind. It and Follow let views be built from the files.
func (o *Offline) ReadAll(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for ch, err := range o.CheckChains(ctx) {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case ch.Seq <= after:
				continue
			case ch.Entry == nil:
				ch.Entry = &domain.Entry{Seq: ch.Seq, Org: o.org, Kind: LostKind}
			}
			if !yield(ch.Entry, nil) {
				return
			}
		}
	}
}

// Follow is ReadAll, and then waits for the end of the context: files that are
// only read do not grow.
func (o *Offline) Follow(ctx context.Context, after domain.Seq) iter.Seq2[*domain.Entry, error] {
	return func(yield func(*domain.Entry, error) bool) {
		for en, err := range o.ReadAll(ctx, after) {
			if !yield(en, err) || err != nil {
				return
			}
		}
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

// InUse reports whether a process owns the data folder now.
func InUse(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
