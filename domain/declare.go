package domain

import (
	"fmt"
	"reflect"
)

// checkFields judges a declaration, not a value: it is run once by a test and
// at start over every command and event type.
func checkFields(t reflect.Type, event bool) error {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return checkFields(t.Elem(), event)
	case reflect.Struct:
	default:
		return nil
	}
	if t == timeType {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Anonymous {
			continue
		}
		if _, err := parseRules(f.Tag.Get("rule")); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		if f.Tag.Get("json") == "" {
			return fmt.Errorf("field %s has no JSON name", f.Name)
		}
		ft := f.Type
		for ft.Kind() == reflect.Slice || ft.Kind() == reflect.Map {
			ft = ft.Elem()
		}
		if ft == reflect.TypeFor[string]() {
			return fmt.Errorf("field %s is a string: say whether it is open (Code) or sealed (Text)", f.Name)
		}
		if ft.Kind() == reflect.Interface {
			return fmt.Errorf("field %s has no fixed type", f.Name)
		}
		if ft == textType && event {
			if f.Tag.Get("seal") == "" {
				return fmt.Errorf("field %s is sealed but names no scope", f.Name)
			}
			if _, optional := jsonTag(f); !optional {
				return fmt.Errorf("field %s is sealed, so its JSON must be omitzero", f.Name)
			}
		}
		if event && ft.Kind() == reflect.Pointer && plan(ft.Elem()).sealed {
			return fmt.Errorf("field %s holds sealed text behind a pointer, where nothing seals it; make it a value", f.Name)
		}
		if ft.Kind() == reflect.Float64 || ft.Kind() == reflect.Float32 {
			return fmt.Errorf("field %s: numbers in the ledger are integers", f.Name)
		}
		if err := checkFields(ft, event); err != nil {
			return fmt.Errorf("%s.%w", f.Name, err)
		}
	}
	return nil
}
