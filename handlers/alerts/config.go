package alerts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// Types are the events that an endpoint gets unless it names some of them.
func Types() []domain.Code {
	return []domain.Code{escalated, dueSoon, overdue, calamity, nobodyOnCall}
}

// Config is what the door of one organisation works with.
type Config struct {
	Org       domain.OrgID
	Desk      *handlers.Desk // must know the kind incident
	Conn      *nats.Conn     // may make consumers on the stream and read through them
	Stream    string         // of integration events; empty: EVENTS_<org>
	Endpoints []Endpoint
	People    *People // who is told besides; nil: nobody

	// Begin gives the last entry of which nothing is told from a place in the stream:
	// the ledger's last when that place came into use, and the same ever after. Until
	// it can tell, nothing is sent. nil: everything is told of.
	Begin func(place string) (domain.Seq, error)

	// AllowPrivate lets messages go to loopback, private and link-local addresses
	// and over plain HTTP. Without it such an endpoint is refused, whatever name
	// stands for it.
	AllowPrivate bool

	// Retries are the pauses after each failed attempt; there is one attempt more
	// than there are pauses. nil: from 5 seconds to 12 hours, together 28 hours.
	Retries []time.Duration

	Timeout time.Duration // for one attempt; 0: 10 s
	// Margin is what a worker may take besides the attempt itself before the stream
	// thinks that it is gone; while it waits for the ledger it says that it is not.
	// 0: 30 s.
	Margin  time.Duration
	Workers int // messages under way at once to one endpoint; 0: 4

	// Stale is how long before the report was written down a thing may have been
	// due and still be told of; 0: 24 h.
	Stale time.Duration

	Health *Health          // learns how deliveries end; nil: nobody does
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: slog.Default
}

// An Endpoint is a place that messages go to.
type Endpoint struct {
	// Name names it for ever: its place in the stream and its deliveries are kept
	// under it. Letters, digits and hyphens; empty: it follows from URL.
	Name domain.Code
	URL  string
	// Secret signs the messages: base64 of 24 to 64 bytes, with or without the
	// prefix whsec_. Several, separated by spaces, sign all: so one can be
	// exchanged for another.
	Secret string
	// Types are the events it wants, some of those that Types gives; empty: all.
	Types []domain.Code
}

var (
	defaultRetries = []time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour,
	}
	namePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?$`)
)

// Check tells why a configuration cannot work.
func (c Config) Check() error {
	_, err := c.complete()
	return err
}

// complete fills in what was left out, and refuses what cannot work.
func (c Config) complete() (Config, error) {
	if c.Stream == "" {
		c.Stream = "EVENTS_" + string(c.Org)
	}
	if c.Retries == nil {
		c.Retries = defaultRetries
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Margin == 0 {
		c.Margin = 30 * time.Second
	}
	if c.Workers == 0 {
		c.Workers = 4
	}
	if c.Stale == 0 {
		c.Stale = 24 * time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("org", c.Org)
	c.Endpoints = slices.Clone(c.Endpoints)
	seen := map[domain.Code]bool{}
	for i := range c.Endpoints {
		e := &c.Endpoints[i]
		if err := e.complete(c.AllowPrivate); err != nil {
			return c, err
		}
		if seen[e.Name] {
			return c, fmt.Errorf("alerts: endpoint %s is configured twice; give each a name of its own", e.Name)
		}
		seen[e.Name] = true
	}
	if c.People == nil {
		return c, nil
	}
	p, err := c.People.complete()
	c.People = &p
	return c, err
}

// complete never tells the URL in an error: its path may hold a secret.
func (e *Endpoint) complete(private bool) error {
	if e.Name == "" {
		sum := sha256.Sum256([]byte(e.URL))
		e.Name = domain.Code("url-" + hex.EncodeToString(sum[:6]))
	}
	if !namePattern.MatchString(string(e.Name)) {
		return fmt.Errorf("alerts: %q is no name of an endpoint: use 1 to 40 letters, digits and hyphens", e.Name)
	}
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("alerts: endpoint %s: its URL cannot be read; give one such as https://example.org/hook", e.Name)
	case u.Scheme != "https" && !(private && u.Scheme == "http"):
		return fmt.Errorf("alerts: endpoint %s: its URL must begin with https:// (http:// only where private targets are allowed)", e.Name)
	case u.User != nil:
		return fmt.Errorf("alerts: endpoint %s: its URL holds a password; messages are signed instead", e.Name)
	}
	if len(strings.Fields(e.Secret)) == 0 {
		return fmt.Errorf("alerts: endpoint %s has no secret to sign with", e.Name)
	}
	for _, s := range strings.Fields(e.Secret) {
		if key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_")); err != nil || len(key) < 24 || len(key) > 64 {
			return fmt.Errorf("alerts: endpoint %s: a secret is the base64 of 24 to 64 random bytes", e.Name)
		}
	}
	if len(e.Types) == 0 {
		e.Types = Types()
	}
	for _, t := range e.Types {
		if !slices.Contains(Types(), t) {
			return fmt.Errorf("alerts: endpoint %s: no message is sent of %s; choose from %v", e.Name, t, Types())
		}
	}
	return nil
}

// channel names the endpoint in entries.
func (e *Endpoint) channel() domain.Code { return "webhook:" + e.Name }

func (e *Endpoint) wants(t domain.Code) bool { return slices.Contains(e.Types, t) }
