package api

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

const gdpr = "gdpr-33/ap/initial/1"

func clockNamed(a asked, list []any, id string) map[string]any {
	for _, c := range list {
		if m, ok := c.(map[string]any); ok && m["id"] == id {
			return m
		}
	}
	return nil
}

// A term is running, soon due, overdue and met as time goes by, at whatever
// instant is asked for.
func TestATermStandsByTheInstantAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	state := func(query string) any {
		a := h.get(base+"/incidents/"+key+"/clocks"+query, "Ledger-Seq", "2").must(t, 200)
		return clockNamed(a, a.items(), gdpr)["state"]
	}
	if got := state(""); got != "running" {
		t.Errorf("at first it is %v", got)
	}
	h.setClock(time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)) // 72 hours after the discovery are up at 16:40
	if got := state(""); got != "due-soon" {
		t.Errorf("40 minutes before it is %v", got)
	}
	h.setClock(time.Date(2026, 11, 23, 16, 40, 0, 1, time.UTC))
	if got := state(""); got != "overdue" {
		t.Errorf("after 72 hours it is %v", got)
	}
	if got := state("?at=2026-11-21T10:00:00Z"); got != "running" {
		t.Errorf("on the first day it was %v", got)
	}
}

// The register counts what has passed by the reader's own clock, before the
// program has marked it.
func TestTheRegisterKnowsWhatHasPassed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.report()
	passed := func(query string) float64 {
		n := 0.0
		for _, item := range h.get(base+"/incidents"+query, "Ledger-Seq", "2").must(t, 200).items() {
			n += item.(map[string]any)["overdue"].(float64)
		}
		return n
	}
	h.setClock(time.Date(2026, 11, 23, 16, 40, 0, 0, time.UTC)) // the very instant is still on time
	before := passed("")
	h.setClock(time.Date(2026, 11, 23, 16, 40, 0, 1, time.UTC))
	if got := passed("?overdue=true&sort=overdue"); got != before+1 {
		t.Errorf("%v terms had passed at 72 hours, %v after", before, got)
	}
}

// The deadlines come next due first, within a span or all of them.
func TestDeadlinesComeInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	last := h.give(key, "assess-priority", `"urgency":"high","impact":"high"`).must(t, 201).Header.Get("Ledger-Seq")
	all := h.get(base+"/deadlines?limit=1000", "Ledger-Seq", last).must(t, 200)
	var due []string
	for i := range all.items() {
		due = append(due, all.str("items", i, "due"))
		if i > 0 && due[i] < due[i-1] {
			t.Errorf("%s comes behind %s", due[i], due[i-1])
		}
	}
	if len(due) < 3 || clockNamed(all, all.items(), gdpr) == nil || all.str("items", 0, "number") != "2026-0001" {
		t.Fatalf("%s", all.raw)
	}
	paged, query := 0, "?limit=1"
	for {
		a := h.get(base+"/deadlines"+query).must(t, 200)
		if a.str("items", 0, "due") != due[paged] {
			t.Errorf("page %d shows %s", paged, a.raw)
		}
		if paged++; a.str("next") == "" {
			break
		}
		query = "?limit=1&cursor=" + a.str("next")
	}
	if paged != len(due) {
		t.Errorf("%d pages, %d terms", paged, len(due))
	}
	soon := h.get(base+"/deadlines?within=PT24H").must(t, 200)
	if clockNamed(soon, soon.items(), gdpr) != nil || len(soon.items()) == 0 || len(soon.items()) == len(due) {
		t.Errorf("within a day: %s", soon.raw)
	}
	later := h.get(base+"/deadlines?within=3d&statutory=true").must(t, 200)
	if clockNamed(later, later.items(), gdpr) == nil {
		t.Errorf("within three days: %s", later.raw)
	}
	then := h.get(base+"/deadlines?at=2026-12-01T00:00:00Z&within=0h").must(t, 200)
	if c := clockNamed(then, then.items(), gdpr); c == nil || c["state"] != "overdue" {
		t.Errorf("in December: %s", then.raw)
	}
}

// A clock explains itself, under its escaped id and under its plain one.
func TestAClockExplainsItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	at := base + "/incidents/" + key
	escaped := h.get(at+"/clocks/"+url.PathEscape(gdpr)+"/explanation").must(t, 200)
	plain := h.get(at+"/explanation?clock="+gdpr).must(t, 200)
	if string(escaped.raw) != string(plain.raw) {
		t.Errorf("%s and %s", escaped.raw, plain.raw)
	}
	text := string(plain.raw)
	for _, want := range []string{"rule gdpr-33", "anchor", "2026-11-23T17:40:00+01:00"} {
		if !strings.Contains(text, want) {
			t.Errorf("the explanation lacks %q: %s", want, text)
		}
	}
	p := h.get(at+"/explanation?clock=tea/time/1/1").must(t, 404)
	if text := string(p.raw); !strings.Contains(text, gdpr) || !strings.Contains(text, `"requirement":"contract 2"`) {
		t.Errorf("the problem does not name its requirement and the clocks there are: %s", p.raw)
	}
	h.get(at+"/explanation").must(t, 400)
}

// Another policy is tried on an incident and nothing is written.
func TestWhatIfWritesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	try := func(yaml string) asked {
		return h.ask("POST", base+"/incidents/"+key+"/what-if", yaml, "Content-Type", "application/yaml")
	}
	a := try("gdpr-33: {elapsed: PT24H}\n").must(t, 200)
	c := clockNamed(a, a.at("clocks").([]any), gdpr)
	if c == nil || c["due"] != "2026-11-21T16:40:00Z" {
		t.Fatalf("%s", a.raw)
	}
	moved := false
	for _, v := range a.at("changes").([]any) {
		m := v.(map[string]any)
		moved = moved || m["clock"] == gdpr && m["change"] == "moved" && m["was"] == "2026-11-23T16:40:00Z" && m["due"] == "2026-11-21T16:40:00Z"
		if m["clock"] != gdpr {
			t.Errorf("another clock changes: %v", m)
		}
	}
	if !moved || a.at("written") != false || !strings.Contains(a.str("note"), "nothing was written") {
		t.Errorf("%s", a.raw)
	}
	if h.ledger.Last() != 2 {
		t.Error("what-if wrote an entry")
	}
	for _, bad := range []string{"gdpr-33: {elapsed: soon}\n", "rules: [\n", "gdpr-33: {teapot: 1}\n", "\x00", ": :"} {
		if p := try(bad).must(t, 422); p.str("field") != "body" {
			t.Errorf("%q: %s", bad, p.raw)
		}
	}
	h.ask("POST", base+"/incidents/"+key+"/what-if", `{}`).must(t, 415)
	h.ask("POST", base+"/incidents/"+key+"/what-if", strings.Repeat("#", 1<<20+1), "Content-Type", "text/yaml").must(t, 413)
}
