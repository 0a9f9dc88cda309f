package seal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

const (
	// gather is how long a signature waits for more entries that it may cover.
	gather = 200 * time.Millisecond
	// heartbeat is how long a head stands before it is said again.
	heartbeat = 10 * time.Minute
	// again is how long to wait when the disk is full.
	again = time.Second
)

// Run seals every entry within a second after it is durable, and says an old
// head again every ten minutes, until the context ends. A full disk is waited
// for; any other error ends it.
func (l *Log) Run(ctx context.Context) error {
	for {
		idle, cancel := context.WithTimeout(ctx, heartbeat)
		err := l.cfg.Leaves.WaitFor(idle, l.Head().Size+1)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			err = l.repeat()
		case err == nil:
			if err = pause(ctx, gather); err == nil {
				_, err = l.Seal()
			}
		}
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			err = pause(ctx, again)
		}
		if err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Seal signs a head that covers every durable entry, and gives it. Where there
// is nothing new the head stays.
func (l *Log) Seal() (Head, error) {
	head, size := l.Head(), l.cfg.Leaves.Last()
	if size == head.Size {
		return head, nil
	}
	next, err := l.sign(head, size)
	if err != nil {
		return Head{}, fmt.Errorf("seal: log %s: %w", l.cfg.Origin, err)
	}
	return next, nil
}

// sign makes the head of size entries: hashes on disk, old root still there, new
// root signed, checkpoint on disk. Only then it is shown.
func (l *Log) sign(head Head, size domain.Seq) (Head, error) {
	if size < head.Size {
		return Head{}, fmt.Errorf("%w: there are %d, and %d were signed", ErrContradicted, size, head.Size)
	}
	if err := l.grow(size); err != nil {
		return Head{}, err
	}
	if err := l.levels.sync(); err != nil {
		return Head{}, err
	}
	old, err := l.levels.root(int64(head.Size))
	if err != nil {
		return Head{}, err
	}
	if head.Size > 0 && domain.Hash(old.Hash) != head.Root {
		return Head{}, fmt.Errorf("%w: the kept hashes of the first %d have another root", ErrContradicted, head.Size)
	}
	tree, err := l.levels.root(int64(size))
	if err != nil {
		return Head{}, err
	}
	text := torchwood.Checkpoint{Origin: l.cfg.Origin, Tree: tree}.String()
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		return Head{}, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	next := Head{Size: size, Root: domain.Hash(tree.Hash), At: now, Note: signed}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.points.append(next, signed, now); err != nil {
		return Head{}, err
	}
	l.show(next)
	return next, nil
}

// repeat says that the head still stands.
func (l *Log) repeat() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head.Size == 0 {
		return nil
	}
	if err := l.points.append(l.head, l.head.Note, time.Now()); err != nil {
		return fmt.Errorf("seal: log %s: %w", l.cfg.Origin, err)
	}
	l.show(l.head)
	return nil
}

func (l *Log) show(head Head) {
	l.head = head
	close(l.moved)
	l.moved = make(chan struct{})
}
