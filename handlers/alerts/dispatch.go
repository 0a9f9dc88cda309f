package alerts

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers/catalogue"
)

// durableOfPeople is the place in the stream up to which people were told. The
// places of endpoints begin with alerts-.
const durableOfPeople = "people"

// A dispatch is the way to people.
type dispatch struct {
	room
	p    *People
	post *post
}

// handle does what there is to do now about an event. What remains for later is
// put back; the ledger knows what was done.
func (d *dispatch) handle(ctx context.Context, m jetstream.Msg, t told) {
	if t.idle() {
		d.settle(m.Ack())
		return
	}
	s, ok := d.incident(ctx, m, t)
	if !ok {
		d.putBack(m)
		return
	}
	if why := d.c.silent(s, t); why != "" {
		d.c.Log.Info("nobody is told", "event", t.id, "incident", t.Key, "because", why)
		d.settle(m.Ack())
		return
	}
	o, ok := d.p.occasion(t, s)
	if !ok {
		d.settle(m.Ack())
		return
	}
	again := o.from
	if !d.c.Now().Before(o.from) {
		again, ok = d.tell(ctx, m, &o)
	}
	switch {
	case !ok:
		d.putBack(m)
	case again.IsZero():
		d.settle(m.Ack())
	default:
		d.wait(m, earlier(again, d.c.Now().Add(d.p.Look)))
	}
}

// tell goes as far as it can with every target and says when there is more to
// do; a zero instant: never. It reports whether it came to an end before ctx did.
func (d *dispatch) tell(ctx context.Context, m jetstream.Msg, o *occasion) (again time.Time, ok bool) {
	for _, t := range o.targets {
		at, ok := d.reach(ctx, m, o, t)
		if !ok {
			return again, false
		}
		again = earlier(again, at)
	}
	at, ok := d.climb(ctx, m, o)
	return earlier(again, at), ok
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// reach makes the attempts that are due to reach one target. Who that is may
// change meanwhile, so it is asked before each. While nobody is left to be tried
// it looks again whether somebody came on call, until the incident is over.
func (d *dispatch) reach(ctx context.Context, m jetstream.Msg, o *occasion, t target) (again time.Time, ok bool) {
	for news, missed := false, false; ; news = true {
		route, found, ok := d.route(ctx, m, o, t)
		if !ok {
			return again, false
		}
		s, ok := d.incident(ctx, m, o.told)
		if !ok {
			return again, false
		}
		step := next(route, func(ch domain.Code) incident.Trial { return s.Tried(o.alert, ch) }, d.p.Retries, d.p.Later, d.c.Now())
		if step.reached || t.extra && step.lost {
			return again, true
		}
		if !found && !missed {
			raised, ok := d.alarm(ctx, m, o, t)
			if !ok {
				return again, false
			}
			news, missed = news || raised, true
		}
		if step.lost && news {
			d.c.Log.Error("a message reached nobody", "event", o.id, "incident", o.Key, "alert", o.alert, "for", t.name(), "alarm", true)
		}
		switch {
		case step.hop != nil:
		case !step.lost:
			return step.wait, true
		case over(s):
			return again, true
		default:
			return d.c.Now().Add(d.p.Look), true
		}
		var missing *target
		if !found {
			missing = &t
		}
		if !d.attempt(ctx, m, o, d.p.message(ctx, o, s, step.hop, missing), step) {
			return again, false
		}
	}
}

// route asks the directory for the ways to a target as they are now.
func (d *dispatch) route(ctx context.Context, m jetstream.Msg, o *occasion, t target) (route []hop, found, ok bool) {
	d.insist(ctx, "the directory", func() (err error) {
		if route, found, err = d.p.route(t, o.Event.Level, d.c.Now()); err != nil {
			return errors.Join(err, m.InProgress())
		}
		return nil
	})
	return route, found, ctx.Err() == nil
}

// alarm records that there is nobody to tell, once.
func (d *dispatch) alarm(ctx context.Context, m jetstream.Msg, o *occasion, t target) (news, ok bool) {
	news, ok = d.give(ctx, m, o.told, o.Order.Follow("nobody\x00"+strconv.Itoa(o.Index)+"\x00"+t.name()),
		&incident.RecordNobodyOnCall{Alert: o.alert, Role: t.role, Person: t.person, Clock: o.Event.Clock})
	if news {
		d.c.Log.Error("nobody is on call", "event", o.id, "incident", o.Key, "for", t.name(), "alarm", true)
	}
	return news, ok
}

// attempt sends a message once by one channel and records how that ended.
func (d *dispatch) attempt(ctx context.Context, m jetstream.Msg, o *occasion, msg message, step move) bool {
	h := step.hop
	d.settle(m.InProgress())
	status, err := d.post.send(ctx, h, msg, messageID(o.Org, o.id), m.Data())
	if err != nil && ctx.Err() != nil {
		return false // broken off: how it ended is not known
	}
	c := &incident.RecordDelivery{
		Alert: o.alert, Clock: o.Event.Clock, Channel: h.code, Receiver: h.ID, About: o.about,
		Attempt: step.attempt, Outcome: "delivered", Status: status,
	}
	if err != nil {
		c.Outcome, c.Last = "failed", step.last || errors.Is(err, errNever)
		d.c.Log.Warn("a message was not delivered", "event", o.id, "incident", o.Key, "channel", h.code, "attempt", step.attempt, "last", c.Last, "error", err)
	}
	d.c.Health.note(h.code, status, err)
	what := strconv.Itoa(o.Index) + "\x00" + string(h.code) + "\x00" + strconv.Itoa(step.attempt)
	_, ok := d.give(ctx, m, o.told, o.Order.Follow("told\x00"+what), c)
	return ok
}

// climb escalates to the next step of the ladder when nobody has acknowledged an
// escalation for as long as the step allows. The id of the order follows from
// the escalation, so that each step is taken once.
func (d *dispatch) climb(ctx context.Context, m jetstream.Msg, o *occasion) (again time.Time, ok bool) {
	level := o.Event.Level
	to, after, more := d.p.Ladder(level)
	if o.about != AboutEscalate || !more || level >= highest {
		return again, true
	}
	if at := o.from.Add(after); d.c.Now().Before(at) {
		return at, true
	}
	words, err := catalogue.In(d.p.Language)
	if err != nil {
		d.c.Log.Error("the ladder has no words", "error", err)
		return again, true
	}
	id := domain.OrderID{UUID: o.Key.UUID}.Follow("ladder\x00" + o.Event.Escalation.String() + "\x00" + strconv.Itoa(level+1))
	_, ok = d.give(ctx, m, o.told, id, &incident.Escalate{To: to, Kind: "hierarchical", Level: level + 1, Because: "deadline",
		Reason: domain.Text(words.Say("alerts.ladder", "level", level, "after", words.Span(after)))})
	return again, ok
}
