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
		Events: []string{}, IDs: dec.IDs, Clocks: []domain.ClockNote{}, Duties: dec.Duties, Warnings: dec.Warnings,
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
	if r.Duties == nil {
		r.Duties = []string{}
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

// asGiven is what of an order as its actor gave it stands open, and sealedPart
// what is sealed: both must be the same when the order is repeated under its id.
type asGiven struct {
	Org      domain.OrgID    `json:"org"`
	Kind     domain.KindName `json:"kind"`
	Key      domain.Key      `json:"key"`
	Actor    domain.Actor    `json:"actor"`
	By       *domain.By      `json:"by"`
	Occurred string          `json:"occurred"`
	Command  string          `json:"command"`
	Body     domain.Command  `json:"body"`
}

type sealedPart struct {
	By       domain.Text `json:"by"`
	Happened domain.Text `json:"happened"`
	Texts    [][2]string `json:"texts"` // path and text, in order of the path
}

// canonical gives both parts of an order as given; sealed is nil where the order
// has no text. The door does not count: the same person may repeat at the
// counter what the web did not answer.
func canonical(o domain.Order) (open, sealed []byte, err error) {
	if c, ok := o.Command.(domain.Refiled); ok {
		o.Command = c.AsGiven()
	}
	body, texts := domain.TextsOf(o.Command)
	g := asGiven{Org: o.Org, Kind: o.Kind, Key: o.Key, Actor: o.Actor, Command: o.Command.CommandName(), Body: body}
	g.Actor.Door = ""
	s := sealedPart{Happened: o.Happened, Texts: make([][2]string, len(texts))}
	if o.By != nil {
		by := *o.By
		s.By, by.Text = by.Text, ""
		g.By = &by
	}
	if !o.Occurred.IsZero() {
		g.Occurred = o.Occurred.Time.UTC().Format("2006-01-02T15:04:05.999999999Z") + " " + string(o.Occurred.Precision)
	}
	for i, t := range texts {
		s.Texts[i] = [2]string{t.Path, t.Value}
	}
	if open, err = json.Marshal(g, json.Deterministic(true)); err != nil {
		return nil, nil, fmt.Errorf("desk: order %s: %w", o.ID, err)
	}
	if s.By == "" && s.Happened == "" && len(texts) == 0 {
		return open, nil, nil
	}
	if sealed, err = json.Marshal(s); err != nil {
		return nil, nil, fmt.Errorf("desk: order %s: %w", o.ID, err)
	}
	return open, sealed, nil
}
