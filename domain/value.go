package domain

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A Value is one JSON value, kept as given and compact. The zero Value is null.
type Value struct{ raw string }

// MarshalJSON writes the value as it is.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.raw == "" {
		return []byte("null"), nil
	}
	return []byte(v.raw), nil
}

// UnmarshalJSON takes any JSON value.
func (v *Value) UnmarshalJSON(b []byte) error {
	var buf bytes.Buffer
	if err := json.Compact(&buf, b); err != nil {
		return fmt.Errorf("value: %w", err)
	}
	v.raw = buf.String()
	if v.raw == "null" {
		v.raw = ""
	}
	return nil
}

// IsZero reports whether the value is null.
func (v Value) IsZero() bool { return v.raw == "" }

// String gives the value as JSON.
func (v Value) String() string {
	b, _ := v.MarshalJSON()
	return string(b)
}

// JSONSchema says that any value fits: which ones do depends on the event that
// is corrected.
func (Value) JSONSchema() map[string]any {
	return map[string]any{"description": "a value of the corrected event's field, or null to take it back"}
}
