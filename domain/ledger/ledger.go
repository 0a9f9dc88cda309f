package ledger

import (
	"fmt"
	"time"

	"incidentledger/domain"
)

// Name is the kind's name.
const Name domain.KindName = "ledger"

// Key is the key under which an organisation's ledger is an aggregate.
func Key(org domain.OrgID) domain.Key { return domain.KeyNamed(org, Name, "ledger") }

// FoundLedger begins an organisation's ledger. It is given once, by init.
type FoundLedger struct {
	Origin      domain.Code   `json:"origin" rule:"required"`              // name of the log, with a random suffix (C2SP tlog-checkpoint)
	LogKey      domain.Code   `json:"logKey" rule:"required"`              // Ed25519 public key of the log, base64
	Country     domain.Code   `json:"country" rule:"required,oneof=NL|BE"` // whose law
	Zone        domain.Code   `json:"zone" rule:"required"`                // IANA time zone of the organisation's dates
	Formats     []domain.Code `json:"formats" rule:"required"`             // formats that its first entries follow
	Name        domain.Text   `json:"name" rule:"required,max=200"`        // display name at the founding
	Predecessor domain.Code   `json:"predecessor,omitzero"`                // checkpoint of the ledger that this one continues
}

// RecordClockStep says that the machine's clock jumped. Given by the program.
type RecordClockStep struct {
	Before time.Time `json:"before" rule:"required"` // what the clock would have shown without the step
	After  time.Time `json:"after" rule:"required"`  // what it showed
}

// LedgerFounded is the genesis of a ledger.
type LedgerFounded struct {
	Origin      domain.Code   `json:"origin"`
	LogKey      domain.Code   `json:"logKey"`
	Country     domain.Code   `json:"country"`
	Zone        domain.Code   `json:"zone"`
	Formats     []domain.Code `json:"formats"`
	Predecessor domain.Code   `json:"predecessor,omitzero"`
	Name        domain.Text   `json:"name,omitzero" seal:"aggregate"`
}

// ClockStepped says that the machine's clock jumped: recorded instants before
// and after are not comparable to the second.
type ClockStepped struct {
	Before time.Time `json:"before"`
	After  time.Time `json:"after"`
}

func (FoundLedger) CommandName() string     { return "FoundLedger" }
func (RecordClockStep) CommandName() string { return "RecordClockStep" }
func (LedgerFounded) EventName() string     { return "LedgerFounded" }
func (ClockStepped) EventName() string      { return "ClockStepped" }

// AggregateKey implements domain.Keyed.
func (FoundLedger) AggregateKey(org domain.OrgID) domain.Key { return Key(org) }

// State is what is known of a ledger from its own entries.
type State struct {
	Founded LedgerFounded
	At      time.Time // when; zero: not yet
	Steps   int       // how often the clock stepped
}

// Kind is the kind of aggregate.
func Kind() domain.Kind {
	return domain.Kind{
		Name: Name,
		Commands: []domain.CommandType{
			{New: func() domain.Command { return &FoundLedger{} }, Begins: true, Named: true, System: true, Events: []string{"LedgerFounded"},
				Example: `{"origin":"incidentledger/nuth/3f9a1c","logKey":"PeDmFnAu","country":"NL","zone":"Europe/Amsterdam","formats":["incidentledger/entry/1"],"name":"Gemeente Nuth"}`},
			{New: func() domain.Command { return &RecordClockStep{} }, System: true, Events: []string{"ClockStepped"},
				Example: `{"before":"2026-11-21T09:00:00Z","after":"2026-11-21T08:00:00Z"}`},
		},
		Events: []domain.EventType{domain.Shape[LedgerFounded](1), domain.Shape[ClockStepped](1)},
		New:    func() domain.State { return State{} },
		Decide: func(s domain.State, o domain.Order) (domain.Decision, error) { return decide(s.(State), o) },
		Evolve: func(s domain.State, en domain.Entry) (domain.State, error) { return evolve(s.(State), en) },
	}
}

func decide(s State, o domain.Order) (domain.Decision, error) {
	if o.Actor.Proof != "system" {
		return domain.Decision{}, domain.Refuse(domain.CodeDenied, "design 3", "%s is given by the program itself, by nobody else", o.Command.CommandName())
	}
	if err := domain.Check(o.Command, o.Recorded, nil); err != nil {
		return domain.Decision{}, err
	}
	switch c := o.Command.(type) {
	case *FoundLedger:
		if !s.At.IsZero() {
			return domain.Decision{}, domain.Refuse("already_founded", "design 3", "this ledger was founded on %s", s.At.Format(time.RFC3339))
		}
		if o.Key != Key(o.Org) {
			return domain.Decision{}, domain.Refuse(domain.CodeInvalid, "design 3", "a ledger's own key is %s", Key(o.Org))
		}
		if _, err := time.LoadLocation(string(c.Zone)); err != nil {
			return domain.Decision{}, domain.Refuse(domain.CodeInvalid, "design 3", "zone %q is unknown; give a name such as Europe/Amsterdam", c.Zone)
		}
		return domain.Decision{Events: []domain.Event{LedgerFounded{
			Origin: c.Origin, LogKey: c.LogKey, Country: c.Country, Zone: c.Zone, Formats: c.Formats, Predecessor: c.Predecessor, Name: c.Name,
		}}}, nil
	case *RecordClockStep:
		if s.At.IsZero() {
			return domain.Decision{}, domain.Refuse("not_founded", "design 3", "the ledger is not founded")
		}
		return domain.Decision{Events: []domain.Event{ClockStepped{Before: c.Before, After: c.After}}}, nil
	}
	return domain.Decision{}, domain.Refuse(domain.CodeMalformed, "contract 3", "a ledger has no command %s", o.Command.CommandName())
}

func evolve(s State, en domain.Entry) (State, error) {
	for _, r := range en.Events {
		switch e := r.Event.(type) {
		case LedgerFounded:
			s.Founded, s.At = e, en.Recorded
		case ClockStepped:
			s.Steps++
		default:
			return s, fmt.Errorf("a ledger has no event %s", r.Type)
		}
	}
	return s, nil
}
