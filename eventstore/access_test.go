package eventstore

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestNobodyCanRemoveWhatIsStored: the connection that writes the ledger can
// neither change its stream nor remove from it, and those of the doors cannot
// even read it.
//
// requirements: LOG-04 ARC-03
func TestNobodyCanRemoveWhatIsStored(t *testing.T) {
	s, l := found(t, t.TempDir())
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	door, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	for name, nc := range map[string]*nats.Conn{"work": s.bus.work, "door": door} {
		for _, subject := range []string{
			"$JS.API.STREAM.DELETE.LEDGER_nuth", "$JS.API.STREAM.PURGE.LEDGER_nuth", "$JS.API.STREAM.UPDATE.LEDGER_nuth",
			"$JS.API.STREAM.MSG.DELETE.LEDGER_nuth", "$JS.API.STREAM.RESTORE.LEDGER_nuth",
		} {
			short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
			if m, err := nc.RequestWithContext(short, subject, nil); err == nil {
				t.Errorf("%s: %s is answered: %s", name, subject, m.Data)
			}
			stop()
		}
	}
	short, stopShort := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stopShort()
	if _, err := door.RequestWithContext(short, "$JS.API.DIRECT.GET.LEDGER_nuth", []byte(`{"seq":1}`)); err == nil {
		t.Error("a door reads the ledger's stream")
	}
	add(t, l, entry(1, nil, "still"))
	if got := words(t, l, 1); got != "still" {
		t.Errorf("note 1 says %q", got)
	}
}

// TestIntegrationEventsReachTheDoors: one user writes them, the other follows.
func TestIntegrationEventsReachTheDoors(t *testing.T) {
	s, _ := found(t, t.TempDir())
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	writer, err := s.ConnectEvents()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	js, err := jetstream.New(writer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(ctx, "events.nuth.note.noted", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	door, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	if js, err = jetstream.New(door); err != nil {
		t.Fatal(err)
	}
	c, err := js.CreateOrUpdateConsumer(ctx, EventsStreamName("nuth"), jetstream.ConsumerConfig{Durable: "w", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(5 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.DoubleAck(ctx); err != nil {
		t.Error(err)
	}
}
