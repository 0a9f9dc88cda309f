package incident

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"incidentledger/domain"
)

// A Value is one JSON value of a correction.
type Value = domain.Value

// An Answer is one answer to an authority's question: a text, a number, true or
// false; or {"unknown":true,"expectedBy":T} for what is not known yet.
type Answer struct {
	// Text is the answer.
	Text domain.Text `json:"text,omitzero"`
	// Unknown says that the answer is not known yet; a supplement stays owed.
	Unknown bool `json:"unknown,omitzero"`
	// ExpectedBy is when it is expected.
	ExpectedBy time.Time `json:"expectedBy,omitzero"`
}

// UnmarshalJSON takes a plain value as the answer's text.
func (a *Answer) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		type plain Answer
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode((*plain)(a)); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		if a.Unknown == (a.Text != "") {
			return fmt.Errorf("answer: give either text or unknown")
		}
		return nil
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	switch v := v.(type) {
	case string:
		a.Text = domain.Text(v)
	case float64, bool:
		a.Text = domain.Text(bytes.TrimSpace(b))
	default:
		return fmt.Errorf("answer: want text, a number, true, false or {\"unknown\":true}")
	}
	return nil
}

// JSONSchema says which forms an answer has.
func (Answer) JSONSchema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": []any{"string", "number", "boolean"}, "maxLength": domain.DefaultTextMax, "x-sealed": true},
		map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{
			"text":       map[string]any{"type": "string", "maxLength": domain.DefaultTextMax, "x-sealed": true},
			"unknown":    map[string]any{"type": "boolean"},
			"expectedBy": map[string]any{"type": "string", "format": "date-time"},
		}},
	}}
}
