package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
)

// The register finds incidents by their open fields and pages through them.
func TestTheRegisterIsSearchedAndPaged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var keys []string
	for n := range 5 {
		h.setClock(h.clock().Add(time.Minute))
		key, _ := h.report("Idempotency-Key", fmt.Sprint(n))
		keys = append(keys, key)
	}
	last := h.give(keys[0], "assess-priority", `"urgency":"high","impact":"high"`).must(t, 201).Header.Get("Ledger-Seq")
	seen := func(query string) []string {
		var out []string
		for {
			a := h.get(base+"/incidents?"+query, "Ledger-Seq", last).must(t, 200)
			for i := range a.items() {
				out = append(out, a.str("items", i, "key"))
			}
			next := a.str("next")
			if next == "" {
				return out
			}
			query = strings.Split(query, "&cursor")[0] + "&cursor=" + next
		}
	}
	back := slices.Clone(keys)
	slices.Reverse(back)
	for query, want := range map[string][]string{
		"limit=2":               back,
		"sort=number&limit=2":   keys,
		"order=asc":             keys,
		"priority=1":            keys[:1],
		"priority=0&order=asc":  keys[1:],
		"q=2026-0003":           keys[2:3],
		"q=2026-&order=asc":     keys,
		"q=" + keys[3]:          keys[3:4],
		"q=data-leak&order=asc": keys,
		"q=teapot":              nil,
		"state=closed":          nil,
		"state=registered&open=true&leak=true&order=asc": keys,
		"exercises=only":                       nil,
		"since=2026-11-21T09:04:00Z&order=asc": keys[3:],
	} {
		if got := seen(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// An incident that did not change is not sent again.
func TestAnUnchangedIncidentIsNotSentAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, a := h.report()
	tag := a.Header.Get("ETag")
	same := h.get(base+"/incidents/"+key, "If-None-Match", tag).must(t, http.StatusNotModified)
	if len(same.raw) > 0 || same.Header.Get("ETag") != tag {
		t.Errorf("304 with %q and ETag %s", same.raw, same.Header.Get("ETag"))
	}
	h.get(base+"/incidents/"+key, "If-None-Match", `W/"1", W/`+tag).must(t, http.StatusNotModified)
	h.give(key, "acknowledge-incident", "").must(t, 201)
	now := h.get(base+"/incidents/"+key, "If-None-Match", tag).must(t, 200)
	if now.Header.Get("ETag") != `"3"` || now.str("acknowledged") == "" || now.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("%v %s", now.Header, now.raw)
	}
}

// A read that names an entry waits for it, and gives up in a while.
func TestAReadWaitsForItsEntry(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.Patience = 20 * time.Millisecond })
	h.report()
	p := h.get(base+"/incidents", "Ledger-Seq", "99").must(t, 503)
	if p.Header.Get("Retry-After") == "" || p.str("code") != "not_yet" {
		t.Errorf("%v %s", p.Header, p.raw)
	}
	for _, path := range []string{"/incidents", "/deadlines", "/audit", "/incidents/2026-0001", "/incidents/2026-0001/logbook"} {
		a := h.get(base+path, "Ledger-Seq", "2").must(t, 200)
		if a.Header.Get("Ledger-Seq") != "2" {
			t.Errorf("%s knows of entry %s", path, a.Header.Get("Ledger-Seq"))
		}
	}
}

// The logbook has every line in both orders, with corrections on both sides.
func TestTheLogbookHasBothOrders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	h.setClock(h.clock().Add(3 * time.Hour))
	h.ask("POST", base+"/incidents/"+key+"/commands/add-log-entry",
		`{"text":"Called the railway.","order":{"actor":{"role":"ict"},"occurred":"2026-11-20T18:10:00+01:00","precision":"about","by":{"medium":"phone","text":"the conductor"}}}`).must(t, 201)
	last := h.give(key, "correct-entry", `"corrects":3,"text":"Called the bus company.","reason":"Wrong."`).must(t, 201).Header.Get("Ledger-Seq")
	read := func(query string) []int {
		a := h.get(base+"/incidents/"+key+"/logbook"+query, "Ledger-Seq", last).must(t, 200)
		var seqs []int
		for i := range a.items() {
			seqs = append(seqs, a.num("items", i, "seq"))
		}
		return seqs
	}
	for query, want := range map[string][]int{
		"": {2, 3, 4}, "?sort=occurred": {3, 2, 4}, "?order=desc": {4, 3, 2}, "?limit=1": {2}, "?sort=recorded&order=asc": {2, 3, 4},
	} {
		if got := read(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	a := h.get(base+"/incidents/"+key+"/logbook", "Ledger-Seq", last).must(t, 200)
	called := []any{"items", 1}
	if a.str(append(called, "events", 0, "fields", "text")...) != "Called the railway." || a.str(append(called, "by", "text")...) != "the conductor" ||
		a.str(append(called, "occurred")...) != "2026-11-20T18:10:00+01:00" || a.at(append(called, "late")...) != true ||
		a.num(append(called, "correctedBy", 0)...) != 4 || a.num("items", 2, "corrects", 0) != 3 {
		t.Errorf("%s", a.raw)
	}
}

// The timeline shows what was known then, and on the other axis what had
// happened by then.
//
// requirements: ARC-04
func TestTheTimelineHasTwoAxes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	h.setClock(h.clock().Add(2 * time.Hour))
	h.ask("POST", base+"/incidents/"+key+"/commands/acknowledge-incident", `{"order":{"actor":{"role":"ict"},"occurred":"2026-11-21T09:30:00Z"}}`).must(t, 201)
	h.give(key, "correct-fact", `"corrects":2,"fields":{"title":"Laptop left on the bus"},"reason":"It was a bus."`).must(t, 201)
	at := func(query string) asked { return h.get(base+"/incidents/"+key+"/timeline"+query).must(t, 200) }
	for _, c := range []struct {
		query, title string
		acknowledged bool
		entries      int
	}{
		{"", "Laptop left on the bus", true, 3},
		{"?seq=2", "Laptop left on the train", false, 1},
		{"?seq=3", "Laptop left on the train", true, 2},
		{"?at=2026-11-21T10:00:00Z", "Laptop left on the train", false, 1},
		{"?at=2026-11-21T10:00:00Z&axis=occurred", "Laptop left on the bus", true, 3},
		{"?at=2026-11-21T09:10:00Z&axis=occurred", "Laptop left on the bus", false, 2},
	} {
		a := at(c.query)
		if a.str("incident", "report", "title") != c.title || (a.str("incident", "acknowledged") != "") != c.acknowledged ||
			len(a.at("entries").([]any)) != c.entries || a.num("last") != 4 {
			t.Errorf("%s: %s", c.query, a.raw)
		}
	}
	if a := at("?at=2026-11-21T08:00:00Z"); a.at("incident") != nil || len(a.at("entries").([]any)) != 0 {
		t.Errorf("before the report: %s", a.raw)
	}
	for _, bad := range []string{"?seq=2&at=2026-11-21T10:00:00Z", "?seq=2&axis=occurred", "?seq=0", "?axis=sideways"} {
		h.get(base+"/incidents/"+key+"/timeline"+bad).must(t, 400)
	}
}

// The audit finds who did what, by each of its parameters.
func TestTheAuditIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	h.setClock(h.clock().Add(time.Hour))
	last := h.give(key, "add-log-entry", `"text":"Called."`).must(t, 201).Header.Get("Ledger-Seq")
	count := func(query string) int {
		n := 0
		for {
			a := h.get(base+"/audit?limit=1"+query, "Ledger-Seq", last).must(t, 200)
			n += len(a.items())
			if a.str("next") == "" {
				return n
			}
			query = strings.Split(query, "&cursor")[0] + "&cursor=" + a.str("next")
		}
	}
	for query, want := range map[string]int{
		"": 3, "&actor=" + officer: 2, "&key=2026-0001": 2, "&key=" + key: 2, "&command=add-log-entry": 1, "&command=AddLogEntry": 1,
		"&kind=ledger": 1, "&for=nuth": 3, "&for=elsewhere": 0, "&since=2026-11-21T09:30:00Z": 1, "&until=2026-11-21T09:30:00Z": 2,
	} {
		if got := count(query); got != want {
			t.Errorf("%s: %d lines, want %d", query, got, want)
		}
	}
	if a := h.get(base+"/audit", "Ledger-Seq", last); a.str("items", 0, "command") != "AddLogEntry" || strings.Contains(string(a.raw), "Called") {
		t.Errorf("%s", a.raw)
	}
	h.get(base+"/audit?key=2026-0099").must(t, 404)
}

// Words whose key is gone are shown as erased, and nothing else is lost.
func TestErasedWordsSaySo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	h.mu.Lock()
	h.erased[2] = true
	h.mu.Unlock()
	a := h.get(base+"/incidents/"+key, "Ledger-Seq", "2").must(t, 200)
	if a.at("report", "title", "erased") != true || a.at("report", "description", "erased") != true || a.str("report", "category") != "data-leak" {
		t.Errorf("%s", a.raw)
	}
	if a.at("report", "reporter") != nil {
		t.Errorf("a text that never was is shown as erased: %s", a.raw)
	}
	l := h.get(base+"/incidents/"+key+"/logbook", "Ledger-Seq", "2").must(t, 200)
	if l.at("items", 0, "events", 0, "fields", "title", "erased") == nil && l.num("items", 0, "events", 0, "erased") == 0 {
		t.Errorf("%s", l.raw)
	}
}

// An anonymous report, and the answer to a question about it, leave nothing of
// whoever sent them: not in the entry, not in the log.
func TestAnAnonymousReportLeavesNoTrace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := strings.Replace(laptop(`"anonymous":true,`), order(), `"order":{"actor":{"role":"employee","anonymous":true}}`, 1)
	a := h.ask("POST", base+"/incidents", body, "User-Agent", "Netscape/4.7", "X-Request-Id", "desk-of-jan", "X-Forwarded-For", "203.0.113.9").must(t, 201)
	h.give(a.str("key"), "ask-reporter", `"text":"Where was it?"`).must(t, 201)
	h.ask("POST", base+"/incidents/"+a.str("key")+"/commands/answer-reporter", `{"text":"Laptop bag, second seat.","order":{"actor":{"role":"employee","anonymous":true}}}`,
		"User-Agent", "Netscape/4.7", "X-Request-Id", "desk-of-jan", "X-Forwarded-For", "203.0.113.9").must(t, 201)
	var stored []byte
	for _, seq := range []domain.Seq{2, 4} {
		b, err := h.ledger.Stored(seq)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, b...)
	}
	if l := h.get(base+"/incidents/"+a.str("key")+"/logbook", "Ledger-Seq", "2").must(t, 200); l.str("items", 0, "actor", "proof") != "anonymous" ||
		l.at("items", 0, "actor", "door") != nil || l.str("items", 0, "actor", "id") != "" {
		t.Errorf("%s", l.raw)
	}
	for _, where := range []string{string(stored), h.log.String(), a.Header.Get("X-Request-Id")} {
		for _, trace := range []string{"Netscape", "desk-of-jan", "203.0.113.9", "127.0.0.1", a.str("key") + "?", "Laptop"} {
			if strings.Contains(where, trace) {
				t.Errorf("%q is found in %s", trace, where)
			}
		}
	}
	if !strings.Contains(h.log.String(), "POST "+Root+"/organisations/{org}/incidents") {
		t.Error("the access log does not name the route")
	}
}

// One answer to an authority is corrected by its text alone; the words of the others
// stand, and of the one corrected only the new ones.
//
// requirements: ARC-03
func TestACorrectedAnswerLeavesTheOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := h.report()
	seq := h.give(key, "notify-authority", `"authority":"ap","regime":"gdpr","stage":"initial","submitted":"2026-11-20T18:30:00+01:00",`+
		`"channels":[{"kind":"webform","at":"2026-11-20T18:30:00+01:00","outcome":"delivered"}],`+
		`"answers":{"contact-point":"Our own officer","delay-reasons":"A stick was lost"}`).must(t, 201).num("seq")
	says := func(want string, not ...string) {
		t.Helper()
		form := string(h.get(base+"/incidents/"+key+"/forms/ap").must(t, 200).raw)
		if !strings.Contains(form, want) {
			t.Errorf("the form does not say %q", want)
		}
		for _, gone := range not {
			if strings.Contains(form, gone) {
				t.Errorf("the form says %q still", gone)
			}
		}
	}
	correct := func(answers string) {
		t.Helper()
		h.give(key, "correct-fact", fmt.Sprintf(`"corrects":%d,"fields":{"answers":%s},"reason":"So it is."`, seq, answers)).must(t, 201)
	}
	says("A stick was lost")
	correct(`{"delay-reasons":"A phone was lost"}`)
	says("A phone was lost", "A stick was lost")
	says("Our own officer")
	correct(`{"contact-point":"The desk"}`)
	says("A phone was lost")
	says("The desk", "Our own officer")
	correct(`{"contact-point":null}`)
	says("A phone was lost", "The desk")
}
