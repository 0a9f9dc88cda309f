package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers"
	"incidentledger/handlers/alerts"
	"incidentledger/handlers/api"
	"incidentledger/handlers/micro"
	"incidentledger/handlers/overdue"
	"incidentledger/handlers/policyfile"
	"incidentledger/handlers/report"
	"incidentledger/handlers/tlog"
	"incidentledger/handlers/web"
)

const defaultListen = "127.0.0.1:8080"

func (a *app) serveVerb() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use: "serve", Short: "Serves the ledgers of the data folder", Args: argsBetween(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serve(cmd.Context(), first(listen, a.conf.Listen, defaultListen), nil, nil)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address on loopback (default "+defaultListen+")")
	return cmd
}

// serve opens the data folder and serves it until the context ends or a ledger
// fails. prepare, where given, is called before anything is served; started once
// everything runs.
func (a *app) serve(ctx context.Context, addr string, prepare func(h *house) error, started func(url string)) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usage("--listen is %q; give host:port", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usage("--listen is %q; until people can sign in, only loopback is served: 127.0.0.1 or [::1]", addr)
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	conf := a.houseConfig()
	conf.Fail = func(err error) { fail(err) }
	begun := time.Now()
	h, err := openHouse(ctx, conf)
	if err != nil {
		return err
	}
	s := &serving{app: a, house: h, log: conf.Log, doing: map[domain.OrgID]bool{}}
	if prepare != nil {
		err = prepare(h)
	}
	if err == nil {
		err = s.run(ctx, addr, begun, started)
	}
	err = errors.Join(err, h.close())
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = errors.Join(fmt.Errorf("the ledger failed and was stopped: %w", cause), err)
	}
	return err
}

// serving is a house with its doors open.
type serving struct {
	app   *app
	house *house
	log   *slog.Logger

	wg    sync.WaitGroup
	mu    sync.Mutex
	doing map[domain.OrgID]bool // organisations whose rooms are at work

	witnesses sync.Map // *seal.Witness by domain.OrgID: what organisations are for others
}

func (s *serving) run(ctx context.Context, addr string, begun time.Time, started func(url string)) error {
	ctx, stop := context.WithCancel(ctx)
	defer func() { stop(); s.wg.Wait() }()
	handler, err := s.house.api()
	if err != nil {
		return err
	}
	handler = tlog.New(tlog.Config{Log: s.house.sealedLog, Mirror: mirrors(s.app.conf.Mirrors), Witness: s.witness, Next: handler, Report: s.log})
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	defer tcp.Close()
	unix, err := s.socket()
	if err != nil {
		return err
	}
	defer unix.Close()
	url := "http://" + tcp.Addr().String()
	door := s.setup(ctx, handler, url)
	for _, org := range s.house.orgs() {
		if err := s.work(ctx, org); err != nil {
			return err
		}
	}
	// Requests end with the server: streams of events would not by themselves.
	asking, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	errs := make(chan error, 2)
	var servers sync.WaitGroup
	for _, l := range []net.Listener{tcp, unix} {
		srv := &http.Server{Handler: door, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
			BaseContext: func(net.Listener) context.Context { return asking }}
		servers.Go(func() {
			<-ctx.Done()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if srv.Shutdown(ctx) != nil {
				srv.Close()
			}
		})
		s.wg.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				errs <- err
			}
		})
	}
	defer func() { stop(); hangUp(); servers.Wait() }()
	s.app.say("incidentledger %s serves %s on %s, ready after %s. It listens on loopback only and takes the actor from the request: nobody signs in yet.",
		version, s.app.data, url, time.Since(begun).Round(time.Millisecond))
	if started != nil {
		started(url)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-errs:
		return err
	}
}

// socket is where other verbs reach this process: readable by its owner only.
func (s *serving) socket() (net.Listener, error) {
	path := s.app.socketPath()
	// The data folder's lock is ours, so nobody answers on what is there.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// setup puts the one-time set-up page before the API while there is no ledger.
// The rooms of the new ledger work until running ends, not as long as the
// request that founded it.
func (s *serving) setup(running context.Context, next http.Handler, url string) http.Handler {
	if len(s.house.orgs()) > 0 {
		return next
	}
	var token [18]byte
	rand.Read(token[:])
	word := base64.RawURLEncoding.EncodeToString(token[:])
	s.app.say("There is no ledger in %s yet. Open this link once to found one:\n\n  %s/setup?token=%s\n", s.app.data, url, word)
	return web.Setup(web.SetupConfig{
		Token: word, Next: next,
		Found: func(ctx context.Context, org domain.OrgID, name string, country domain.Code, zone string) error {
			f := founding{Org: org, Name: name, Country: country, Zone: zone}
			if err := f.complete(); err != nil {
				return errors.New(strings.ReplaceAll(err.Error(), "--", ""))
			}
			if err := s.house.found(ctx, f); err != nil {
				return err
			}
			return s.work(running, org)
		},
	})
}

// work starts the rooms that act by themselves for an organisation.
func (s *serving) work(ctx context.Context, org domain.OrgID) error {
	o, err := s.house.office(org)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doing[org] {
		return nil
	}
	s.doing[org] = true
	o.index() // so that it has read the ledger when somebody searches
	ctx, stop := context.WithCancel(ctx)
	context.AfterFunc(s.house.ctx, stop)
	if err := errors.Join(s.witnessed(ctx, o), s.openWitness(ctx, o)); err != nil {
		return fmt.Errorf("organisation %s: witnesses: %w", org, err)
	}
	if err := s.timed(ctx, o); err != nil {
		return fmt.Errorf("organisation %s: timestamps: %w", org, err)
	}
	s.room(ctx, org, "overdue", func(ctx context.Context) error {
		return overdue.Run(ctx, overdue.Config{Desk: o.desk, View: overdue.View(o.views), Log: s.log})
	})
	conn, err := s.house.store.Connect()
	if err != nil {
		return fmt.Errorf("organisation %s: %w", org, err)
	}
	context.AfterFunc(ctx, conn.Close)
	events, err := s.house.store.ConnectEvents()
	if err != nil {
		return fmt.Errorf("organisation %s: %w", org, err)
	}
	context.AfterFunc(ctx, events.Close)
	pub, err := micro.NewPublisher(micro.PublisherConfig{Org: org, Ledger: o.ledger, Conn: events, Log: s.log})
	if err != nil {
		return fmt.Errorf("organisation %s: %w", org, err)
	}
	s.room(ctx, org, "integration events", pub.Run)
	if s.house.store.ListenAddr() != "" {
		s.room(ctx, org, "services", func(ctx context.Context) error {
			return micro.Serve(ctx, micro.ServiceConfig{
				Conn: conn, Desks: []*handlers.Desk{o.desk}, Version: version, Log: s.log,
				Codes: func(domain.OrgID) domain.Codes { return o.law.current().Current },
				Number: func(ctx context.Context, _ domain.OrgID, key domain.Key, seq domain.Seq) string {
					return o.number(ctx, key, seq)
				},
				Incident: func(_ context.Context, _ domain.OrgID, number string) (domain.Key, error) { return o.incident(number) },
			})
		})
	}
	if err := s.keepKit(ctx, o); err != nil {
		return fmt.Errorf("organisation %s: kit: %w", org, err)
	}
	if c, ok := s.house.alerting.of(o); ok {
		c.Conn, c.Log, c.Begin = conn, s.log, s.house.begins(o)
		s.room(ctx, org, "alerts", func(ctx context.Context) error { return alerts.Run(ctx, c) })
	}
	return nil
}

// room runs something that acts by itself; if it ends while the house is open,
// that is an alarm.
func (s *serving) room(ctx context.Context, org domain.OrgID, name string, run func(context.Context) error) {
	s.wg.Go(func() {
		if err := run(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("a room has stopped", "org", org, "room", name, "alarm", true, "err", err)
		}
	})
}

// api gives the API of a house.
func (h *house) api() (http.Handler, error) {
	docs, err := h.docs()
	if err != nil {
		return nil, err
	}
	return api.New(api.Config{
		Offices: h.apiOffices, Version: version, Kinds: storeKinds(), Log: h.log,
		Docs: docs, Load: policyfile.Load,
		Overlay: func(base *policy.Set, name string, src []byte) (*policy.Set, error) {
			return policyfile.Overlay(base, name, src)
		},
	})
}

func (h *house) apiOffices() []*api.Office {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*api.Office, 0, len(h.offices))
	for _, org := range h.store.Orgs() {
		if o := h.offices[org]; o != nil {
			d := o.api()
			d.Alerting = h.alertingOf(o)
			d.Kit = func(ctx context.Context, now time.Time) (*report.Kit, error) { return o.kit(ctx, h.alerting, now) }
			out = append(out, d)
		}
	}
	return out
}

func (o *office) api() *api.Office {
	return &api.Office{
		Org: o.org, Name: o.name, Country: o.law.genesis().Country, Zone: o.zone,
		Desk: o.desk, Log: o.ledger, Follow: o.ledger, Ledger: o.ledger, Opener: opener{o.vault},
		Views: o.views, Law: o.law.current, Policies: o.law, Broken: o.ledger.Err,
		Find: func() api.Finder { return o.index() },
		Who:  o.who, Improvements: o.follow, Playbooks: o.playbooks, Bundle: o.cut, Receipt: o.receipt, KitState: o.kitState, Trust: o.trust,
		Files: o.files,
	}
}
