package api

import (
	"context"
	"net/http"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/handlers"
	"incidentledger/projections/register"
)

// How long an order may take once it is read, whether or not the caller stays:
// one that goes away must not leave it unknown what happened. And how long its
// number is waited for once it is accepted.
const (
	orderTime  = 30 * time.Second
	numberTime = 5 * time.Second
)

// orderOperations are the writes: one operation for each command of an incident,
// and two for every other kind of aggregate.
func (s *server) orderOperations() []*operation {
	const org = "/organisations/{org}"
	var ops []*operation
	give := func(id, path string, ct *domain.CommandType, do func(*request) (*answer, error)) {
		op := &operation{
			id: id, method: http.MethodPost, path: org + path, tag: "orders", do: do,
			query:   []param{{name: "dryRun", kind: flag, doc: "decide and tell, write nothing"}},
			body:    &body{media: []string{"application/json"}, max: handlers.MaxBody, optional: true, schema: anyCommand},
			headers: []string{"Idempotency-Key", "If-Match", "Ledger-Seq"},
			waits:   []string{register.Name},
			status:  http.StatusCreated, also: []int{http.StatusOK}, gives: domain.Receipt{},
			refuses: []int{403, 409, 412, 413, 415, 422},
		}
		if ct != nil {
			op.summary, op.about = s.commandDoc(incident.Name, *ct)
			op.body.schema, op.body.example = s.commandSchema(incident.Name, *ct, nil), ct.Example
		}
		ops = append(ops, op)
	}
	kind := s.kind(incident.Name)
	if kind != nil {
		for _, ct := range kind.Commands {
			if ct.System {
				continue
			}
			name := domain.Kebab(ct.Name())
			path := "/incidents/{key}/commands/" + name
			if ct.Begins {
				path = "/incidents"
			}
			give(name, path, &ct, func(q *request) (*answer, error) { return q.give(incident.Name, ct.Name(), !ct.Begins) })
		}
	}
	give("give-order", "/incidents/{key}/commands/{name}", nil, func(q *request) (*answer, error) {
		return q.give(incident.Name, q.PathValue("name"), true)
	})
	give("begin-aggregate", "/aggregates/{kind}/commands/{name}", nil, func(q *request) (*answer, error) {
		return q.give(domain.KindName(q.PathValue("kind")), q.PathValue("name"), false)
	})
	give("give-order-of-kind", "/aggregates/{kind}/{key}/commands/{name}", nil, func(q *request) (*answer, error) {
		return q.give(domain.KindName(q.PathValue("kind")), q.PathValue("name"), true)
	})
	for _, op := range ops[len(ops)-3:] {
		op.summary = map[string]string{
			"give-order":         "Give an order to an incident by the command's name",
			"begin-aggregate":    "Give an order that begins an aggregate of any kind",
			"give-order-of-kind": "Give an order to an aggregate of any kind",
		}[op.id]
		op.about = "The body is that of the command; GET /organisations/{org}/commands/{name} gives its schema."
	}
	return ops
}

// give hands an order to the desk and tells the receipt.
func (q *request) give(kindName domain.KindName, name string, keyed bool) (*answer, error) {
	kind, ok := q.office.Desk.Kind(kindName)
	if !ok {
		p := missing("there is no kind of aggregate %q", clip(string(kindName), 60))
		p.Requirement = "contract 3"
		for _, k := range q.s.Kinds {
			p.Allowed = append(p.Allowed, string(k.Name))
		}
		return nil, p
	}
	ct, ok := commandNamed(kind, name)
	if !ok {
		return nil, noCommand(kind, name, q.s.Kinds)
	}
	o, err := q.order(kind, ct, keyed)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), orderTime)
	defer cancel()
	r, err := q.office.Desk.Give(ctx, o)
	if err != nil {
		p := problemOf(err)
		if p.Code == "unknown_outcome" {
			p.OrderID = o.ID
		}
		return nil, p
	}
	if kindName == incident.Name {
		q.setNumber(&r)
	}
	a := &answer{body: r}
	if r.DryRun {
		a.status = http.StatusOK
		return a, nil
	}
	a.seq(r.Seq)
	if kindName == incident.Name {
		a.set("Location", Root+"/organisations/"+string(q.office.Org)+"/incidents/"+r.Key.String())
	}
	if r.Repeated {
		a.status = http.StatusOK // the aggregate may have moved on: no ETag
		return a, nil
	}
	return a.set("ETag", formatTag(r.Seq)), nil
}

// setNumber looks up the incident's number, or the one that a report would get. An
// order that was accepted is answered all the same where the register lags.
func (q *request) setNumber(r *domain.Receipt) {
	ctx, cancel := context.WithTimeout(q.Context(), numberTime)
	defer cancel()
	number, err := q.lookUp(ctx, r)
	if err != nil {
		r.Warnings = append(r.Warnings, domain.Warning{Code: "number_pending",
			Text: "the order is accepted, but the register does not show it yet; look the number up later"})
		return
	}
	r.Number = number
}

func (q *request) lookUp(ctx context.Context, r *domain.Receipt) (string, error) {
	if err := q.office.Views.WaitFor(ctx, register.Name, r.Seq); err != nil {
		return "", err
	}
	snap, err := q.office.Views.Snapshot()
	if err != nil {
		return "", err
	}
	defer snap.Close()
	g, err := register.In(snap)
	if err != nil {
		return "", err
	}
	if r.DryRun {
		for _, rec := range r.Entry.Events {
			if e, ok := rec.Event.(incident.IncidentReported); ok {
				return g.NextNumber(e, r.Recorded, q.office.Zone)
			}
		}
	}
	row, err := g.ByKey(r.Key, nil)
	return row.Number, err
}
