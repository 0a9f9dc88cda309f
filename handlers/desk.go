package handlers

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"incidentledger/domain"
)

// Log is the ledger as the desk needs it: one organisation's entries.
type Log interface {
	Load(ctx context.Context, ref domain.Ref, after domain.Seq) iter.Seq2[*domain.Entry, error]
	Append(ctx context.Context, en *domain.Entry) error
	Entry(seq domain.Seq) (*domain.Entry, error)
}

// Sealer is the vault as the desk needs it.
type Sealer interface {
	// Seal sets apart what is sealed and returns when its keys are durable.
	Seal(ctx context.Context, org domain.OrgID, ref domain.Ref, id domain.OrderID, by *domain.By,
		events []domain.Event, version func(name string) int) ([]domain.Record, *domain.By, []domain.Box, error)
	// MAC is a keyed hash of an order as given, over what of it stands open and
	// what is sealed; Matches tells whether an order given again has it.
	MAC(ctx context.Context, o domain.Order, open, sealed []byte) (domain.Hash, error)
	Matches(o domain.Order, open, sealed []byte, mac domain.Hash) (bool, error)
}

// Config is what a desk works with. Nothing in it changes while it is open.
type Config struct {
	Org     domain.OrgID
	Log     Log
	Sealer  Sealer
	Kinds   []domain.Kind
	Version func(event string) int // current version of an event type

	Now func() time.Time // the desk's clock; nil: time.Now

	// Docs gives what a kind's commands and fields are for, as domain.Docs reads it:
	// refusals cite the requirements that it names. nil: they cite the contract.
	Docs func(domain.KindName) map[string]string

	// Files, where given, looks at the stored files that an order is about before it
	// is decided, and gives its command with what only such a look tells. It may take
	// long. A *domain.Refusal: a file is not there, or not what it should be.
	Files func(context.Context, domain.Order) (domain.Command, error)

	// Cached is how many folded aggregates stay in memory; 0: 8192.
	Cached int
}

// A Desk is the only write path of one organisation's ledger. It may be used by
// any number of goroutines; orders for one aggregate wait for each other.
type Desk struct {
	c        Config
	kinds    map[domain.KindName]*domain.Kind
	commands map[commandID]domain.CommandType
	folds    *folds
	locks    keyLocks
}

type commandID struct {
	kind domain.KindName
	name string
}

// NewDesk opens a desk.
func NewDesk(c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Cached == 0 {
		c.Cached = 8192
	}
	d := &Desk{c: c, kinds: map[domain.KindName]*domain.Kind{}, commands: map[commandID]domain.CommandType{}, folds: newFolds(c.Cached)}
	for i := range c.Kinds {
		kind := &c.Kinds[i]
		d.kinds[kind.Name] = kind
		for _, ct := range kind.Commands {
			d.commands[commandID{kind.Name, ct.Name()}] = ct
		}
	}
	return d
}

// Kind finds a kind of aggregate by its name.
func (d *Desk) Kind(name domain.KindName) (*domain.Kind, bool) {
	k, ok := d.kinds[name]
	return k, ok
}

// Org is whose desk this is.
func (d *Desk) Org() domain.OrgID { return d.c.Org }

// attempts is how often an order is decided anew when another entry of its
// aggregate came between.
const attempts = 5

// Give hands in an order and returns its receipt when the entry is durable. The
// order needs an id; repeating it gives the same receipt, for ever.
//
// A *domain.Refusal says that a rule refuses it: nothing was written. An error
// that wraps domain.ErrUnavailable: nothing was written, try again later. One
// that wraps domain.ErrUnknown: give the same order again, that tells.
func (d *Desk) Give(ctx context.Context, o domain.Order) (domain.Receipt, error) {
	kind, err := d.complete(&o)
	if err != nil {
		return domain.Receipt{}, err
	}
	seen := look{o.Command, nil}
	if d.c.Files != nil {
		seen.command, seen.err = d.c.Files(ctx, o)
	}
	ref := domain.Ref{Kind: o.Kind, Key: o.Key}
	defer d.locks.lock(ref)()
	for range attempts {
		r, err := d.try(ctx, kind, ref, o, seen)
		if !errors.Is(err, domain.ErrConflict) {
			return r, err
		}
	}
	return domain.Receipt{}, domain.Refuse(domain.CodeConflict, "contract 2", "%s got other entries meanwhile, %d times; give the order again", ref, attempts)
}

// look is what Config.Files said of an order.
type look struct {
	command domain.Command
	err     error
}

// try decides an order once against what the aggregate is now.
func (d *Desk) try(ctx context.Context, kind *domain.Kind, ref domain.Ref, given domain.Order, seen look) (domain.Receipt, error) {
	o := given
	f, err := d.fold(ctx, kind, ref)
	if err != nil {
		return domain.Receipt{}, err
	}
	if seq, ok := f.orders[o.ID]; ok {
		return d.repeated(ctx, kind, given, seq)
	}
	if seen.err != nil {
		return domain.Receipt{}, seen.err
	}
	o.Command = seen.command
	if o.IfSeq != nil && *o.IfSeq != f.seq {
		return domain.Receipt{}, domain.Refuse(domain.CodeStale, "contract 2", "the last entry is %d, not %d; look again before you decide", f.seq, *o.IfSeq)
	}
	o.Recorded = d.stamp(f)
	if o.Occurred.IsZero() {
		o.Occurred = domain.Moment{Time: o.Recorded, Precision: domain.PrecisionSecond}
	}
	if o.Occurred.Precision == "" {
		o.Occurred.Precision = domain.PrecisionSecond
	}
	dec, err := kind.Decide(f.state, o)
	if err != nil {
		if d.c.Docs != nil {
			err = because(err, o.Command, d.c.Docs(o.Kind))
		}
		return domain.Receipt{}, brief(err)
	}
	if len(dec.Events) == 0 {
		return domain.Receipt{}, fmt.Errorf("desk: %s: %s yields neither events nor a refusal", ref, o.Command.CommandName())
	}
	en := entry(f, o, dec)
	if o.DryRun {
		en.Events = plain(dec.Events, d.c.Version)
		return receipt(en, dec), nil
	}
	open, sealed, err := canonical(given)
	if err != nil {
		return domain.Receipt{}, err
	}
	if en.Events, en.By, en.Sealed, err = d.c.Sealer.Seal(ctx, o.Org, ref, o.ID, o.By, dec.Events, d.c.Version); err != nil {
		return domain.Receipt{}, err
	}
	if en.MAC, err = d.c.Sealer.MAC(ctx, given, open, sealed); err != nil {
		return domain.Receipt{}, err
	}
	if err := d.c.Log.Append(ctx, en); err != nil {
		d.folds.drop(ref)
		if errors.Is(err, domain.ErrTooLarge) {
			return domain.Receipt{}, domain.Refuse(domain.CodeInvalid, "design 3", "the order is larger than an entry may be (65,535 bytes); shorten its texts")
		}
		return domain.Receipt{}, err
	}
	if err := f.add(kind, en); err != nil {
		d.folds.drop(ref)
		return domain.Receipt{}, fmt.Errorf("desk: entry %d is stored, but: %w", en.Seq, err)
	}
	return receipt(en, dec), nil
}

// handful is how many commands a refusal names that would be allowed instead.
const handful = 5

// brief leaves out of a refusal the commands that would be allowed where they are
// so many that they help nobody, and says where they stand.
func brief(err error) error {
	var r *domain.Refusal
	if !errors.As(err, &r) || len(r.Allowed) <= handful {
		return err
	}
	switch r.Code {
	case domain.CodeDenied, domain.CodeWrongState, domain.CodeAlreadyBegun, domain.CodeNotBegun:
		short := *r
		short.Allowed = nil
		short.Text += "; `incidentledger commands` lists what can be ordered, `incidentledger commands NAME` by whom and when"
		return &short
	}
	return err
}

// complete fills in what a door may leave out, and refuses what is no order.
func (d *Desk) complete(o *domain.Order) (*domain.Kind, error) {
	kind, ok := d.kinds[o.Kind]
	if !ok {
		return nil, domain.Refuse(domain.CodeMalformed, "contract 3", "there is no kind of aggregate %q", o.Kind)
	}
	if o.Org == "" {
		o.Org = d.c.Org
	}
	if o.Org != d.c.Org {
		return nil, domain.Refuse(domain.CodeDenied, "ORG-01", "this desk is that of %s, not of %s", d.c.Org, o.Org)
	}
	if o.ID.IsZero() || o.Command == nil {
		return nil, domain.Refuse(domain.CodeMalformed, "contract 3", "an order needs an id and a command")
	}
	for _, w := range [][2]string{{"actor.role", string(o.Actor.Role)}, {"actor.for", string(o.Actor.For)}, {"actor.door", string(o.Actor.Door)}, {"actor.proof", string(o.Actor.Proof)}} {
		if err := domain.CheckWord(w[0], w[1]); err != nil {
			return nil, err
		}
	}
	if o.By != nil {
		if err := domain.CheckWord("by.medium", string(o.By.Medium)); err != nil {
			return nil, err
		}
	}
	name := o.Command.CommandName()
	ct, ok := d.commands[commandID{o.Kind, name}]
	if !ok {
		return nil, domain.Refuse(domain.CodeMalformed, "contract 3", "%s has no command %s", o.Kind, name)
	}
	switch own := ownKey(o); {
	case ct.Begins && o.Key.IsZero():
		o.Key = own
	case ct.Begins && o.Key != own:
		return nil, domain.Refuse(domain.CodeInvalid, "contract 3", "%s begins the %s %s: leave the key out", name, o.Kind, own)
	case o.Key.IsZero():
		return nil, domain.Refuse(domain.CodeMalformed, "contract 3", "%s needs the key of the %s it is about", name, o.Kind)
	}
	return kind, nil
}

// ownKey is the key of the aggregate that an order begins: the command's own, or
// the one that follows from the order.
func ownKey(o *domain.Order) domain.Key {
	if c, ok := o.Command.(domain.Keyed); ok {
		if k := c.AggregateKey(o.Org); !k.IsZero() {
			return k
		}
	}
	return domain.NewKey(o.Org, o.ID)
}

// stamp is the desk's time in UTC to the microsecond, never before the
// aggregate's last entry.
func (d *Desk) stamp(f *folded) time.Time {
	now := d.c.Now().UTC().Truncate(time.Microsecond)
	if now.Before(f.recorded) {
		return f.recorded
	}
	return now
}

func entry(f *folded, o domain.Order, dec domain.Decision) *domain.Entry {
	return &domain.Entry{
		ID: o.ID, Org: o.Org, Kind: o.Kind, Key: o.Key, Prev: f.seq, PrevHash: f.hash,
		Command: o.Command.CommandName(), Actor: o.Actor,
		Occurred: o.Occurred, Recorded: o.Recorded, Correlation: o.Correlation, Causation: o.Causation,
		Basis: dec.Basis,
	}
}

// repeated answers an order that was accepted before: with its receipt if it is
// the same order, else with a refusal. What the entry does not hold, the ids,
// duties and warnings, is what the same decision gives again.
func (d *Desk) repeated(ctx context.Context, kind *domain.Kind, o domain.Order, seq domain.Seq) (domain.Receipt, error) {
	en, err := d.c.Log.Entry(seq)
	if err != nil {
		return domain.Receipt{}, err
	}
	open, sealed, err := canonical(o)
	if err != nil {
		return domain.Receipt{}, err
	}
	same, err := d.c.Sealer.Matches(o, open, sealed, en.MAC)
	if err != nil {
		return domain.Receipt{}, err
	}
	if !same {
		return domain.Receipt{}, domain.Refuse(domain.CodeReused, "contract 4", "order %s was given before with another actor or other content (entry %d); a new order needs a new id", o.ID, seq)
	}
	before, err := d.before(ctx, kind, en)
	if err != nil {
		return domain.Receipt{}, err
	}
	o.Recorded, o.Occurred = en.Recorded, en.Occurred
	dec, err := kind.Decide(before, o)
	if err != nil {
		dec = domain.Decision{} // the law has changed since; the entry stands
	}
	r := receipt(en, dec)
	r.Repeated = true
	return r, nil
}

// before folds an aggregate as it was when an entry of it was decided.
func (d *Desk) before(ctx context.Context, kind *domain.Kind, en *domain.Entry) (domain.State, error) {
	if en.Prev == 0 {
		return kind.New(), nil
	}
	st, _, err := d.State(ctx, en.Ref(), en.Prev)
	return st, err
}
