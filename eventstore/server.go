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

const (
	accountName  = "LEDGER"
	syncInterval = 10 * time.Second
)

// bus is the embedded server with the two connections the ledger has to it: a
// bootstrap user that may create streams, used at creation only, and a user for
// work that may publish to the ledger's subjects and read.
type bus struct {
	srv  *server.Server
	work *nats.Conn
	js   jetstream.JetStream
	boot func() (*nats.Conn, error)
	door func() (*nats.Conn, error)
}

// workPermissions is all the working connection may do: publish entries and
// integration events, read streams, and follow them. It cannot update, purge or
// delete a stream or a message.
func workPermissions() *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"ledger.>", "events.>",
			"$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>",
			"$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>", "events.>"}},
	}
}

// doorPermissions is what programs outside and the micro services may do on the
// listener: ask services and follow integration events, never the ledger's subjects.
func doorPermissions() *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{
			Allow: []string{"incidentledger.>", "$SRV.>", "_INBOX.>", "_R_.>", "$JS.API.INFO",
				"$JS.API.STREAM.INFO.EVENTS_*", "$JS.API.STREAM.MSG.GET.EVENTS_*", "$JS.API.DIRECT.GET.EVENTS_*.>",
				"$JS.API.CONSUMER.CREATE.EVENTS_*", "$JS.API.CONSUMER.CREATE.EVENTS_*.>", "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS_*.>",
				"$JS.API.CONSUMER.INFO.EVENTS_*.>", "$JS.API.CONSUMER.MSG.NEXT.EVENTS_*.>", "$JS.ACK.EVENTS_*.>", "$JS.FC.>"},
		},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>", "events.>", "incidentledger.>", "$SRV.>"}},
	}
}

// Credentials let a program outside use the NATS listener.
type Credentials struct{ User, Password string }

func startBus(ctx context.Context, c Config) (*bus, error) {
	ledger := server.NewAccount(accountName)
	sys := server.NewAccount("SYS")
	bootPass, workPass, doorPass := secret(), secret(), secret()
	users := []*server.User{
		{Username: "bootstrap", Password: bootPass, Account: ledger},
		{Username: "work", Password: workPass, Account: ledger, Permissions: workPermissions()},
		{Username: "door", Password: doorPass, Account: ledger, Permissions: doorPermissions()},
	}
	for _, u := range c.Listen.Users {
		users = append(users, &server.User{Username: u.User, Password: u.Password, Account: ledger, Permissions: doorPermissions()})
	}
	o := &server.Options{
		ServerName: "incidentledger", DontListen: c.Listen.Addr == "", NoSigs: true, NoLog: true, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: c.jetstreamDir(), SyncInterval: syncInterval,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 50, MaxPayload: 1 << 20, MaxPending: 256 << 20,
		Accounts: []*server.Account{ledger, sys}, SystemAccount: "SYS", Users: users,
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
	if err == nil && !acc.JetStreamEnabled() {
		err = acc.EnableJetStream(nil, nil)
	}
	if err != nil {
		srv.Shutdown()
		return nil, fmt.Errorf("eventstore: enable JetStream: %w", err)
	}
	dial := func(user, pass string) func() (*nats.Conn, error) {
		return func() (*nats.Conn, error) {
			return nats.Connect("", nats.InProcessServer(srv), nats.UserInfo(user, pass), nats.Name("incidentledger "+user),
				nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
					c.Log.Warn("nats connection", "user", user, "err", err)
				}))
		}
	}
	b := &bus{srv: srv, boot: dial("bootstrap", bootPass), door: dial("door", doorPass)}
	if b.work, err = dial("work", workPass)(); err != nil {
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
	nc, err := b.boot()
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
	if strings.HasPrefix(msg, "Plaintext passwords") {
		return // they are drawn anew at each start and never leave the process
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
