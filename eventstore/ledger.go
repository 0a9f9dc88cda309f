package eventstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// A Ledger is one organisation's ledger, open for appending and reading. Its
// methods may be called by any number of goroutines.
type Ledger struct {
	org     domain.OrgID
	dir     string
	msgs    string // where JetStream keeps the stream's blocks
	codec   *Codec
	bus     *bus
	journal *journal
	shapes  *shapeFile
	onFail  func(error)

	interval time.Duration // of JetStream's own syncing
	clean    bool          // it was stopped in order before

	// The committer's own: nobody else touches these.
	last  domain.Seq // last sequence published
	batch uint64
	inbox string
	acks  *nats.Subscription

	qmu     sync.Mutex
	queue   []*pending
	qclosed error // set: no further appends
	kick    chan struct{}

	hmu   sync.RWMutex
	heads map[aggID]domain.Seq // last stored entry of each aggregate, durable or not

	fmu    sync.Mutex
	failed error

	committed chan struct{} // closed when the committer has ended
	syncedAll chan struct{} // closed when the last group was answered
	stopMark  context.CancelFunc
	markDone  chan struct{}
}

// newLedger makes a ledger whose copies agree; run starts it.
func newLedger(c Config, org domain.OrgID, b *bus, j *journal, heads map[aggID]domain.Seq, shapes *shapeFile) (*Ledger, error) {
	l := &Ledger{
		org: org, dir: c.orgDir(org), msgs: filepath.Join(c.streamDir(org), "msgs"), codec: c.Codec, bus: b, journal: j, shapes: shapes, onFail: c.OnFailure, interval: c.SyncInterval,
		last: j.last, inbox: nats.NewInbox(), kick: make(chan struct{}, 1), heads: heads,
		committed: make(chan struct{}), syncedAll: make(chan struct{}), markDone: make(chan struct{}),
	}
	sub, err := b.work.SubscribeSync(l.inbox + ".>")
	if err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, fmt.Errorf("eventstore: ledger %s: %w", org, err)
	}
	l.acks = sub
	return l, nil
}

// run starts the committer and the keeper of the synced mark.
func (l *Ledger) run() {
	ctx, stop := context.WithCancel(context.Background())
	l.stopMark = stop
	go l.commit()
	go l.markSynced(ctx)
}

// subjectOf gives the subject of stored bytes; that of a lost marker names no
// aggregate.
func (l *Ledger) subjectOf(stored []byte) (string, error) {
	return subjectOf(l.codec, l.org, stored)
}

func subjectOf(c *Codec, org domain.OrgID, stored []byte) (string, error) {
	en, err := c.Decode(0, stored)
	var lost *LostError
	switch {
	case errors.As(err, &lost):
		return "ledger." + string(org) + "." + string(LostKind) + ".marker", nil
	case err != nil:
		return "", err
	}
	return subject(org, en.Ref()), nil
}

// Org is whose ledger this is.
func (l *Ledger) Org() domain.OrgID { return l.org }

// Last is the watermark: every entry up to it is durable, none behind it may be
// shown to anybody.
func (l *Ledger) Last() domain.Seq { return domain.Seq(l.journal.durable.Load()) }

// CleanStart reports whether the ledger had been stopped in order before it was
// opened.
func (l *Ledger) CleanStart() bool { return l.clean }

// Err is why the ledger takes no more entries, nil while it does.
func (l *Ledger) Err() error { return l.broken() }

// WaitFor waits until the watermark covers seq.
func (l *Ledger) WaitFor(ctx context.Context, seq domain.Seq) error {
	if l.Last() >= seq {
		return nil
	}
	for {
		moved := l.journal.moved.next()
		if l.Last() >= seq {
			return nil
		}
		if err := l.broken(); err != nil {
			return fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("ledger %s: waiting for entry %d: %w", l.org, seq, ctx.Err())
		}
	}
}

func (l *Ledger) headOf(agg aggID) domain.Seq {
	l.hmu.RLock()
	defer l.hmu.RUnlock()
	return l.heads[agg]
}

func (l *Ledger) setHead(agg aggID, seq domain.Seq) {
	l.hmu.Lock()
	l.heads[agg] = seq
	l.hmu.Unlock()
}

func (l *Ledger) broken() error {
	l.fmu.Lock()
	defer l.fmu.Unlock()
	return l.failed
}

// fail makes the ledger take no more entries. The process is to end: only a
// start compares the copies again.
func (l *Ledger) fail(err error) {
	l.fmu.Lock()
	first := l.failed == nil
	if first {
		l.failed = err
	}
	l.fmu.Unlock()
	if !first {
		return
	}
	for _, p := range l.closeQueue(fmt.Errorf("%w: %w", domain.ErrUnavailable, err)) {
		p.finish(0, fmt.Errorf("%w: %w", domain.ErrUnavailable, err))
	}
	l.journal.moved.wake()
	if l.onFail != nil {
		l.onFail(err)
	}
}

// markSynced keeps the synced mark: what the journal had two sync intervals of
// JetStream ago is on disk in the stream, too.
func (l *Ledger) markSynced(ctx context.Context) {
	defer close(l.markDone)
	tick := time.NewTicker(l.interval)
	defer tick.Stop()
	var older, old, written domain.Seq
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if older > written {
			// JetStream synced its blocks, but not the folder that names a new one.
			err := syncDir(l.msgs)
			if err == nil {
				err = writeMark(l.dir, older)
			}
			switch {
			case err == nil:
				written = older
			case errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT):
				// The mark stays where it was, which claims less: a full disk passes.
			default:
				l.fail(fmt.Errorf("eventstore: ledger %s: synced mark: %w", l.org, err))
				return
			}
		}
		older, old = old, l.Last()
	}
}

// stop ends the committer after everything that waits was answered. It does not
// write the clean marker; the store does when the server has stopped.
func (l *Ledger) stop() error {
	for _, p := range l.closeQueue(fmt.Errorf("%w: the ledger is being closed", domain.ErrUnavailable)) {
		p.finish(0, fmt.Errorf("%w: the ledger is being closed", domain.ErrUnavailable))
	}
	select {
	case l.kick <- struct{}{}:
	default:
	}
	if l.stopMark != nil { // it was running
		<-l.committed
		l.stopMark()
		<-l.markDone
	}
	l.journal.moved.wake()
	return errors.Join(l.acks.Unsubscribe(), l.broken())
}
