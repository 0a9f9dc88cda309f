package incident

import (
	"encoding/json"
	"fmt"
	"strings"

	"incidentledger/domain"
)

// A Party is somebody who tells or is told: a person of the organisation, a
// contact of the directory, a role or organisation by its code, or whoever a
// text names. Exactly one of them is given. As plain JSON text it is a contact
// where the text is an id, a code where it is one word, else a text.
type Party struct {
	// Person is a person of the organisation.
	Person domain.PersonID `json:"person,omitzero"`
	// Contact is an entry of the contact directory.
	Contact domain.Key `json:"contact,omitzero"`
	// Role is a role, an authority or another organisation by its code.
	Role domain.Code `json:"role,omitzero"`
	// Text names whoever has neither.
	Text domain.Text `json:"text,omitzero" rule:"max=300"`
}

// A Who is a Party as the ledger keeps it.
type Who struct {
	Person  domain.PersonID `json:"person,omitzero"`
	Contact domain.Key      `json:"contact,omitzero"`
	Role    domain.Code     `json:"role,omitzero"`
	Text    domain.Text     `json:"text,omitzero" seal:"aggregate" rule:"max=300"`
}

// UnmarshalJSON takes an object or a plain text.
func (p *Party) UnmarshalJSON(b []byte) error {
	type plain Party
	var text string
	if json.Unmarshal(b, &text) != nil {
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.DisallowUnknownFields()
		if err := d.Decode((*plain)(p)); err != nil {
			return fmt.Errorf("party: %w", err)
		}
		return nil
	}
	*p = Party{}
	if p.Contact.UnmarshalText([]byte(text)) == nil {
		return nil
	}
	if domain.CheckWord("role", text) == nil {
		p.Role = domain.Code(text)
	} else {
		p.Text = domain.Text(text)
	}
	return nil
}

// JSONSchema says which forms a party has.
func (Party) JSONSchema() map[string]any {
	id := map[string]any{"type": "string", "format": "uuid"}
	text := map[string]any{"type": "string", "maxLength": 300, "x-sealed": true}
	return map[string]any{"anyOf": []any{
		text,
		map[string]any{"type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1, "properties": map[string]any{
			"person": id, "contact": id, "role": map[string]any{"type": "string", "maxLength": 100}, "text": text,
		}},
	}}
}

// one refuses a party that is nobody or several.
func (w Who) one(field string) error {
	n := 0
	for _, given := range []bool{!w.Person.IsZero(), !w.Contact.IsZero(), w.Role != "", w.Text != ""} {
		if given {
			n++
		}
	}
	if n != 1 {
		return malformed(field, "give exactly one of person, contact, role and text")
	}
	return nil
}

// code names the party openly: by its role or id. A party that only a text names
// has none.
func (w Who) code() domain.Code {
	switch {
	case w.Role != "":
		return w.Role
	case !w.Contact.IsZero():
		return domain.Code(w.Contact.String())
	case !w.Person.IsZero():
		return domain.Code(w.Person.String())
	}
	return ""
}
