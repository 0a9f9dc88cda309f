package policyfile

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"incidentledger/domain/policy"
)

// An Error is one fault of a file and its place.
type Error struct {
	File         string
	Line, Column int // from 1
	Text         string
}

// Error gives file:line:column: text.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text) }

// maxSize bounds what is read: a policy set has some tens of kilobytes.
const maxSize = 1 << 20

// A decoder fills values from the nodes of one file and remembers where each
// path stands.
type decoder struct {
	file   string
	places map[string]ast.Node
	errs   []error
}

func newDecoder(file string) *decoder { return &decoder{file: file, places: map[string]ast.Node{}} }

func (d *decoder) error(n ast.Node, format string, args ...any) *Error {
	p := start(n)
	return &Error{d.file, p[0], p[1], fmt.Sprintf(format, args...)}
}

func (d *decoder) fail(n ast.Node, format string, args ...any) {
	d.errs = append(d.errs, d.error(n, format, args...))
}

// value fills v, which stands at path, from a node.
func (d *decoder) value(n ast.Node, v reflect.Value, path string) {
	d.places[path] = n
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		d.unmarshal(n, u)
		return
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.fail(n, "values of this kind cannot be written in a file")
		return
	}
	switch v.Kind() {
	case reflect.String:
		if s, ok := text(n); ok {
			v.SetString(s)
		} else if _, num := n.(*ast.IntegerNode); num {
			d.fail(n, "want a text, have %s; put it in quotes", kind(n))
		} else {
			d.fail(n, "want a text, have %s", kind(n))
		}
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.fail(n, "want true or false, have %s", kind(n))
			return
		}
		v.SetBool(b.Value)
	case reflect.Int, reflect.Int64:
		_, ok := n.(*ast.IntegerNode)
		i, err := strconv.ParseInt(n.GetToken().Value, 10, 53)
		if !ok || err != nil {
			d.fail(n, "want a whole number, have %s", kind(n))
			return
		}
		v.SetInt(i)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Struct:
		d.structure(n, v, path)
	default:
		d.fail(n, "cannot be read into %s", v.Type())
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// list takes a list, or one element in its place.
func (d *decoder) list(n ast.Node, v reflect.Value, path string) {
	elems := []ast.Node{n}
	switch s := n.(type) {
	case *ast.SequenceNode:
		elems = s.Values
	case *ast.NullNode:
		d.fail(n, "want a list, have nothing; write [] for none")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(elems), len(elems))
	for i, e := range elems {
		d.value(e, out.Index(i), join(path, strconv.Itoa(i)))
	}
	v.Set(out)
}

func (d *decoder) mapping(n ast.Node, v reflect.Value, path string) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.fail(n, "want keys and values, have %s", kind(n))
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(m.Values))
	for _, mv := range m.Values {
		key, ok := d.key(mv)
		if !ok {
			continue
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(mv.Value, e, join(path, key))
		out.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), e)
	}
	v.Set(out)
}

func (d *decoder) key(mv *ast.MappingValueNode) (string, bool) {
	if s, ok := mv.Key.(*ast.StringNode); ok {
		return s.Value, true
	}
	d.fail(mv.Key, "want a word as key, have %s", kind(mv.Key))
	return "", false
}

func (d *decoder) structure(n ast.Node, v reflect.Value, path string) {
	if d.short(n, v, path) {
		return
	}
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.fail(n, "want %s, have %s", strings.Join(fields(v.Type()), ", "), kind(n))
		return
	}
	before := len(d.errs)
	for _, mv := range m.Values {
		key, ok := d.key(mv)
		if !ok {
			continue
		}
		i, ok := fieldNamed(v.Type(), key)
		if !ok {
			d.fail(mv.Key, "%s", unknown(key, fields(v.Type())))
			continue
		}
		d.value(mv.Value, v.Field(i), join(path, key))
	}
	if c, ok := v.Interface().(interface{ Check() error }); ok && len(d.errs) == before {
		if err := c.Check(); err != nil {
			d.fail(n, "%v", err)
		}
	}
}

// short takes the short forms: recipients as a list, an anchor as its path.
func (d *decoder) short(n ast.Node, v reflect.Value, path string) bool {
	if _, ok := n.(*ast.MappingNode); ok {
		return false
	}
	switch p := v.Addr().Interface().(type) {
	case *policy.Recipients:
		d.list(n, reflect.ValueOf(&p.All).Elem(), path)
		return true
	case *policy.Anchor:
		d.value(n, reflect.ValueOf(&p.Path).Elem(), path)
		return true
	}
	return false
}

func (d *decoder) unmarshal(n ast.Node, u json.Unmarshaler) {
	v, err := d.plain(n)
	if err == nil {
		var b []byte
		if b, err = json.Marshal(v); err == nil {
			err = u.UnmarshalJSON(b)
		}
	}
	if err != nil {
		d.fail(n, "%v", err)
	}
}

// plain gives a node of lists and scalars as a JSON value.
func (d *decoder) plain(n ast.Node) (any, error) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		out := make([]any, len(n.Values))
		for i, e := range n.Values {
			v, err := d.plain(e)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case *ast.IntegerNode, *ast.BoolNode:
		return n.(ast.ScalarNode).GetValue(), nil
	}
	if s, ok := text(n); ok {
		return s, nil
	}
	return nil, fmt.Errorf("want a path and a value, have %s", kind(n))
}
