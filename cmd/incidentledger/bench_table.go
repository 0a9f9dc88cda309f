package main

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// benchRow is one line of what bench prints. What is zero was not measured.
type benchRow struct {
	Name  string  `json:"name"` // the section it belongs to
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`

	Yardstick string  `json:"yardstick,omitzero"`
	Theirs    float64 `json:"yardstickValue,omitzero"` // in the same unit
	Ratio     float64 `json:"ratio,omitzero"`          // of value to yardstick

	Target  string `json:"target,omitzero"` // absent: the figure is reported, nothing is promised
	Reached *bool  `json:"reached,omitempty"`
	Rounds  int    `json:"rounds,omitzero"`
	Note    string `json:"note,omitzero"`
}

func (b *bench) add(r benchRow) { b.rows = append(b.rows, r) }

// versus makes a row of two contestants' rounds.
func versus(r benchRow, ours, theirs []measured, get func(measured) float64) benchRow {
	r.Value, r.Theirs = medianOf(ours, get), medianOf(theirs, get)
	r.Ratio, r.Rounds = ratioOf(ours, theirs, get), len(ours)
	return r
}

// ratioAtMost and ratioAtLeast set a target for the ratio, valueBelow one for
// the value itself.
func (r benchRow) ratioAtMost(x float64) benchRow {
	return r.judged(fmt.Sprintf("at most %s x", short(x)), r.Ratio <= x)
}

func (r benchRow) ratioAtLeast(x float64) benchRow {
	return r.judged(fmt.Sprintf("at least %s x", short(x)), r.Ratio >= x)
}

func (r benchRow) valueBelow(x float64) benchRow {
	return r.judged(fmt.Sprintf("at most %s %s", short(x), r.Unit), r.Value <= x)
}

func (r benchRow) valueAtLeast(x float64) benchRow {
	return r.judged(fmt.Sprintf("at least %s %s", short(x), r.Unit), r.Value >= x)
}

func (r benchRow) judged(target string, reached bool) benchRow {
	r.Target, r.Reached = target, &reached
	return r
}

func short(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// figure writes a number as a reader wants it: large ones whole.
func figure(x float64) string {
	switch {
	case x == 0:
		return ""
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// benchLine is a row for a table: everything is text.
type benchLine struct {
	Row       string `json:"row"`
	What      string `json:"what"`
	Measured  string `json:"measured"`
	Yardstick string `json:"yardstick"`
	Theirs    string `json:"theirs"`
	Ratio     string `json:"ratio"`
	Target    string `json:"target"`
	Reached   string `json:"reached"`
	Note      string `json:"note"`
}

func (r benchRow) line() benchLine {
	l := benchLine{Row: r.Name, What: r.What, Measured: figure(r.Value) + " " + r.Unit, Yardstick: r.Yardstick,
		Target: r.Target, Note: r.Note}
	if r.Theirs != 0 {
		l.Theirs = figure(r.Theirs) + " " + r.Unit
		l.Ratio = strconv.FormatFloat(r.Ratio, 'f', 2, 64)
	}
	if r.Reached != nil {
		l.Reached = map[bool]string{true: "yes", false: "NO"}[*r.Reached]
	}
	return l
}

func (b *bench) print() error {
	items := make([]jsontext.Value, len(b.rows))
	for i, r := range b.rows {
		var v any = r.line()
		if b.app.format == "json" {
			v = r
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		items[i] = raw
	}
	return b.app.rows(items, columns("row", "row", "what", "what", "measured", "measured", "yardstick", "yardstick",
		"its figure", "theirs", "ratio", "ratio", "target", "target", "reached", "reached", "note", "note"))
}
