package alerts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
)

const (
	firstPause = 100 * time.Millisecond
	longPause  = 15 * time.Second

	// margin is what a worker may take besides the attempt itself before the
	// stream thinks that it is gone; while it waits for the ledger it says that
	// it is not.
	margin = 30 * time.Second

	// pull is how long one request for a message stands.
	pull = 20 * time.Second
)

// Run sends messages until ctx ends, which is no error. Attempts under way are
// then broken off and made again at the next start. While the stream cannot be
// reached it tries again, at last every 15 seconds.
//
// It returns an error when the configuration cannot work. Several runs in
// several processes share the messages between them.
func Run(ctx context.Context, c Config) error {
	c, err := c.complete()
	if err != nil {
		return err
	}
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return fmt.Errorf("alerts: %w", err)
	}
	var lines []*line
	for _, e := range c.Endpoints {
		s, err := newSender(e, c)
		if err != nil {
			return err
		}
		lines = append(lines, &line{c: c, e: e, js: js, sender: s})
	}
	var wg sync.WaitGroup
	for _, l := range lines {
		wg.Go(func() { l.run(ctx) })
	}
	wg.Wait()
	return nil
}

// A line is the way to one endpoint.
type line struct {
	c      Config
	e      Endpoint
	js     jetstream.JetStream
	sender *sender

	since time.Time // what was recorded before is not sent
}

func (l *line) run(ctx context.Context) {
	defer l.sender.client.CloseIdleConnections()
	var cons jetstream.Consumer
	l.insist(ctx, "consumer", func() (err error) {
		cons, err = l.consumer(ctx)
		return err
	})
	if ctx.Err() != nil {
		return
	}
	var wg sync.WaitGroup
	for range l.c.Workers {
		wg.Go(func() { l.work(ctx, cons) })
	}
	wg.Wait()
}

// insist tries until it succeeds or ctx ends.
func (l *line) insist(ctx context.Context, what string, try func() error) {
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, longPause) {
		err := try()
		if err == nil || ctx.Err() != nil {
			return
		}
		l.c.Log.Warn("alerts wait", "endpoint", l.e.Name, "for", what, "error", err, "again in", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// consumer finds the endpoint's place in the stream, or makes it.
func (l *line) consumer(ctx context.Context) (jetstream.Consumer, error) {
	var subjects []string
	for _, t := range l.e.Types {
		subjects = append(subjects, "events."+string(l.c.Org)+".incident."+subjectToken[t])
	}
	cons, err := l.js.CreateOrUpdateConsumer(ctx, l.c.Stream, jetstream.ConsumerConfig{
		Durable: "alerts-" + string(l.e.Name), Description: "webhooks to " + string(l.e.Name),
		FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: l.c.Timeout + margin, MaxDeliver: -1, MaxAckPending: 10_000,
	})
	if err != nil {
		return nil, fmt.Errorf("alerts: endpoint %s: %w", l.e.Name, err)
	}
	l.since = cons.CachedInfo().Created
	return cons, nil
}

// subjectToken is how the subjects of integration events name an event type.
var subjectToken = map[domain.Code]string{
	"IncidentEscalated": "incident-escalated",
	"ClockDueSoon":      "clock-due-soon",
	"ClockOverdue":      "clock-overdue",
}

// work takes one message after the other. Nothing is fetched ahead: what waits
// here would be counted as an attempt.
func (l *line) work(ctx context.Context, cons jetstream.Consumer) {
	for ctx.Err() == nil {
		l.insist(ctx, "messages", func() error {
			wait, stop := context.WithTimeout(ctx, pull)
			defer stop()
			m, err := cons.Next(jetstream.FetchContext(wait))
			switch {
			case err == nil:
				l.handle(ctx, m)
				return nil
			case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrNoMessages):
				return nil
			}
			return err
		})
	}
}
