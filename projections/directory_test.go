package projections_test

import (
	"fmt"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/improvement"
	"incidentledger/projections/contacts"
	"incidentledger/projections/improvements"
)

// A measure goes round: planned, done, checked, and found lacking. It is overdue
// when its term has passed and nobody has carried it out.
//
// requirements: EVA-05
func TestImprovementsGoRound(t *testing.T) {
	s := tellStory(t)
	day := 24 * time.Hour
	p := s.give(improvement.Name, domain.Key{}, "employee", 9*day, "ProposeImprovement",
		fmt.Sprintf(`{"kind":"prevent","incident":%q,"title":"Encrypt","text":"All laptops."}`, s.cases["lost-tablet"]))
	s.give(improvement.Name, domain.Key{}, "employee", day, "ProposeImprovement", `{"kind":"prevent","title":"Lock","text":"The archive."}`)
	do := func(ago time.Duration, role domain.Code, name, body string) {
		s.giveAs(domain.PersonID{UUID: id('p', 3)}, improvement.Name, p.Key, role, ago, name, body)
	}
	one := func(q improvements.Query) (out []improvements.Improvement) {
		r := s.reader(improvements.New())
		for i := range improvements.Find(r, q) {
			out = append(out, i)
		}
		return out
	}
	do(8*day, "secretary", "AssignImprovement", fmt.Sprintf(`{"owner":%q,"role":"ict","due":"2026-11-18T17:00:00+01:00"}`, domain.PersonID{UUID: id('p', 2)}))
	if got := one(improvements.Query{Overdue: storyNow}); len(got) != 1 || got[0].PDCA != "do" || got[0].Incident != s.cases["lost-tablet"] {
		t.Fatalf("%+v", got)
	}
	if got := one(improvements.Query{Overdue: storyNow.Add(-5 * day)}); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
	do(3*day, "ict", "CompleteImprovement", `{"result":"All are."}`)
	do(2*day, "auditor", "VerifyImprovement", `{"finding":"One is not."}`)
	got := one(improvements.Query{Incident: s.cases["lost-tablet"]})
	if len(got) != 1 || got[0].Phase != "ineffective" || got[0].Rounds != 1 || got[0].Done || got[0].Role != "auditor" {
		t.Fatalf("%+v", got)
	}
	do(day, "secretary", "DropImprovement", `{"reason":"Thin clients come."}`)
	if got := one(improvements.Query{Open: true}); len(got) != 1 || got[0].PDCA != "plan" {
		t.Fatalf("%+v", got)
	}
	r := s.reader(improvements.New())
	golden(s, "improvements", r, improvements.Find(r, improvements.Query{}))
}

// An entry of the directory must be checked again after six months; whoever
// confirms it has checked it.
//
// requirements: COM-04 COM-08
func TestContactsAreCheckedAgain(t *testing.T) {
	s := tellStory(t)
	add := s.give(contact.Name, domain.Key{}, "security-officer", 200*24*time.Hour, "AddContact",
		`{"code":"ibd","name":"Helpdesk","lists":["authorities"],"channels":[{"kind":"phone","address":"+31 70 3738011","fallback":true}]}`)
	stale := func(at time.Time) (n int) {
		r := s.reader(contacts.New())
		for c := range contacts.Find(r, contacts.Query{List: "authorities", Stale: at}) {
			if c.Code != "ibd" || len(c.Channels()) != 1 || c.Channels()[0].Address != "" {
				t.Errorf("%+v", c)
			}
			n++
		}
		return n
	}
	if stale(storyNow) != 1 || stale(storyNow.AddDate(0, -2, 0)) != 0 {
		t.Error("it is not to be checked when six months have passed, or before")
	}
	s.give(contact.Name, add.Key, "security-officer", time.Hour, "ConfirmContact", `{}`)
	if stale(storyNow) != 0 || stale(storyNow.AddDate(0, 7, 0)) != 1 {
		t.Error("what was confirmed is to be checked, or never again")
	}
	r := s.reader(contacts.New())
	golden(s, "contacts", r, contacts.Find(r, contacts.Query{}))
}
