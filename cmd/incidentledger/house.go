package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/organisation"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/alerts"
	"incidentledger/handlers/find"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/breaches"
	"incidentledger/projections/contacts"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/duties"
	"incidentledger/projections/evidence"
	"incidentledger/projections/improvements"
	"incidentledger/projections/informed"
	"incidentledger/projections/logbook"
	"incidentledger/projections/obligations"
	"incidentledger/projections/register"
	"incidentledger/projections/suppliers"
)

// A house is an open data folder: the store, and an office for each
// organisation that has a ledger in it.
type house struct {
	dir    string
	master string // path of the master key file
	log    *slog.Logger
	store  *eventstore.Store

	alerting *alerting
	filing   filing
	docs     func() (map[domain.KindName]map[string]string, error) // what commands are for, read once

	ctx    context.Context // ends when the house closes
	cancel context.CancelFunc

	mu      sync.Mutex
	offices map[domain.OrgID]*office
}

// An office is one organisation's desk and everything behind it.
type office struct {
	org    domain.OrgID
	name   string // display name
	ledger *eventstore.Ledger
	vault  *vault.Vault
	law    *law
	desk   *handlers.Desk
	views  *projections.DB
	zone   *time.Location
	people *people
	health alerts.Health
	kept   atomic.Pointer[keptKit] // nil: no kit is kept in a folder
	files  *files

	seal   *seal.Log
	unseal context.CancelFunc          // ends its sealing
	sealed chan struct{}               // closed when sealing has ended
	circle atomic.Pointer[seal.Circle] // nil: no witness is asked
	clock  atomic.Pointer[seal.Clock]  // nil: no timestamp is kept, and none asked for
	shut   atomic.Pointer[error]       // why it is in quarantine; nil: it is not

	stop context.CancelFunc
	ran  chan struct{} // closed when the views have stopped

	index   func() *find.Index // of texts; it reads the ledger from when it is first asked for
	finding sync.WaitGroup     // until it has stopped
}

// kinds are the kinds whose entries a ledger may hold. Decisions need the law of
// an organisation.
func kinds(w *law) []domain.Kind {
	return append([]domain.Kind{ledger.Kind(), policy.Adoptions(w.find), incident.Kind(w.current)}, dossiers(w.lists, w.registers)...)
}

// storeKinds declares the same kinds where only their event shapes matter.
func storeKinds() []domain.Kind {
	return append([]domain.Kind{ledger.Kind(), policy.Adoptions(nil), incident.Kind(func() incident.Basis { return incident.Basis{} })}, dossiers(nil, nil)...)
}

// dossiers are the kinds that need the adopted code lists, and what the registers
// of services and suppliers say.
func dossiers(lists func() (domain.Codes, []domain.Basis), known domain.Known) []domain.Kind {
	return []domain.Kind{
		organisation.Kind(lists), person.Kind(lists), supplier.Kind(lists, known), service.Kind(lists, known),
		contact.Kind(lists), document.Kind(lists), improvement.Kind(lists),
	}
}

// docsOfKinds gives, for each kind, what its commands and fields are for. It is
// read once, when it is first asked for.
var docsOfKinds = sync.OnceValues(func() (map[domain.KindName]map[string]string, error) {
	docs := map[domain.KindName]map[string]string{ledger.Name: {}}
	for name, of := range map[domain.KindName]func() (map[string]string, error){
		incident.Name: incident.Docs, policy.AdoptionKind: policy.Docs, organisation.Name: organisation.Docs, person.Name: person.Docs, supplier.Name: supplier.Docs,
		service.Name: service.Docs, contact.Name: contact.Docs, document.Name: document.Docs, improvement.Name: improvement.Docs,
	} {
		d, err := of()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		docs[name] = d
	}
	return docs, nil
})

// docsOf gives what the commands of a kind are for. Where that cannot be read the
// API, which needs it, does not start; a desk does without.
func (h *house) docsOf(kind domain.KindName) map[string]string {
	docs, err := h.docs()
	if err != nil {
		return nil
	}
	return docs[kind]
}

// views are the read models of one ledger. To remove one is to remove its line
// and its folder.
func viewsOf(zone *time.Location) []projections.View {
	return append(viewsOfIncidents(zone), duties.New(), breaches.New(), informed.New(), evidence.New(), obligations.New(), suppliers.New(), improvements.New(), contacts.New())
}

// viewsOfIncidents are the views that the list of incidents, an incident's page
// and the terms need.
func viewsOfIncidents(zone *time.Location) []projections.View {
	return []projections.View{register.New(zone), logbook.New(), deadlines.New(zone), audit.New()}
}

// houseConfig says which data folder to open and how.
type houseConfig struct {
	Dir    string
	Master string            // path of the master key file
	Listen eventstore.Listen // NATS listener
	Log    *slog.Logger
	Fail   func(error) // told when the process must end; nil: nobody

	Alerting *alerting // nil: nobody is told of anything
	Filing   filing

	SyncInterval time.Duration // of JetStream's own syncing; 0: the store's default
}

// openHouse opens a data folder. The start-up gate of every ledger has passed
// when it returns; views catch up in the background.
func openHouse(ctx context.Context, c houseConfig) (_ *house, err error) {
	h := &house{dir: c.Dir, master: c.Master, log: c.Log, alerting: c.Alerting, filing: c.Filing, docs: sync.OnceValues(docsOfKinds), offices: map[domain.OrgID]*office{}}
	if h.alerting == nil {
		h.alerting = &alerting{}
	}
	h.ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.store, err = eventstore.Open(ctx, eventstore.Config{
		Dir: c.Dir, Kinds: storeKinds(), Listen: c.Listen, Log: c.Log,
		Alarm:     func(msg string) { c.Log.Error("the embedded server complains", "alarm", true, "msg", msg) },
		OnFailure: c.Fail, SyncInterval: c.SyncInterval,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	for _, org := range h.store.Orgs() {
		if err := h.open(ctx, org); err != nil {
			return nil, fmt.Errorf("organisation %s: %w", org, err)
		}
	}
	return h, nil
}

// open sets up the office of an organisation whose ledger is founded.
func (h *house) open(ctx context.Context, org domain.OrgID) error {
	l, err := h.store.Ledger(org)
	if err != nil {
		return err
	}
	master, err := vault.ReadMasterKey(h.master)
	if err != nil {
		return err
	}
	v, err := h.openVault(ctx, l, vault.Config{Dir: h.vaultDir(org), Org: org, Master: master})
	if err != nil {
		return err
	}
	o := &office{org: org, ledger: l, vault: v, law: newLaw(l, h.store.Dir(org)), ran: make(chan struct{})}
	if err := o.law.load(ctx); err != nil {
		return errors.Join(err, v.Close())
	}
	return h.staff(o)
}

// staff gives an office its desk and its views.
func (h *house) staff(o *office) error {
	zone, err := time.LoadLocation(string(o.law.genesis().Zone))
	if err != nil {
		return errors.Join(fmt.Errorf("zone of the ledger: %w", err), o.vault.Close())
	}
	o.zone = zone
	o.people = &people{o: o}
	h.openFiles(o)
	if o.name, err = o.displayName(); err != nil {
		return errors.Join(err, o.vault.Close())
	}
	o.desk = handlers.NewDesk(handlers.Config{
		Org: o.org, Log: guarded{o.ledger, o}, Sealer: o.vault, Kinds: kinds(o.law), Version: h.store.Codec().Version,
		Docs: h.docsOf, Files: o.files.filed,
	})
	if err := h.openViews(o, zone); err != nil {
		return errors.Join(err, o.vault.Close())
	}
	if err := h.openSeal(h.ctx, o); err != nil {
		return errors.Join(err, o.views.Close(), o.vault.Close())
	}
	ctx, stop := context.WithCancel(h.ctx)
	o.stop = stop
	o.index = sync.OnceValue(func() *find.Index {
		x := find.New(find.Config{Ledger: o.ledger, Opener: opener{o.vault}, Log: h.log})
		o.finding.Go(func() {
			if err := x.Run(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("the index of texts has stopped", "org", o.org, "alarm", true, "err", err)
			}
		})
		return x
	})
	go func() {
		defer close(o.ran)
		if err := o.views.Run(ctx, o.ledger); err != nil && ctx.Err() == nil {
			h.log.Error("the views have stopped", "org", o.org, "alarm", true, "err", err)
		}
	}()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offices[o.org] = o
	return nil
}

// farBehind is from how many entries on views are caught up with in bulk.
const farBehind = 50_000

// openViews opens an organisation's views. Damaged ones are moved aside and made
// anew: they hold nothing that the entries do not. Views that know of entries
// which the ledger does not have say that an older copy of the ledger was put
// here, and it stays shut.
func (h *house) openViews(o *office, zone *time.Location) (err error) {
	c := projections.Config{Dir: h.viewsDir(o.org), Logger: h.log}
	o.views, err = projections.Open(c, viewsOf(zone)...)
	if errors.Is(err, projections.ErrDamaged) {
		aside, merr := moveAside(c.Dir)
		if merr != nil {
			return errors.Join(err, merr)
		}
		h.log.Error("the stored views are damaged; they are moved aside and made anew", "org", o.org, "alarm", true, "aside", aside, "err", err)
		o.views, err = projections.Open(c, viewsOf(zone)...)
	}
	if err != nil {
		return err
	}
	last := o.ledger.Last()
	least, most := last, domain.Seq(0)
	for _, s := range o.views.Status() {
		least, most = min(least, s.Seq), max(most, s.Seq)
	}
	if most > last {
		return errors.Join(&eventstore.UnsoundError{Org: o.org,
			What: []string{fmt.Sprintf("the views know of entry %d, but the ledger ends with entry %d: an older copy of it was put here", most, last)},
			Help: fmt.Sprintf("Put the newest copy back. If going back is what you want, move %s away; entries behind %d are then gone.", c.Dir, last)}, o.views.Close())
	}
	if last-least < farBehind {
		return nil
	}
	if err := o.views.Close(); err != nil {
		return err
	}
	c.Bulk = true
	o.views, err = projections.Open(c, viewsOf(zone)...)
	return err
}

// moveAside renames a folder to the first free name beside it.
func moveAside(dir string) (string, error) {
	for n := 1; ; n++ {
		to := fmt.Sprintf("%s.damaged-%d", dir, n)
		if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
			return to, os.Rename(dir, to)
		} else if err != nil {
			return "", err
		}
	}
}

// number gives an incident's number once the register knows of an entry; nothing
// where it has none or the register does not come that far in five seconds.
func (o *office) number(ctx context.Context, key domain.Key, seq domain.Seq) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if seq == 0 || o.views.WaitFor(ctx, register.Name, seq) != nil {
		return ""
	}
	snap, err := o.views.Snapshot()
	if err != nil {
		return ""
	}
	defer snap.Close()
	g, err := register.In(snap)
	if err != nil {
		return ""
	}
	row, err := g.ByKey(key, nil)
	if err != nil {
		return ""
	}
	return row.Number
}

// incident finds the incident with a number, as far as the register knows.
func (o *office) incident(number string) (domain.Key, error) {
	snap, err := o.views.Snapshot()
	if err != nil {
		return domain.Key{}, err
	}
	defer snap.Close()
	g, err := register.In(snap)
	if err != nil {
		return domain.Key{}, err
	}
	row, err := g.ByNumber(number, nil)
	return row.Key, err
}

// displayName opens the name that the ledger was founded under.
func (o *office) displayName() (string, error) {
	en, err := o.ledger.Entry(1)
	if err != nil {
		return "", err
	}
	opened, err := o.vault.Open(en)
	if err != nil {
		return "", err
	}
	for _, e := range opened.Events {
		if f, ok := e.(ledger.LedgerFounded); ok && f.Name != "" {
			return string(f.Name), nil
		}
	}
	return string(o.org), nil
}

func (h *house) vaultDir(org domain.OrgID) string { return filepath.Join(h.dir, "vault", string(org)) }
func (h *house) viewsDir(org domain.OrgID) string { return filepath.Join(h.dir, "views", string(org)) }

// office finds an organisation's office.
func (h *house) office(org domain.OrgID) (*office, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := h.offices[org]
	if o == nil {
		return nil, fmt.Errorf("organisation %s has no ledger here: %w", org, domain.ErrNotFound)
	}
	return o, nil
}

// orgs lists the organisations in order of their id.
func (h *house) orgs() []domain.OrgID {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]domain.OrgID, 0, len(h.offices))
	for org := range h.offices {
		out = append(out, org)
	}
	slices.Sort(out)
	return out
}

// close stops everything in reverse and marks the stop as clean.
func (h *house) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancel()
	var errs []error
	for _, o := range h.offices {
		o.stop()
		<-o.ran
		o.finding.Wait()
		errs = append(errs, o.views.Close(), o.closeSeal())
	}
	// A ledger that was stopped in order has a vault that was: the vault first.
	for _, o := range h.offices {
		errs = append(errs, o.vault.Close())
	}
	errs = append(errs, h.store.Close())
	h.offices = map[domain.OrgID]*office{}
	return errors.Join(errs...)
}

// opener is a vault as the doors see it.
type opener struct{ v *vault.Vault }

func (o opener) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	out, err := o.v.Open(en)
	return out.Events, out.By, out.Erased, err
}
