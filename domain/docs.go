package domain

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Docs reads the doc comments of the struct types declared in the Go files of
// src, which a room embeds: "Type" and "Type.Field" to text. So a command's doc
// comment is what its help, schema and form say, and is written once. CorrectFact,
// which many kinds have, is among them.
func Docs(src fs.FS) (map[string]string, error) {
	docs := map[string]string{}
	for _, from := range []fs.FS{correctSource, src} {
		names, err := fs.Glob(from, "*.go")
		if err != nil {
			return nil, fmt.Errorf("docs: %w", err)
		}
		for _, name := range names {
			if err := fileDocs(docs, from, name); err != nil {
				return nil, fmt.Errorf("docs: %s: %w", name, err)
			}
		}
	}
	return docs, nil
}

func fileDocs(docs map[string]string, src fs.FS, name string) error {
	b, err := fs.ReadFile(src, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, b, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			typeDocs(docs, g)
		}
	}
	return nil
}

func typeDocs(docs map[string]string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		ts := spec.(*ast.TypeSpec)
		st, isStruct := ts.Type.(*ast.StructType)
		base, isOther := ts.Type.(*ast.Ident)
		if !isStruct && !isOther {
			continue
		}
		doc := ts.Doc
		if doc == nil {
			doc = g.Doc
		}
		docs[ts.Name.Name] = oneLine(doc)
		if isOther { // a struct by another name has the same fields
			for _, name := range slices.Collect(maps.Keys(docs)) {
				if field, ok := strings.CutPrefix(name, base.Name+"."); ok {
					docs[ts.Name.Name+"."+field] = docs[name]
				}
			}
			continue
		}
		for _, f := range st.Fields.List {
			text := oneLine(f.Doc)
			if text == "" {
				text = oneLine(f.Comment)
			}
			for _, n := range f.Names {
				if text != "" {
					docs[ts.Name.Name+"."+n.Name] = text
				}
			}
		}
	}
}

func oneLine(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	return strings.Join(strings.Fields(c.Text()), " ")
}
