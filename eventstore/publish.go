package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"incidentledger/domain"
)

// pubAck is what JetStream answers.
type pubAck struct {
	Type   string `json:"type"`
	Seq    uint64 `json:"seq"`
	Count  int    `json:"count"`
	Stream string `json:"stream"`
	Error  *struct {
		Code        int    `json:"code"`
		ErrCode     int    `json:"err_code"`
		Description string `json:"description"`
	} `json:"error"`
}

const (
	errCodeLastSeq      = 10071
	errCodeLastSeqBatch = 10164
)

// publish gives a group to JetStream as one fast batch whose first message
// expects the stream's last sequence: all or, from some message on, nothing is
// stored. On success each entry has its sequence.
func (l *Ledger) publish(group []*pending) error {
	l.batch++
	prefix := l.inbox + "." + strconv.FormatUint(l.batch, 36) + ".500.fail."
	for i, p := range group {
		op := "1"
		switch {
		case i == len(group)-1:
			op = "2"
		case i == 0:
			op = "0"
		}
		m := &nats.Msg{Subject: p.subject, Reply: prefix + strconv.Itoa(i+1) + "." + op + ".$FI", Data: p.data}
		if i == 0 {
			m.Header = nats.Header{"Nats-Expected-Last-Sequence": []string{strconv.FormatUint(uint64(l.last), 10)}}
		}
		if err := l.bus.work.PublishMsg(m); err != nil {
			return l.settle(group, fmt.Errorf("publish: %w", err))
		}
	}
	ack, err := l.awaitAck(prefix)
	switch {
	case err != nil:
		return l.settle(group, err)
	case ack.Error != nil:
		err := fmt.Errorf("JetStream: %s (%d)", ack.Error.Description, ack.Error.ErrCode)
		if ack.Error.ErrCode == errCodeLastSeq || ack.Error.ErrCode == errCodeLastSeqBatch {
			err = fmt.Errorf("%w: %w", domain.ErrConflict, err)
		}
		return l.settle(group, err)
	case ack.Seq != uint64(l.last)+uint64(len(group)):
		return l.settle(group, fmt.Errorf("JetStream acknowledged sequence %d where %d was due", ack.Seq, uint64(l.last)+uint64(len(group))))
	}
	for i, p := range group {
		p.seq = l.last + domain.Seq(i) + 1
	}
	l.last += domain.Seq(len(group))
	return nil
}

// awaitAck waits for the answer that ends the batch. Flow control and notices
// of single messages pass by: the last answer tells what was stored.
func (l *Ledger) awaitAck(prefix string) (*pubAck, error) {
	deadline := time.Now().Add(ackWait)
	for {
		m, err := l.acks.NextMsg(time.Until(deadline))
		if err != nil {
			return nil, fmt.Errorf("no answer from JetStream: %w", err)
		}
		if !strings.HasPrefix(m.Subject, prefix) {
			continue // an answer to a batch that was settled without it
		}
		var ack pubAck
		if m.Header.Get("Status") != "" {
			return nil, fmt.Errorf("JetStream answers %s %s", m.Header.Get("Status"), m.Header.Get("Description"))
		}
		if err := json.Unmarshal(m.Data, &ack); err != nil {
			return nil, fmt.Errorf("JetStream's answer: %w", err)
		}
		if ack.Type == "" {
			return &ack, nil
		}
	}
}

// settle finds out what became of a group whose answer was lost or was a
// refusal: it reads the stream behind l.last. Entries of the group that are
// there, in order, count as stored; so do entries of another writer, which are
// taken over into the journal. It returns nil when the whole group is stored.
func (l *Ledger) settle(group []*pending, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), ackWait)
	defer cancel()
	stream, err := l.bus.js.Stream(ctx, StreamName(l.org))
	if err != nil {
		l.fail(fmt.Errorf("eventstore: ledger %s: after %w: %w", l.org, cause, err))
		return fmt.Errorf("%w: %w", domain.ErrUnknown, cause)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		l.fail(fmt.Errorf("eventstore: ledger %s: after %w: %w", l.org, cause, err))
		return fmt.Errorf("%w: %w", domain.ErrUnknown, cause)
	}
	next := 0
	for seq := l.last + 1; seq <= domain.Seq(info.State.LastSeq); seq++ {
		m, err := stream.GetMsg(ctx, uint64(seq))
		if err != nil {
			l.fail(fmt.Errorf("eventstore: ledger %s: entry %d: %w", l.org, seq, err))
			return fmt.Errorf("%w: %w", domain.ErrUnknown, cause)
		}
		if next < len(group) && string(m.Data) == string(group[next].data) {
			group[next].seq = seq
			next++
			l.last = seq
			continue
		}
		// Another writer's entry: the group cannot go on behind it as it is.
		l.fail(fmt.Errorf("eventstore: ledger %s: entry %d was written by another process", l.org, seq))
		return fmt.Errorf("%w: %w", domain.ErrUnknown, cause)
	}
	if next == len(group) {
		return nil
	}
	if next > 0 {
		// Part of the group is stored. It is made durable and answered here; the
		// rest was not stored.
		stored := group[:next]
		for _, p := range stored {
			l.setHead(p.agg, p.seq)
		}
		rest := group[next:]
		for _, p := range rest {
			p.finish(0, fmt.Errorf("%w: %w", domain.ErrUnavailable, cause))
		}
		return errPartly{next}
	}
	if errors.Is(cause, domain.ErrConflict) {
		l.fail(fmt.Errorf("eventstore: ledger %s: JetStream's last sequence is not %d: %w", l.org, l.last, cause))
	}
	return fmt.Errorf("%w: %w", domain.ErrUnavailable, cause)
}

// errPartly says that only the first n entries of a group were stored.
type errPartly struct{ n int }

func (e errPartly) Error() string {
	return fmt.Sprintf("only %d entries of the group were stored", e.n)
}
