package handlers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"incidentledger/domain"
)

// MaxBody is the largest order a door takes, in bytes. An entry is smaller
// still; what does not fit is refused by the desk with a text that says so.
const MaxBody = 256 << 10

// An Envelope is what an order has besides its command, as doors take it in
// JSON. All of it may be left out but the actor's role.
type Envelope struct {
	ID          domain.OrderID   `json:"id,omitzero"`          // UUID; repeating an order under it is harmless
	Key         domain.Key       `json:"key,omitzero"`         // the aggregate, where the address does not name it
	Actor       EnvelopeActor    `json:"actor,omitzero"`       // who gives the order
	By          *domain.By       `json:"by,omitzero"`          // on whose word
	Occurred    string           `json:"occurred,omitzero"`    // when it happened, RFC 3339 with offset
	Precision   domain.Precision `json:"precision,omitzero"`   // second, minute, hour, day, about
	Happened    domain.Text      `json:"happened,omitzero"`    // why a fact that breaks a rule is recorded all the same
	Correlation domain.OrderID   `json:"correlation,omitzero"` // the conversation it belongs to
	Causation   domain.OrderID   `json:"causation,omitzero"`   // the order that led to it
	DryRun      bool             `json:"dryRun,omitzero"`      // decide and tell, write nothing
	IfSeq       *domain.Seq      `json:"ifSeq,omitzero"`       // the aggregate's last entry as the caller knows it
}

// An EnvelopeActor is who gives an order, as long as doors take it from the
// request.
type EnvelopeActor struct {
	ID        domain.PersonID `json:"id,omitzero"`
	Role      domain.Code     `json:"role,omitzero"`
	For       domain.OrgID    `json:"for,omitzero"`
	Anonymous bool            `json:"anonymous,omitzero"` // a report without any identity (INT-06)
}

// Order makes an order of an envelope. Its id is the one given, else newID.
func (e Envelope) Order(org domain.OrgID, kind domain.KindName, door domain.Code, c domain.Command, newID func() domain.OrderID) (domain.Order, error) {
	o := domain.Order{
		ID: e.ID, Org: org, Kind: kind, Key: e.Key, By: e.By, Happened: e.Happened, IfSeq: e.IfSeq,
		Correlation: e.Correlation, Causation: e.Causation, DryRun: e.DryRun, Command: c,
		Actor: domain.Actor{ID: e.Actor.ID, Role: e.Actor.Role, For: e.Actor.For, Door: door, Proof: "stated"},
	}
	if o.Actor.For == "" {
		o.Actor.For = org
	}
	if e.Actor.Anonymous {
		if !e.Actor.ID.IsZero() || e.Actor.For != "" {
			return o, domain.Refuse("anonymous", "INT-06", "an anonymous report names no actor and no organisation acted for")
		}
		o.Actor = domain.Actor{Role: e.Actor.Role, Proof: "anonymous"}
	}
	if o.Actor.Role == "" {
		return o, &domain.Refusal{Code: domain.CodeMalformed, Field: "actor.role", Text: "actor.role is required: in which role is this order given?", Requirement: "contract 3"}
	}
	if e.By != nil && len(e.By.SD) > 0 {
		return o, &domain.Refusal{Code: domain.CodeMalformed, Field: "by.sd", Text: "by.sd is not for callers", Requirement: "contract 3"}
	}
	if e.Occurred != "" {
		t, err := ParseInstant("occurred", e.Occurred)
		if err != nil {
			return o, err
		}
		o.Occurred = domain.Moment{Time: t, Precision: e.Precision}
	} else if e.Precision != "" {
		return o, &domain.Refusal{Code: domain.CodeMalformed, Field: "precision", Text: "precision says how exactly occurred is known, and occurred is missing", Requirement: "contract 3"}
	}
	if o.ID.IsZero() {
		o.ID = newID()
	}
	return o, nil
}

// NewOrderID draws a UUIDv7 for an order whose caller gave no id. It is for
// doors only.
func NewOrderID() domain.OrderID { return domain.OrderID{UUID: uuid.Must(uuid.NewV7())} }

// ParseInstant reads RFC 3339 with an offset, or refuses naming the field.
func ParseInstant(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, &domain.Refusal{Code: domain.CodeMalformed, Field: field, Requirement: "RFC 3339",
			Text: fmt.Sprintf("%s is %q; give an instant with offset, such as 2026-11-21T09:14:00+01:00", field, clip(s))}
	}
	return t, nil
}

// DecodeCommand reads a command of a kind strictly from JSON. A *domain.Refusal
// names the member at fault and what is wrong with it. Where an incident is to be
// named its number does, if find is given.
func DecodeCommand(kind *domain.Kind, name string, body []byte, find FindIncident) (domain.Command, error) {
	ct, ok := kind.CommandNamed(name)
	if !ok {
		return nil, NoCommand(kind, name, nil)
	}
	c := ct.New()
	if len(body) == 0 {
		body = []byte("{}")
	}
	body, err := withKeys(kind, c, body, find)
	if err != nil {
		return nil, err
	}
	if err := DecodeStrict(body, c); err != nil {
		return nil, err
	}
	return c, nil
}

// DecodeStrict reads one JSON value: no unknown or repeated members, no bytes
// behind it. It never panics; what is wrong comes back as a *domain.Refusal.
func DecodeStrict(body []byte, into any) error {
	if len(body) > MaxBody {
		return domain.Refuse(domain.CodeMalformed, "contract 3", "the order has %d bytes; at most %d are taken", len(body), MaxBody)
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	r := &domain.Refusal{Code: domain.CodeMalformed, Requirement: "contract 3"}
	var sem *json.SemanticError
	var syn *jsontext.SyntacticError
	switch {
	case errors.As(err, &sem):
		r.Field = fieldOf(string(sem.JSONPointer))
		switch {
		case errors.Is(err, json.ErrUnknownName):
			r.Text = fmt.Sprintf("%s is not a member of this command; `incidentledger commands NAME` lists its members", r.Field)
		case sem.JSONKind != 0 && sem.GoType != nil && sem.Err == nil:
			r.Text = fmt.Sprintf("%s is a JSON %s, which does not fit", orWhole(r.Field), kindName(sem.JSONKind))
		default:
			r.Text = fmt.Sprintf("%s cannot be read: %v", orWhole(r.Field), cause(sem))
		}
	case errors.As(err, &syn):
		r.Field = fieldOf(string(syn.JSONPointer))
		r.Text = fmt.Sprintf("not readable as JSON at byte %d, near %s: %v", syn.ByteOffset, orWhole(r.Field), syn.Err)
	default:
		r.Text = "not readable as JSON: " + err.Error()
	}
	return r
}

func cause(e *json.SemanticError) error {
	if e.Err != nil {
		return e.Err
	}
	return errors.New("the value does not fit")
}

func fieldOf(pointer string) string {
	return clip(strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", "."))
}

func orWhole(field string) string {
	if field == "" {
		return "the order"
	}
	return field
}

func clip(s string) string {
	if len(s) <= 80 {
		return strings.ToValidUTF8(s, "�")
	}
	return strings.ToValidUTF8(s[:80], "�") + "…"
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	case '[':
		return "array"
	}
	return "value"
}
