package alerts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

const (
	firstPause = 100 * time.Millisecond
	longPause  = 15 * time.Second

	// pull is how long one request for a message stands.
	pull = 20 * time.Second
)

// A room reads integration events through a durable consumer of its own and
// handles them one by one.
type room struct {
	c       Config
	name    string // in the log
	durable string
	types   []domain.Code
	js      jetstream.JetStream
	handle  func(ctx context.Context, m jetstream.Msg, t told)

	begin domain.Seq // nothing is told of this entry and those before it
}

func (r *room) run(ctx context.Context) {
	var cons jetstream.Consumer
	r.insist(ctx, "consumer", func() (err error) {
		cons, err = r.consumer(ctx)
		return err
	})
	if ctx.Err() != nil {
		return
	}
	together(r.c.Workers, func() { r.work(ctx, cons) })
}

// consumer finds the room's place in the stream, or makes it. It knows nothing
// that is not known without it: where it is lost it begins again at the front, and
// the entries tell what was done.
func (r *room) consumer(ctx context.Context) (_ jetstream.Consumer, err error) {
	if r.c.Begin != nil {
		if r.begin, err = r.c.Begin(r.durable); err != nil {
			return nil, fmt.Errorf("alerts: where %s begins: %w", r.name, err)
		}
	}
	var subjects []string
	for _, t := range r.types {
		subjects = append(subjects, "events."+string(r.c.Org)+".incident."+subjectTokens[t])
	}
	cons, err := r.js.CreateOrUpdateConsumer(ctx, r.c.Stream, jetstream.ConsumerConfig{
		Durable: r.durable, Description: "messages to " + r.name,
		FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: r.c.Timeout + r.c.Margin, MaxDeliver: -1, MaxAckPending: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("alerts: %s: %w", r.name, err)
	}
	return cons, nil
}

// work takes one message after the other. Nothing is fetched ahead: what waits
// here could come to another worker meanwhile.
func (r *room) work(ctx context.Context, cons jetstream.Consumer) {
	for ctx.Err() == nil {
		r.insist(ctx, "messages", func() error {
			wait, stop := context.WithTimeout(ctx, pull)
			defer stop()
			m, err := cons.Next(jetstream.FetchContext(wait))
			switch {
			case err == nil:
				r.take(ctx, m)
				return nil
			case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrNoMessages):
				return nil
			}
			return err
		})
	}
}

// take hands on a message that can be read and is this room's to handle.
func (r *room) take(ctx context.Context, m jetstream.Msg) {
	t, err := read(m.Data())
	if err != nil {
		r.c.Log.Error("a message of the stream is left out", "to", r.name, "subject", m.Subject(), "error", err)
		r.settle(m.Term())
		return
	}
	if t.Org != r.c.Org || t.Seq <= r.begin {
		r.settle(m.Ack())
		return
	}
	r.handle(ctx, m, t)
}

// insist tries until it succeeds or ctx ends.
func (r *room) insist(ctx context.Context, what string, try func() error) {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longPause) {
		err := try()
		if err == nil || ctx.Err() != nil {
			return
		}
		r.c.Log.Warn("alerts wait", "to", r.name, "for", what, "error", err, "again in", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// settle notes that the stream could not be told: the message comes again then.
func (r *room) settle(err error) {
	if err != nil {
		r.c.Log.Warn("a message comes again", "to", r.name, "error", err)
	}
}

// wait puts a message back until an instant.
func (r *room) wait(m jetstream.Msg, until time.Time) {
	r.settle(m.NakWithDelay(max(until.Sub(r.c.Now()), time.Millisecond)))
}

// putBack leaves a message to the next run. Not at once: the stream could hand it
// to a worker of this one that has just stopped listening, and would wait long
// for its answer.
func (r *room) putBack(m jetstream.Msg) { r.settle(m.NakWithDelay(firstPause)) }

// incident gives the incident as it stands now. It reports whether there was an
// answer before ctx ended.
func (r *room) incident(ctx context.Context, m jetstream.Msg, t told) (s *incident.Incident, ok bool) {
	r.insist(ctx, "the incident", func() error {
		state, _, err := r.c.Desk.State(ctx, domain.Ref{Kind: t.Kind, Key: t.Key}, 0)
		if err != nil {
			return errors.Join(err, m.InProgress())
		}
		s, ok = state.(*incident.Incident)
		return nil
	})
	return s, ok
}

// silent says why nothing of an incident is told, or nothing. Of an exercise the
// outside world hears nothing. What was past long before its report was written
// down is an old case that was taken in: it stays visible, and is no alarm.
func (c *Config) silent(s *incident.Incident, t told) string {
	switch at := t.instant(); {
	case s.Report.Exercise:
		return "the incident is an exercise"
	case !at.IsZero() && at.Before(s.Recorded.Add(-c.Stale)):
		return "it was past long before it was reported"
	}
	return ""
}

// give hands an order of the program itself to the desk. It reports whether it is
// news to the ledger, and whether the ledger has it, or never will, before ctx
// ended.
func (r *room) give(ctx context.Context, m jetstream.Msg, t told, id domain.OrderID, c domain.Command) (news, done bool) {
	o := domain.Order{
		ID: id, Org: t.Org, Kind: t.Kind, Key: t.Key, Causation: t.Order, Command: c,
		Actor: domain.Actor{Role: "operator", For: t.Org, Door: "system", Proof: "system"},
	}
	r.insist(ctx, "the ledger", func() error {
		receipt, err := r.c.Desk.Give(ctx, o)
		var refusal *domain.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Code == domain.CodeConflict, errors.Is(err, domain.ErrUnavailable), errors.Is(err, domain.ErrUnknown):
			return errors.Join(err, m.InProgress())
		case err != nil && ctx.Err() != nil:
			return err
		case errors.As(err, &refusal) && (refusal.Code == domain.CodeReused || refusal.Code == incident.RefusedNoChange):
			// It was recorded before, perhaps otherwise: the first one stands.
		case err != nil:
			r.c.Log.Error("the ledger does not take what alerts have to say", "to", r.name, "event", t.id, "command", c.CommandName(), "error", err)
		}
		news, done = err == nil && !receipt.Repeated, true
		return nil
	})
	return news, done
}
