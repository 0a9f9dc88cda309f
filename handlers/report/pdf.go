package report

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// The fonts hold the letters of the European languages; any other character is
// written as its code point, so that nothing is lost.
const (
	margin   = 15.0
	widthOf  = 210 - 2*margin
	lineHigh = 4.6
)

// PDF writes the document on A4, with page numbers. made stands in it as the
// moment of making: the same document and moment give the same bytes.
func (d *Document) PDF(made time.Time) ([]byte, error) {
	p, err := newPrinter()
	if err != nil {
		return nil, err
	}
	f := p.f
	f.SetCreationDate(made)
	f.SetModificationDate(made)
	f.SetCatalogSort(true)
	f.SetProducer("incidentledger", true)
	f.SetTitle(p.plain(d.Title), true)
	if d.Mark != "" {
		f.SetSubject(d.Mark, false)
	}
	f.SetLang(d.Lang)
	f.AddUTF8FontFromBytes("go", "", goregular.TTF)
	f.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	f.SetMargins(margin, margin, margin)
	f.SetAutoPageBreak(true, 18)
	f.AliasNbPages("{pages}")
	f.SetFooterFunc(func() {
		f.SetY(-14)
		p.style("", 7.5)
		f.CellFormat(widthOf-20, 5, p.plain(d.Foot), "", 0, "L", false, 0, "")
		f.CellFormat(20, 5, fmt.Sprintf("%d / {pages}", f.PageNo()), "", 0, "R", false, 0, "")
	})
	f.AddPage()
	p.style("B", 16)
	p.lines(d.Title, 7.5)
	if d.Subtitle != "" {
		p.style("", 10)
		p.lines(d.Subtitle, lineHigh)
	}
	for _, n := range d.Notes {
		f.Ln(2)
		p.style("B", 10)
		p.lines(n, lineHigh)
	}
	for _, s := range d.Sections {
		p.section(s, d.Contents != "")
	}
	if err := f.Error(); err != nil {
		return nil, fmt.Errorf("report: pdf: %w", err)
	}
	var b bytes.Buffer
	if err := f.Output(&b); err != nil {
		return nil, fmt.Errorf("report: pdf: %w", err)
	}
	return b.Bytes(), nil
}

// A printer writes one document.
type printer struct {
	f    *fpdf.Fpdf
	font *sfnt.Font
	buf  sfnt.Buffer
}

func newPrinter() (*printer, error) {
	regular, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("report: font: %w", err)
	}
	return &printer{f: fpdf.New("P", "mm", "A4", ""), font: regular}, nil
}

func (p *printer) style(style string, size float64) { p.f.SetFont("go", style, size) }

// plain keeps what the fonts can show and writes all else as its code point.
func (p *printer) plain(s string) string {
	return strings.Join(strings.FieldsFunc(p.shown(s), func(r rune) bool { return r == '\n' }), " ")
}

func (p *printer) shown(s string) string {
	var b strings.Builder
	for _, r := range s {
		i, err := p.font.GlyphIndex(&p.buf, r)
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteByte(' ')
		case r == '\r':
		case err != nil || i == 0 || r > 0xffff:
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (p *printer) lines(s string, high float64) {
	p.f.MultiCell(widthOf, high, p.shown(s), "", "L", false)
}

// section writes one part; where the document has a list of contents a reader of
// the PDF finds it there.
func (p *printer) section(s Section, listed bool) {
	f := p.f
	if s.Page || f.GetY() > 250 {
		f.AddPage()
	}
	f.Ln(5)
	p.style("B", 12)
	if listed {
		f.Bookmark(p.plain(s.Heading), 0, -1)
	}
	p.lines(s.Heading, 6)
	f.Line(margin, f.GetY(), margin+widthOf, f.GetY())
	f.Ln(1.5)
	p.style("", 9)
	for _, t := range s.Text {
		p.lines(t, lineHigh)
	}
	if len(s.Pairs) > 0 {
		rows := make([][]string, len(s.Pairs))
		for i, pair := range s.Pairs {
			rows[i] = pair[:]
		}
		p.table(nil, rows, []float64{50, widthOf - 50})
	}
	if s.Table != nil {
		p.table(s.Table.Head, s.Table.Rows, widths(s.Table))
	}
}

// widths gives each column at least room for its longest word, and shares out
// what is left by how long its lines are.
func widths(t *Table) []float64 {
	const mm = 1.75 // what a letter takes on average
	least, most := make([]float64, len(t.Head)), make([]float64, len(t.Head))
	var sum, wanted float64
	for i := range t.Head {
		word, line := len(t.Head[i]), len(t.Head[i])
		for _, row := range t.Rows {
			for _, l := range strings.Split(row[i], "\n") {
				line = max(line, len(l))
				for _, f := range strings.Fields(l) {
					word = max(word, min(len(f), 18))
				}
			}
		}
		least[i] = float64(word)*mm + 3
		most[i] = max(least[i], float64(min(line, 80))*mm+3)
		sum += least[i]
		wanted += most[i] - least[i]
	}
	for i := range least {
		switch left := widthOf - sum; {
		case left < 0:
			least[i] *= widthOf / sum
		case wanted > 0:
			least[i] += left * (most[i] - least[i]) / wanted
		default:
			least[i] += left / float64(len(least))
		}
	}
	return least
}

// table writes rows whose cells wrap; the head comes again on every page.
func (p *printer) table(head []string, rows [][]string, widths []float64) {
	p.head(head, widths)
	for _, row := range rows {
		cells := make([][]string, len(row))
		high := 1
		for i, text := range row {
			for _, part := range strings.Split(p.shown(text), "\n") {
				if part == "" {
					continue
				}
				cells[i] = append(cells[i], p.f.SplitText(part, widths[i]-2)...)
			}
			high = max(high, len(cells[i]))
		}
		for from := 0; from < high; { // a row longer than a page goes on on the next
			room := int((297 - 18 - p.f.GetY()) / lineHigh)
			if room < min(high-from, 3) {
				p.f.AddPage()
				p.head(head, widths)
				continue
			}
			n := min(room, high-from)
			p.part(cells, widths, from, n)
			from += n
		}
		y := p.f.GetY() + 0.6
		p.f.SetDrawColor(200, 200, 200)
		p.f.Line(margin, y, margin+widthOf, y)
		p.f.SetDrawColor(0, 0, 0)
		p.f.SetY(y + 0.6)
	}
}

func (p *printer) head(head []string, widths []float64) {
	if head == nil {
		return
	}
	p.style("B", 8.5)
	for i, text := range head {
		p.f.CellFormat(widths[i], lineHigh+1, p.plain(text), "B", 0, "L", false, 0, "")
	}
	p.f.Ln(lineHigh + 1.6)
	p.style("", 8.5)
}

// part writes n lines of a row's cells side by side.
func (p *printer) part(cells [][]string, widths []float64, from, n int) {
	top := p.f.GetY()
	x := margin
	for i, lines := range cells {
		for j := from; j < min(from+n, len(lines)); j++ {
			p.f.SetXY(x, top+float64(j-from)*lineHigh)
			p.f.CellFormat(widths[i], lineHigh, lines[j], "", 0, "L", false, 0, "")
		}
		x += widths[i]
	}
	p.f.SetXY(margin, top+float64(n)*lineHigh)
}
