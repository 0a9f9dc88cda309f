package report

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/policyfile"
)

// What no entry tells is for a person to fill in: the rest of what authorities ask
// is found in the ledger, in fields that exist.
func TestWhereAnswersAreFound(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	byHand := []domain.Code{"attachments", "criminal-data", "indicators-of-compromise", "kind-of-notification", "legal-basis",
		"other-organisations", "public-communication", "vulnerable-groups"}
	reckoned := []domain.Code{"aware-at", "contact-point", "controller", "cross-border", "cross-border-impact", "earlier-number", "notifiable",
		"ongoing", "other-authorities", "possible-breach", "reporter", "responsible-contact", "suspected-malicious", "under-control"}
	for _, code := range set.CodesOf("answers") {
		n := 0
		for _, known := range []bool{slices.Contains(byHand, code), slices.Contains(reckoned, code), places[code] != nil} {
			if known {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is found in %d ways", code, n)
		}
	}
	for code, list := range places {
		for _, p := range list {
			fields := map[string]bool{}
			for _, e := range incident.EventTypes() {
				if shape := reflect.TypeOf(e.New()).Elem(); e.Name == p.event {
					for i := range shape.NumField() {
						name, _, _ := strings.Cut(shape.Field(i).Tag.Get("json"), ",")
						fields[name] = true
					}
				}
			}
			for _, f := range p.fields {
				if !fields[f] {
					t.Errorf("%s: %s has no field %s", code, p.event, f)
				}
			}
		}
	}
}

// An authority's form has its own questions in its own order, in every language;
// of the sample case much is known, and what is not is said to be unknown.
//
// requirements: COM-02 DBR-04
func TestFormsOfAuthorities(t *testing.T) {
	src, keys := played(t, now)
	basis := src.Law()
	set := basis.At(now)
	var leak domain.Key
	for _, key := range keys {
		f, err := src.Form(t.Context(), key, "suwidesk", "", "", now)
		if err != nil {
			t.Fatal(err)
		}
		if st, _, err := src.Desk.State(t.Context(), domain.Ref{Kind: incident.Name, Key: key}, 0); err == nil && st.(*incident.Incident).SuspectsLeak() {
			leak = key
		}
		want, _ := set.FormOf("suwidesk", "suwi", "initial", now)
		if len(f.Asked) != 7 || !slices.EqualFunc(f.Asked, want.Fields, func(a Asked, b policy.Field) bool { return a.Code == b.Code }) {
			t.Errorf("the seven answers are %+v", f.Asked)
		}
	}
	for _, form := range set.Forms {
		for _, a := range form.Authority {
			f, err := src.Form(t.Context(), leak, string(a), form.Regime, form.Stage, now)
			if err != nil {
				t.Fatalf("%s: %v", form.ID, err)
			}
			for _, asked := range f.Asked {
				if asked.Unknown != (len(asked.Values) == 0) {
					t.Errorf("%s: %+v", form.ID, asked)
				}
			}
			for _, lang := range catalogue.Languages() {
				w, err := catalogue.In(lang)
				if err != nil {
					t.Fatal(err)
				}
				page, err := f.Document(w).HTML()
				if err != nil || a == "ap" && !bytes.Contains(page, []byte(w.Say("form.unknown"))) {
					t.Errorf("%s in %s: %v", form.ID, lang, err)
				}
				if d := f.Document(w); len(d.Sections) != 1 || len(d.Sections[0].Pairs) != len(form.Fields) || d.Sections[0].Pairs[0][0] != form.Fields[0].Label[lang] {
					t.Errorf("%s in %s: %+v", form.ID, lang, d.Sections)
				}
			}
		}
	}
	if _, err := src.Form(t.Context(), leak, "ap", "gdpr", "final", now); err == nil {
		t.Error("a form that there is not")
	}
}
