package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

const (
	maxGroup      = 1024    // entries in one group
	maxGroupBytes = 4 << 20 // stored bytes in one group
	overlapFrom   = 48      // from this size on the next group is published while this one is synced
	ackWait       = 10 * time.Second
)

// pending is one entry on its way through the committer.
type pending struct {
	agg     aggID
	prev    domain.Seq
	subject string
	data    []byte

	seq  domain.Seq
	err  error
	done chan struct{}
}

func (p *pending) finish(seq domain.Seq, err error) {
	p.seq, p.err = seq, err
	close(p.done)
}

// Append stores an entry after the aggregate's entry en.Prev and returns when it
// is durable: JetStream gave it its sequence and the journal is fsynced. It sets
// en's Seq, Hash and Size.
//
// ErrConflict says that the aggregate has another last entry; nothing was
// stored. ErrUnavailable: nothing was stored, try again later. ErrUnknown: it
// may have been stored; loading the aggregate tells. The context is heeded until
// the entry is on its way, not after.
func (l *Ledger) Append(ctx context.Context, en *domain.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := l.codec.Encode(en)
	if err != nil {
		return err
	}
	if err := l.shapes.use(en); err != nil {
		return err
	}
	p := &pending{
		agg: aggOf(en.Ref()), prev: en.Prev, subject: subject(l.org, en.Ref()),
		data: data, done: make(chan struct{}),
	}
	if err := l.enqueue(p); err != nil {
		return err
	}
	<-p.done
	if p.err != nil {
		return fmt.Errorf("eventstore: order %s: %w", en.ID, p.err)
	}
	en.Seq, en.Hash, en.Size = p.seq, domain.LeafHash(data), len(data)
	return nil
}

func (l *Ledger) enqueue(p *pending) error {
	l.qmu.Lock()
	defer l.qmu.Unlock()
	if l.qclosed != nil {
		return l.qclosed
	}
	l.queue = append(l.queue, p)
	select {
	case l.kick <- struct{}{}:
	default:
	}
	return nil
}

// closeQueue makes every further append fail with err.
func (l *Ledger) closeQueue(err error) []*pending {
	l.qmu.Lock()
	defer l.qmu.Unlock()
	if l.qclosed == nil {
		l.qclosed = err
	}
	left := l.queue
	l.queue = nil
	return left
}

// take gives the next group: what waits, up to the limits. It may be empty.
func (l *Ledger) take() []*pending {
	l.qmu.Lock()
	defer l.qmu.Unlock()
	n, bytes := 0, 0
	for n < len(l.queue) && n < maxGroup && bytes < maxGroupBytes {
		bytes += len(l.queue[n].data)
		n++
	}
	group := l.queue[:n:n]
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
	return group
}

// commit is the committer: it alone publishes, knows every aggregate's last
// sequence, and fences each group with the stream's last sequence, so that no
// other writer can slip in unseen. It ends when the queue is closed and empty.
func (l *Ledger) commit() {
	defer close(l.committed)
	toSync := make(chan []*pending)
	go l.syncGroups(toSync)
	defer func() { close(toSync); <-l.syncedAll }()

	var syncing []*pending // the group last handed on, perhaps not yet in the journal
	for {
		group := l.take()
		if len(group) == 0 {
			l.qmu.Lock()
			closed := l.qclosed != nil && len(l.queue) == 0
			l.qmu.Unlock()
			if closed {
				return
			}
			<-l.kick
			continue
		}
		group = l.admit(group, syncing)
		if len(group) == 0 {
			continue
		}
		err := l.publish(group)
		var partly errPartly
		if errors.As(err, &partly) {
			group, err = group[:partly.n], nil // settle answered the others
		}
		if err != nil {
			for _, p := range group {
				p.finish(0, err)
			}
			continue
		}
		for _, p := range group {
			l.setHead(p.agg, p.seq)
		}
		toSync <- group
		syncing = group
		if len(group) < overlapFrom {
			<-group[len(group)-1].done
		}
	}
}

// syncGroups writes published groups to the journal and answers who waits.
func (l *Ledger) syncGroups(groups <-chan []*pending) {
	defer close(l.syncedAll)
	for group := range groups {
		err := l.broken()
		if err == nil {
			if err = l.journal.write(group); err != nil {
				// What the page cache and the disk hold is now unknown: the
				// process must end, and the next start compares the copies.
				l.fail(fmt.Errorf("eventstore: ledger %s: %w", l.org, err))
			}
		}
		for _, p := range group {
			if err != nil {
				p.finish(0, fmt.Errorf("%w: %w", domain.ErrUnknown, err))
			} else {
				p.finish(p.seq, nil)
			}
		}
	}
}

// admit answers who cannot be in this group and gives the rest: a wrong last
// sequence is a conflict, a full disk is no place to begin writing. syncing is
// the group before it.
func (l *Ledger) admit(group, syncing []*pending) []*pending {
	if err := l.checkRoom(recordsSize(group), syncing); err != nil {
		for _, p := range group {
			p.finish(0, err)
		}
		return nil
	}
	var inGroup map[aggID]bool
	if len(group) > 1 {
		inGroup = make(map[aggID]bool, len(group))
	}
	out := group[:0]
	for _, p := range group {
		if l.headOf(p.agg) != p.prev || inGroup[p.agg] {
			p.finish(0, domain.ErrConflict)
			continue
		}
		if inGroup != nil {
			inGroup[p.agg] = true
		}
		out = append(out, p)
	}
	return out
}

// reserve is the free space below which nothing is begun: JetStream stops
// working for good when it meets a full disk.
const reserve = 32 << 20

func recordsSize(group []*pending) int {
	size := 0
	for _, p := range group {
		size += len(p.data) + recordHeader
	}
	return size
}

func (l *Ledger) checkRoom(size int, syncing []*pending) error {
	var st unix.Statfs_t
	if err := unix.Statfs(l.dir, &st); err != nil {
		return fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
	}
	if st.Flags&unix.ST_RDONLY != 0 {
		return fmt.Errorf("%w: the disk of %s is read-only", domain.ErrUnavailable, l.dir)
	}
	free := int64(st.Bavail) * st.Bsize
	if need := int64(reserve + 4*size); free < need {
		return fmt.Errorf("%w: the disk of %s has %d MiB left and needs %d MiB; make room, nothing was written", domain.ErrUnavailable, l.dir, free>>20, need>>20)
	}
	if l.journal.fits(recordsSize(syncing) + size) {
		return nil
	}
	// A new segment begins behind everything that is on its way to the journal.
	if n := len(syncing); n > 0 {
		<-syncing[n-1].done
		if err := l.broken(); err != nil {
			return fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
		}
	}
	if err := l.journal.hasRoom(size); err != nil {
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.EFBIG) {
			return fmt.Errorf("%w: %w", domain.ErrUnavailable, err)
		}
		l.fail(err)
		return err
	}
	return nil
}
