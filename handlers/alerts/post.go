package alerts

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"incidentledger/domain"
)

// channelCode names a channel of a receiver in entries; n counts those of one kind.
func channelCode(kind, receiver domain.Code, n int) domain.Code {
	if n > 1 {
		kind += domain.Code("-" + strconv.Itoa(n))
	}
	return kind + ":" + receiver
}

// A post brings messages to people, by whatever channel they have.
type post struct {
	c Config

	mu      sync.Mutex
	senders map[Channel]*sender // of webhooks
}

func newPost(c Config) *post { return &post{c: c, senders: map[Channel]*sender{}} }

// send makes one attempt. A mail tells the message; a webhook takes body, a
// CloudEvent, under an id of its own.
func (p *post) send(ctx context.Context, h *hop, msg message, id string, body []byte) (int, error) {
	switch {
	case h.Kind == ByMail && p.c.People.Mail == nil:
		return 0, fmt.Errorf("no mail server is configured: %w", errNever)
	case h.Kind == ByMail:
		return p.c.People.Mail.send(ctx, h.Address, msg, p.c.Timeout)
	case h.Kind == ByWebhook:
		s, err := p.sender(h)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", err, errNever)
		}
		return s.post(ctx, id, body)
	}
	return 0, fmt.Errorf("there is no channel of kind %q: %w", h.Kind, errNever)
}

func (p *post) sender(h *hop) (*sender, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.senders[h.Channel]; s != nil {
		return s, nil
	}
	e := Endpoint{Name: h.ID, URL: h.Address, Secret: h.Secret}
	if err := e.complete(p.c.AllowPrivate); err != nil {
		return nil, err
	}
	s, err := newSender(e, p.c)
	if err != nil {
		return nil, err
	}
	if len(p.senders) >= 1000 {
		return nil, errors.New("alerts: there are too many webhooks")
	}
	p.senders[h.Channel] = s
	return s, nil
}

// close gives up idle connections.
func (p *post) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.senders {
		s.client.CloseIdleConnections()
	}
}
