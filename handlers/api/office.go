package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers"
	"incidentledger/handlers/report"
	"incidentledger/projections"
)

// An Office is one organisation's ledger with everything the API needs of it.
// Nothing in it changes while it is served; all of it may be used by many
// goroutines.
type Office struct {
	Org     domain.OrgID
	Name    string         // display name
	Country domain.Code    // NL or BE
	Zone    *time.Location // in which its numbers count years

	Desk     *handlers.Desk
	Log      handlers.Reader
	Follow   handlers.Follower  // for /events
	Ledger   projections.Ledger // for rebuilding views
	Opener   handlers.Opener
	Find     func() Finder // nil: sealed texts are not searched
	Views    *projections.DB
	Law      func() incident.Basis // the policy adopted now
	Policies Policies              // nil: none are kept
	Broken   func() error          // why the ledger takes no more entries; nil: it always does

	// Bundle cuts an incident's evidence bundle at the entry PrepareExport, of
	// sequence 0 at the last one, and gives it with its name.
	Bundle func(ctx context.Context, incident domain.Key, at domain.Seq) (name string, data []byte, err error)

	// Receipt signs that an entry was accepted, and by when it is sealed.
	Receipt func(domain.Seq) ([]byte, error)

	// Trust tells when an entry reached each level of trust; nil: nobody knows.
	Trust func(domain.Seq) Trust

	Files    Files     // nil: none are taken in
	Alerting *Alerting // nil: there is none

	Kit      func(ctx context.Context, now time.Time) (*report.Kit, error) // nil: none is made
	KitState func() KitState                                               // of the one in a folder; nil: none is kept

	Who          func(domain.PersonID) string                                  // a person's name; nil, or empty: nobody knows
	Improvements func(incident domain.Key) []report.Follow                     // that came of an incident, of the zero key all; nil: none
	Playbooks    func(category domain.Code, services []domain.Code) []Playbook // that hold for either; nil: none
}

// A Finder finds aggregates by the words of their sealed texts.
type Finder interface {
	// Search gives those of a kind with all words of a query, what was written to last
	// first, and how many entries of a ledger that ends with upTo it did not read yet.
	Search(kind domain.KindName, query string, upTo domain.Seq) (keys []domain.Key, behind uint64)
	WaitFor(ctx context.Context, seq domain.Seq) error
}

// A Playbook says what to do first when something of its kind happens.
type Playbook struct {
	Key     domain.Key  `json:"key"`
	Code    domain.Code `json:"code"`
	Version domain.Code `json:"version"`
	Title   string      `json:"title"`
}

// A Config says what an API serves.
type Config struct {
	Offices func() []*Office // every organisation, in order of its id; asked at each request
	Version string           // of the program, semantic

	// Kinds are the declarations of every kind of aggregate, the same as the
	// desks have; Docs gives, for a kind, what its commands and fields are for.
	Kinds []domain.Kind
	Docs  map[domain.KindName]map[string]string

	// Load reads a whole policy set from YAML text. An error it gives is the file's
	// fault and is shown to the caller.
	Load func(name string, src []byte) (*policy.Set, error)

	// Overlay works a rule file, as YAML text, into a policy set without changing
	// it. An error it gives is the file's fault and is shown to the caller.
	Overlay func(base *policy.Set, name string, src []byte) (*policy.Set, error)

	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: slog.Default
	Heartbeat time.Duration    // of /events; 0: 15 s
	Patience  time.Duration    // how long a read waits for an entry; 0: 10 s
}

func (c Config) complete() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	return c
}

// server is the API at work.
type server struct {
	Config
	operations []*operation
	mux        *http.ServeMux
	origin     *http.CrossOriginProtection
}

func (s *server) office(org domain.OrgID) (*Office, bool) {
	for _, o := range s.Offices() {
		if o.Org == org {
			return o, true
		}
	}
	return nil, false
}
