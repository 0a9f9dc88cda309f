package incident

import (
	"bytes"
	"encoding/json"
	"fmt"

	"incidentledger/domain"
)

// A Someone names who does something: a person of the ledger, a role, or in
// words whoever is neither. As JSON it is an object, or a string: the id of a
// person, a role code of the policy set, or a name.
type Someone struct {
	// Person is the id of a person.
	Person domain.PersonID `json:"person,omitzero"`
	// Role is a role code: whoever has it.
	Role domain.Code `json:"role,omitzero" rule:"codes=roles"`
	// Text names somebody outside, with the organisation they work for.
	Text domain.Text `json:"text,omitzero" rule:"max=300"`
}

// A Named is somebody as an event keeps them.
type Named struct {
	Person domain.PersonID `json:"person,omitzero"`
	Role   domain.Code     `json:"role,omitzero" rule:"codes=roles"`
	Text   domain.Text     `json:"text,omitzero" seal:"aggregate" rule:"max=300"`
}

// UnmarshalJSON takes a plain string as an id or a name.
func (w *Someone) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		type plain Someone
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode((*plain)(w)); err != nil {
			return fmt.Errorf("somebody: %w", err)
		}
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("somebody: want a string or an object with person, role or text: %w", err)
	}
	*w = Someone{}
	if w.Person.UnmarshalText([]byte(s)) != nil {
		w.Person, w.Text = domain.PersonID{}, domain.Text(s)
	}
	return nil
}

// JSONSchema says which forms it has.
func (Someone) JSONSchema() map[string]any {
	text := map[string]any{"type": "string", "maxLength": 300, "x-sealed": true}
	return map[string]any{"anyOf": []any{
		text,
		map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
			"person": map[string]any{"type": "string", "format": "uuid"},
			"role":   map[string]any{"type": "string", "x-codes": "roles"},
			"text":   text,
		}},
	}}
}

// named gives who is meant; a text that is a role code means the role. It
// refuses a field that names nobody, or one in two ways.
func (d *deciding) named(field string, w Someone) (Named, error) {
	if d.set.HasCode("roles", domain.Code(w.Text)) && w.Role == "" {
		w.Role, w.Text = domain.Code(w.Text), ""
	}
	given := 0
	for _, ok := range []bool{!w.Person.IsZero(), w.Role != "", w.Text != ""} {
		if ok {
			given++
		}
	}
	if given != 1 {
		return Named{}, malformed(field, "%s names %d of person, role and text; give exactly one", field, given)
	}
	return Named(w), nil
}

// each names everybody of a list.
func (d *deciding) each(field string, list []Someone) ([]Named, error) {
	out := make([]Named, len(list))
	for i, w := range list {
		n, err := d.named(fmt.Sprintf("%s.%d", field, i), w)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// actor is who gives the order: a person, else the role they gave it in.
func (d *deciding) actor() Named {
	if id := d.o.Actor.ID; !id.IsZero() {
		return Named{Person: id}
	}
	return Named{Role: d.o.Actor.Role}
}

// acts reports whether the order is given by the one named, or on their word.
// Whom only a text names has no account, so nobody can be them.
func (d *deciding) acts(n Named) bool {
	switch {
	case !n.Person.IsZero():
		return n.Person == d.o.Actor.ID || d.o.By != nil && n.Person == d.o.By.Person
	case n.Role != "":
		return n.Role == d.o.Actor.Role
	}
	return false
}

// outsider reports whether somebody is known by a text alone.
func (n Named) outsider() bool { return n.Person.IsZero() && n.Role == "" }

// open is somebody as the state keeps them: without sealed text.
func (n Named) open() Named { return Named{Person: n.Person, Role: n.Role} }
