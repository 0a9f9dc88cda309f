package main

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"incidentledger/handlers/api"
)

// A column of a table or CSV: what it is called and which member it shows.
type column struct{ title, member string }

func columns(pairs ...string) []column {
	var out []column
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, column{pairs[i], pairs[i+1]})
	}
	return out
}

// object prints one answer: as JSON, or its members one a line.
func (a *app) object(raw []byte, cols []column) error {
	if a.format == "json" {
		return a.json(raw)
	}
	return a.rows([]jsontext.Value{raw}, cols)
}

func (a *app) json(raw []byte) error {
	v := jsontext.Value(raw)
	if err := v.Compact(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.std.out, "%s\n", v)
	return err
}

// rows prints a list: one JSON object a line, CSV, or a table.
func (a *app) rows(items []jsontext.Value, cols []column) error {
	if a.format == "json" {
		for _, it := range items {
			if err := a.json(it); err != nil {
				return err
			}
		}
		return nil
	}
	table := make([][]string, 0, len(items)+1)
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.title
	}
	table = append(table, head)
	for _, it := range items {
		var m map[string]any
		if err := json.Unmarshal(it, &m); err != nil {
			return err
		}
		var raw map[string]jsontext.Value
		if err := json.Unmarshal(it, &raw); err != nil {
			return err
		}
		row := make([]string, len(cols))
		for i, c := range cols {
			v := dig(m, c.member)
			if row[i] = cell(v); deep(v) {
				row[i] = api.Phrase(raw[c.member])
			}
		}
		table = append(table, row)
	}
	if a.format == "csv" {
		w := csv.NewWriter(a.std.out)
		for i := range table {
			for j := range table[i] {
				table[i][j] = tame(table[i][j])
			}
		}
		return w.WriteAll(table)
	}
	w := tabwriter.NewWriter(a.std.out, 0, 0, 2, ' ', 0)
	for i, row := range table {
		for j := range row {
			row[j] = clean(row[j])
			if i == 0 {
				row[j] = strings.ToUpper(row[j])
			}
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return w.Flush()
}

// dig finds a member by its path.
func dig(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// deep reports whether a value is a list of things, each of several members, of
// which cell knows no short name.
func deep(v any) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(e any) bool {
		m, is := e.(map[string]any)
		_, named := m["type"]
		return is && !named
	})
}

func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		if t, err := time.Parse(time.RFC3339Nano, x); err == nil {
			return t.Truncate(time.Second).Format(time.RFC3339)
		}
		return x
	case float64:
		return fmt.Sprintf("%.0f", x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case []any:
		parts := make([]string, len(x))
		for i, p := range x {
			parts[i] = cell(p)
		}
		return strings.Join(parts, " ")
	case map[string]any:
		if name, ok := x["type"].(string); ok {
			return name
		}
		if x["erased"] == true {
			return "(erased)"
		}
		if medium, ok := x["medium"].(string); ok { // on whose word
			return strings.TrimSpace(first(cell(x["text"]), cell(x["person"]), cell(x["contact"])) + " (" + medium + ")")
		}
	}
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// clean keeps what somebody typed from steering the terminal or the table.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}

// tame keeps a spreadsheet from taking a cell for a formula.
func tame(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
