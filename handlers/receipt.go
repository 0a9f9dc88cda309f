package handlers

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

// receipt tells what an entry is and did.
func receipt(en *domain.Entry, dec domain.Decision) domain.Receipt {
	r := domain.Receipt{
		Seq: en.Seq, Kind: en.Kind, Key: en.Key, DryRun: en.Seq == 0, Recorded: en.Recorded, Entry: *en,
		Events: []string{}, IDs: dec.IDs, Clocks: []domain.ClockNote{}, Duties: []string{}, Warnings: dec.Warnings,
	}
	for _, e := range en.Events {
		r.Events = append(r.Events, e.Type)
		if n, ok := e.Event.(domain.ClockNoter); ok {
			r.Clocks = append(r.Clocks, n.ClockNotes()...)
		}
	}
	if r.IDs == nil {
		r.IDs = map[string]string{}
	}
	if r.Warnings == nil {
		r.Warnings = []domain.Warning{}
	}
	return r
}

// plain gives events as records without sealing them, for a dry run.
func plain(events []domain.Event, version func(string) int) []domain.Record {
	out := make([]domain.Record, len(events))
	for i, e := range events {
		out[i] = domain.Record{Type: e.EventName(), V: version(e.EventName()), Event: e}
	}
	return out
}

// asGiven is an order as its actor gave it: what must be the same when the
// order is repeated under its id.
type asGiven struct {
	Org      domain.OrgID    `json:"org"`
	Kind     domain.KindName `json:"kind"`
	Key      domain.Key      `json:"key"`
	Actor    domain.Actor    `json:"actor"`
	By       *domain.By      `json:"by"`
	Occurred string          `json:"occurred"`
	Happened domain.Text     `json:"happened"`
	Command  string          `json:"command"`
	Body     domain.Command  `json:"body"`
}

// mac is the keyed hash of an order as given. The door does not count: the same
// person may repeat at the counter what the web did not answer.
func (d *Desk) mac(o domain.Order) (domain.Hash, error) {
	g := asGiven{
		Org: o.Org, Kind: o.Kind, Key: o.Key, Actor: o.Actor, By: o.By, Happened: o.Happened,
		Command: o.Command.CommandName(), Body: o.Command,
	}
	g.Actor.Door = ""
	if !o.Occurred.IsZero() {
		g.Occurred = o.Occurred.Time.UTC().Format("2006-01-02T15:04:05.999999999Z") + " " + string(o.Occurred.Precision)
	}
	b, err := json.Marshal(g, json.Deterministic(true))
	if err != nil {
		return domain.Hash{}, fmt.Errorf("desk: order %s: %w", o.ID, err)
	}
	mac, err := d.c.Sealer.MAC(o, b)
	if err != nil {
		return domain.Hash{}, fmt.Errorf("desk: order %s: %w", o.ID, err)
	}
	return mac, nil
}
