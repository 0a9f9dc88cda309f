package report

import (
	"bytes"
	"embed"
	"html/template"
)

// A Document is what is printed, in one language: headings, lines and tables. A
// page and a PDF are made of the same document.
type Document struct {
	Lang     string
	Title    string
	Subtitle string
	Notes    []string // what a reader must know first
	Sections []Section
	Foot     string // at the foot of every page
	Mark     string // by which a program knows what it is; empty: none
	Contents string // heading of a list of what is in it; empty: it has none
}

// A Section is one part of a document.
type Section struct {
	Heading string
	Text    []string
	Pairs   [][2]string // a name and what it says
	Table   *Table
	Page    bool // it begins a page of its own where it is printed
}

// A Table has as many cells in each row as in its head.
type Table struct {
	Head []string
	Rows [][]string
}

//go:embed page.html page.css
var files embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"css": func() (template.CSS, error) {
		b, err := files.ReadFile("page.css")
		return template.CSS(b), err
	},
}).ParseFS(files, "page.html"))

// HTML writes the document as one page that needs nothing beside it, and that lets
// a reader's browser fetch or run nothing.
func (d *Document) HTML() ([]byte, error) {
	var b bytes.Buffer
	err := page.Execute(&b, d)
	return b.Bytes(), err
}
