package overdue

import (
	"context"
	"errors"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/projections/deadlines"
)

// A saying is one thing to be said of a clock, once for each due instant.
type saying struct {
	key   domain.Key
	clock domain.Code
	stage domain.Code
	due   time.Time // UTC
}

// A hold keeps the door from saying a thing again before the view knows of the
// entry seq and, after a refusal, before the instant at has come. The instant
// is of the monotonic clock.
type hold struct {
	seq domain.Seq
	at  time.Time
}

// rest is how long a refused order rests, however often the view moves.
const rest = 5 * time.Second

func sayingOf(a deadlines.Action) saying {
	return saying{a.Key, domain.Code(a.Clock), a.Stage, a.Due.UTC()}
}

// id names the order: UUIDv5 of incident, clock, due instant and stage.
func (s saying) id() domain.OrderID {
	return domain.OrderID{UUID: s.key.UUID}.Follow("overdue\x00" + string(s.clock) + "\x00" + s.due.Format(time.RFC3339Nano) + "\x00" + string(s.stage))
}

func (s saying) command() domain.Command {
	if s.stage == incident.StageOverdue {
		return &incident.MarkOverdue{Clock: s.clock, Stage: s.stage}
	}
	return &incident.MarkDueSoon{Clock: s.clock, Stage: s.stage}
}

// actor is the program itself.
func (k *keeper) actor() domain.Actor {
	return domain.Actor{Role: "operator", For: k.c.Desk.Org(), Door: "system", Proof: "system"}
}

// sayAll gives an order for everything on the agenda that is not held. It
// reports whether the ledger takes orders.
func (k *keeper) sayAll(ctx context.Context, agenda Agenda) bool {
	held := make(map[saying]hold, len(agenda.Actions))
	defer func() { k.held = held }()
	open := true
	for _, a := range agenda.Actions {
		s := sayingOf(a)
		if h, ok := k.held[s]; ok && (agenda.Seq < h.seq || !h.at.IsZero() && time.Now().Before(h.at)) {
			held[s] = h
			continue
		}
		if !open || ctx.Err() != nil {
			continue
		}
		var h hold
		if h, open = k.say(ctx, s, agenda.Seq); open {
			held[s] = h
		}
	}
	return open
}

// say gives one order. It reports whether the ledger takes orders, and if so how
// long this one need not be given again.
func (k *keeper) say(ctx context.Context, s saying, seen domain.Seq) (hold, bool) {
	id := s.id()
	for {
		r, err := k.c.Desk.Give(ctx, domain.Order{
			ID: id, Org: k.c.Desk.Org(), Kind: incident.Name, Key: s.key, Actor: k.actor(), Command: s.command(),
		})
		var refusal *domain.Refusal
		switch {
		case err == nil && r.Repeated && r.Seq <= seen:
			// It was said of this due instant before, and the view, which knows
			// that, asks for it again: the clock moved away and came back.
			id = id.Follow("again\x00" + strconv.FormatUint(uint64(r.Seq), 10))
			continue
		case err == nil:
			return hold{seq: r.Seq}, true
		case unavailable(ctx, err):
			k.c.Log.Warn("the ledger does not take what is due", "incident", s.key, "clock", s.clock, "stage", s.stage, "error", err)
			return hold{}, false
		case errors.As(err, &refusal) && movedOn(refusal.Code):
			k.c.Log.Debug("nothing to say any more", "incident", s.key, "clock", s.clock, "stage", s.stage, "refusal", refusal.Code)
			return hold{seq: seen + 1, at: time.Now().Add(rest)}, true
		case errors.As(err, &refusal) && refusal.Code == incident.RefusedNotDue:
			return hold{at: time.Now().Add(rest)}, true // the clock was set back just now
		default:
			k.c.Log.Error("what is due was not taken", "incident", s.key, "clock", s.clock, "stage", s.stage, "error", err)
			return hold{at: time.Now().Add(longest)}, true
		}
	}
}

// unavailable reports whether giving the same order later can succeed by itself.
func unavailable(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, domain.ErrUnavailable) || errors.Is(err, domain.ErrUnknown)
}

// movedOn reports whether a refusal only says that the incident has moved on and
// the view has not seen it yet.
func movedOn(code domain.Code) bool {
	switch code {
	case incident.RefusedNotRunning, incident.RefusedNoChange, incident.RefusedUnknown, domain.CodeConflict:
		return true
	}
	return false
}

// sayStepped records the steps of the clock that the ledger does not have yet. It
// reports whether the ledger takes orders.
func (k *keeper) sayStepped(ctx context.Context) bool {
	for len(k.steps) > 0 {
		s := k.steps[0]
		key := ledger.Key(k.c.Desk.Org())
		_, err := k.c.Desk.Give(ctx, domain.Order{
			ID:  domain.OrderID(key).Follow("stepped\x00" + s.Before.Format(time.RFC3339Nano) + "\x00" + s.After.Format(time.RFC3339Nano)),
			Org: k.c.Desk.Org(), Kind: ledger.Name, Key: key, Actor: k.actor(), Command: &s,
		})
		if err != nil && unavailable(ctx, err) {
			return false
		}
		if err != nil {
			k.c.Log.Error("a step of the machine's clock was not recorded", "before", s.Before, "after", s.After, "error", err)
		}
		k.steps = k.steps[1:]
	}
	return true
}
