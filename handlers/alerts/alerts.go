package alerts

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
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
	var rooms []*room
	for _, e := range c.Endpoints {
		s, err := newSender(e, c)
		if err != nil {
			return err
		}
		defer s.client.CloseIdleConnections()
		l := &line{room: room{c: c, name: string(e.Name), durable: "alerts-" + string(e.Name), types: e.Types, js: js}, e: e, sender: s}
		l.room.handle = l.handle
		rooms = append(rooms, &l.room)
	}
	if c.People != nil {
		d := &dispatch{room: room{c: c, name: "people", durable: durableOfPeople, types: occasions(), js: js}, p: c.People, post: newPost(c)}
		defer d.post.close()
		d.room.handle = d.handle
		rooms = append(rooms, &d.room)
	}
	var wg sync.WaitGroup
	for _, r := range rooms {
		wg.Go(func() { r.run(ctx) })
	}
	wg.Wait()
	return nil
}

// together does a thing n times at once and waits for the end of all.
func together(n int, do func()) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(do)
	}
	wg.Wait()
}
