package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// An Outcome is what happened to a test message by one channel.
type Outcome struct {
	Receiver  domain.Code
	Channel   domain.Code
	Delivered bool
	Status    int    // that was answered; 0: none
	Detail    string // why it was not delivered
}

// Try sends a test message now by every channel of those whom wanted names, and
// by every endpoint where it names all: it is nil then. It tells of no incident
// and leaves no entry.
func Try(ctx context.Context, c Config, wanted func(Receiver) bool) ([]Outcome, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	id := handlers.NewOrderID().String()
	body, err := testEvent(c, id)
	if err != nil {
		return nil, err
	}
	out := []Outcome{}
	add := func(receiver, channel domain.Code, status int, err error) {
		o := Outcome{Receiver: receiver, Channel: channel, Delivered: err == nil, Status: status}
		if err != nil {
			o.Detail = err.Error()
		}
		c.Health.note(channel, status, err)
		out = append(out, o)
	}
	if wanted == nil {
		for _, e := range c.Endpoints {
			s, err := newSender(e, c)
			if err != nil {
				return nil, err
			}
			status, err := s.post(ctx, messageID(c.Org, "test-"+id), body)
			s.client.CloseIdleConnections()
			add(e.Name, e.channel(), status, err)
		}
	}
	if c.People == nil {
		return out, nil
	}
	all, err := c.People.Directory.Receivers()
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if wanted != nil {
		all = slices.DeleteFunc(slices.Clone(all), func(r Receiver) bool { return !wanted(r) })
	}
	p := newPost(c)
	defer p.close()
	for _, h := range hops(all) {
		status, err := p.send(ctx, &h, c.People.trial(c.Org, "test-"+id, c.Now(), &h), messageID(c.Org, "test-"+id), body)
		add(h.ID, h.code, status, err)
	}
	return out, nil
}

// testEvent is what webhooks get: an event that tells of nothing.
func testEvent(c Config, id string) ([]byte, error) {
	e := event.New(event.CloudEventsVersionV1)
	e.SetID("test-" + id)
	e.SetSource("urn:incidentledger:" + string(c.Org))
	e.SetType("nl.incidentledger.alert.test")
	e.SetTime(c.Now().UTC().Truncate(time.Second))
	e.SetDataContentType(event.ApplicationJSON)
	e.DataEncoded = []byte(`{"test":true}`)
	return e.MarshalJSON()
}
