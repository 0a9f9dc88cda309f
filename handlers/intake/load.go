package intake

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"incidentledger/domain"
)

// An Error is what is wrong with a mapping file, and where.
type Error struct {
	File string
	Line int // from 1
	Text string
}

// Error gives file:line: text.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// place is where in the mapping file something stands.
type place struct{ line int }

func (p place) errorf(format string, args ...any) *Error {
	return &Error{Line: p.line, Text: fmt.Sprintf(format, args...)}
}

func at(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if t := n.GetToken(); t != nil {
		return place{t.Position.Line}
	}
	return place{1}
}

// maxMapping bounds what is read of a mapping file.
const maxMapping = 1 << 20

// Load reads a mapping from YAML; name is the file's name for messages. kinds
// gives the kinds of aggregates the desk knows (Desk.Kind). Every rule is held
// against the declarations of its commands. What is wrong comes as an *Error
// with file and line, the first thing found.
func Load(name string, src []byte, kinds func(domain.KindName) (*domain.Kind, bool)) (*Mapping, error) {
	m, err := load(src, kinds)
	if err == nil {
		m.file = name
		return m, nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Line: 1, Text: err.Error()}
		var ye yaml.Error
		if errors.As(err, &ye) {
			e.Text = ye.GetMessage()
			if t := ye.GetToken(); t != nil {
				e.Line = t.Position.Line
			}
		}
	}
	e.File = name
	return nil, e
}

func load(src []byte, kinds func(domain.KindName) (*domain.Kind, bool)) (*Mapping, error) {
	if len(src) > maxMapping {
		return nil, place{1}.errorf("the file has %d bytes; at most %d are read", len(src), maxMapping)
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, err
	}
	var body ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, at(doc.Body).errorf("a second document; a mapping is one")
		}
		body = doc.Body
	}
	if body == nil {
		return nil, place{1}.errorf("the file says nothing")
	}
	var v aliasFinder
	ast.Walk(&v, body)
	if v.found != nil {
		return nil, at(v.found).errorf("anchors, aliases and tags are not used in mappings")
	}
	if v.empty != nil {
		return nil, at(v.empty).errorf("an empty entry of a list; fill it in or take its dash away")
	}
	m := new(Mapping)
	if err := decode(body, m); err != nil {
		return nil, err
	}
	if err := m.check(kinds); err != nil {
		return nil, err
	}
	return m, nil
}

// aliasFinder finds what would let a small file stand for a huge one, and
// entries of a list that say nothing.
type aliasFinder struct{ found, empty ast.Node }

func (v *aliasFinder) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		v.found = n
	case *ast.SequenceNode:
		for _, entry := range n.Values {
			if _, ok := entry.(*ast.NullNode); ok && v.empty == nil {
				v.empty = entry
			}
		}
	}
	return v
}
