package micro

import (
	"context"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"incidentledger/domain"
	"incidentledger/handlers"
)

// door stands in the actor of every order that came this way.
const door domain.Code = "nats"

// A Request is an order as programs give it.
type Request struct {
	Kind    domain.KindName   `json:"kind,omitzero"` // empty: incident
	Command domain.Code       `json:"command"`
	Body    jsontext.Value    `json:"body,omitzero"` // the command's own members
	Order   handlers.Envelope `json:"order,omitzero"`
}

// order gives an order to a desk and answers with its receipt.
func (s *service) order(ctx context.Context, d *handlers.Desk, r request) {
	o, err := s.decode(ctx, d, r.data)
	var receipt domain.Receipt
	if err == nil {
		receipt, err = d.Give(ctx, o)
	}
	if err == nil && s.c.Number != nil {
		receipt.Number = s.c.Number(ctx, d.Org(), receipt.Key, receipt.Seq)
	}
	var body []byte
	if err == nil {
		body, err = json.Marshal(receipt, json.Deterministic(true))
	}
	if err != nil {
		s.refuse(r, err)
		return
	}
	s.send(r, nats.Header{"Ledger-Seq": {strconv.FormatUint(uint64(receipt.Seq), 10)}}, body)
}

// decode reads a request strictly.
func (s *service) decode(ctx context.Context, d *handlers.Desk, data []byte) (domain.Order, error) {
	var q Request
	if err := handlers.DecodeStrict(data, &q); err != nil {
		return domain.Order{}, err
	}
	if q.Kind == "" {
		q.Kind = "incident"
	}
	kind, ok := d.Kind(q.Kind)
	if !ok {
		return domain.Order{}, &domain.Refusal{Code: domain.CodeMalformed, Field: "kind", Text: "there is no kind of aggregate of that name", Requirement: "contract 3"}
	}
	var find handlers.FindIncident
	if s.c.Incident != nil {
		find = func(number string) (domain.Key, error) { return s.c.Incident(ctx, d.Org(), number) }
	}
	c, err := handlers.DecodeCommand(kind, string(q.Command), q.Body, find)
	if err != nil {
		return domain.Order{}, err
	}
	return q.Order.Order(d.Org(), q.Kind, door, c, s.c.NewID)
}

// A CommandInfo describes one command.
type CommandInfo struct {
	Kind    domain.KindName `json:"kind"`
	Command domain.Code     `json:"command"`
	Begins  bool            `json:"begins"`           // it begins an aggregate, so it takes no key
	Roles   []domain.Code   `json:"roles,omitempty"`  // absent: every role
	States  []domain.Code   `json:"states,omitempty"` // absent: every state
	Events  []string        `json:"events"`
	Schema  map[string]any  `json:"schema"` // JSON Schema 2020-12 of body
	Example jsontext.Value  `json:"example"`
}

// commands lists the commands of a kind. Those that only the program gives are
// left out.
func (s *service) commands(d *handlers.Desk, r request) {
	var q struct {
		Kind domain.KindName `json:"kind,omitzero"`
	}
	if len(r.data) > 0 {
		if err := handlers.DecodeStrict(r.data, &q); err != nil {
			s.refuse(r, err)
			return
		}
	}
	if q.Kind == "" {
		q.Kind = "incident"
	}
	kind, ok := d.Kind(q.Kind)
	if !ok {
		s.refuse(r, &domain.Refusal{Code: domain.CodeMalformed, Field: "kind", Text: "there is no kind of aggregate of that name", Requirement: "contract 3"})
		return
	}
	var codes domain.Codes
	if s.c.Codes != nil {
		codes = s.c.Codes(d.Org())
	}
	out := []CommandInfo{}
	for _, c := range kind.Commands {
		if c.System {
			continue
		}
		out = append(out, CommandInfo{
			Kind: q.Kind, Command: domain.Code(c.Name()), Begins: c.Begins, Roles: c.Roles, States: c.States, Events: c.Events,
			Schema: domain.Schema(c, codes, s.c.Docs[q.Kind]), Example: jsontext.Value(c.Example),
		})
	}
	body, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		s.refuse(r, err)
		return
	}
	s.send(r, nil, body)
}

// refuse answers with what went wrong. What is no refusal is logged, and told in
// general words only.
func (s *service) refuse(r request, err error) {
	var refusal *domain.Refusal
	switch {
	case errors.As(err, &refusal):
		s.fail(r, statusOf(refusal.Code), refusal)
	case errors.Is(err, domain.ErrNotFound):
		s.fail(r, 404, &domain.Refusal{Code: domain.CodeNotFound, Text: "there is no such aggregate or entry"})
	case errors.Is(err, domain.ErrUnknown):
		s.fail(r, 503, &domain.Refusal{Code: "unknown_outcome", Text: "whether the entry was stored is unknown; give the same order again, under the same id"})
	case errors.Is(err, domain.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		s.fail(r, 503, &domain.Refusal{Code: "unavailable", Text: "the ledger cannot take orders now; give the same order again later, under the same id"})
	default:
		s.c.Log.Error("a micro request failed", "subject", r.subject, "error", err)
		s.fail(r, 500, &domain.Refusal{Code: "internal", Text: "the program failed on this request; its log tells more"})
	}
}

// statusOf gives the status that HTTP has for a refusal.
func statusOf(code domain.Code) int {
	switch code {
	case domain.CodeMalformed:
		return 400
	case domain.CodeDenied:
		return 403
	case domain.CodeNotFound:
		return 404
	case domain.CodeConflict, domain.CodeReused:
		return 409
	case domain.CodeStale:
		return 412
	}
	return 422
}

func (s *service) fail(r request, status int, refusal *domain.Refusal) {
	body, err := json.Marshal(refusal, json.Deterministic(true))
	if err != nil {
		s.c.Log.Error("a refusal could not be written", "code", refusal.Code, "error", err)
	}
	s.send(r, nats.Header{micro.ErrorCodeHeader: {strconv.Itoa(status)}, micro.ErrorHeader: {string(refusal.Code)}}, body)
}

// send answers a request. Whoever asked without an address for the answer gets
// none.
func (s *service) send(r request, header nats.Header, body []byte) {
	if r.reply == "" {
		return
	}
	if err := s.c.Conn.PublishMsg(&nats.Msg{Subject: r.reply, Header: header, Data: body}); err != nil {
		s.c.Log.Warn("an answer could not be sent", "subject", r.subject, "error", err)
	}
}
