package intake

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"incidentledger/domain"
)

// Words for true and false in the logs of other systems, in lower case.
var (
	yes = []string{"true", "yes", "1", "y", "ja", "j", "oui", "o", "waar", "vrai", "x"}
	no  = []string{"false", "no", "0", "n", "nee", "non", "onwaar", "faux", "-"}
)

// convert turns a value into what a member of type t takes as JSON. field names
// the member for messages. Instants are read as RFC 3339, else by the clock; c is
// nil for constants, which have no other form.
func convert(t reflect.Type, v any, field string, c *clock) (any, *fault) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	text, isText := v.(string)
	switch {
	case t == reflect.TypeFor[time.Time]():
		if !isText {
			return nil, misfit(field, v, "an instant")
		}
		if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return text, nil
		}
		if c == nil {
			return nil, misfit(field, v, "an instant such as 2026-11-21T09:14:00+01:00")
		}
		got, f := c.read(text)
		if f != nil {
			return nil, &fault{f.code, field + ": " + f.reason}
		}
		return got.at.Format(time.RFC3339Nano), nil
	case readsItself(t):
		return v, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return truth(v, field)
	case reflect.Int, reflect.Int64, reflect.Uint64:
		if isText {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, misfit(field, v, "a whole number")
			}
			v = n
		}
		if _, ok := v.(int64); !ok {
			return nil, misfit(field, v, "a whole number")
		}
		return v, nil
	case reflect.String:
		if !isText {
			return nil, misfit(field, v, "a text; put it in quotes")
		}
		return v, nil
	case reflect.Slice:
		return convertList(t, v, field, c)
	case reflect.Map, reflect.Struct:
		return convertObject(t, v, field, c)
	}
	return v, nil
}

// readsItself reports whether a type reads its own JSON; what fits it is its own
// matter.
func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func truth(v any, field string) (any, *fault) {
	switch x := v.(type) {
	case bool:
		return x, nil
	case string:
		if slices.Contains(yes, strings.ToLower(x)) {
			return true, nil
		}
		if slices.Contains(no, strings.ToLower(x)) {
			return false, nil
		}
	}
	return nil, misfit(field, v, "true or false")
}

func convertList(t reflect.Type, v any, field string, c *clock) (any, *fault) {
	elems, ok := v.([]any)
	if !ok {
		elems = []any{v}
	}
	out := make([]any, len(elems))
	for i, e := range elems {
		x, f := convert(t.Elem(), e, field+"."+strconv.Itoa(i), c)
		if f != nil {
			return nil, f
		}
		out[i] = x
	}
	return out, nil
}

func convertObject(t reflect.Type, v any, field string, c *clock) (any, *fault) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil, misfit(field, v, "members")
	}
	out := make(map[string]any, len(members))
	for name, m := range members {
		mt, ok := memberType(t, name)
		path := strings.TrimPrefix(field+"."+name, ".")
		if !ok {
			return nil, faultf("bad_value", "there is no member %s", path)
		}
		x, f := convert(mt, m, path, c)
		if f != nil {
			return nil, f
		}
		out[name] = x
	}
	return out, nil
}

// memberType finds a member of a command, or of a part of one, by its JSON name.
func memberType(t reflect.Type, name string) (reflect.Type, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Map:
		return t.Elem(), true
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if n, _, _ := strings.Cut(f.Tag.Get("json"), ","); n == name && f.IsExported() {
				return f.Type, true
			}
		}
	}
	return nil, false
}

func members(t reflect.Type) string {
	var out []string
	for i := range t.NumField() {
		if n, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); n != "" {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return "no members"
	}
	return strings.Join(out, ", ")
}

func misfit(field string, v any, want string) *fault {
	have := fmt.Sprint(v)
	switch x := v.(type) {
	case string:
		have = strconv.Quote(shorten(x, 80))
	case []any:
		have = "a list"
	case map[string]any:
		have = "members"
	}
	return faultf("bad_value", "%s is %s; it takes %s", field, have, want)
}

// typeOf is the struct that declares a command.
func typeOf(ct domain.CommandType) reflect.Type { return reflect.TypeOf(ct.New()).Elem() }
