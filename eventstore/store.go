package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"incidentledger/domain"
)

// Config says where a store lies and what it knows.
type Config struct {
	Dir   string        // the data folder; created when it does not exist
	Kinds []domain.Kind // every kind of aggregate whose entries may occur

	Listen Listen // NATS listener; the zero value listens on nothing

	SegmentSize int64 // bytes of a journal segment; 0: 64 MiB

	// SyncInterval is how often JetStream syncs its own files, and how often
	// the synced mark moves; 0: 10 seconds. Entries do not wait for it: the
	// journal makes them durable.
	SyncInterval time.Duration

	Log       *slog.Logger // where the embedded server's log goes; nil: nowhere
	Alarm     func(string) // told what the embedded server's file store complains of
	OnFailure func(error)  // told once when a ledger can take no more entries and the process must end

	// Sealed tells a restoring what was sealed: how many entries there were, and
	// the leaf hash of each, zero where it is not known. nil: nobody knows.
	Sealed func(domain.OrgID) (last domain.Seq, leaf func(domain.Seq) domain.Hash, err error)

	Codec *Codec // made from Kinds by Open
}

// Listen opens the embedded server to programs on the network.
type Listen struct {
	Addr  string        // host:port; empty: no listener
	Users []Credentials // who may come in
}

// A Store is a data folder with the ledgers of its organisations and the
// embedded server they run on. One process owns it at a time.
type Store struct {
	cfg  Config
	lock *os.File
	bus  *bus

	mu      sync.Mutex
	ledgers map[domain.OrgID]*Ledger
	order   []domain.OrgID
}

// ErrTaken says that another process owns the data folder.
var ErrTaken = errors.New("the data folder is in use by another process")

var orgPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// CheckOrg refuses what is no organisation id: lower-case letters, digits and
// hyphens, at most 40, for it stands in subjects and file names.
func CheckOrg(org domain.OrgID) error {
	if !orgPattern.MatchString(string(org)) {
		return fmt.Errorf("%q is no organisation id: use 1 to 40 of a-z, 0-9 and -, beginning and ending with a letter or digit", org)
	}
	return nil
}

func (c Config) orgsDir() string                    { return filepath.Join(c.Dir, "orgs") }
func (c Config) orgDir(org domain.OrgID) string     { return filepath.Join(c.orgsDir(), string(org)) }
func (c Config) journalDir(org domain.OrgID) string { return filepath.Join(c.orgDir(org), "journal") }
func (c Config) jetstreamDir() string               { return filepath.Join(c.Dir, "stream") }

// streamDir is where the embedded server keeps an organisation's ledger stream.
func (c Config) streamDir(org domain.OrgID) string {
	return filepath.Join(c.jetstreamDir(), "jetstream", accountName, "streams", StreamName(org))
}

// Open opens a data folder: it takes the lock, runs the start-up gate on every
// ledger, starts the server and checks its streams. An *UnsoundError says that
// a ledger stays shut, and what helps; ErrTaken that another process is at work.
func Open(ctx context.Context, c Config) (_ *Store, err error) {
	c, err = c.prepare()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.orgsDir(), 0o700); err != nil {
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	lock, err := takeLock(c.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: c, lock: lock, ledgers: map[domain.OrgID]*Ledger{}}
	defer func() {
		if err != nil {
			s.abandon()
		}
	}()
	orgs, err := c.orgs()
	if err != nil {
		return nil, err
	}
	if orgs, err = c.dropUnfounded(orgs); err != nil {
		return nil, err
	}
	if err := c.orphans(orgs); err != nil {
		return nil, err
	}
	gates := make([]*gate, len(orgs))
	for i, org := range orgs {
		if gates[i], err = c.gate(org); err != nil {
			return nil, err
		}
	}
	if s.bus, err = startBus(c, orgs); err != nil {
		return nil, err
	}
	for _, g := range gates {
		if err := s.start(ctx, g); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (c Config) prepare() (Config, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	c.SyncInterval = cmp.Or(c.SyncInterval, 10*time.Second)
	codec, err := NewCodec(c.Kinds)
	if err != nil {
		return c, err
	}
	c.Codec = codec
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return c, err
	}
	return c, nil
}

func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("eventstore: %s: %w", dir, ErrTaken)
	}
	return f, nil
}

// orgs lists the organisations of the data folder in order of their id.
func (c Config) orgs() ([]domain.OrgID, error) {
	names, err := os.ReadDir(c.orgsDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("eventstore: %w", err)
	}
	var out []domain.OrgID
	for _, e := range names {
		if e.IsDir() && orgPattern.MatchString(e.Name()) {
			out = append(out, domain.OrgID(e.Name()))
		}
	}
	return out, nil
}

// orphans refuses a data folder in which a stream speaks of an organisation whose
// own folder is gone: the ledger existed, so none may be founded in its place.
func (c Config) orphans(orgs []domain.OrgID) error {
	streams, err := os.ReadDir(filepath.Dir(c.streamDir("x")))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("eventstore: %w", err)
	}
	for _, e := range streams {
		name, ok := strings.CutPrefix(e.Name(), StreamName(""))
		if org := domain.OrgID(name); ok && !slices.Contains(orgs, org) {
			return unsound(org, helpRestore(org), "the folder %s is gone, but the stream %s is there", c.orgDir(org), c.streamDir(org))
		}
	}
	return nil
}

// Orgs lists the organisations that have a ledger here.
func (s *Store) Orgs() []domain.OrgID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]domain.OrgID(nil), s.order...)
}

// Ledger gives an organisation's ledger, or ErrNotFound.
func (s *Store) Ledger(org domain.OrgID) (*Ledger, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.ledgers[org]
	if l == nil {
		return nil, fmt.Errorf("organisation %s: %w", org, domain.ErrNotFound)
	}
	return l, nil
}

// Dir is an organisation's own folder within the data folder.
func (s *Store) Dir(org domain.OrgID) string { return s.cfg.orgDir(org) }

// Connect gives a client connection to the embedded server for the doors: it
// may answer services and follow integration events, not touch ledgers.
func (s *Store) Connect() (*nats.Conn, error) { return s.bus.dial(userDoor) }

// ConnectEvents gives a client connection that may publish integration events.
func (s *Store) ConnectEvents() (*nats.Conn, error) { return s.bus.dial(userEvents) }

// Codec gives the codec of the store's kinds.
func (s *Store) Codec() *Codec { return s.cfg.Codec }

// ListenAddr is where programs outside reach NATS, empty where nothing listens.
func (s *Store) ListenAddr() string {
	if s.cfg.Listen.Addr == "" {
		return ""
	}
	return s.bus.srv.Addr().String()
}

// Close ends every ledger after what waits was answered, stops the server,
// makes all of it durable and only then marks the stop as clean.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil
	}
	var errs []error
	for _, org := range s.order {
		errs = append(errs, s.ledgers[org].stop())
	}
	s.bus.stop()
	for _, org := range s.order {
		l := s.ledgers[org]
		if l.broken() == nil {
			errs = append(errs, s.cfg.markClean(l))
		}
		errs = append(errs, l.journal.close())
	}
	errs = append(errs, s.lock.Close())
	s.lock = nil
	return errors.Join(errs...)
}

// abandon lets go of everything without marking anything as clean.
func (s *Store) abandon() {
	for _, l := range s.ledgers {
		_ = l.stop()
	}
	if s.bus != nil {
		s.bus.stop()
	}
	for _, l := range s.ledgers {
		_ = l.journal.close()
	}
	_ = s.lock.Close()
}

func splitAddr(addr string) (string, int, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	if !strings.HasPrefix(host, "127.") && host != "localhost" && host != "::1" {
		return "", 0, fmt.Errorf("%s is not a loopback address; until people can sign in nothing else is served", addr)
	}
	n, err := strconv.Atoi(port)
	if n == 0 {
		n = -1 // the server's word for any free port
	}
	return host, n, err
}
