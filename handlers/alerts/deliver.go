package alerts

import (
	"context"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A line is the way to one endpoint.
type line struct {
	room
	e      Endpoint
	sender *sender
}

// handle makes one attempt if one is due, records how it ended, and only then
// lets go of the message or puts it back.
func (l *line) handle(ctx context.Context, m jetstream.Msg, t told) {
	log := l.c.Log.With("endpoint", l.e.Name, "event", t.id, "incident", t.Key)
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
	alert := t.Order.Made("alert\x00" + l.what(t))
	step := next([]hop{{code: l.e.channel()}}, func(ch domain.Code) incident.Trial { return s.Tried(alert, ch) }, l.c.Retries, nil, l.c.Now())
	switch {
	case step.hop != nil:
	case step.wait.IsZero(): // it was delivered, or given up, before
		l.settle(m.Ack())
		return
	default:
		l.wait(m, step.wait)
		return
	}
	status, err := l.sender.post(ctx, messageID(t.Org, t.id), m.Data())
	if err != nil && ctx.Err() != nil {
		l.putBack(m) // broken off: how it ended is not known
		return
	}
	if !l.record(ctx, m, t, alert, step, status, err == nil) {
		return
	}
	l.c.Health.note(l.e.channel(), status, err)
	switch {
	case err == nil:
		l.settle(m.Ack())
	case step.last:
		log.Error("a message was not delivered; it is given up", "attempt", step.attempt, "error", err)
		l.settle(m.TermWithReason("given up"))
	default:
		pause := l.c.Retries[step.attempt-1]
		log.Warn("a message was not delivered", "attempt", step.attempt, "error", err, "again in", pause)
		l.settle(m.NakWithDelay(pause))
	}
}

// what tells the messages about the events of one order apart.
func (l *line) what(t told) string { return strconv.Itoa(t.Index) + "\x00" + string(l.e.Name) }

// record puts down how an attempt ended, under an id that follows from event,
// endpoint and attempt: repeating it changes nothing.
func (l *line) record(ctx context.Context, m jetstream.Msg, t told, alert domain.Key, step move, status int, delivered bool) bool {
	c := &incident.RecordDelivery{
		Alert: alert, Clock: t.Event.Clock, Channel: l.e.channel(), Attempt: step.attempt, Outcome: "delivered", Status: status,
	}
	if t.Type == nobodyOnCall {
		c.About = AboutNobody
	}
	if !delivered {
		c.Outcome, c.Last = "failed", step.last
	}
	_, ok := l.give(ctx, m, t, t.Order.Follow("delivery\x00"+l.what(t)+"\x00"+strconv.Itoa(step.attempt)), c)
	return ok
}
