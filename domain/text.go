package domain

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Text is what a human typed, or what names or points at a human. It never
// stands open in the ledger: its digest does, and the text itself lies in an
// encrypted box.
//
// A field of type Text carries a seal tag that says under whose keys: a comma
// list of
//
//	aggregate  the entry's own aggregate (scope kind/key)
//	person     the person the text is about (scopes person/<id> of the field
//	           named after a colon, as in person:members)
//
// The scope entry/<order id> is always added.
type Text string

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return t == "" }

// A Disclosed is one sealed field of an event: its path within the event, its
// value, and the scopes that seal it.
type Disclosed struct {
	Path   string // such as "title" or "channels.0.person"
	Value  string
	Scopes []string // sorted
}

// SetApart splits an event in its open part, in which every Text is empty, and
// its sealed fields in order of their path. It changes nothing of e. A pointer
// is taken for what it points at.
func SetApart(e Event, ref Ref, id OrderID) (Event, []Disclosed) {
	v := reflect.ValueOf(e)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !plan(v.Type()).sealed {
		return e, nil
	}
	if !hasText(v) {
		return v.Interface().(Event), nil
	}
	cp := reflect.New(v.Type()).Elem()
	cp.Set(v)
	out := make([]Disclosed, 0, 4)
	takeTexts(cp, "", "", &sealing{ref: ref, id: id}, &out)
	slices.SortFunc(out, func(a, b Disclosed) int { return strings.Compare(a.Path, b.Path) })
	return cp.Interface().(Event), out
}

// TextsOf splits a command in what of it stands open, in which every Text is
// empty, and its texts by path in order. It changes nothing of c.
func TextsOf(c Command) (Command, []Disclosed) {
	v := reflect.ValueOf(c)
	pointer := v.Kind() == reflect.Pointer
	if pointer {
		v = v.Elem()
	}
	if !hasText(v) {
		return c, nil
	}
	cp := reflect.New(v.Type())
	cp.Elem().Set(v)
	out := make([]Disclosed, 0, 4)
	takeTexts(cp.Elem(), "", "", nil, &out)
	slices.SortFunc(out, func(a, b Disclosed) int { return strings.Compare(a.Path, b.Path) })
	if !pointer {
		cp = cp.Elem()
	}
	return cp.Interface().(Command), out
}

// PutBack sets sealed fields of an event by path and returns the whole event. A
// path that the event does not have is an error.
func PutBack(e Event, fields map[string]string) (Event, error) {
	v := reflect.ValueOf(e)
	cp := reflect.New(v.Type()).Elem()
	cp.Set(v)
	left := len(fields)
	giveTexts(cp, "", fields, &left)
	if left > 0 {
		return nil, fmt.Errorf("event %s: a disclosed field does not belong to it", e.EventName())
	}
	return cp.Interface().(Event), nil
}

// sealing says under which scopes the texts of an event are sealed; nil where
// nobody asks.
type sealing struct {
	ref Ref
	id  OrderID
	top reflect.Value

	tag  string // of the field before
	same []string
}

// scopes gives the scopes of a field by its tag. Fields that follow each other
// mostly have the same tag and share the list.
func (s *sealing) scopes(tag string) []string {
	if s == nil {
		return nil
	}
	if s.same == nil || s.tag != tag {
		s.tag, s.same = tag, s.read(tag)
	}
	return s.same
}

func (s *sealing) read(tag string) []string {
	out := make([]string, 1, 4)
	out[0] = "entry/" + s.id.String()
	for _, part := range strings.Split(tag, ",") {
		name, field, _ := strings.Cut(part, ":")
		switch name {
		case "aggregate":
			out = append(out, s.ref.String())
		case "person":
			out = append(out, personScopes(s.top, field)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func personScopes(top reflect.Value, jsonName string) []string {
	for i := range top.NumField() {
		if name, _ := jsonTag(top.Type().Field(i)); name != jsonName {
			continue
		}
		var ids []PersonID
		switch x := top.Field(i).Interface().(type) {
		case PersonID:
			ids = []PersonID{x}
		case []PersonID:
			ids = x
		}
		var out []string
		for _, id := range ids {
			if !id.IsZero() {
				out = append(out, "person/"+id.String())
			}
		}
		return out
	}
	return nil
}

var textType = reflect.TypeFor[Text]()

// hasText reports whether any Text stands below v.
func hasText(v reflect.Value) bool {
	if !plan(v.Type()).sealed {
		return false
	}
	switch v.Kind() {
	case reflect.String:
		return v.Len() > 0
	case reflect.Struct:
		return slices.ContainsFunc(plan(v.Type()).fields, func(f fieldPlan) bool { return hasText(v.Field(f.index)) })
	case reflect.Slice:
		for i := range v.Len() {
			if hasText(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		return v.Len() > 0
	}
	return false
}

// takeTexts moves every Text below v into out. Slices and maps are copied
// before they are changed, so that the caller's event stays whole.
func takeTexts(v reflect.Value, path, tag string, s *sealing, out *[]Disclosed) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == textType && v.Len() > 0 {
			*out = append(*out, Disclosed{Path: path, Value: v.String(), Scopes: s.scopes(tag)})
			v.SetString("")
		}
	case reflect.Struct:
		p := plan(v.Type())
		if !p.sealed {
			return
		}
		if s != nil && !s.top.IsValid() {
			s.top = v
		}
		for _, f := range p.fields {
			takeTexts(v.Field(f.index), join(path, f.name), f.seal, s, out)
		}
	case reflect.Slice:
		if !plan(v.Type().Elem()).sealed || v.Len() == 0 {
			return
		}
		cp := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(cp, v)
		v.Set(cp)
		for i := range cp.Len() {
			takeTexts(cp.Index(i), join(path, fmt.Sprint(i)), tag, s, out)
		}
	case reflect.Map:
		if !plan(v.Type().Elem()).sealed || v.Len() == 0 {
			return
		}
		cp := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			elem := reflect.New(v.Type().Elem()).Elem()
			elem.Set(it.Value())
			takeTexts(elem, join(path, it.Key().String()), tag, s, out)
			cp.SetMapIndex(it.Key(), elem)
		}
		v.Set(cp)
	}
}

func giveTexts(v reflect.Value, path string, fields map[string]string, left *int) {
	switch v.Kind() {
	case reflect.String:
		if s, ok := fields[path]; ok && v.Type() == textType {
			v.SetString(s)
			*left--
		}
	case reflect.Struct:
		for _, f := range plan(v.Type()).fields {
			giveTexts(v.Field(f.index), join(path, f.name), fields, left)
		}
	case reflect.Slice:
		if !plan(v.Type().Elem()).sealed || v.Len() == 0 {
			return
		}
		cp := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(cp, v)
		v.Set(cp)
		for i := range cp.Len() {
			giveTexts(cp.Index(i), join(path, fmt.Sprint(i)), fields, left)
		}
	case reflect.Map:
		if !plan(v.Type().Elem()).sealed || v.Len() == 0 {
			return
		}
		cp := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			elem := reflect.New(v.Type().Elem()).Elem()
			elem.Set(it.Value())
			giveTexts(elem, join(path, it.Key().String()), fields, left)
			cp.SetMapIndex(it.Key(), elem)
		}
		v.Set(cp)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fieldPlan is one field below which sealed text can stand.
type fieldPlan struct {
	index int
	name  string
	seal  string
}

type typePlan struct {
	sealed bool
	fields []fieldPlan
}

var plans sync.Map // reflect.Type → typePlan; a pure function of the type

func plan(t reflect.Type) typePlan {
	if p, ok := plans.Load(t); ok {
		return p.(typePlan)
	}
	p := makePlan(t)
	plans.Store(t, p)
	return p
}

func makePlan(t reflect.Type) typePlan {
	switch t.Kind() {
	case reflect.String:
		return typePlan{sealed: t == textType}
	case reflect.Slice, reflect.Map:
		return typePlan{sealed: plan(t.Elem()).sealed}
	case reflect.Struct:
		var p typePlan
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || !plan(f.Type).sealed {
				continue
			}
			name, _ := jsonTag(f)
			p.sealed = true
			p.fields = append(p.fields, fieldPlan{i, name, f.Tag.Get("seal")})
		}
		return p
	}
	return typePlan{}
}

// jsonTag gives a field's JSON name and whether it may be absent.
func jsonTag(f reflect.StructField) (name string, optional bool) {
	name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		name = f.Name
	}
	return name, strings.Contains(opts, "omit")
}
