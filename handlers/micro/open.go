package micro

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/domain"
)

// plain are the types whose values may leave the house, besides numbers, flags,
// and lists, maps and structs of these.
var plain = map[reflect.Type]bool{
	reflect.TypeFor[domain.Code]():     true,
	reflect.TypeFor[domain.KindName](): true,
	reflect.TypeFor[domain.OrgID]():    true,
	reflect.TypeFor[domain.Key]():      true,
	reflect.TypeFor[domain.OrderID]():  true,
	reflect.TypeFor[domain.PersonID](): true,
	reflect.TypeFor[domain.Hash]():     true,
	reflect.TypeFor[time.Time]():       true,
}

// openFields gives the fields of an event that may leave the house, as a JSON
// object. Whatever has another type is left out, and so is all sealed text, even
// where somebody opened it before.
func openFields(e domain.Event) (jsontext.Value, error) {
	v := reflect.ValueOf(e)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a %T is no event", e)
	}
	out, _ := pick(v)
	return json.Marshal(out, json.Deterministic(true))
}

// pick gives what may leave the house of a value, and whether anything may.
func pick(v reflect.Value) (any, bool) {
	if plain[v.Type()] {
		return v.Interface(), true
	}
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64:
		return v.Interface(), true
	case reflect.Pointer:
		if v.IsNil() {
			return nil, false
		}
		return pick(v.Elem())
	case reflect.Slice:
		out := []any{}
		for i := range v.Len() {
			if x, ok := pick(v.Index(i)); ok {
				out = append(out, x)
			}
		}
		return out, v.Len() == 0 && mayHold(v.Type().Elem()) || len(out) > 0
	case reflect.Map:
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			if x, ok := pick(it.Value()); ok && plain[it.Key().Type()] {
				out[it.Key().String()] = x
			}
		}
		return out, len(out) > 0
	case reflect.Struct:
		return pickFields(v)
	}
	return nil, false
}

func pickFields(v reflect.Value) (any, bool) {
	out := map[string]any{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || strings.Contains(opts, "omit") && v.Field(i).IsZero() {
			continue
		}
		if x, ok := pick(v.Field(i)); ok {
			out[name] = x
		}
	}
	return out, len(out) > 0
}

// mayHold reports whether an empty list of a type may be shown.
func mayHold(t reflect.Type) bool {
	return plain[t] || t.Kind() == reflect.Bool || t.Kind() == reflect.Int || t.Kind() == reflect.Int64 || t.Kind() == reflect.Uint64
}
