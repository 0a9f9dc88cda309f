package incident

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"incidentledger/domain"
)

var correctCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[CorrectFact], Roles: append(slices.Clip(handling), "representative"),
		Events:  []string{"FactCorrected", "RecipientsDetermined", "IncidentRegistered", "CalamityDeclared", "IncidentEscalated"},
		Example: `{"corrects":10,"fields":{"discovered":"2026-11-20T16:40:00+01:00"},"reason":"The train left an hour earlier."}`}},
}

var correctEvents = []eventRow{
	kept[FactCorrected](1),
}

// FactCorrected says that fields of an earlier event were wrong and what they
// must be. The earlier event stays; what follows is folded as if it had said
// this. Fields holds the open values by field name, null where a field is taken
// back; a list or object given anew stands in place of the whole old one. Texts
// holds the sealed values by their path within the event.
type FactCorrected struct {
	Corrects domain.Seq                  `json:"corrects"`
	Event    domain.Code                 `json:"event"`
	Fields   map[domain.Code]Value       `json:"fields,omitempty"`
	Texts    map[domain.Code]domain.Text `json:"texts,omitempty" seal:"aggregate,person:about"`
	About    []domain.PersonID           `json:"about,omitempty"` // whom the sealed values are about
	Reason   domain.Text                 `json:"reason,omitzero" seal:"aggregate"`
}

// EventName implements domain.Event.
func (FactCorrected) EventName() string { return "FactCorrected" }

// CorrectFact says that an earlier event of the incident was wrong: instants,
// flags, codes and references included. Both versions stay visible and the
// clocks are reckoned anew (ARC-03). Lines of the logbook have CorrectEntry.
type CorrectFact struct {
	// Corrects is the sequence number of the entry with the event.
	Corrects domain.Seq `json:"corrects" rule:"required"`
	// Event is the type of the event, where the entry has several with these fields.
	Event domain.Code `json:"event,omitzero"`
	// Fields are the right values by field name; null takes one back.
	Fields map[domain.Code]Value `json:"fields" rule:"required"`
	// Reason says what was wrong.
	Reason domain.Text `json:"reason" rule:"required"`
}

// CommandName implements domain.Command.
func (CorrectFact) CommandName() string { return "CorrectFact" }

func (c CorrectFact) decide(d *deciding) error {
	i, ok := d.s.posting(c.Corrects)
	if !ok {
		return unknownEntry(c.Corrects)
	}
	was, row, err := c.choose(d.s.log[i].events)
	if err != nil {
		return err
	}
	given, err := c.patch(was, row)
	if err != nil {
		return err
	}
	is := given
	if r, ok := given.(rederiver); ok {
		if is, err = r.rederive(d, was); err != nil {
			return err
		}
	}
	if err := row.check(is, d.now, d.set); err != nil {
		return err
	}
	e, err := c.event(d, was, given, is)
	if err != nil {
		return err
	}
	next := d.s.Clone()
	if err := next.correct(e); err != nil {
		return err
	}
	if err := next.holdsInOrder(d); err != nil {
		return err
	}
	d.emit(e)
	return nil
}

// choose finds the event that is meant among those of an entry: the one named,
// or the only one that has all the fields.
func (c CorrectFact) choose(told []domain.Event) (domain.Event, eventRow, error) {
	var found domain.Event
	var row eventRow
	var names []domain.Code
	for _, e := range told {
		r, ok := correctable(e.EventName())
		if !ok {
			continue
		}
		names = append(names, domain.Code(r.Name))
		has := fieldsOf(e)
		fits := c.Event == domain.Code(r.Name)
		if c.Event == "" {
			fits = !slices.ContainsFunc(slices.Collect(maps.Keys(c.Fields)), func(f domain.Code) bool { _, ok := has[string(f)]; return !ok })
		}
		if fits && found != nil {
			return nil, row, malformed("event", "entry %d has several events with these fields (%s); say in event which is meant", c.Corrects, andList(names))
		}
		if fits {
			found, row = e, r
		}
	}
	switch {
	case found != nil:
		return found, row, nil
	case len(names) == 0:
		r := domain.Refuse(RefusedUnknownEntry, "contract 3", "entry %d tells nothing that CorrectFact corrects; clocks follow from facts, lines of the logbook have CorrectEntry", c.Corrects)
		r.Field = "corrects"
		return nil, row, r
	case c.Event != "":
		return nil, row, malformed("event", "entry %d has no %s that can be corrected; it has %s", c.Corrects, c.Event, andList(names))
	case len(names) == 1: // the only event: let patch name the field it does not have
		row, _ = correctable(string(names[0]))
		j := slices.IndexFunc(told, func(e domain.Event) bool { return e.EventName() == row.Name })
		return told[j], row, nil
	}
	return nil, row, malformed("fields", "no event of entry %d has all these fields; its events are %s", c.Corrects, andList(names))
}

// patch gives the event as the correction wants it. It holds no other sealed
// text than the correction gives.
func (c CorrectFact) patch(was domain.Event, row eventRow) (domain.Event, error) {
	has := fieldsOf(was)
	raw, err := openFields(was)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		v := c.Fields[name]
		f, ok := has[string(name)]
		if !ok {
			return nil, malformed("fields."+string(name), "%s is no field of %s; it has %s", name, row.Name, strings.Join(slices.Sorted(maps.Keys(has)), ", "))
		}
		if _, err := row.decode([]byte(`{"` + string(name) + `":` + v.String() + `}`)); err != nil {
			return nil, malformed("fields."+string(name), "%s takes %s, not %s", name, wordsFor(f.Type), v)
		}
		set(raw, string(name), v)
		if flag := "has" + strings.ToUpper(string(name[:1])) + string(name[1:]); f.Type == reflect.TypeFor[domain.Text]() {
			if _, ok := has[flag]; ok {
				raw[flag] = json.RawMessage(fmt.Sprint(!v.IsZero() && v.raw != `""`))
			}
		}
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("correction of %s: %w", row.Name, err)
	}
	e, err := row.decode(b)
	if err != nil {
		return nil, fmt.Errorf("correction of %s: %w", row.Name, err)
	}
	return e, nil
}

// event makes the FactCorrected that leads from one event to the other.
func (c CorrectFact) event(d *deciding, was, given, is domain.Event) (FactCorrected, error) {
	out := FactCorrected{Corrects: c.Corrects, Event: domain.Code(is.EventName()), Reason: c.Reason}
	open, texts := domain.SetApart(is, domain.Ref{Kind: Name, Key: d.s.Key}, d.o.ID)
	before, err := openFields(was)
	if err != nil {
		return out, err
	}
	after, err := openFields(open)
	if err != nil {
		return out, err
	}
	wanted, err := openFields(given)
	if err != nil {
		return out, err
	}
	out.Fields = map[domain.Code]Value{}
	changed := len(texts) > 0
	has := fieldsOf(is)
	for name, f := range has {
		a, b := after[name], before[name]
		v, asked := c.Fields[domain.Code(name)]
		if f.Type == reflect.TypeFor[domain.Text]() {
			if asked && v.IsZero() {
				out.Fields[domain.Code(name)], changed = Value{}, true
			}
			continue
		}
		if asked && !hasText(f.Type) && !bytes.Equal(after[name], wanted[name]) {
			return out, malformed("fields."+name, "%s follows from other fields of %s; correct those", name, is.EventName())
		}
		differs := !bytes.Equal(a, b)
		changed = changed || differs
		if differs || asked && hasText(f.Type) {
			out.Fields[domain.Code(name)] = Value{string(a)}
		}
	}
	if !changed {
		return out, noChange("ARC-03", "the %s of entry %d already says so", is.EventName(), c.Corrects)
	}
	for _, t := range texts {
		if out.Texts == nil {
			out.Texts = map[domain.Code]domain.Text{}
		}
		out.Texts[domain.Code(t.Path)] = domain.Text(t.Value)
		for _, scope := range t.Scopes {
			var p domain.PersonID
			if id, ok := strings.CutPrefix(scope, "person/"); ok && p.UnmarshalText([]byte(id)) == nil && !slices.Contains(out.About, p) {
				out.About = append(out.About, p)
			}
		}
	}
	return out, nil
}

// Correction implements domain.Corrector.
func (e FactCorrected) Correction() domain.Correction {
	c := domain.Correction{Seq: e.Corrects, Event: e.Event, Fields: make(map[domain.Code][]byte, len(e.Fields))}
	for name, v := range e.Fields {
		c.Fields[name] = nil
		if !v.IsZero() {
			c.Fields[name] = []byte(v.raw)
		}
	}
	return c
}
