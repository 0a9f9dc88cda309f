package intake

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// faults are edits of a good mapping, each of which must be told with its line.
var faults = []struct{ old, with string }{
	{"format: incident-mapping/1", "format: incident-mapping/9"},
	{"format: incident-mapping/1\n", ""},
	{"id: servicetool", "id: 007"},
	{"group: Melding\n", ""},
	{"group: Melding", "groop: Melding"},
	{"group: Melding", "group: Melding\ngroup: Status"},
	{"group: Melding", "group: [Melding]"},
	{"group: Melding", "group: &a Melding"},
	{"order: file", "order: newest"},
	{"format: csv", "format: xml"},
	{`delimiter: ";"`, `delimiter: ";;"`},
	{`delimiter: ";"`, `delimiter: '"'`},
	{"encoding: windows-1252", "encoding: klingon"},
	{"zone: Europe/Amsterdam", "zone: Europe/Nuth"},
	{", zone: Europe/Amsterdam", ""},
	{`"dd-MM-yyyy HH:mm"`, `"dd-MM-yyyy QQ:mm"`},
	{`"dd-MM-yyyy HH:mm"`, `"dd-MM HH:mm"`},
	{`"dd-MM-yyyy HH:mm"`, `"dd-MM-yyyy'T HH:mm"`},
	{`"dd-MM-yyyy HH:mm"`, `"dd-MM-yyyy 'Jan' HH:mm"`},
	{"zone: Europe/Amsterdam", "zone: Europe/Amsterdam, repeated: both"},
	{"name: regel", "name: opgelost"},
	{"name: regel\n    when", "when"},
	{"skip: a trial of the tool", "skip: a trial\n    goOn: true"},
	{"skip: a trial of the tool", "stopOnRefusal: true"},
	{"command: AddLogEntry", "command: AddLogLine"},
	{"text: {template", "txt: {template"},
	{`{template: "{Status}: {Onderwerp}"}`, `{template: "{Status: {Onderwerp"}`},
	{`{template: "{Status}: {Onderwerp}"}`, `{template: "Status}"}`},
	{`{template: "{Status}: {Onderwerp}"}`, `{template: "{Status}", column: Status}`},
	{`{template: "{Status}: {Onderwerp}"}`, `{column: Status, table: geen}`},
	{`{template: "{Status}: {Onderwerp}"}`, `{column: Status, as: number}`},
	{`{template: "{Status}: {Onderwerp}"}`, `[a, b]`},
	{`{template: "{Status}: {Onderwerp}"}`, `12`},
	{"kind: incident", "kind: {column: Soort, colour: red}"},
	{"ict: {column: ICT}", "ict: misschien"},
	{"ict: {column: ICT}", "ict: {column: ICT, split: x}"},
	{"{column: Schade}", "veel"},
	{"{column: Hersteld}", "gisteren"},
	{"when: {changed: Plaats}", "when: {changed: Plaats, eq: Nuth}"},
	{"when: {changed: Plaats}", "when: {column: Plaats}"},
	{"when: {changed: Plaats}", "when: {column: Plaats, eq: true}"},
	{"when: {changed: Plaats}", "when: {column: Plaats, eq: 010}"},
	{"when: {changed: Plaats}", "when: {note: plaats, empty: true}"},
	{"medium: email, text", "text"},
	{"note: {fase: gesloten}", "note: {fase: true}"},
	{"rules:", "rules: ["},
}

// A fault in a mapping is told with file, line and what to write instead.
func TestFaultsOfMappings(t *testing.T) {
	known := kinds(t)
	good := string(fixture(t, "servicetool.yaml"))
	if _, err := Load("m.yaml", []byte(good), known); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range faults {
		if strings.Count(good, f.old) < 1 {
			t.Fatalf("%q is not in the mapping", f.old)
		}
		_, err := Load("m.yaml", []byte(strings.Replace(good, f.old, f.with, 1)), known)
		if err == nil {
			t.Errorf("%q in place of %q is taken", f.with, f.old)
			continue
		}
		b.WriteString(strings.ReplaceAll(f.with, "\n", "⏎") + "\n\t" + err.Error() + "\n")
	}
	for _, src := range []string{"", "# nothing", "- a", "a: b\n---\nc: d", strings.Repeat(" ", maxMapping+1), "\x00", "{", strings.Replace(good, "rules:\n", "rules:\n  -\n", 1)} {
		_, err := Load("m.yaml", []byte(src), known)
		if err == nil {
			t.Errorf("%.20q is taken", src)
			continue
		}
		b.WriteString(err.Error() + "\n")
	}
	const golden = "testdata/faults.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(fixture(t, "faults.txt")); b.String() != want {
		t.Errorf("the faults are told otherwise:\n%s", b.String())
	}
}

// Whatever bytes a mapping file has, Load answers and does not panic.
func FuzzLoad(f *testing.F) {
	f.Add(fixture(f, "servicetool.yaml"))
	src, err := Shipped(VolvoName)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	k := kinds(f)
	f.Fuzz(func(t *testing.T, src []byte) { _, _ = Load("m.yaml", src, k) })
}

// Columns that the log does not have are told before the first row is read.
func TestUnknownColumn(t *testing.T) {
	s := newStack(t, today)
	m := mustLoad(t, s, "servicetool.yaml", fixture(t, "servicetool.yaml"))
	_, err := Run(t.Context(), Config{Desk: s.desk, Org: org, Mapping: m, Name: "log.csv", Input: strings.NewReader("Melding;Tijd\nM1;x\n")})
	const want = `import of log.csv: servicetool.yaml:7: the log has no column "Tijdstip"; it has Melding, Tijd`
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}
