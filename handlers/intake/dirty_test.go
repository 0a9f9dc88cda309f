package intake

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/encoding/charmap"

	"incidentledger/domain"
)

const dirty = "Melding;Tijdstip;Status;Onderwerp;Soort;Effect;ICT;Lek;Diensten;Plaats;Schade;Hersteld;Melder\n" + // 1
	"M1;24-10-2026 10:15;Nieuw;Printer in café kapot sinds gisterenavond;Storing;Groot;ja;;Balie 1, Post;Nuth;1500;;Els\r\n" + // 2
	"M1;25-10-2026 02:30;In behandeling;\"Storing; \"\"groot\"\"\nmet twee regels\";Storing;Groot;ja;;;Nuth;;;Els\n" + // 3 and 4: in the hour that came twice
	"M1;99-10-2026 10:00;In behandeling;datum;Storing;Groot;ja;;;Nuth;;;Els\n" + // 5
	"M1;26-10-2026 10:00;In behandeling;\"geen einde;Storing;Groot;ja;;;Nuth;;;Els\n" + // 6
	"M1;26-10-2026 11:00;Opmerking;7\" scherm;Storing;Groot;ja;;;Nuth;;;Els\n" + // 7
	"M1;26-10-2026 11:00;Opmerking;7\" scherm;Storing;Groot;ja;;;Nuth;;;Els\n" + // 8: the same row again
	"M1;26-10-2026 11:10;Opmerking;te kort\n" + // 9
	"M1;26-10-2026 11:20;Zoek;wat is dit;Storing;Groot;ja;;;Nuth;;;Els\n" + // 10
	"M1;26-10-2026 11:30;Zoek;verhuisd;Storing;Groot;ja;;;Brunssum Zuid;;;Els\n" + // 11
	";26-10-2026 11:30;Opmerking;van wie;Storing;Groot;ja;;;Nuth;;;Els\n" + // 12
	"M2;29-3-2026 2:30;Nieuw;Mail;Phishing;Enorm;ja;;;Nuth;;;\n" + // 13: never was; no such effect
	"M1;26-10-2026 11:20;Zoek;wat is dit;Storing;Groot;ja;;;Nuth;;;Els\n" + // 14: row 10 again
	"\n" + // 15
	"M2;26-10-2026 12:00;Opgelost;Mail;Phishing;Klein;ja;;;Nuth;;morgen;\n" + // 16
	"M2;26-10-2027 12:00;Opmerking;toekomst;Phishing;Klein;ja;;;Nuth;;;\n" + // 17
	"TEST1;1-1-2026 9:00;Nieuw;proef;;;;;;;;;\n" + // 18
	"M3;1-1-2026 9:00;Nieuw;bedrag;Storing;Klein;misschien;;;Nuth;;;\n" + // 19
	"M4;1-1-2026 9:00;Opmerking;\x81;Storing;Klein;ja;;;Nuth;;;" // 20: a byte that the code page does not have

// A dirty log of another tool never stops the run: each row stands for itself
// and says what is wrong with it.
func TestDirtyLogOfAnotherTool(t *testing.T) {
	s := newStack(t, today)
	m := mustLoad(t, s, "servicetool.yaml", fixture(t, "servicetool.yaml"))
	encoded, err := charmap.Windows1252.NewEncoder().String(strings.ReplaceAll(dirty, "\x81", "?"))
	if err != nil {
		t.Fatal(err)
	}
	encoded = strings.Replace(encoded, "Opmerking;?;", "Opmerking;\x81;", 1)
	got := s.take(t, m, encoded)
	const want = "5 bad_time, 6 broken_quote, 9 column_count, 10 no_rule, 12 no_group, 13 not_in_table, 14 repeats_refused, 16 bad_time, 17 invalid, 19 bad_value, 20 invalid_encoding"
	if got.codes() != want {
		t.Errorf("refused\n%s\n%+v", got.codes(), got.lines)
	}
	if got.Rows != 17 || got.Accepted != 4 || got.Repeated != 1 || got.Skipped != 1 {
		t.Errorf("%+v", got.Summary)
	}
	for _, l := range got.lines {
		if l.Line == 6 && (l.Row != "M1;26-10-2026 10:00;In behandeling;\"geen einde;Storing;Groot;ja;;;Nuth;;;Els" || l.Group != "") {
			t.Errorf("the broken row is given as %+v", l)
		}
		if l.Line == 16 && strings.Contains(l.Reason, "CloseIncident") {
			t.Errorf("stopOnRefusal does not stop: %s", l.Reason)
		}
	}
	var warned []string
	for _, w := range got.Warnings {
		warned = append(warned, fmt.Sprintf("%s %d from %d", w.Code, w.Rows, w.Line))
	}
	if strings.Join(warned, ", ") != "identical_rows 1 from 8, missing_hour 1 from 13, repeated_hour 1 from 3" {
		t.Errorf("warned of %v", warned)
	}
	entries, story := s.history(t, m, "M1")
	if story != `2026-10-24T10:15:00+02:00 ReportIncident
2026-10-24T10:15:00+02:00 AssessPriority
2026-10-24T10:15:00+02:00 VerifyReport
2026-10-25T02:30:00+02:00 AddLogEntry
2026-10-26T11:00:00+01:00 AddLogEntry
2026-10-26T11:30:00+01:00 RouteReport
` {
		t.Errorf("M1 reads\n%s", story)
	}
	if p := entries[0].Occurred.Precision; p != domain.PrecisionMinute {
		t.Errorf("precision %s", p)
	}
	opened, err := s.vault.Open(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(opened.Events[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"title":"Printer in café kapot sinds g…"`, `{M1}`, `"affected":["Balie-1","Post"]`, `"ict":true`, `"suspectedDataLeak":false`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("%s lacks %s", b, part)
		}
	}
	// M2 began although its impact could not be read: the others of a row's orders are given.
	if _, story := s.history(t, m, "M2"); !strings.Contains(story, "2026-03-29T03:30:00+02:00 ReportIncident") || strings.Contains(story, "CloseIncident") {
		t.Errorf("M2 reads\n%s", story)
	}
}
