package domain

import (
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// Schema derives the JSON Schema (2020-12) of a command from its declaration.
// codes, where given, fills the closed lists of the adopted policy set. docs
// gives a description per "Type" and "Type.Field" (Go names), see Docs.
func Schema(c CommandType, codes Codes, docs map[string]string) map[string]any {
	t := reflect.TypeOf(c.New()).Elem()
	s := schemaOf(t, rules{}, codes, docs)
	s["title"] = c.Name()
	return s
}

// A describer is a type whose JSON is not that of its Go fields.
type describer interface{ JSONSchema() map[string]any }

func schemaOf(t reflect.Type, r rules, codes Codes, docs map[string]string) map[string]any {
	if d, ok := reflect.Zero(t).Interface().(describer); ok && t.Kind() != reflect.Pointer {
		return d.JSONSchema()
	}
	switch {
	case r.incident:
		return map[string]any{"type": "string", "anyOf": []any{map[string]any{"format": "uuid"}, map[string]any{"pattern": "^[0-9]{4}-(I-)?[0-9]{4,}$"}}}
	case t == timeType:
		return map[string]any{"type": "string", "format": "date-time"}
	case t == textType:
		return map[string]any{"type": "string", "maxLength": limit(r.max, DefaultTextMax), "x-sealed": true}
	case t == reflect.TypeFor[Hash]():
		return map[string]any{"type": "string", "pattern": "^[0-9a-f]{64}$"}
	case t == reflect.TypeFor[PersonID](), t == reflect.TypeFor[Key](), t == reflect.TypeFor[OrderID](), t == reflect.TypeFor[uuid.UUID]():
		return map[string]any{"type": "string", "format": "uuid"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), r, codes, docs)
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint64:
		m := map[string]any{"type": "integer"}
		if r.min != nil {
			m["minimum"] = int64(*r.min)
		}
		if r.max != nil {
			m["maximum"] = int64(*r.max)
		}
		return m
	case reflect.String:
		m := map[string]any{"type": "string", "maxLength": 100}
		if len(r.oneof) > 0 {
			m["enum"] = r.oneof
		} else if r.list != "" {
			m["x-codes"] = r.list
			if codes != nil {
				m["enum"] = codes.CodesOf(r.list)
			}
		}
		return m
	case reflect.Slice:
		er := r
		er.required, er.min, er.max = false, nil, nil
		m := map[string]any{"type": "array", "maxItems": limit(r.max, DefaultListMax), "items": schemaOf(t.Elem(), er, codes, docs)}
		if r.min != nil {
			m["minItems"] = int(*r.min)
		} else if r.required {
			m["minItems"] = 1
		}
		return m
	case reflect.Map:
		return map[string]any{"type": "object", "maxProperties": limit(r.max, DefaultListMax), "additionalProperties": schemaOf(t.Elem(), rules{}, codes, docs)}
	case reflect.Struct:
		return structSchema(t, codes, docs)
	}
	return map[string]any{}
}

func structSchema(t reflect.Type, codes Codes, docs map[string]string) map[string]any {
	props := map[string]any{}
	required := []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name, _ := jsonTag(f)
		fr, _ := parseRules(f.Tag.Get("rule"))
		p := schemaOf(f.Type, fr, codes, docs)
		if d := docs[t.Name()+"."+f.Name]; d != "" {
			p["description"] = d
		}
		props[name] = p
		if fr.required {
			required = append(required, name)
		}
	}
	m := map[string]any{"type": "object", "additionalProperties": false, "properties": props}
	if len(required) > 0 {
		m["required"] = required
	}
	if d := docs[t.Name()]; d != "" {
		m["description"] = strings.TrimSpace(d)
	}
	return m
}
