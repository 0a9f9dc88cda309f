package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/ledger"
	"incidentledger/eventstore"
	"incidentledger/eventstore/seal"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/alerts"
	"incidentledger/handlers/find"
	"incidentledger/projections"
	"incidentledger/projections/register"
)

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
	return register.Numbered(o.views, number)
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

// opener is a vault as the doors see it.
type opener struct{ v *vault.Vault }

func (o opener) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	out, err := o.v.Open(en)
	return out.Events, out.By, out.Erased, err
}
