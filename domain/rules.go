package domain

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

type rules struct {
	required, past, future bool
	min, max               *float64
	oneof                  []string
	list                   string
	incident               bool
	org                    string
}

func parseRules(tag string) (rules, error) {
	var r rules
	if tag == "" {
		return r, nil
	}
	for _, part := range strings.Split(tag, ",") {
		name, arg, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			r.required = true
		case "past":
			r.past = true
		case "future":
			r.future = true
		case "min", "max":
			n, err := strconv.ParseFloat(arg, 64)
			if err != nil {
				return r, fmt.Errorf("rule %q: %w", part, err)
			}
			if name == "min" {
				r.min = &n
			} else {
				r.max = &n
			}
		case "oneof":
			r.oneof = strings.Split(arg, "|")
		case "codes":
			r.list = arg
		case "incident":
			r.incident, r.org = true, arg
		default:
			return r, fmt.Errorf("rule %q is unknown", part)
		}
	}
	return r, nil
}

// An IncidentField is a field of a command that names an incident: doors take its
// number, too.
type IncidentField struct {
	Name string
	Org  string // the field that says whose incident it is, where it is not the ledger's own; empty: none
}

// IncidentFields lists the fields of a command that name an incident.
func IncidentFields(c Command) []IncidentField {
	t := reflect.TypeOf(c)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []IncidentField
	for _, f := range ruledFields(t) {
		if f.rules.incident {
			out = append(out, IncidentField{f.name, f.rules.org})
		}
	}
	return out
}

// ruledField is a field with the rules of its tag.
type ruledField struct {
	index int
	name  string
	rules rules
	err   error // the tag is not understood
}

var ruled sync.Map // reflect.Type → []ruledField; a pure function of the type

func ruledFields(t reflect.Type) []ruledField {
	if f, ok := ruled.Load(t); ok {
		return f.([]ruledField)
	}
	var out []ruledField
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		r, err := parseRules(f.Tag.Get("rule"))
		if err != nil {
			err = fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		name, _ := jsonTag(f)
		out = append(out, ruledField{i, name, r, err})
	}
	ruled.Store(t, out)
	return out
}
