package eventstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"incidentledger/domain"
)

const accountName = "LEDGER"

// bus is the embedded server with the two connections the ledger has to it: a
// bootstrap user that may create streams, used at creation only, and a user for
// work that may publish to the ledger's subjects and read.
type bus struct {
	srv  *server.Server
	gate *gatekeeper
	work *nats.Conn
	js   jetstream.JetStream
	dial func(user string) (*nats.Conn, error)
}

// Credentials let a program outside use the NATS listener.
type Credentials struct{ User, Password string }

func startBus(c Config, orgs []domain.OrgID) (*bus, error) {
	ledger := server.NewAccount(accountName)
	sys := server.NewAccount("SYS")
	gate := &gatekeeper{outside: c.Listen.Users, orgs: map[domain.OrgID]bool{}, secrets: map[string]string{
		userBootstrap: secret(), userWork: secret(), userEvents: secret(), userDoor: secret(),
	}}
	for _, org := range orgs {
		gate.admit(org)
	}
	o := &server.Options{
		ServerName: "incidentledger", DontListen: c.Listen.Addr == "", NoSigs: true, NoLog: true, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: c.jetstreamDir(), SyncInterval: c.SyncInterval,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 50, MaxPayload: 1 << 20, MaxPending: 256 << 20,
		Accounts: []*server.Account{ledger, sys}, SystemAccount: "SYS",
		CustomClientAuthentication: gate,
	}
	if c.Listen.Addr != "" {
		host, port, err := splitAddr(c.Listen.Addr)
		if err != nil {
			return nil, fmt.Errorf("eventstore: NATS listener: %w", err)
		}
		o.Host, o.Port = host, port
	}
	srv, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("eventstore: embedded server: %w", err)
	}
	srv.SetLoggerV2(&serverLog{log: c.Log, alarm: c.Alarm}, false, false, false)
	srv.Start()
	deadline := 30 * time.Second
	if !srv.ReadyForConnections(deadline) {
		srv.Shutdown()
		return nil, fmt.Errorf("eventstore: the embedded server was not ready within %s", deadline)
	}
	acc, err := srv.LookupAccount(accountName)
	gate.account = acc // the server's own, which need not be the one it was given
	if err == nil && !acc.JetStreamEnabled() {
		err = acc.EnableJetStream(nil, nil)
	}
	if err != nil {
		srv.Shutdown()
		return nil, fmt.Errorf("eventstore: enable JetStream: %w", err)
	}
	b := &bus{srv: srv, gate: gate, dial: func(user string) (*nats.Conn, error) {
		return nats.Connect("", nats.InProcessServer(srv), nats.UserInfo(user, gate.secrets[user]), nats.Name("incidentledger "+user),
			nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				c.Log.Warn("nats connection", "user", user, "err", err)
			}))
	}}
	if b.work, err = b.dial(userWork); err != nil {
		srv.Shutdown()
		return nil, fmt.Errorf("eventstore: connect: %w", err)
	}
	if b.js, err = jetstream.New(b.work); err != nil {
		b.stop()
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	return b, nil
}

func (b *bus) stop() {
	if b.work != nil {
		b.work.Close()
	}
	b.srv.Shutdown()
	b.srv.WaitForShutdown()
}

func secret() string {
	var b [24]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// StreamName is the stream of an organisation's ledger.
func StreamName(org domain.OrgID) string { return "LEDGER_" + string(org) }

// EventsStreamName is the stream of an organisation's integration events.
func EventsStreamName(org domain.OrgID) string { return "EVENTS_" + string(org) }

// subject is the one subject of an aggregate: ids only, never a name.
func subject(org domain.OrgID, ref domain.Ref) string {
	return "ledger." + string(org) + "." + string(ref.Kind) + "." + ref.Key.String()
}

// ledgerStream is how every ledger's stream is set, and stays.
func ledgerStream(org domain.OrgID) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: StreamName(org), Subjects: []string{"ledger." + string(org) + ".>"},
		Storage: jetstream.FileStorage, Replicas: 1, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1, MaxMsgSize: 128 << 10,
		Duplicates: 2 * time.Minute, DenyDelete: true, DenyPurge: true, AllowDirect: true, AllowBatchPublish: true,
		Compression: jetstream.NoCompression,
	}
}

// eventsStream holds what the world outside may follow: codes and ids only.
func eventsStream(org domain.OrgID) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: EventsStreamName(org), Subjects: []string{"events." + string(org) + ".>"},
		Storage: jetstream.FileStorage, Replicas: 1, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxConsumers: -1, MaxMsgSize: 128 << 10,
		Duplicates: 2 * time.Minute, DenyDelete: true, DenyPurge: true, AllowDirect: true,
	}
}

// createStreams makes an organisation's streams. It is called when nothing on
// disk says that they ever existed.
func (b *bus) createStreams(ctx context.Context, org domain.OrgID, which ...jetstream.StreamConfig) error {
	nc, err := b.dial(userBootstrap)
	if err != nil {
		return fmt.Errorf("eventstore: bootstrap connection: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	for _, c := range which {
		if _, err := js.CreateStream(ctx, c); err != nil {
			return fmt.Errorf("eventstore: create stream %s: %w", c.Name, err)
		}
	}
	return nil
}

// checkStream compares a stream's settings with what they must be.
func checkStream(info *jetstream.StreamInfo, want jetstream.StreamConfig) error {
	have := info.Config
	for _, d := range []struct {
		name string
		same bool
	}{
		{"subjects", len(have.Subjects) == 1 && have.Subjects[0] == want.Subjects[0]},
		{"storage", have.Storage == want.Storage},
		{"retention", have.Retention == want.Retention},
		{"discard", have.Discard == want.Discard},
		{"maximum messages", have.MaxMsgs <= 0}, {"maximum bytes", have.MaxBytes <= 0},
		{"maximum age", have.MaxAge == 0}, {"maximum per subject", have.MaxMsgsPerSubject <= 0},
		{"deny delete", have.DenyDelete}, {"deny purge", have.DenyPurge},
		{"rollup", !have.AllowRollup}, {"schedules", !have.AllowMsgSchedules}, {"message TTL", !have.AllowMsgTTL},
		{"compression", have.Compression == jetstream.NoCompression},
		{"sealed", !have.Sealed}, {"mirror", have.Mirror == nil}, {"sources", len(have.Sources) == 0},
	} {
		if !d.same {
			return fmt.Errorf("stream %s: its setting %q was changed", want.Name, d.name)
		}
	}
	return nil
}

// ErrStreamMissing says that a stream that once existed is not there.
var ErrStreamMissing = errors.New("the stream does not exist")

// serverLog leads the embedded server's log to slog and raises what its file
// store complains of as an alarm.
type serverLog struct {
	log   *slog.Logger
	alarm func(string)
}

func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug(fmt.Sprintf(format, v...), "from", "nats-server")
}
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}
func (l *serverLog) Fatalf(format string, v ...any) { l.raise(fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any) { l.raise(fmt.Sprintf(format, v...)) }

func (l *serverLog) Warnf(format string, v ...any) {
	msg := fmt.Sprintf(format, v...)
	if strings.Contains(msg, "EVENTS_") {
		l.log.Info(msg, "from", "nats-server")
		return
	}
	for _, word := range []string{"ilestore", "recover", "rebuil", "orrupt", "lost", "space"} {
		if strings.Contains(msg, word) {
			l.raise(msg)
			return
		}
	}
	l.log.Warn(msg, "from", "nats-server")
}

func (l *serverLog) raise(msg string) {
	l.log.Error(msg, "from", "nats-server", "alarm", true)
	if l.alarm != nil {
		l.alarm(msg)
	}
}
