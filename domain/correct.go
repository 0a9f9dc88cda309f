package domain

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

//go:embed correct.go
var correctSource embed.FS

// FactCorrected says that fields of an earlier event were wrong and what they
// must be. The earlier event stays; what follows is folded as if it had said
// this. Fields holds the open values by field name, null where a field is taken
// back; a list or object given anew stands in place of the whole old one, but for
// the words of the members of a map that Kept names by their path. Texts holds the
// sealed values by their path within the event.
type FactCorrected struct {
	Corrects Seq            `json:"corrects"`
	Event    Code           `json:"event"`
	Fields   map[Code]Value `json:"fields,omitempty"`
	Kept     []Code         `json:"kept,omitempty"`
	Texts    map[Code]Text  `json:"texts,omitempty" seal:"aggregate,person:about"`
	About    []PersonID     `json:"about,omitempty"` // whom the sealed values are about
	Reason   Text           `json:"reason,omitzero" seal:"aggregate"`
}

// EventName implements Event.
func (FactCorrected) EventName() string { return "FactCorrected" }

// Correction implements Corrector.
func (e FactCorrected) Correction() Correction {
	c := Correction{Seq: e.Corrects, Event: e.Event, Fields: make(map[Code][]byte, len(e.Fields))}
	for name, v := range e.Fields {
		c.Fields[name] = nil
		if !v.IsZero() {
			c.Fields[name] = []byte(v.raw)
		}
	}
	return c
}

// Take reads a corrected field, where the correction has it.
func (e FactCorrected) Take(field Code, into any) error {
	v, given := e.Fields[field]
	if !given {
		return nil
	}
	if err := json.Unmarshal([]byte(v.String()), into); err != nil {
		return fmt.Errorf("correction of %s.%s: %w", e.Event, field, err)
	}
	return nil
}

// Replaces reports whether a text of the corrected event, by its path, no longer
// stands: the correction gives its field anew, and does not keep its words.
func (e FactCorrected) Replaces(path string) bool {
	field, _, below := strings.Cut(path, ".")
	_, given := e.Fields[Code(field)]
	return given && !(below && e.Keeps(path))
}

// Keeps reports whether a path lies in a member of a map that the correction keeps.
func (e FactCorrected) Keeps(path string) bool {
	return slices.ContainsFunc(e.Kept, func(k Code) bool { return strings.HasPrefix(path, string(k)+".") })
}

// CorrectFact says that an earlier event was wrong: instants, flags, codes and
// references included. Both versions stay visible and what follows is reckoned
// anew (ARC-03). Lines of a logbook have CorrectEntry.
type CorrectFact struct {
	// Corrects is the sequence number of the entry with the event.
	Corrects Seq `json:"corrects" rule:"required"`
	// Event is the type of the event, where the entry has several with these fields.
	Event Code `json:"event,omitzero"`
	// Fields are the right values by field name, as the order took them; null takes one back. Of answers those given are corrected and the others stay. Where one names an incident its number will do.
	Fields map[Code]Value `json:"fields" rule:"required"`
	// Reason says what was wrong.
	Reason Text `json:"reason" rule:"required"`
}

// CommandName implements Command.
func (CorrectFact) CommandName() string { return "CorrectFact" }

// Refusals of corrections.
const (
	CodeUnknownEntry Code = "unknown_entry" // a correction of an entry that is not the aggregate's
	CodeNoChange     Code = "no_change"     // it already stands so
)

// Choose finds the event that is meant among those of an entry: the one named,
// or the only one that has all the fields.
func (c CorrectFact) Choose(told []Event, t EventTable) (Event, EventRow, error) {
	var found Event
	var row EventRow
	var names []Code
	for _, e := range told {
		r, ok := t.Correctable(e.EventName())
		if !ok {
			continue
		}
		names = append(names, Code(r.Name))
		has := fieldsOf(e)
		fits := c.Event == Code(r.Name)
		if c.Event == "" {
			fits = !slices.ContainsFunc(slices.Collect(maps.Keys(c.Fields)), func(f Code) bool { _, ok := has[string(f)]; return !ok })
		}
		if fits && found != nil {
			return nil, row, Invalid("event", "entry %d has several events with these fields (%s); say in event which is meant", c.Corrects, AndList(names))
		}
		if fits {
			found, row = e, r
		}
	}
	switch {
	case found != nil:
		return found, row, nil
	case len(names) == 0:
		r := Refuse(CodeUnknownEntry, "contract 3", "entry %d tells nothing that CorrectFact corrects; clocks follow from facts, lines of the logbook have CorrectEntry", c.Corrects)
		r.Field = "corrects"
		return nil, row, r
	case c.Event != "":
		return nil, row, Invalid("event", "entry %d has no %s that can be corrected; it has %s", c.Corrects, c.Event, AndList(names))
	case len(names) == 1: // the only event: let Patch name the field it does not have
		row, _ = t.Correctable(string(names[0]))
		j := slices.IndexFunc(told, func(e Event) bool { return e.EventName() == row.Name })
		return told[j], row, nil
	}
	return nil, row, Invalid("fields", "no event of entry %d has all these fields; its events are %s", c.Corrects, AndList(names))
}

// Read reads what the correction gives of maps as the command that told the fact
// would: answers come in several forms, of which the event keeps one.
func (c CorrectFact) Read(told Command) (CorrectFact, error) {
	c.Fields = maps.Clone(c.Fields)
	t := reflect.TypeOf(told).Elem()
	for i := range t.NumField() {
		name, _ := jsonTag(t.Field(i))
		v := c.Fields[Code(name)]
		if t.Field(i).Type.Kind() != reflect.Map || v.IsZero() {
			continue
		}
		given, err := v.members()
		if err != nil {
			return c, Invalid("fields."+name, "%s takes an object, not %s", name, v)
		}
		for _, member := range slices.Sorted(maps.Keys(given)) {
			if given[member].IsZero() {
				continue // taken away
			}
			of := reflect.New(t.Field(i).Type.Elem())
			if err := json.Unmarshal([]byte(given[member].raw), of.Interface()); err != nil {
				return c, Invalid("fields."+name+"."+member, "%v", err)
			}
			b, err := json.Marshal(of.Interface())
			if err != nil {
				return c, fmt.Errorf("correction of %s.%s: %w", name, member, err)
			}
			given[member] = Value{string(b)}
		}
		c.Fields[Code(name)] = valueOf(given)
	}
	return c, nil
}

// Left gives what stays of the event as it was: without the lists and objects
// whose words the correction gives anew.
func (c CorrectFact) Left(was Event, row EventRow) (Event, error) {
	raw, err := openFields(was)
	if err != nil {
		return nil, err
	}
	for name, f := range fieldsOf(was) {
		if _, given := c.Fields[Code(name)]; given && f.Type != textType && mayHoldText(f.Type) {
			delete(raw, name)
		}
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("correction of %s: %w", row.Name, err)
	}
	return row.Decode(b)
}

// Patch gives the event as the correction wants it: of a map the members given are
// exchanged, or taken away by null, and the others stay. It holds no other sealed text
// than the correction gives.
func (c CorrectFact) Patch(was Event, row EventRow) (Event, error) {
	has := fieldsOf(was)
	raw, err := openFields(was)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		v := c.Fields[name]
		f, ok := has[string(name)]
		if !ok {
			return nil, Invalid("fields."+string(name), "%s is no field of %s; it has %s", name, row.Name, strings.Join(slices.Sorted(maps.Keys(has)), ", "))
		}
		if _, err := row.Decode([]byte(`{"` + string(name) + `":` + v.String() + `}`)); err != nil {
			return nil, Invalid("fields."+string(name), "%s takes %s, not %s", name, wordsFor(f.Type), v)
		}
		if f.Type.Kind() == reflect.Map && !v.IsZero() {
			if v, err = (Value{string(raw[string(name)])}).merge(v); err != nil {
				return nil, fmt.Errorf("correction of %s.%s: %w", row.Name, name, err)
			}
		}
		set(raw, string(name), v)
		if flag := "has" + strings.ToUpper(string(name[:1])) + string(name[1:]); f.Type == textType {
			if _, ok := has[flag]; ok {
				raw[flag] = json.RawMessage(fmt.Sprint(!v.IsZero() && v.raw != `""`))
			}
		}
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("correction of %s: %w", row.Name, err)
	}
	e, err := row.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("correction of %s: %w", row.Name, err)
	}
	return e, nil
}

// Keeps judges the right values by the command that told the fact: words that an
// order must give, a correction cannot take back. Only what the correction names is
// judged: a text that was erased stands as it is. What else must be there, and when
// an instant may lie, the event says itself: it can tell a field in another form,
// and orders look ahead from another day.
func (c CorrectFact) Keeps(told Command, now time.Time, codes Codes) error {
	t := reflect.TypeOf(told).Elem()
	for _, f := range ruledFields(t) {
		v, given := c.Fields[Code(f.name)]
		if !given {
			continue
		}
		r := f.rules
		r.past, r.future, r.required = false, false, r.required && mayHoldText(t.Field(f.index).Type)
		is := reflect.New(t.Field(f.index).Type)
		if json.Unmarshal([]byte(v.String()), is.Interface()) != nil {
			continue // the event tells it in another form, and judges that
		}
		if err := checkValue(is.Elem(), "fields."+f.name, r, now, codes); err != nil {
			return err
		}
	}
	return nil
}

// Correct makes the FactCorrected that leads from one event to another. given is
// the event as the correction wants it, is the same with what follows from its
// fields reckoned anew.
func (c CorrectFact) Correct(o Order, was, given, is Event) (FactCorrected, error) {
	out := FactCorrected{Corrects: c.Corrects, Event: Code(is.EventName()), Reason: c.Reason}
	open, texts := SetApart(is, Ref{o.Kind, o.Key}, o.ID)
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
	out.Fields = map[Code]Value{}
	changed := len(texts) > 0
	has := fieldsOf(is)
	for name, f := range has {
		a, b := after[name], before[name]
		v, asked := c.Fields[Code(name)]
		if f.Type == textType {
			if asked && v.IsZero() {
				out.Fields[Code(name)], changed = Value{}, true
			}
			continue
		}
		if asked && !mayHoldText(f.Type) && !bytes.Equal(after[name], wanted[name]) {
			return out, Invalid("fields."+name, "%s follows from other fields of %s; correct those", name, is.EventName())
		}
		differs := !bytes.Equal(a, b)
		changed = changed || differs
		if differs || asked && mayHoldText(f.Type) {
			out.Fields[Code(name)] = Value{string(a)}
		}
		if f.Type.Kind() == reflect.Map && asked && mayHoldText(f.Type) {
			stood, err := Value{string(b)}.members()
			if err != nil {
				return out, err
			}
			given, err := v.members()
			if err != nil {
				return out, err
			}
			for member := range stood {
				if _, anew := given[member]; !anew && !v.IsZero() {
					out.Kept = append(out.Kept, Code(name+"."+member))
				}
			}
		}
	}
	slices.Sort(out.Kept)
	if !changed {
		return out, Refuse(CodeNoChange, "ARC-03", "the %s of entry %d already says so", is.EventName(), c.Corrects)
	}
	for _, t := range texts {
		if out.Texts == nil {
			out.Texts = map[Code]Text{}
		}
		out.Texts[Code(t.Path)] = Text(t.Value)
		for _, scope := range t.Scopes {
			var p PersonID
			if id, ok := strings.CutPrefix(scope, "person/"); ok && p.UnmarshalText([]byte(id)) == nil && !slices.Contains(out.About, p) {
				out.About = append(out.About, p)
			}
		}
	}
	return out, nil
}

// Mend gives the events of the corrected entry as they must read. It changes
// nothing of told.
func (e FactCorrected) Mend(told []Event, t EventTable) ([]Event, error) {
	row, ok := t.Correctable(string(e.Event))
	if !ok {
		return nil, fmt.Errorf("FactCorrected names event %s, which cannot be corrected", e.Event)
	}
	told = slices.Clone(told)
	j := slices.IndexFunc(told, func(t Event) bool { return t.EventName() == row.Name })
	if j < 0 {
		return nil, fmt.Errorf("FactCorrected names event %s, which entry %d does not have", e.Event, e.Corrects)
	}
	raw, err := openFields(told[j])
	if err != nil {
		return nil, err
	}
	for name, v := range e.Fields {
		set(raw, string(name), v)
	}
	b, err := json.Marshal(raw)
	if err == nil {
		told[j], err = row.Decode(b)
	}
	if err != nil {
		return nil, fmt.Errorf("FactCorrected of entry %d: %w", e.Corrects, err)
	}
	return told, nil
}
