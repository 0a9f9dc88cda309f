package policyfile

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// root parses a file that holds exactly one mapping.
func (d *decoder) root(src []byte) (*ast.MappingNode, error) {
	if len(src) > maxSize {
		return nil, &Error{d.file, 1, 1, fmt.Sprintf("the file has %d bytes; at most %d are read", len(src), maxSize)}
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil {
			p := ye.GetToken().Position
			return nil, &Error{d.file, p.Line, p.Column, ye.GetMessage()}
		}
		return nil, &Error{d.file, 1, 1, err.Error()}
	}
	var body ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.CommentGroupType {
			continue
		}
		if body != nil {
			return nil, d.error(doc.Body, "a second document; write one")
		}
		body = doc.Body
	}
	switch n := body.(type) {
	case nil:
		return nil, &Error{d.file, 1, 1, "the file says nothing"}
	case *ast.MappingNode:
		return n, nil
	}
	return nil, d.error(body, "want keys and values, have %s", kind(body))
}

// start is the line and column at which a node begins; a mapping begins at its
// first key.
func start(n ast.Node) [2]int {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if t := n.GetToken(); t != nil {
		return [2]int{t.Position.Line, t.Position.Column}
	}
	return [2]int{1, 1}
}

// place finds where a path stands, or its nearest parent.
func (d *decoder) place(path string) (ast.Node, bool) {
	for {
		if n, ok := d.places[path]; ok {
			return n, true
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			return nil, false
		}
		path = path[:i]
	}
}

func kind(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode, *ast.FloatNode:
		return "the number " + n.GetToken().Value
	case *ast.BoolNode:
		return n.GetToken().Value
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return strconv.Quote(n.Value)
	case *ast.LiteralNode:
		return "a text"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias, which this format does not have"
	case *ast.TagNode:
		return "a tag, which this format does not have"
	}
	return n.Type().String()
}

func text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

func fieldNamed(t reflect.Type, key string) (int, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && jsonName(f) == key {
			return i, true
		}
	}
	return 0, false
}

func fields(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			out = append(out, jsonName(f))
		}
	}
	return out
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// unknown tells of a key that is not known, and which was probably meant.
func unknown(key string, known []string) string {
	plain := func(s string) string { return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s)) }
	for _, k := range known {
		if plain(k) == plain(key) {
			return fmt.Sprintf("unknown key %s; write %s", key, k)
		}
	}
	best := slices.MinFunc(known, func(a, b string) int { return distance(plain(a), plain(key)) - distance(plain(b), plain(key)) })
	if distance(plain(best), plain(key)) <= 2 {
		return fmt.Sprintf("unknown key %s; write %s", key, best)
	}
	return fmt.Sprintf("unknown key %s; write one of %s", key, strings.Join(known, ", "))
}

// distance is the number of letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := diag
			if a[i] != b[j] {
				next = 1 + min(diag, row[j], row[j+1])
			}
			diag, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
