package domain

import (
	"fmt"
	"reflect"
)

// A Command is what an actor asks. Its declaration says everything that doors
// need: JSON names, rule tags (check.go) and seal tags (text.go).
type Command interface {
	// CommandName is the command's name in the contract, such as ReportIncident.
	CommandName() string
}

// An Event is a fact that an accepted command caused. Fields are open (codes,
// numbers, instants, flags, random ids) or of type Text, which is sealed.
type Event interface {
	// EventName is the event's type name in the ledger, such as IncidentReported.
	EventName() string
}

// State is the folded state of one aggregate. Each kind knows its own.
type State any

// A Kind is what the ledger knows of one kind of aggregate.
type Kind struct {
	Name     KindName
	Commands []CommandType
	Events   []EventType

	// New gives the state before the first entry.
	New func() State
	// Decide is pure: it judges an order against the state and gives events, or
	// a *Refusal. It never gives neither. It leaves the state as it was.
	Decide func(State, Order) (Decision, error)
	// Evolve adds an entry to the state and returns it; the caller gives up the
	// state it passes in.
	Evolve func(State, Entry) (State, error)
}

// A Decision is what an accepted order causes.
type Decision struct {
	Events   []Event
	Basis    []Basis           // versions of other aggregates that were read
	IDs      map[string]string // things made: "escalation", "notification" … to their ids
	Duties   []string          // what is owed to others that it created, changed or met, by id, sorted
	Warnings []Warning
}

// A Warning tells what stays open although an order was accepted.
type Warning struct {
	Code        Code   `json:"code"`
	Text        string `json:"text"`
	Requirement string `json:"requirement,omitempty"`
}

// A CommandType declares one command of a kind.
type CommandType struct {
	New     func() Command // a pointer to the zero command, for decoding and for deriving schemas
	Begins  bool           // it begins an aggregate
	Named   bool           // the aggregate it begins has a name of its own: the command is Keyed by KeyNamed
	Roles   []Code         // who may give it; nil: everybody
	States  []Code         // in which states; nil: in every state once begun
	Events  []string       // names of the events it can cause
	Example string         // one example as JSON
	System  bool           // only the program itself gives it
}

// Name is the command's name.
func (c CommandType) Name() string { return c.New().CommandName() }

// An EventType declares one stored shape of an event. A retired shape has an
// Up that leads straight to today's type.
type EventType struct {
	Name string
	V    int
	New  func() any      // a pointer to the zero shape, for decoding
	Up   func(any) Event // from that pointer to today's event
}

// Shape declares the current shape v of event type E.
func Shape[E Event](v int) EventType {
	var zero E
	return EventType{
		Name: zero.EventName(), V: v,
		New: func() any { return new(E) },
		Up:  func(p any) Event { return *p.(*E) },
	}
}

// Retired declares an old shape of an event type and how it reads today. The
// path of a sealed field must not change between shapes: a disclosure names the
// path it had when it was sealed, and it is put back into today's event.
func Retired[Old any, E Event](v int, up func(Old) E) EventType {
	var zero E
	return EventType{
		Name: zero.EventName(), V: v,
		New: func() any { return new(Old) },
		Up:  func(p any) Event { return up(*p.(*Old)) },
	}
}

// CommandNamed finds a command of the kind by its name.
func (k *Kind) CommandNamed(name string) (CommandType, bool) {
	for _, c := range k.Commands {
		if c.Name() == name {
			return c, true
		}
	}
	return CommandType{}, false
}

// HasNames reports whether aggregates of the kind go by names, such as a short
// code, of which KeyNamed makes the key.
func (k *Kind) HasNames() bool {
	for _, c := range k.Commands {
		if c.Named {
			return true
		}
	}
	return false
}

// EventVersion gives the current version of an event type: its highest.
func (k *Kind) EventVersion(name string) int {
	v := 0
	for _, t := range k.Events {
		if t.Name == name && t.V > v {
			v = t.V
		}
	}
	return v
}

// Validate reports a declaration that contradicts itself: a name or version
// declared twice, an event without a shape, a field neither open nor sealed.
func (k *Kind) Validate() error {
	type nv struct {
		name string
		v    int
	}
	seen := map[nv]bool{}
	for _, t := range k.Events {
		if t.V < 1 {
			return fmt.Errorf("kind %s: event %s: version %d", k.Name, t.Name, t.V)
		}
		if seen[nv{t.Name, t.V}] {
			return fmt.Errorf("kind %s: event %s version %d declared twice", k.Name, t.Name, t.V)
		}
		seen[nv{t.Name, t.V}] = true
		if err := checkFields(reflect.TypeOf(t.New()).Elem(), true); err != nil {
			return fmt.Errorf("kind %s: event %s: %w", k.Name, t.Name, err)
		}
	}
	names := map[string]bool{}
	for _, c := range k.Commands {
		if names[c.Name()] {
			return fmt.Errorf("kind %s: command %s declared twice", k.Name, c.Name())
		}
		names[c.Name()] = true
		if err := checkFields(reflect.TypeOf(c.New()).Elem(), false); err != nil {
			return fmt.Errorf("kind %s: command %s: %w", k.Name, c.Name(), err)
		}
		if _, keyed := c.New().(Keyed); c.Named && !keyed {
			return fmt.Errorf("kind %s: command %s is named but does not say its key", k.Name, c.Name())
		}
		for _, e := range c.Events {
			if k.EventVersion(e) == 0 {
				return fmt.Errorf("kind %s: command %s names unknown event %s", k.Name, c.Name(), e)
			}
		}
	}
	return nil
}

// A Corrector is an event that says that fields of an earlier event of the same
// aggregate were wrong.
type Corrector interface{ Correction() Correction }

// A Correction names the event that was wrong and the open fields as they must
// read.
type Correction struct {
	Seq    Seq             // of the entry with the event
	Event  Code            // type of the event
	Fields map[Code][]byte // JSON by field name; nil: the field is taken back
}

// Keyed is a command that begins an aggregate under a key of its own instead of
// one that follows from the order. A zero key: this one follows from the order.
type Keyed interface{ AggregateKey(OrgID) Key }
