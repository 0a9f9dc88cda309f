package report

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/incident"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/eventstore"
	"incidentledger/eventstore/vault"
	"incidentledger/handlers"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/policyfile"
)

// A directory is a real ledger with what kits are made of.
type directory struct {
	t       *testing.T
	src     *Source
	desk    *handlers.Desk
	refs    []domain.Ref
	gone    map[domain.Seq]bool // entries whose keys are destroyed
	v, bare *vault.Vault        // bare has none of their keys
}

// Open implements handlers.Opener.
func (d *directory) Open(en *domain.Entry) ([]domain.Event, string, int, error) {
	if d.gone[en.Seq] {
		return opener{d.bare}.Open(en)
	}
	return opener{d.v}.Open(en)
}

func newDirectory(t *testing.T) *directory {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	set, err := policyfile.Shipped()
	must(err)
	basis := incident.Basis{Basis: policy.Basis{Current: set, Profile: map[policy.Path]domain.Code{policy.OrgCountry: "NL"}}, Refs: []domain.Basis{{Kind: "policy", Seq: 1, Hash: set.Hash()}}}
	codes := func() (domain.Codes, []domain.Basis) { return set, basis.Refs }
	kinds := []domain.Kind{contact.Kind(codes), person.Kind(codes), supplier.Kind(codes, nil), service.Kind(codes, nil), document.Kind(codes)}
	dir := t.TempDir()
	store, err := eventstore.Open(t.Context(), eventstore.Config{Dir: dir, Kinds: kinds})
	must(err)
	t.Cleanup(func() { store.Close() })
	l, err := store.Found(t.Context(), "demo")
	must(err)
	master, err := vault.NewMasterKey(filepath.Join(t.TempDir(), "master"))
	must(err)
	open := func(name string) *vault.Vault {
		v, err := vault.Create(vault.Config{Dir: filepath.Join(dir, name), Org: "demo", Master: master})
		must(err)
		t.Cleanup(func() { v.Close() })
		return v
	}
	zone, err := time.LoadLocation("Europe/Amsterdam")
	must(err)
	d := &directory{t: t, gone: map[domain.Seq]bool{}, v: open("vault"), bare: open("bare")}
	d.desk = handlers.NewDesk(handlers.Config{Org: "demo", Log: l, Sealer: d.v, Kinds: kinds, Version: store.Codec().Version, Now: func() time.Time { return now }})
	d.src = &Source{Org: "demo", Name: "Gemeente Voorbeeld", Zone: zone, Log: l, Opener: d, Law: func() incident.Basis { return basis },
		Dossiers: func(kind domain.KindName) ([]domain.Ref, error) {
			return slices.DeleteFunc(slices.Clone(d.refs), func(r domain.Ref) bool { return r.Kind != kind }), nil
		}}
	return d
}

// give orders something, of a new aggregate where key is zero.
func (d *directory) give(kind domain.KindName, key domain.Key, role domain.Code, c domain.Command) domain.Receipt {
	d.t.Helper()
	r, err := d.desk.Give(context.Background(), domain.Order{ID: handlers.NewOrderID(), Kind: kind, Key: key, Command: c,
		Actor: domain.Actor{Role: role, For: "demo", Proof: "stated"}})
	if err != nil {
		d.t.Fatal(err)
	}
	if key.IsZero() {
		d.refs = append(d.refs, domain.Ref{Kind: kind, Key: r.Key})
	}
	return r
}

var board = domain.PersonID{UUID: [16]byte{15: 1}}

// hostile is what somebody typed who wants a reader's browser to do something.
const hostile = `<script src="https://evil.example/x.js"></script>"><img src=x onerror=alert(1)>`

// filled is a directory with some of everything.
func filled(t *testing.T) *directory {
	d := newDirectory(t)
	night := []domain.Weekly{}
	for _, day := range []domain.Code{"monday", "tuesday", "wednesday"} {
		night = append(night, domain.Weekly{Weekday: day, From: "18:00", To: "08:00"})
	}
	night = append(night, domain.Weekly{Weekday: "wednesday", From: "12:00", To: "18:00"})
	d.give(contact.Name, domain.Key{}, "security-officer", &contact.AddContact{Code: "cert", Name: "Helpdesk CERT", Organisation: hostile, Roles: []domain.Code{"coordinator"},
		Channels: []contact.Channel{{Kind: "phone", Address: "+31 70 2045511", Fallback: true}, {Kind: "email", Address: "cert@example.org", Safe: true}}, OnCall: night})
	left := d.give(contact.Name, domain.Key{}, "security-officer", &contact.AddContact{Code: "left", Name: "Piet Vertrokken", Channels: []contact.Channel{{Kind: "phone", Address: "+31 6 11111111"}}})
	d.give(contact.Name, left.Key, "security-officer", &contact.RetireContact{Reason: "Works elsewhere."})
	firm := d.give(supplier.Name, domain.Key{}, "policy-officer", &supplier.AddSupplier{Code: "hosting-bv", Kind: "supplier", Name: "Hosting BV", Contact: "Service desk", Phone: "+31 20 1234567", MayBeInvolved: true})
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	d.give(supplier.Name, firm.Key, "policy-officer", &supplier.RecordContract{Code: "hosting", ValidFrom: day(2020), Services: []domain.Code{"mail"}, Scope: "Mail.", NoticeMinutes: 60,
		Support: "The old desk.", Terms: []supplier.Term{{Priority: 1, ResponseMinutes: 30, ResolutionMinutes: 240}}})
	d.give(supplier.Name, firm.Key, "policy-officer", &supplier.AmendContract{Code: "hosting", ValidFrom: day(2025), Services: []domain.Code{"mail"}, Scope: "Mail.", NoticeMinutes: 120,
		Support: "The new desk, day and night.", Escalation: "Call the director."})
	d.give(supplier.Name, firm.Key, "policy-officer", &supplier.RecordContract{Code: "later", ValidFrom: day(2030), Services: []domain.Code{"phone"}, Scope: "Phones."})
	mail := d.give(service.Name, domain.Key{}, "process-owner", &service.AddService{Code: "mail", Name: "E-mail", Critical: true, Owner: "ict"})
	d.give(service.Name, mail.Key, "process-owner", &service.SetDependencies{Services: []domain.Code{"network"}, Suppliers: []domain.Code{"hosting-bv"}})
	d.give(service.Name, mail.Key, "process-owner", &service.SetRecoveryObjectives{RTOMinutes: 240, RPOMinutes: 60})
	for _, p := range []document.PublishDocument{
		{Code: "mail-down", Kind: "playbook", Version: "1", Title: "No mail", Body: "1. Call the help desk.\n" + hostile, Items: []document.Item{{Code: "call", Role: "ict", Text: "Call the desk."}}},
		{Code: "words", Kind: "glossary", Version: "1", Title: "Words", Body: "Escalation: telling somebody higher."},
		{Code: "flow", Kind: "flow-map", Version: "1", Title: "Flow of an incident", Body: "Report, verify, register."},
	} {
		r := d.give(document.Name, domain.Key{}, "security-officer", &p)
		d.give(document.Name, r.Key, "board", &document.ApproveDocument{Version: "1", Approver: board})
	}
	d.give(document.Name, domain.Key{}, "security-officer", &document.PublishDocument{Code: "draft", Kind: "procedure", Version: "1", Title: "Only a draft", Body: "Not in force."})
	return d
}

// The kit has all that people need when nothing works, in each language: whom to
// call with every channel, what was agreed with suppliers and holds now, what
// rests on what, the documents in force whole, every form empty, and how old it
// is. What is retired, was only drafted or holds later is not in it.
//
// requirements: SUP-01 BCM-10 GOV-20
func TestTheKitHasWhatPeopleNeed(t *testing.T) {
	d := filled(t)
	k, err := d.src.Kit(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	if k.Seq != d.src.Log.Last() || k.Erased != 0 {
		t.Errorf("made at entry %d of %d, %d erased", k.Seq, d.src.Log.Last(), k.Erased)
	}
	for lang, says := range map[string][]string{
		"nl": {"naar de stand van boeking ", "Het eerste uur", "Sporen veiliggesteld", "telefoon: +31 70 2045511 (werkt ook bij uitval)", "nagekeken op 25 november 2026",
			"maandag, dinsdag, woensdag 18:00–08:00", "15 minuten na het alarm", "meldt een incident binnen 2 uur", "4 uur", "begrippenlijst: Words", "stroomschema: Flow of an incident",
			"Formulier voor Autoriteit Persoonsgegevens (AP)", "Registratieformulier, in te vullen met de hand", "had dienst toen"},
		"fr": {"selon l’état à l’écriture ", "La première heure", "Traces préservées", "vérifié le 25 novembre 2026", "lundi, mardi, mercredi 18:00–08:00", "signale un incident dans un délai de 2 heures",
			"Journal de bord, à tenir à la main"},
		"en": {"with what the ledger held up to entry ", "The first hour", "Traces secured", "checked on 25 November 2026", "tells of an incident within 2 hours", "Logbook, to be kept by hand"},
	} {
		w, err := catalogue.In(lang)
		if err != nil {
			t.Fatal(err)
		}
		doc := k.Document(w)
		html, err := doc.HTML()
		if err != nil {
			t.Fatal(err)
		}
		says = append(says, "+31 70 2045511", "cert@example.org", "Helpdesk CERT", "Hosting BV", "+31 20 1234567", "The new desk, day and night.", "Call the director.", "E-mail", "network",
			"1. Call the help desk.", "Call the desk.", "Escalation: telling somebody higher.", "+31 70 204 55 11", `content="`+KitMark+`"`)
		for _, text := range says {
			if !bytes.Contains(html, []byte(strings.ReplaceAll(text, "+", "&#43;"))) && !bytes.Contains(html, []byte(text)) {
				t.Errorf("%s: without %q", lang, text)
			}
		}
		for _, text := range []string{"Piet Vertrokken", "The old desk.", "Only a draft", "Phones.", "kit.", "head.", "%!"} {
			if bytes.Contains(html, []byte(text)) {
				t.Errorf("%s: with %q", lang, text)
			}
		}
		if outside.Match(html) || bytes.Contains(html, []byte("<script")) || bytes.Contains(html, []byte("<img")) {
			t.Errorf("%s: the page asks for something that is not in it: %s", lang, outside.Find(html))
		}
		if !strings.Contains(doc.Notes[0], w.Instant(now, d.src.Zone)) {
			t.Errorf("%s: the first line is %q", lang, doc.Notes[0])
		}
		for _, s := range doc.Sections {
			for _, row := range rowsOf(s) {
				if len(row) != len(s.Table.Head) {
					t.Errorf("%s: %s: a row of %d under a head of %d", lang, s.Heading, len(row), len(s.Table.Head))
				}
			}
		}
		a, err := doc.PDF(now)
		if err != nil || !bytes.HasPrefix(a, []byte("%PDF-")) || !bytes.Contains(a, []byte("("+KitMark+")")) {
			t.Errorf("%s: the PDF: %v", lang, err)
		}
		again, err := d.src.Kit(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := again.Document(w).PDF(now); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: the PDF differs the second time: %v", lang, err)
		}
	}
}

// outside finds what a page would fetch.
var outside = regexp.MustCompile(`(?i)(src|href)\s*=\s*"[^#"][^"]*"|<link|@import|url\(`)

func rowsOf(s Section) [][]string {
	if s.Table == nil {
		return nil
	}
	return s.Table.Rows
}

// Every form that an authority has today is there, its own questions in order and
// nothing filled in, those of the own country first.
func TestTheFormsOfAKitAreEmpty(t *testing.T) {
	d := newDirectory(t)
	k, err := d.src.Kit(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	basis := d.src.Law()
	if set := basis.At(now); len(k.Forms) != len(set.Forms) || !slices.IsSortedFunc(k.Forms, func(a, b Blank) int {
		return abroad(set.CountryOf(a.Authorities[0]), "NL") - abroad(set.CountryOf(b.Authorities[0]), "NL")
	}) {
		t.Errorf("%d forms of %d, or out of order", len(k.Forms), len(set.Forms))
	}
	for _, f := range k.Registered {
		if f.Value != "" {
			t.Errorf("the registration form says %+v", f)
		}
	}
	w, _ := catalogue.In("nl")
	doc := k.Document(w)
	for _, s := range doc.Sections[len(doc.Sections)-len(k.Forms):] {
		for _, p := range s.Pairs {
			if !s.Page || strings.Trim(p[1], "…\n\u00a0") != "" {
				t.Errorf("%s: %q", s.Heading, p)
			}
		}
	}
}

// What was erased is said to be, and how much of it; the rest of the kit stands.
func TestErasedTextsOfAKitAreSaidToBe(t *testing.T) {
	d := filled(t)
	for seq := domain.Seq(1); seq <= d.src.Log.Last(); seq++ {
		en, err := d.src.Log.Entry(seq)
		if err != nil {
			t.Fatal(err)
		}
		d.gone[seq] = en.Command == "AddContact" || en.Command == "AmendContract"
	}
	k, err := d.src.Kit(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	c := k.Contacts[0]
	if !c.Name.Erased || !c.Ways[0].Address.Erased || !c.Ways[1].Address.Erased || c.Checked.IsZero() {
		t.Errorf("the contact is %+v", c)
	}
	if k.Suppliers[0].Name.Text != "Hosting BV" || !k.Suppliers[0].Contracts[0].Support.Unsure || k.Erased < 3 {
		t.Errorf("%+v, %d erased", k.Suppliers[0], k.Erased)
	}
	w, _ := catalogue.In("nl")
	html, err := k.Document(w).HTML()
	if err != nil || bytes.Contains(html, []byte("2045511")) || !bytes.Contains(html, []byte("telefoon: (gewist)")) || !bytes.Contains(html, []byte("ondersteuning: (gewist, of nooit ingevuld)")) || !bytes.Contains(html, []byte("gewist en kunnen nooit meer")) {
		t.Errorf("the page: %v", err)
	}
}

// A correction stands in the place of what it corrects.
func TestAKitHasCorrectionsWorkedIn(t *testing.T) {
	d := newDirectory(t)
	firm := d.give(supplier.Name, domain.Key{}, "policy-officer", &supplier.AddSupplier{Code: "bv", Kind: "supplier", Name: "BV", Phone: "+31 20 0000000"})
	var phone domain.Value
	if err := phone.UnmarshalJSON([]byte(`"+31 20 7654321"`)); err != nil {
		t.Fatal(err)
	}
	d.give(supplier.Name, firm.Key, "policy-officer", &domain.CorrectFact{Corrects: firm.Seq, Fields: map[domain.Code]domain.Value{"phone": phone}, Reason: "Typing error."})
	k, err := d.src.Kit(t.Context(), now)
	if err != nil || k.Suppliers[0].Phone.Text != "+31 20 7654321" {
		t.Errorf("%+v, %v", k.Suppliers, err)
	}
}
