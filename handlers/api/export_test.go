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

// Each view says in each row who told it, when it happened and when it was recorded;
// what is reckoned, of the last entry that it rests on.
//
// requirements: ARC-02
func TestEveryViewTellsWhoAndBothTimes(t *testing.T) {
	t.Parallel()
	s := &server{}
	elsewhere := map[string]string{
		"list-views":          "is about the program",
		"list-deadlines":      "an explanation tells",
		"list-service-levels": "the outages tell",
	}
	for _, op := range slices.Concat(s.listOperations(), s.thingOperations(), s.viewOperations(), s.worklistOperations(), s.figuresOperations()) {
		row, isList := op.isList()
		if _, tells := elsewhere[op.id]; tells || !isList {
			continue
		}
		head := members(row)
		if !slices.Contains(head, "author") && !slices.Contains(head, "actor") || !slices.Contains(head, "occurred") || !slices.Contains(head, "recorded") {
			t.Errorf("%s has %v", op.id, head)
		}
	}

	h := newHouse(t)
	key, _ := h.report()
	h.give(key, "acknowledge-incident", "").must(t, 201)
	for path, want := range map[string]string{"/worklist": officer, "/figures?period=2026": officer} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		asked := h.get(base+path+sep+"format=csv").must(t, 200)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(asked.raw, []byte("\ufeff")))).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatalf("%s: %v, %s", path, err, asked.raw)
		}
		who, when := slices.Index(rows[0], "author"), slices.Index(rows[0], "recorded")
		for _, row := range rows[1:] {
			if row[who] != want || row[when] != h.clock().UTC().Format("2006-01-02T15:04:05Z") {
				t.Errorf("%s: %q under %q", path, row, rows[0])
			}
		}
		sheet := h.get(base+path+sep+"format=xlsx").must(t, 200)
		f, err := excelize.OpenReader(bytes.NewReader(sheet.raw))
		if err != nil {
			t.Fatal(err)
		}
		if cells, err := f.GetRows("Sheet1"); err != nil || len(cells) != len(rows) || !slices.Equal(cells[0], rows[0]) {
			t.Errorf("%s: %q in the sheet, %q in CSV: %v", path, cells, rows, err)
		}
		f.Close()
	}
	if f := h.get(base+"/figures?period=2026").must(t, 200); f.num("all", "incidents") != 1 || f.str("all", "author") != officer || f.num("all", "seq") != 3 {
		t.Errorf("%s", f.raw)
	}
}

// What lies deeper than a cell is said, not printed as data.
func TestWhatLiesDeepIsAPhrase(t *testing.T) {
	for raw, want := range map[string]string{
		`[{"kind":"phone","address":"+32 9 000","safe":true,"fallback":false,"for":"ocmw"},{"kind":"email","address":{"erased":true}}]`: "phone: address +32 9 000, safe, for ocmw; email: address (erased)",
		`["mail","phone"]`: "mail phone",
		`[1,2]`:            "1 2",
		`[]`:               "",
		`{"what":"collected","size":3,"chain":[{"id":"a","n":1}],"none":""}`: "collected: size 3, chain (a: n 1)",
		`{"safe":true}`: "safe",
	} {
		if got := Phrase([]byte(raw)); got != want {
			t.Errorf("%s is said as %q, want %q", raw, got, want)
		}
	}
}

// A table has every row unless a limit ends it, and then it says how to go on; the
// worklist can be that of one incident.
//
// requirements: DBR-06
func TestATableHasEveryRow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const many = usualLimit + 5
	var key string
	for range many {
		key, _ = h.report()
	}
	for _, list := range []string{"/incidents", "/breaches", "/worklist", "/audit", "/deadlines", "/duties"} {
		rows := 0
		for next := ""; ; {
			page := h.get(base+list+"?limit=50"+next).must(t, 200)
			rows += len(page.items())
			if page.str("next") == "" {
				break
			}
			next = "&cursor=" + page.str("next")
		}
		asked := h.get(base+list+"?format=csv").must(t, 200)
		table, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(asked.raw, []byte("\ufeff")))).ReadAll()
		if err != nil || rows < many || len(table) != rows+1 || asked.Header.Get("Next-Cursor") != "" {
			t.Errorf("%s: %d rows under a head, and then %q; there are %d: %v", list, len(table)-1, asked.Header.Get("Next-Cursor"), rows, err)
		}
		few := h.get(base+list+"?format=csv&limit=50").must(t, 200)
		if n := bytes.Count(few.raw, []byte("\n")); n != 51 || few.Header.Get("Next-Cursor") == "" {
			t.Errorf("%s: %d lines with a limit of 50, and then %q", list, n, few.Header.Get("Next-Cursor"))
		}
	}
	of := h.get(base+"/worklist?key="+key).must(t, 200).items()
	if len(of) == 0 {
		t.Error("nothing waits of the last incident")
	}
	for _, w := range of {
		if w.(map[string]any)["key"] != key {
			t.Errorf("on the list of %s: %v", key, w)
		}
	}
	h.get(base+"/worklist?key=2026-9999").must(t, 404)
}
