package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

// parse reads a log as text with a header row of the given width.
func parse(t interface{ Fatalf(string, ...any) }, text, encoding string, names ...string) []*row {
	l, _, err := newLines(strings.NewReader(text), encoding)
	if err != nil {
		t.Fatalf("%v", err)
	}
	in := input{}
	for _, n := range names {
		in.Columns = append(in.Columns, column{word{s: n}})
	}
	c, err := openCSV(l, in)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out []*row
	for {
		r, err := c.next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		out = append(out, r)
	}
}

// What is written as CSV is read back, whatever the cells hold.
func TestCellsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOf(rapid.SampledFrom([]rune("ab,\"\n é;")))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 6).Draw(t, "rows")
		var b strings.Builder
		for _, r := range rows {
			for i, c := range r {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
			}
			b.WriteString("\n")
		}
		got := parse(t, b.String(), "", "a", "b", "c")
		if len(got) != len(rows) {
			t.Fatalf("%d rows of %d from %q", len(got), len(rows), b.String())
		}
		for i, r := range got {
			if r.fault != nil || !slices.Equal(r.fields, rows[i]) {
				t.Fatalf("row %d is %q, %v; want %q", i, r.fields, r.fault, rows[i])
			}
		}
	})
}

// A quote that nothing closes costs the row it stands in and no other.
func TestBrokenQuoteCostsOneRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "rows")
		bad := rapid.IntRange(0, n-1).Draw(t, "bad")
		var b strings.Builder
		for i := range n {
			switch {
			case i == bad:
				fmt.Fprintf(&b, "%d,\"open,x\n", i)
			case rapid.Bool().Draw(t, "quoted"):
				fmt.Fprintf(&b, "%d,\"a \"\"b\"\", c\",x\n", i)
			default:
				fmt.Fprintf(&b, "%d,plain,x\n", i)
			}
		}
		var faults []string
		got := parse(t, b.String(), "", "n", "text", "x")
		for _, r := range got {
			if r.fault != nil {
				faults = append(faults, fmt.Sprint(r.line, r.fault.code))
			}
		}
		if len(got) != n || len(faults) != 1 || faults[0] != fmt.Sprint(bad+1, "broken_quote") {
			t.Fatalf("%d rows of %d, faults %v, from\n%s", len(got), n, faults, b.String())
		}
	})
}

// A quote that closes in a later row gives too few cells, and is broken too.
func TestQuoteThatClosesInAnotherRow(t *testing.T) {
	var got []string
	for _, r := range parse(t, "1,\"a\n2,b\"\n3,c,d\n", "", "n", "text", "x") {
		if r.fault != nil {
			got = append(got, r.fault.code)
		} else {
			got = append(got, r.get("n"))
		}
	}
	if fmt.Sprint(got) != "[broken_quote column_count 3]" {
		t.Errorf("%v", got)
	}
}

// The bytes of the log become text by its mark, else by the mapping.
func TestEncodings(t *testing.T) {
	text := "n,word\n1,café €\n"
	utf16, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	little, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ bytes, encoding, want string }{
		"plain":            {text, "", "café €"},
		"marked":           {"\xEF\xBB\xBF" + text, "utf-8", "café €"},
		"utf-16 marked":    {utf16, "utf-16", "café €"},
		"utf-16 bare":      {little, "utf-16", "café €"},
		"windows":          {"n,word\r\n1,caf\xE9 \x80\r\n", "windows-1252", "café €"},
		"latin":            {"n,word\n1,caf\xE9 \x80", "iso-8859-1", "café €"},
		"mark contradicts": {"\xEF\xBB\xBF" + text, "windows-1252", "café €"},
		"wrong":            {"n,word\n1,caf\xE9\n", "utf-8", "invalid_encoding"},
		"half a sign":      {utf16[:len(utf16)-5], "utf-16", "invalid_encoding"},
		"too long":         {"n,word\n1," + strings.Repeat("x", 3*maxRow), "", "too_long"},
	} {
		rows := parse(t, c.bytes, c.encoding)
		if len(rows) != 1 {
			t.Errorf("%s: %d rows", name, len(rows))
			continue
		}
		got := ""
		if rows[0].fault != nil {
			got = rows[0].fault.code
		} else {
			got = rows[0].get("word")
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if _, contradicts, err := newLines(strings.NewReader("\xEF\xBB\xBFx"), "windows-1252"); err != nil || contradicts == "" {
		t.Errorf("a mark against the mapping is not told: %v", err)
	}
}

// Long lines in a row do not join: the row behind them is read as it is.
func TestReadingGoesOnBehindLongLines(t *testing.T) {
	got := parse(t, "1,"+strings.Repeat("x", 5*maxRow)+"\n2,\"y\nz\"\n", "", "a", "b")
	if len(got) != 2 || got[0].fault == nil || got[0].fault.code != "too_long" || got[1].line != 2 || got[1].get("b") != "y\nz" {
		t.Errorf("%+v", got)
	}
}

// Local times go through the changes of the clock as the mapping says.
func TestInstants(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	read := func(written, repeated, missing, text string) string {
		l, err := newLayout(word{s: written})
		if err != nil {
			t.Fatal(err)
		}
		c := clock{layouts: append([]layout(nil), l), zone: zone, repeated: repeated, missing: missing}
		r, f := c.read(text)
		if f != nil {
			return f.code
		}
		return strings.TrimSpace(fmt.Sprintf("%s %s %s", r.at.Format(time.RFC3339Nano), r.precision, r.warning))
	}
	const local = "yyyy-MM-dd HH:mm:ss"
	for _, c := range []struct{ layout, repeated, missing, text, want string }{
		{local, "", "", "2026-07-01 12:00:00", "2026-07-01T12:00:00+02:00 second"},
		{local, "", "", "2026-10-25 01:59:59", "2026-10-25T01:59:59+02:00 second"},
		{local, "", "", "2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00 second repeated_hour"},
		{local, "later", "", "2026-10-25 02:30:00", "2026-10-25T02:30:00+01:00 second repeated_hour"},
		{local, "refuse", "", "2026-10-25 02:30:00", "repeated_hour"},
		{local, "", "", "2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00 second"},
		{local, "", "", "2026-03-29 01:59:59", "2026-03-29T01:59:59+01:00 second"},
		{local, "", "", "2026-03-29 02:30:00", "2026-03-29T03:30:00+02:00 second missing_hour"},
		{local, "", "refuse", "2026-03-29 02:30:00", "missing_hour"},
		{local, "", "", "2026-02-30 12:00:00", "bad_time"},
		{local, "", "", "", "bad_time"},
		{"rfc3339", "", "", "2011-05-02T09:00:00.25+01:00", "2011-05-02T09:00:00.25+01:00 second"},
		{"d/M/yy h:mm a", "", "", "3/4/26 5:06 PM", "2026-04-03T17:06:00+02:00 minute"},
		{"yyyyMMdd'T'HHmmssXXX", "", "", "20260102T030405-05:00", "2026-01-02T03:04:05-05:00 second"},
		{"dd.MM.yyyy", "", "", "01.02.2026", "2026-02-01T00:00:00+01:00 day"},
		{"yyyy-MM-dd HH:mm:ss.SSS", "", "", "2026-02-01 10:00:00.125", "2026-02-01T10:00:00.125+01:00 second"},
		{"unixMilli", "", "", "1760000000123", "2025-10-09T08:53:20.123Z second"},
		{"unix", "", "", "1e9", "bad_time"},
	} {
		if got := read(c.layout, c.repeated, c.missing, c.text); got != c.want {
			t.Errorf("%s by %s: %s, want %s", c.text, c.layout, got, c.want)
		}
	}
}
