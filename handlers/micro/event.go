package micro

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
)

// Data is the data of a CloudEvent.
type Data struct {
	Seq      domain.Seq      `json:"seq"`   // of the entry
	Index    int             `json:"index"` // of the event in the entry, from 0
	Org      domain.OrgID    `json:"org"`
	Kind     domain.KindName `json:"kind"`
	Key      domain.Key      `json:"key"`
	Order    domain.OrderID  `json:"order"`
	Command  domain.Code     `json:"command"`
	Role     domain.Code     `json:"role"` // in which the order was given
	Occurred time.Time       `json:"occurred,omitzero"`
	Type     domain.Code     `json:"type"`           // of the event, as the ledger has it
	V        int             `json:"v"`              // version of its shape
	Open     jsontext.Value  `json:"event,omitzero"` // its open fields, as far as they are codes, ids, instants, numbers and flags
}

// position is a place in the ledger: an event of an entry.
type position struct {
	seq   domain.Seq
	index int
}

func (p position) String() string { return fmt.Sprintf("%d-%d", p.seq, p.index) }

// before reports whether p comes before q.
func (p position) before(q position) bool {
	return p.seq < q.seq || p.seq == q.seq && p.index < q.index
}

// parsePosition reads the id of an integration event.
func parsePosition(id string) (position, error) {
	a, b, ok := strings.Cut(id, "-")
	seq, err := strconv.ParseUint(a, 10, 64)
	index, err2 := strconv.ParseUint(b, 10, 31)
	if p := (position{domain.Seq(seq), int(index)}); ok && err == nil && err2 == nil && p.String() == id && seq > 0 {
		return p, nil
	}
	return position{}, fmt.Errorf("micro: %q is no id of an integration event", id)
}

// eventsOf counts the events of an entry that are published. The place of a lost
// entry has none.
func eventsOf(en *domain.Entry) int { return len(en.Events) }

// subjectOf is where an event is published.
func subjectOf(org domain.OrgID, kind domain.KindName, eventType string) string {
	return "events." + string(org) + "." + string(kind) + "." + domain.Kebab(eventType)
}

// cloudEvent makes the integration event of one event of an entry. n is its
// place among the organisation's integration events.
func (p *Publisher) cloudEvent(en *domain.Entry, index int, n uint64) ([]byte, error) {
	rec := &en.Events[index]
	pos := position{en.Seq, index}
	open, err := openFields(rec.Event)
	if err != nil {
		return nil, fmt.Errorf("micro: event %s: %w", pos, err)
	}
	data, err := json.Marshal(Data{
		Seq: en.Seq, Index: index, Org: en.Org, Kind: en.Kind, Key: en.Key, Order: en.ID, Command: domain.Code(en.Command),
		Role: en.Actor.Role, Occurred: en.Occurred.Time, Type: domain.Code(rec.Type), V: rec.V, Open: open,
	}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("micro: event %s: %w", pos, err)
	}
	e := event.New(event.CloudEventsVersionV1)
	e.SetID(pos.String())
	e.SetSource("urn:incidentledger:" + string(en.Org))
	e.SetType("nl.incidentledger." + string(en.Kind) + "." + domain.Kebab(rec.Type))
	e.SetSubject(en.Key.String())
	e.SetTime(en.Recorded)
	e.SetExtension("sequence", strconv.FormatUint(n, 10))
	e.SetExtension("sequencetype", "Integer")
	if p.c.Base != "" && en.Kind == "incident" {
		ref, err := url.JoinPath(p.c.Base, "api/v1/organisations", string(en.Org), "incidents", en.Key.String())
		if err != nil {
			return nil, fmt.Errorf("micro: base address %q: %w", p.c.Base, err)
		}
		e.SetExtension("dataref", ref)
	}
	e.SetDataContentType(event.ApplicationJSON)
	e.DataEncoded = data // SetData would write bytes as base64
	if err := e.Validate(); err != nil {
		return nil, fmt.Errorf("micro: event %s: %w", pos, err)
	}
	return e.MarshalJSON()
}
