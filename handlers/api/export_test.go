package api

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// A list can be had for a spreadsheet, with the same rows as its JSON, and what
// somebody typed is never taken for a formula.
func TestListsAreExported(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	h.give(key, "add-log-entry", `"text":"=HYPERLINK(\"http://example.org\")"`).must(t, 201)
	for _, list := range []string{"/incidents", "/deadlines", "/audit", "/incidents/" + key + "/logbook"} {
		items := h.get(base+list).must(t, 200).items()
		asked := h.get(base+list+"?format=csv").must(t, 200)
		if got := asked.Header.Get("Content-Type"); got != mediaCSV {
			t.Errorf("%s: %s", list, got)
		}
		raw, marked := bytes.CutPrefix(asked.raw, []byte("\ufeff"))
		rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		if err != nil || !marked || len(rows) != len(items)+1 {
			t.Fatalf("%s: %d rows of %d items, marked %t: %v", list, len(rows), len(items), marked, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") {
					t.Errorf("%s: a formula: %s", list, cell)
				}
			}
		}
		sheet := h.get(base+list+"?format=xlsx").must(t, 200)
		f, err := excelize.OpenReader(bytes.NewReader(sheet.raw))
		if err != nil {
			t.Fatal(err)
		}
		cells, err := f.GetRows("Sheet1")
		if err != nil || len(cells) != len(rows) || !slices.Equal(cells[0], rows[0]) {
			t.Errorf("%s: %d rows in the sheet, %d in CSV: %v", list, len(cells), len(rows), err)
		}
		f.Close()
	}
	h.get(base+"/incidents?format=pdf").must(t, 400)
	first := h.get(base+"/audit?format=csv&limit=1").must(t, 200)
	if first.Header.Get("Next-Cursor") == "" {
		t.Error("the page does not lead on")
	}
	if doc := h.get(Root+"/openapi.json").must(t, 200); !strings.Contains(string(doc.raw), mediaXLSX) {
		t.Error("the description does not know of spreadsheets")
	}
}
