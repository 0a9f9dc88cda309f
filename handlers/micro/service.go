package micro

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// ServiceName is the name under which the service is found.
const ServiceName = "incidentledger"

// ServiceConfig is what the service works with.
type ServiceConfig struct {
	Conn    *nats.Conn       // may subscribe to incidentledger.> and $SRV.>, and publish answers
	Desks   []*handlers.Desk // one for each organisation
	Version string           // of the program, as SemVer; empty: 0.0.0

	// Codes gives the code lists adopted by an organisation, for schemas; nil, or
	// a nil result: schemas name the lists only.
	Codes func(domain.OrgID) domain.Codes
	// Docs describes commands and fields in schemas: domain.Docs of each kind.
	Docs map[domain.KindName]map[string]string

	// Number gives an incident's human number once the register knows of an
	// entry, or nothing where it has none; nil: receipts go without.
	Number func(ctx context.Context, org domain.OrgID, key domain.Key, seq domain.Seq) string

	// Incident finds the incident that has a number, or gives domain.ErrNotFound;
	// nil: incidents go by their ids alone.
	Incident func(ctx context.Context, org domain.OrgID, number string) (domain.Key, error)

	NewID func() domain.OrderID // id of an order that has none; nil: handlers.NewOrderID

	Workers int           // orders worked on at once; 0: 32
	Waiting int           // requests that wait besides; more are turned away with 503; 0: 1024
	Timeout time.Duration // for one order; 0: 30 s

	Log *slog.Logger // nil: slog.Default
}

// A service is one run of Serve.
type service struct {
	c    ServiceConfig
	work chan job

	mu     sync.RWMutex
	closed bool // nothing more is put into work
}

// A job is a request that waits for a worker.
type job struct {
	request
	handle func(context.Context, request)
}

// A request is what came in. Answers go straight to the connection: those of the
// micro library belong to the goroutine that hands the request out.
type request struct {
	subject, reply string
	data           []byte
}

// Serve answers requests until ctx ends, which is no error, or the connection is
// closed. What was taken in is answered before it returns.
func Serve(ctx context.Context, c ServiceConfig) error {
	c = c.complete()
	s := &service{c: c, work: make(chan job, c.Waiting)}
	gone := make(chan struct{})
	svc, err := micro.AddService(c.Conn, micro.Config{
		Name: ServiceName, Version: c.Version, Description: "orders to incident ledgers",
		DoneHandler:  func(micro.Service) { close(gone) },
		ErrorHandler: func(_ micro.Service, err *micro.NATSError) { c.Log.Warn("micro service", "error", err) },
	})
	if err != nil {
		return fmt.Errorf("micro: service: %w", err)
	}
	var workers sync.WaitGroup
	for range c.Workers {
		workers.Go(s.run)
	}
	err = s.addEndpoints(svc)
	if err == nil {
		select {
		case <-ctx.Done():
		case <-gone:
			err = errors.New("micro: the connection was closed")
		}
	}
	if stopErr := svc.Stop(); stopErr != nil && !errors.Is(stopErr, nats.ErrConnectionClosed) {
		err = errors.Join(err, fmt.Errorf("micro: stop: %w", stopErr))
	}
	s.close()
	workers.Wait()
	if flushErr := c.Conn.Flush(); flushErr != nil && err == nil && !errors.Is(flushErr, nats.ErrConnectionClosed) {
		err = fmt.Errorf("micro: last answers: %w", flushErr)
	}
	return err
}

func (c ServiceConfig) complete() ServiceConfig {
	if c.Version == "" {
		c.Version = "0.0.0"
	}
	if c.NewID == nil {
		c.NewID = handlers.NewOrderID
	}
	if c.Workers == 0 {
		c.Workers = 32
	}
	if c.Waiting == 0 {
		c.Waiting = 1024
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func (s *service) addEndpoints(svc micro.Service) error {
	for _, d := range s.c.Desks {
		g := svc.AddGroup(ServiceName + "." + string(d.Org()))
		for name, handle := range map[string]func(context.Context, request){
			"order":    func(ctx context.Context, r request) { s.order(ctx, d, r) },
			"commands": func(_ context.Context, r request) { s.commands(d, r) },
		} {
			err := g.AddEndpoint(name, micro.HandlerFunc(func(r micro.Request) {
				s.enqueue(job{request{r.Subject(), r.Reply(), r.Data()}, handle})
			}),
				micro.WithEndpointMetadata(map[string]string{"org": string(d.Org())}))
			if err != nil {
				return fmt.Errorf("micro: endpoint %s of %s: %w", name, d.Org(), err)
			}
		}
	}
	return nil
}

// enqueue hands a request to a worker, or turns it away: it never blocks the
// connection.
func (s *service) enqueue(j job) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.closed {
		select {
		case s.work <- j:
			return
		default:
		}
	}
	s.fail(j.request, 503, &domain.Refusal{Code: "busy", Text: "too many requests wait, or the program ends; give the order again later, under the same id"})
}

// close lets the workers end when they have answered what was taken in.
func (s *service) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	close(s.work)
}

// run is one worker.
func (s *service) run() {
	for j := range s.work {
		// An order that was begun is finished even when the program is to end:
		// its answer is worth more than a second.
		ctx, stop := context.WithTimeout(context.Background(), s.c.Timeout)
		s.handle(ctx, j)
		stop()
	}
}

// handle answers one request. A panic of a rule is a fault of the program: it is
// logged, answered with 500 and costs no other request.
func (s *service) handle(ctx context.Context, j job) {
	defer func() {
		if p := recover(); p != nil {
			s.c.Log.Error("panic in a micro request", "subject", j.subject, "panic", p)
			s.fail(j.request, 500, &domain.Refusal{Code: "internal", Text: "the program failed on this request; its log tells more"})
		}
	}()
	j.handle(ctx, j.request)
}
