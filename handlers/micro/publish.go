package micro

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/handlers"
)

const (
	publishWait = 10 * time.Second // for one acknowledgement
	firstPause  = 100 * time.Millisecond
	longPause   = 10 * time.Second
)

// PublisherConfig is what a publisher works with.
type PublisherConfig struct {
	Org    domain.OrgID
	Ledger handlers.Follower
	Conn   *nats.Conn // may publish to events.<org>.> and read the stream EVENTS_<org>
	Stream string     // name of the stream; empty: EVENTS_<org>
	Base   string     // address at which the API is reached from outside, for dataref; empty: no dataref

	Log *slog.Logger // nil: slog.Default
}

// A Publisher writes an organisation's integration events.
type Publisher struct {
	c  PublisherConfig
	js jetstream.JetStream
}

// errMoved says that the stream is not where the publisher thought it was.
var errMoved = errors.New("the stream of events has moved on")

// NewPublisher makes a publisher. It does nothing until Run.
func NewPublisher(c PublisherConfig) (*Publisher, error) {
	if c.Stream == "" {
		c.Stream = "EVENTS_" + string(c.Org)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("org", c.Org)
	js, err := jetstream.New(c.Conn, jetstream.WithDefaultTimeout(publishWait),
		jetstream.WithPublishAsyncTimeout(publishWait), jetstream.WithPublishAsyncMaxPending(2*ahead))
	if err != nil {
		return nil, fmt.Errorf("micro: %w", err)
	}
	return &Publisher{c, js}, nil
}

// Run publishes every event from the last one in the stream on, and goes on as
// entries become durable, until ctx ends, which is no error. When the stream
// cannot be reached or takes nothing it tries again, at last every ten seconds.
// Several publishers on one stream do no harm: of two with the same event only
// one gets it in.
//
// It returns an error when the ledger cannot be followed, and when the stream
// holds something that is no integration event.
func (p *Publisher) Run(ctx context.Context) error {
	pause := firstPause
	for ctx.Err() == nil {
		at, err := p.resume(ctx)
		if err == nil {
			pause = firstPause
			err = p.follow(ctx, at)
		}
		var fatal *fatalError
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &fatal):
			return fatal.err
		case errors.Is(err, errMoved): // another publisher is ahead
			pause = firstPause
		default:
			p.c.Log.Warn("integration events are not published", "error", err, "again in", pause)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longPause)
	}
	return nil
}

// fatalError is an error that trying again does not mend.
type fatalError struct{ err error }

func (e *fatalError) Error() string { return e.err.Error() }

// A mark is the last message of the stream: how many there are, and which event
// the last one tells.
type mark struct {
	n    uint64
	last position
}

// resume reads where the stream ends.
func (p *Publisher) resume(ctx context.Context) (mark, error) {
	s, err := p.js.Stream(ctx, p.c.Stream)
	if err != nil {
		return mark{}, fmt.Errorf("micro: stream %s: %w", p.c.Stream, err)
	}
	n := s.CachedInfo().State.LastSeq
	if n == 0 {
		return mark{}, nil
	}
	m, err := s.GetMsg(ctx, n)
	if err != nil {
		return mark{}, fmt.Errorf("micro: stream %s: message %d: %w", p.c.Stream, n, err)
	}
	var e event.Event
	if err := e.UnmarshalJSON(m.Data); err != nil {
		return mark{}, &fatalError{fmt.Errorf("micro: stream %s: message %d is no CloudEvent: %w", p.c.Stream, n, err)}
	}
	last, err := parsePosition(e.ID())
	if err != nil {
		return mark{}, &fatalError{fmt.Errorf("micro: stream %s: message %d: %w", p.c.Stream, n, err)}
	}
	if seq := fmt.Sprint(e.Extensions()["sequence"]); seq != fmt.Sprint(n) {
		return mark{}, &fatalError{fmt.Errorf("micro: stream %s: message %d says it is number %s", p.c.Stream, n, seq)}
	}
	return mark{n, last}, nil
}

// ahead is how many events may be on their way to the stream at once.
const ahead = 256

// follow publishes what comes after a mark, without waiting for each
// acknowledgement: every event is fenced by the number of the one before it, so
// that after a failure none of those behind it gets in.
func (p *Publisher) follow(outer context.Context, at mark) error {
	ctx, stop := context.WithCancelCause(outer)
	defer stop(nil)
	sent := make(chan sending, ahead)
	var watching sync.WaitGroup
	watching.Go(func() {
		for s := range sent {
			if err := s.wait(ctx); err != nil {
				stop(err)
			}
		}
	})
	err := p.publishAll(ctx, at, sent)
	close(sent)
	watching.Wait()
	if cause := context.Cause(ctx); cause != nil && outer.Err() == nil {
		return cause
	}
	return err
}

// publishAll sends what comes after a mark until ctx ends. The entry of the mark
// is read again: the publisher may have ended between two of its events.
func (p *Publisher) publishAll(ctx context.Context, at mark, sent chan<- sending) error {
	after := at.last.seq
	if after > 0 {
		after--
	}
	for en, err := range p.c.Ledger.Follow(ctx, after) {
		if err != nil {
			return &fatalError{fmt.Errorf("micro: following the ledger: %w", err)}
		}
		for i := range eventsOf(en) {
			pos := position{en.Seq, i}
			if !at.last.before(pos) {
				continue
			}
			s, err := p.send(en, i, at.n)
			if err != nil {
				return err
			}
			select {
			case sent <- s:
			case <-ctx.Done():
				return ctx.Err()
			}
			at = mark{at.n + 1, pos}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &fatalError{errors.New("micro: following the ledger ended")}
}

// send puts one event on its way to its place behind the n that the stream has.
func (p *Publisher) send(en *domain.Entry, index int, n uint64) (sending, error) {
	body, err := p.cloudEvent(en, index, n+1)
	if err != nil {
		return sending{}, &fatalError{err}
	}
	m := nats.NewMsg(subjectOf(en.Org, en.Kind, en.Events[index].Type))
	m.Data = body
	m.Header.Set("Content-Type", event.ApplicationCloudEventsJSON+"; charset=UTF-8")
	pos := position{en.Seq, index}
	ack, err := p.js.PublishMsgAsync(m, jetstream.WithMsgID(pos.String()),
		jetstream.WithExpectLastSequence(n), jetstream.WithExpectStream(p.c.Stream))
	if err != nil {
		return sending{}, fmt.Errorf("micro: event %s: %w", pos, err)
	}
	return sending{ack, pos, n + 1}, nil
}

// A sending is an event on its way.
type sending struct {
	ack jetstream.PubAckFuture
	pos position
	n   uint64 // the place it is to get
}

// wait tells what became of it. errMoved: the stream has others, or it is not
// known whether the event is in.
func (s sending) wait(ctx context.Context) error {
	select {
	case ack := <-s.ack.Ok():
		if ack.Sequence != s.n {
			return errMoved
		}
		return nil
	case err := <-s.ack.Err():
		var api *jetstream.APIError
		if errors.As(err, &api) && (api.ErrorCode == wrongLastSequence || api.ErrorCode == wrongLastSequenceInFlight) {
			return errMoved
		}
		return fmt.Errorf("micro: event %s: %w", s.pos, err)
	case <-ctx.Done():
		return nil
	}
}

// Both say that the stream has another last message than expected.
const (
	wrongLastSequence         jetstream.ErrorCode = 10071
	wrongLastSequenceInFlight jetstream.ErrorCode = 10164
)
