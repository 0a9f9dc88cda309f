package report

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/intake/sample"
	"incidentledger/handlers/policyfile"
)

// opener is a vault as doors see it.
type opener struct{ v *vault.Vault }

func (o opener) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	out, err := o.v.Open(en)
	return out.Events, out.By, out.Erased, err
}

// played is a real ledger in which the sample case was played.
func played(t *testing.T, now time.Time) (*Source, map[string]domain.Key) {
	t.Helper()
	ctx := context.Background()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	basis := incident.Basis{
		Basis: policy.Basis{Current: set, Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}},
		Refs:  []domain.Basis{{Kind: "policy", Seq: 1, Hash: set.Hash()}},
	}
	law := func() incident.Basis { return basis }
	codes := func() (domain.Codes, []domain.Basis) { return set, basis.Refs }
	kinds := []domain.Kind{incident.Kind(law), supplier.Kind(codes, nil), service.Kind(codes, nil)}
	dir := t.TempDir()
	store, err := eventstore.Open(ctx, eventstore.Config{Dir: dir, Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	l, err := store.Found(ctx, "demo")
	if err != nil {
		t.Fatal(err)
	}
	master, err := vault.NewMasterKey(filepath.Join(t.TempDir(), "master"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Create(vault.Config{Dir: filepath.Join(dir, "vault"), Org: "demo", Master: master})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	desk := handlers.NewDesk(handlers.Config{Org: "demo", Log: l, Sealer: v, Kinds: kinds, Version: store.Codec().Version, Now: func() time.Time { return now }})
	keys, err := sample.Play(ctx, map[string]sample.Desk{"": desk}, now, nil)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return &Source{Org: "demo", Name: "Gemeente Voorbeeld", Zone: zone, Desk: desk, Log: l, Opener: opener{v}, Law: law}, keys
}

var now = time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC)

// The sample case, evaluated: everything that was told stands in it, in both
// orders, and every term says how it came about.
//
// requirements: EVA-01 EVA-02 LOG-06 GOV-09
func TestTheSampleCaseEvaluated(t *testing.T) {
	src, keys := played(t, now)
	for name, key := range keys {
		e, err := src.Evaluate(t.Context(), key, now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(e.Timeline) != len(e.Recorded) || len(e.Timeline) < e.Entries {
			t.Errorf("%s: %d lines by happening, %d by recording, of %d entries", name, len(e.Timeline), len(e.Recorded), e.Entries)
		}
		if !slices.IsSortedFunc(e.Timeline, func(a, b Happening) int { return a.Occurred.Compare(b.Occurred) }) ||
			!slices.IsSortedFunc(e.Recorded, func(a, b Happening) int { return int(a.Seq) - int(b.Seq) }) {
			t.Errorf("%s: a timeline is out of order", name)
		}
		for _, term := range e.Terms {
			if len(term.Derivation) < 3 || (term.Outcome == "met-late" || term.Outcome == "missed") != (term.LateSeconds > 0) {
				t.Errorf("%s: %+v", name, term)
			}
		}
		if e.Title == "" {
			t.Errorf("%s has no title", name)
		}
	}
}

// What was corrected counts as it stands, in an earlier leg too, and the evaluation
// says what was told first; the figures of a period count the same.
//
// requirements: EVA-01 GOV-09
func TestEvaluationRestsOnTheFactsAsTheyStand(t *testing.T) {
	src, keys := played(t, now)
	key := keys["ransomware"]
	was, err := src.Evaluate(t.Context(), key, now)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]openedEvent{} // the first taking up, and the last restoration
	b, err := src.read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range b.opened {
		if _, taken := at["react"]; o.event.EventName() == "IncidentAcknowledged" && !taken {
			at["react"] = o
		} else if o.event.EventName() == "IncidentResolved" {
			at["restore"] = o
		}
	}
	took := func(list []Took, what string) (last Took) {
		for _, t := range list {
			if t.What == what {
				last = t
			}
		}
		return last
	}
	for what, field := range map[string]string{"react": "at", "restore": "restoredAt"} {
		later := took(was.Times, what).To.Add(time.Second)
		kind, _ := src.Desk.Kind(incident.Name)
		c, err := handlers.DecodeCommand(kind, "CorrectFact", fmt.Appendf(nil, `{"corrects":%d,"event":%q,"fields":{%q:%q},"reason":"The log says so."}`,
			at[what].seq, at[what].event.EventName(), field, later.Format(time.RFC3339)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := src.Desk.Give(t.Context(), domain.Order{ID: handlers.NewOrderID(), Org: "demo", Kind: incident.Name, Key: key, Command: c,
			Actor: domain.Actor{ID: domain.PersonID(key), Role: "security-officer", For: "demo", Door: "cli", Proof: "stated"}}); err != nil {
			t.Fatal(err)
		}
	}
	is, err := src.Evaluate(t.Context(), key, now)
	if err != nil {
		t.Fatal(err)
	}
	st, _, err := src.Desk.State(t.Context(), domain.Ref{Kind: incident.Name, Key: key}, 0)
	if err != nil {
		t.Fatal(err)
	}
	figures := Reckon(Period{}, []Counted{{State: st.(*incident.Incident)}}, 0, now).All
	for what, of := range map[string]Spread{"react": figures.React, "restore": figures.Restore} {
		before, after := took(was.Times, what), took(is.Times, what)
		sum, known := together(is.Times, what)
		if *after.Seconds != *before.Seconds+1 || !after.Corrected || !after.WasTo.Equal(before.To) || !known || *of.Median != sum || before.Corrected {
			t.Errorf("%s: %+v, corrected %+v; the figures have %d s", what, before, after, *of.Median)
		}
	}
	w, _ := catalogue.In("nl")
	if said := (shower{w, src.Zone}).times(is.Times); !strings.Contains(fmt.Sprint(said), "verbeterd; eerst opgegeven") {
		t.Errorf("%q", said)
	}
}

// A document says everything in each language, escapes what was typed, and is the
// same bytes every time.
func TestDocumentsInThreeLanguages(t *testing.T) {
	src, keys := played(t, now)
	for name, key := range keys {
		e, err := src.Evaluate(t.Context(), key, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range catalogue.Languages() {
			w, err := catalogue.In(lang)
			if err != nil {
				t.Fatal(err)
			}
			d := e.Document(w)
			page, err := d.HTML()
			if err != nil || !bytes.Contains(page, []byte(`lang="`+lang+`"`)) {
				t.Fatalf("%s: %v", name, err)
			}
			for _, s := range d.Sections {
				if strings.HasPrefix(s.Heading, "evaluation.") {
					t.Errorf("%s: %s has no words", lang, s.Heading)
				}
				if s.Table == nil {
					continue
				}
				for _, row := range s.Table.Rows {
					if len(row) != len(s.Table.Head) {
						t.Errorf("%s: a row of %d under a head of %d", s.Heading, len(row), len(s.Table.Head))
					}
				}
			}
			a, err := d.PDF(now)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := e.Document(w).PDF(now); err != nil || !bytes.Equal(a, b) {
				t.Errorf("%s: the PDF differs the second time: %v", name, err)
			}
		}
	}
}

// What was typed is text wherever it is shown, and no character is lost.
func TestWhateverIsTypedStaysText(t *testing.T) {
	typed := "<script>alert(1)</script> Łódź — naïve ☃ 🙂 \t" + strings.Repeat("x", 3000)
	d := &Document{Lang: "nl", Title: typed, Sections: []Section{
		{Heading: typed, Text: []string{typed}, Pairs: [][2]string{{typed, typed}}},
		{Heading: "h", Table: &Table{Head: []string{"a", "b"}, Rows: [][]string{{typed, strings.Repeat("line\n", 400)}}}},
	}, Foot: typed}
	page, err := d.HTML()
	if err != nil || bytes.Contains(page, []byte("<script>")) || !bytes.Contains(page, []byte("Łódź")) {
		t.Errorf("the page: %v", err)
	}
	pdf, err := d.PDF(now)
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("the PDF: %v", err)
	}
	p, err := newPrinter()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.shown("Łódź ☃🙂"); got != "Łódź [U+2603][U+1F642]" {
		t.Errorf("shown as %q", got)
	}
}

// Every event that can stand in a report has words in each language.
func TestEveryEventHasWords(t *testing.T) {
	for _, lang := range catalogue.Languages() {
		w, err := catalogue.In(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range incident.EventTypes() {
			if !w.Has("event." + e.Name) {
				t.Errorf("%s: no words for %s", lang, e.Name)
			}
		}
	}
}
