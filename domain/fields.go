package domain

import (
	"encoding/json"
	"fmt"
	"reflect"
)

func set(raw map[string]json.RawMessage, name string, v Value) {
	if v.IsZero() {
		delete(raw, name)
	} else {
		raw[name] = json.RawMessage(v.raw)
	}
}

// openFields gives an event's fields as JSON by name.
func openFields(e Event) (map[string]json.RawMessage, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", e.EventName(), err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.EventName(), err)
	}
	return raw, nil
}

// fieldsOf gives the fields of an event's type by JSON name.
func fieldsOf(e Event) map[string]reflect.StructField {
	t := reflect.TypeOf(e)
	out := make(map[string]reflect.StructField, t.NumField())
	for i := range t.NumField() {
		name, _ := jsonTag(t.Field(i))
		out[name] = t.Field(i)
	}
	return out
}

// mayHoldText reports whether sealed text can stand below a list or object.
func mayHoldText(t reflect.Type) bool { return plan(t).sealed }

// wordsFor says what a field of a type takes.
func wordsFor(t reflect.Type) string {
	switch t {
	case timeType:
		return "an instant in RFC 3339 with offset"
	case reflect.TypeFor[Key](), reflect.TypeFor[PersonID]():
		return "an id (UUID)"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Pointer:
		return wordsFor(t.Elem())
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a text or code"
}
