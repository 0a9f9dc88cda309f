package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Every list can be had as a table for a spreadsheet: one row an item, one column
// a member in the order of the description, what lies deeper as a phrase.

const (
	mediaCSV  = "text/csv"
	mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

var formatParam = param{name: "format", kind: word, oneof: []string{"json", "csv", "xlsx"},
	doc: "csv or xlsx: a table for a spreadsheet, with every row; where a limit ends it, Next-Cursor in the header leads on"}

// isList tells whether an operation answers a page of items, or can be had as a
// table, and gives the type of their rows.
func (op *operation) isList() (reflect.Type, bool) {
	if op.rows != nil {
		return reflect.TypeOf(op.rows), true
	}
	t := reflect.TypeOf(op.gives)
	if t == nil || t.Kind() != reflect.Struct || !strings.HasPrefix(t.Name(), "page[") {
		return nil, false
	}
	items, _ := t.FieldByName("Items")
	return items.Type.Elem(), true
}

// asTable tells whether a table is asked for.
func (q *request) asTable() bool {
	format := q.text("format")
	return format != "" && format != "json"
}

// export writes a page as a table. It reports whether that was asked for.
func (q *request) export(a *answer) (bool, error) {
	format := q.text("format")
	item, isList := q.op.isList()
	if !isList || !q.asTable() {
		return false, nil
	}
	body := a.body
	if a.table != nil {
		body = a.table
	}
	b, err := json.Marshal(body)
	if err != nil {
		return false, err
	}
	var list page[map[string]json.RawMessage]
	if err := json.Unmarshal(b, &list); err != nil {
		return false, err
	}
	head := members(item)
	rows := make([][]any, len(list.Items))
	for i, it := range list.Items {
		rows[i] = make([]any, len(head))
		for j, name := range head {
			rows[i][j] = cellOf(it[name])
		}
	}
	out, media := []byte(nil), mediaCSV
	if format == "csv" {
		out, err = asCSV(head, rows)
	} else {
		media = mediaXLSX
		out, err = asXLSX(q.op.id, head, rows)
	}
	if err != nil {
		return false, fmt.Errorf("api: %s as %s: %w", q.op.id, format, err)
	}
	h := q.w.Header()
	for name, v := range a.header {
		h[name] = v
	}
	if list.Next != "" {
		h.Set("Next-Cursor", list.Next)
	}
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+q.op.id+"."+format+`"`)
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(out) // a failure is the connection's
	return true, nil
}

// members names the members of an item in the order of their declaration.
func members(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			out = append(out, members(f.Type)...)
		case f.IsExported() && name != "-" && name != "":
			out = append(out, name)
		}
	}
	return out
}

// cellOf gives a JSON value as a spreadsheet shows it: text, a number, an
// instant, yes or no; what is deeper as a phrase.
func cellOf(raw json.RawMessage) any {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil || v == nil {
		return ""
	}
	switch v := v.(type) {
	case string, float64:
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return Phrase(raw)
}

// Phrase says what lies deeper than a cell: what comes first says what it is, what
// follows goes by its name, and of flags those that are set. Things of a list have
// semicolons between them, words and numbers spaces.
func Phrase(raw []byte) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	switch first, _ := d.Token(); first {
	case json.Delim('['):
		between, said := " ", []string{}
		for d.More() {
			var of json.RawMessage
			if d.Decode(&of) != nil {
				return string(raw)
			}
			if of[0] == '{' {
				between = "; "
			}
			said = append(said, fmt.Sprint(cellOf(of)))
		}
		return strings.Join(said, between)
	case json.Delim('{'):
		what, said := "", []string{}
		for n := 0; d.More(); n++ {
			var of json.RawMessage
			name, _ := d.Token()
			if d.Decode(&of) != nil {
				return string(raw)
			}
			flag := string(of) == "true"
			switch say := fmt.Sprint(cellOf(of)); {
			case flag && name == "erased":
				return "(erased)"
			case flag:
				said = append(said, fmt.Sprint(name))
			case say == "" || string(of) == "false":
			case n == 0:
				what = say
			case (of[0] == '{' || of[0] == '[') && say[0] != '(':
				said = append(said, fmt.Sprintf("%s (%s)", name, say))
			default:
				said = append(said, fmt.Sprint(name, " ", say))
			}
		}
		if what == "" || len(said) == 0 {
			return what + strings.Join(said, ", ")
		}
		return what + ": " + strings.Join(said, ", ")
	}
	return string(raw)
}

// asCSV writes UTF-8 with its mark, so that spreadsheets read it as such.
func asCSV(head []string, rows [][]any) ([]byte, error) {
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	if err := w.Write(head); err != nil {
		return nil, err
	}
	for _, row := range rows {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = tame(fmt.Sprint(v))
			if n, ok := v.(float64); ok {
				line[i] = fmt.Sprintf("%.0f", n)
			}
		}
		if err := w.Write(line); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// tame keeps a spreadsheet from taking what somebody typed for a formula.
func tame(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func asXLSX(name string, head []string, rows [][]any) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Sheet1"
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	titles := make([]any, len(head))
	for i, h := range head {
		titles[i] = h
	}
	for i, row := range append([][]any{titles}, rows...) {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return nil, err
		}
		for j, v := range row {
			if s, ok := v.(string); ok && len(s) > excelize.TotalCellChars {
				row[j] = fmt.Sprintf("(%d bytes: too long for a cell, ask for json or csv)", len(s))
			}
		}
		if err := w.SetRow(at, row); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	// Nothing but the rows may tell two exports of the same page apart.
	fixed := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{Title: name, Creator: "incidentledger", Created: fixed, Modified: fixed}); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
