package main

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// rawServer is JetStream as it comes, embedded and reached in process, exactly
// as the ledger reaches its own.
type rawServer struct {
	srv  *server.Server
	conn *nats.Conn
	js   jetstream.JetStream
	next atomic.Uint64 // for subjects nobody used before
}

const rawAccount = "LEDGER" // the name that a ledger's streams lie under

// startRaw starts a server on a folder of streams. syncAlways makes JetStream
// fsync each message before it acknowledges it.
func startRaw(dir string, syncAlways bool) (*rawServer, error) {
	acc, sys := server.NewAccount(rawAccount), server.NewAccount("SYS")
	srv, err := server.NewServer(&server.Options{
		ServerName: "yardstick", DontListen: true, NoSigs: true, NoLog: true, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: dir, SyncAlways: syncAlways, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 50,
		MaxPayload: 1 << 20, MaxPending: 256 << 20, Accounts: []*server.Account{acc, sys}, SystemAccount: "SYS",
		Users: []*server.User{{Username: "raw", Password: "raw", Account: acc}},
	})
	if err != nil {
		return nil, err
	}
	srv.Start()
	r := &rawServer{srv: srv}
	if !srv.ReadyForConnections(30 * time.Second) {
		return nil, errors.Join(errors.New("the server of the yardstick does not start"), r.close())
	}
	if acc, err = srv.LookupAccount(rawAccount); err == nil && !acc.JetStreamEnabled() {
		err = acc.EnableJetStream(nil, nil)
	}
	if err == nil {
		r.conn, err = nats.Connect("", nats.InProcessServer(srv), nats.UserInfo("raw", "raw"))
	}
	if err == nil {
		r.js, err = jetstream.New(r.conn, jetstream.WithPublishAsyncMaxPending(8192))
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// startRawStream starts a server that syncs each message, with an empty stream
// set up like a ledger's.
func startRawStream(ctx context.Context, dir string) (*rawServer, error) {
	r, err := startRaw(dir, true)
	if err != nil {
		return nil, err
	}
	_, err = r.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "RAW", Subjects: []string{"raw.>"}, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		DenyDelete: true, DenyPurge: true, AllowDirect: true,
	})
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *rawServer) close() error {
	if r.conn != nil {
		r.conn.Close()
	}
	r.srv.Shutdown()
	r.srv.WaitForShutdown()
	return nil
}

func (r *rawServer) subject() string { return "raw." + strconv.FormatUint(r.next.Add(1), 36) }

// publish stores one message and waits until it is synced.
func (r *rawServer) publish(ctx context.Context, data []byte) error {
	_, err := r.js.Publish(ctx, r.subject(), data)
	return err
}

// publishAsync does the same by a future, as many callers at a time may.
func (r *rawServer) publishAsync(ctx context.Context, data []byte) error {
	f, err := r.js.PublishAsync(r.subject(), data)
	if err != nil {
		return err
	}
	select {
	case <-f.Ok():
		return nil
	case err := <-f.Err():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drain reads the first n messages of a stream through an ordered consumer, looks
// at nothing in them, and tells how many that are a second.
func (r *rawServer) drain(ctx context.Context, stream string, n int) (measured, error) {
	begun := time.Now()
	cons, err := r.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return measured{}, err
	}
	msgs, err := cons.Messages(jetstream.PullMaxMessages(4096))
	if err != nil {
		return measured{}, err
	}
	defer msgs.Stop()
	for range n {
		if _, err := msgs.Next(jetstream.NextContext(ctx)); err != nil {
			return measured{}, err
		}
	}
	return measured{rate: float64(n) / time.Since(begun).Seconds()}, nil
}
