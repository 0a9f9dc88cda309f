package domain_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/organisation"
	"incidentledger/domain/person"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
)

// What a door shows of a command is written once: every command and every field
// has its doc comment, and every example fits its command.
func TestEveryCommandIsExplained(t *testing.T) {
	kinds, set := kindsOf(t)
	for _, k := range kinds {
		if err := k.Validate(); err != nil {
			t.Error(err)
		}
		docs, err := docsOf[k.Name]()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range k.Commands {
			ct := reflect.TypeOf(c.New()).Elem()
			for _, name := range append(fieldsOf(ct), ct.Name()) {
				if docs[name] == "" {
					t.Errorf("%s: %s has no doc comment", k.Name, name)
				}
			}
			d := json.NewDecoder(strings.NewReader(c.Example))
			d.DisallowUnknownFields()
			cmd := c.New()
			if err := d.Decode(cmd); err != nil {
				t.Errorf("%s: the example of %s: %v", k.Name, c.Name(), err)
			}
			if err := domain.Check(cmd, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), set); err != nil {
				t.Errorf("%s: the example of %s: %v", k.Name, c.Name(), err)
			}
		}
	}
}

var docsOf = map[domain.KindName]func() (map[string]string, error){
	contact.Name: contact.Docs, document.Name: document.Docs, improvement.Name: improvement.Docs, organisation.Name: organisation.Docs,
	person.Name: person.Docs, service.Name: service.Docs, supplier.Name: supplier.Docs,
}

func fieldsOf(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		out = append(out, t.Name()+"."+t.Field(i).Name)
	}
	return out
}

// Everything sealed is sealed under the aggregate's own key.
func TestTextsAreSealedUnderTheirAggregate(t *testing.T) {
	kinds, _ := kindsOf(t)
	id := domain.OrderIDFor(org, domain.PersonID{}, "seal")
	for _, k := range kinds {
		ref := domain.Ref{Kind: k.Name, Key: domain.NewKey(org, id)}
		for _, shape := range k.Events {
			p := reflect.New(reflect.TypeOf(shape.New()).Elem())
			fill(p.Elem())
			open, sealed := domain.SetApart(shape.Up(p.Interface()), ref, id)
			fields := map[string]string{}
			for _, s := range sealed {
				fields[s.Path] = s.Value
				if !slices.Contains(s.Scopes, ref.String()) {
					t.Errorf("%s: %s.%s is sealed under %v alone", k.Name, shape.Name, s.Path, s.Scopes)
				}
			}
			if back, err := domain.PutBack(open, fields); err != nil || !reflect.DeepEqual(back, shape.Up(p.Interface())) {
				t.Errorf("%s: %s does not come back: %v", k.Name, shape.Name, err)
			}
			if strings.Contains(dump(open), "secret") {
				t.Errorf("%s: something of %s stays open: %s", k.Name, shape.Name, dump(open))
			}
		}
	}
}

// fill sets every text of a value, in one element of each list and map.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[domain.Text]() {
			v.SetString("secret")
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e)
		v.SetMapIndex(reflect.ValueOf("a").Convert(v.Type().Key()), e)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	}
}

// A command without what it needs is refused by the field's name, whatever else
// it has.
func TestMissingFieldsAreNamed(t *testing.T) {
	kinds, set := kindsOf(t)
	for _, k := range kinds {
		for _, c := range k.Commands {
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(c.Example), &members); err != nil {
				t.Fatal(err)
			}
			ct := reflect.TypeOf(c.New()).Elem()
			for i := range ct.NumField() {
				name, _, _ := strings.Cut(ct.Field(i).Tag.Get("json"), ",")
				if !strings.HasPrefix(ct.Field(i).Tag.Get("rule"), "required") {
					continue
				}
				less := maps.Clone(members)
				delete(less, name)
				b, _ := json.Marshal(less)
				cmd := c.New()
				if err := json.Unmarshal(b, cmd); err != nil {
					t.Fatal(err)
				}
				var r *domain.Refusal
				if err := domain.Check(cmd, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), set); !errors.As(err, &r) || r.Field != name {
					t.Errorf("%s: %s without %s: %v", k.Name, c.Name(), name, err)
				}
			}
		}
	}
}
