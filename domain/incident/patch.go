package incident

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"incidentledger/domain"
)

// correct folds a correction: the log is mended where it belongs and told anew.
// The log of a clone is another's too, so it is copied before it changes.
func (s *Incident) correct(e FactCorrected) error {
	i, ok := s.posting(e.Corrects)
	if !ok {
		return fmt.Errorf("FactCorrected names entry %d, which is none of this incident", e.Corrects)
	}
	row, ok := correctable(string(e.Event))
	if !ok {
		return fmt.Errorf("FactCorrected names event %s, which cannot be corrected", e.Event)
	}
	s.log = slices.Clone(s.log)
	told := slices.Clone(s.log[i].events)
	j := slices.IndexFunc(told, func(t domain.Event) bool { return t.EventName() == row.Name })
	if j < 0 {
		return fmt.Errorf("FactCorrected names event %s, which entry %d does not have", e.Event, e.Corrects)
	}
	raw, err := openFields(told[j])
	if err != nil {
		return err
	}
	for name, v := range e.Fields {
		set(raw, string(name), v)
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return fmt.Errorf("FactCorrected of entry %d: %w", e.Corrects, err)
	}
	if told[j], err = row.decode(b); err != nil {
		return fmt.Errorf("FactCorrected of entry %d: %w", e.Corrects, err)
	}
	s.log[i].events = told
	s.refold()
	return nil
}

func set(raw map[string]json.RawMessage, name string, v Value) {
	if v.IsZero() {
		delete(raw, name)
	} else {
		raw[name] = json.RawMessage(v.raw)
	}
}

// openFields gives an event's fields as JSON by name.
func openFields(e domain.Event) (map[string]json.RawMessage, error) {
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
func fieldsOf(e domain.Event) map[string]reflect.StructField {
	t := reflect.TypeOf(e)
	out := make(map[string]reflect.StructField, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out[name] = t.Field(i)
	}
	return out
}

// hasText reports whether sealed text can stand below a list or object.
func hasText(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return hasText(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasText(t.Field(i).Type) {
				return true
			}
		}
	}
	return t == reflect.TypeFor[domain.Text]()
}

// wordsFor says what a field of a type takes.
func wordsFor(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "an instant in RFC 3339 with offset"
	case reflect.TypeFor[domain.Key](), reflect.TypeFor[domain.PersonID]():
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
