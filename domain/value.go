package domain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
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

// members gives what an object holds by name; null holds nothing.
func (v Value) members() (map[string]Value, error) {
	out := map[string]Value{}
	if v.IsZero() {
		return out, nil
	}
	err := json.Unmarshal([]byte(v.raw), &out)
	return out, err
}

// merge gives the object with members of another in the place of its own; null takes
// one away.
func (v Value) merge(other Value) (Value, error) {
	all, err := v.members()
	if err != nil {
		return v, err
	}
	given, err := other.members()
	if err != nil {
		return v, err
	}
	maps.Copy(all, given)
	maps.DeleteFunc(all, func(_ string, m Value) bool { return m.IsZero() })
	return valueOf(all), nil
}

// valueOf gives an object of some members; null, where there are none.
func valueOf(members map[string]Value) Value {
	if len(members) == 0 {
		return Value{}
	}
	b, _ := json.Marshal(members) // a Value is JSON already
	return Value{string(b)}
}

// JSONSchema says that any value fits: which ones do depends on the event that
// is corrected.
func (Value) JSONSchema() map[string]any {
	return map[string]any{"description": "a value of the corrected event's field, or null to take it back"}
}
