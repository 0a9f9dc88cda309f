package alerts

import (
	"context"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain/incident"
)

// A line is the way to one endpoint.
type line struct {
	room
	e      Endpoint
	sender *sender
}

// handle makes one attempt, records how it ended, and only then lets go of the
// message or puts it back.
func (l *line) handle(ctx context.Context, m jetstream.Msg, t told) {
	log := l.c.Log.With("endpoint", l.e.Name, "event", t.id, "incident", t.Key)
	meta, err := m.Metadata()
	if err != nil {
		log.Error("a message of the stream is left out", "error", err)
		l.settle(m.Term())
		return
	}
	if !l.e.wants(t.Type) {
		l.settle(m.Ack())
		return
	}
	s, ok := l.incident(ctx, m, t)
	if !ok {
		l.putBack(m)
		return
	}
	if why := l.c.silent(s, t); why != "" {
		log.Info("no message leaves the house", "because", why)
		l.settle(m.Ack())
		return
	}
	attempt := int(meta.NumDelivered)
	status, err := l.sender.post(ctx, messageID(t.Org, t.id), m.Data())
	if err != nil && ctx.Err() != nil {
		l.putBack(m) // broken off: how it ended is not known
		return
	}
	last := attempt > len(l.c.Retries)
	if !l.record(ctx, m, t, attempt, status, err == nil, last) {
		return
	}
	l.c.Health.note(l.e.channel(), status, err)
	switch {
	case err == nil:
		l.settle(m.Ack())
	case last:
		log.Error("a message was not delivered; it is given up", "attempt", attempt, "error", err)
		l.settle(m.TermWithReason("given up"))
	default:
		log.Warn("a message was not delivered", "attempt", attempt, "error", err, "again in", l.c.Retries[attempt-1])
		l.settle(m.NakWithDelay(l.c.Retries[attempt-1]))
	}
}

// record puts down how an attempt ended, under an id that follows from event,
// endpoint and attempt: repeating it changes nothing.
func (l *line) record(ctx context.Context, m jetstream.Msg, t told, attempt, status int, delivered, last bool) bool {
	what := strconv.Itoa(t.Index) + "\x00" + string(l.e.Name)
	c := &incident.RecordDelivery{
		Alert: t.Order.Made("alert\x00" + what), Clock: t.Event.Clock, Channel: l.e.channel(), Attempt: attempt,
		Outcome: "delivered", Status: status,
	}
	if !delivered {
		c.Outcome, c.Last = "failed", last
	}
	_, ok := l.give(ctx, m, t, t.Order.Follow("delivery\x00"+what+"\x00"+strconv.Itoa(attempt)), c)
	return ok
}
