package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// told is what a message needs to know of an integration event.
type told struct {
	Index int             `json:"index"`
	Org   domain.OrgID    `json:"org"`
	Kind  domain.KindName `json:"kind"`
	Key   domain.Key      `json:"key"`
	Order domain.OrderID  `json:"order"`
	Type  domain.Code     `json:"type"`
	Event struct {
		Clock domain.Code `json:"clock"`
	} `json:"event"`

	id   string
	time time.Time
}

func read(data []byte) (told, error) {
	var e event.Event
	var t told
	if err := e.UnmarshalJSON(data); err != nil {
		return t, fmt.Errorf("no CloudEvent: %w", err)
	}
	if err := json.Unmarshal(e.Data(), &t); err != nil {
		return t, fmt.Errorf("CloudEvent %s: %w", e.ID(), err)
	}
	t.id, t.time = e.ID(), e.Time()
	if t.Order.IsZero() || t.Key.IsZero() || t.Kind != incident.Name {
		return t, fmt.Errorf("CloudEvent %s does not say which incident it is about", t.id)
	}
	return t, nil
}

// handle makes one attempt, records how it ended, and only then lets go of the
// message or puts it back.
func (l *line) handle(ctx context.Context, m jetstream.Msg) {
	log := l.c.Log.With("endpoint", l.e.Name, "subject", m.Subject())
	meta, err := m.Metadata()
	var t told
	if err == nil {
		t, err = read(m.Data())
	}
	if err != nil {
		log.Error("a message of the stream is left out", "error", err)
		l.settle(m.Term())
		return
	}
	log = log.With("event", t.id, "incident", t.Key)
	if !slices.Contains(l.e.Types, t.Type) || t.Org != l.c.Org || t.time.Before(l.since) {
		l.settle(m.Ack())
		return
	}
	exercise, ok := l.isExercise(ctx, m, t)
	if !ok {
		l.settle(m.Nak())
		return
	}
	if exercise {
		log.Info("no message leaves the house: the incident is an exercise")
		l.settle(m.Ack())
		return
	}
	attempt := int(meta.NumDelivered)
	status, err := l.sender.post(ctx, messageID(t.Org, t.id), m.Data())
	if err != nil && ctx.Err() != nil {
		l.settle(m.Nak()) // broken off: how it ended is not known
		return
	}
	if !l.record(ctx, m, t, attempt, status, err == nil) {
		return
	}
	switch {
	case err == nil:
		l.settle(m.Ack())
	case attempt > len(l.c.Retries):
		log.Error("a message was not delivered; it is given up", "attempt", attempt, "error", err)
		l.settle(m.TermWithReason("given up"))
	default:
		log.Warn("a message was not delivered", "attempt", attempt, "error", err, "again in", l.c.Retries[attempt-1])
		l.settle(m.NakWithDelay(l.c.Retries[attempt-1]))
	}
}

// settle notes that the stream could not be told: the message comes again then.
func (l *line) settle(err error) {
	if err != nil {
		l.c.Log.Warn("a message comes again", "endpoint", l.e.Name, "error", err)
	}
}

// isExercise asks the incident as it stands now. It reports whether it got an
// answer before ctx ended.
func (l *line) isExercise(ctx context.Context, m jetstream.Msg, t told) (exercise, ok bool) {
	l.insist(ctx, "the incident", func() error {
		state, _, err := l.c.Desk.State(ctx, domain.Ref{Kind: t.Kind, Key: t.Key}, 0)
		if err != nil {
			return errors.Join(err, m.InProgress())
		}
		s, is := state.(*incident.Incident)
		exercise, ok = !is || s.Report.Exercise, true
		return nil
	})
	return exercise, ok
}

// record puts down how an attempt ended, under an id that follows from event,
// endpoint and attempt: repeating it changes nothing. It reports whether the
// ledger has it, or never will, before ctx ended.
func (l *line) record(ctx context.Context, m jetstream.Msg, t told, attempt, status int, delivered bool) bool {
	what := strconv.Itoa(t.Index) + "\x00" + string(l.e.Name)
	o := domain.Order{
		ID:  t.Order.Follow("delivery\x00" + what + "\x00" + strconv.Itoa(attempt)),
		Org: t.Org, Kind: t.Kind, Key: t.Key, Causation: t.Order,
		Actor: domain.Actor{Role: "operator", For: t.Org, Door: "system", Proof: "system"},
		Command: &incident.RecordDelivery{
			Alert: t.Order.Made("alert\x00" + what), Clock: t.Event.Clock, Channel: l.e.channel(), Attempt: attempt,
			Outcome: "failed", Status: status,
		},
	}
	if delivered {
		o.Command.(*incident.RecordDelivery).Outcome = "delivered"
	}
	done := false
	l.insist(ctx, "the ledger", func() error {
		_, err := l.c.Desk.Give(ctx, o)
		var refusal *domain.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Code == domain.CodeConflict, errors.Is(err, domain.ErrUnavailable), errors.Is(err, domain.ErrUnknown):
			return errors.Join(err, m.InProgress())
		case err != nil && ctx.Err() != nil:
			return err
		case errors.As(err, &refusal) && (refusal.Code == domain.CodeReused || refusal.Code == incident.RefusedNoChange):
			// This attempt was recorded before, perhaps with another outcome: the
			// first one stands.
		case err != nil:
			l.c.Log.Error("how an attempt ended is not recorded", "endpoint", l.e.Name, "event", t.id, "error", err)
		}
		done = true
		return nil
	})
	return done
}
