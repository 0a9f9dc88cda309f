package api

import (
	"strconv"
	"strings"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
)

// order reads the order that a request is.
func (q *request) order(kind *domain.Kind, ct domain.CommandType, keyed bool) (domain.Order, error) {
	var o domain.Order
	raw, err := q.readBody()
	if err != nil {
		return o, err
	}
	env, rest, err := splitOrder(raw)
	if err != nil {
		return o, err
	}
	cmd, err := handlers.DecodeCommand(kind, ct.Name(), rest, q.incidentNumbered)
	if err != nil {
		return o, err
	}
	if err := q.address(&env, kind, keyed); err != nil {
		return o, err
	}
	if err := q.conditions(&env); err != nil {
		return o, err
	}
	env.DryRun = env.DryRun || q.isSet("dryRun")
	door, err := q.door()
	if err != nil {
		return o, err
	}
	if o, err = env.Order(q.office.Org, kind.Name, door, cmd, handlers.NewOrderID); err != nil {
		return o, under("order", err)
	}
	return o, nil
}

// address puts the key of the address into the envelope. Where aggregates of the
// kind have names, the address may give the name.
func (q *request) address(env *handlers.Envelope, kind *domain.Kind, keyed bool) error {
	if !keyed {
		return nil
	}
	key, err := keyOf(kind, q.office.Org, q.PathValue("key"))
	if err != nil && kind.Name == incident.Name {
		key, err = q.key()
	}
	if err != nil {
		return err
	}
	if !env.Key.IsZero() && env.Key != key {
		return malformed("order.key", "order.key names another %s than the address", kind.Name)
	}
	env.Key = key
	return nil
}

// keyOf reads a key, or a name where aggregates of the kind have names.
func keyOf(kind *domain.Kind, org domain.OrgID, text string) (domain.Key, error) {
	key, err := parseKey(text)
	if err != nil && kind.HasNames() {
		return domain.KeyNamed(org, kind.Name, text), nil
	}
	return key, err
}

// conditions takes the headers Idempotency-Key and If-Match into the envelope.
func (q *request) conditions(env *handlers.Envelope) error {
	if idem := q.Header.Get("Idempotency-Key"); idem != "" {
		if len(idem) > 200 {
			return malformed("Idempotency-Key", "the header Idempotency-Key has %d characters; at most 200 are taken", len(idem))
		}
		if !env.ID.IsZero() {
			return malformed("Idempotency-Key", "the order has an id of its own and an Idempotency-Key; give one of them")
		}
		env.ID = domain.OrderIDFor(q.office.Org, env.Actor.ID, idem)
	}
	match := q.Header.Get("If-Match")
	if match == "" || match == "*" {
		return nil
	}
	text, opened := strings.CutPrefix(match, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || !opened || !closed {
		return malformed("If-Match", "the header If-Match is %q; give the ETag of the incident, such as \"812\"", clip(match, 60))
	}
	seq := domain.Seq(n)
	if env.IfSeq != nil && *env.IfSeq != seq {
		return malformed("If-Match", "If-Match says %d and order.ifSeq %d", seq, *env.IfSeq)
	}
	env.IfSeq = &seq
	return nil
}

// door is by which door the order came. Only callers within the house may say
// that they are a door of their own.
func (q *request) door() (domain.Code, error) {
	said := q.Header.Get("Ledger-Door")
	switch {
	case said == "" || !fromHouse(q.Request):
		return "api", nil
	case said == "cli", said == "import":
		return domain.Code(said), nil
	}
	p := malformed("Ledger-Door", "the header Ledger-Door is %q; give cli or import", clip(said, 20))
	p.Allowed = []string{"cli", "import"}
	return "", p
}
