package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// with gives a report in which one member has another value.
func with(member, value string) string {
	at := strings.Index(laptop(""), `"`+member+`":`)
	if at < 0 {
		return laptop(`"` + member + `":` + value + `,`)
	}
	rest := laptop("")[at:]
	end := strings.Index(rest, `,"`)
	return laptop("")[:at] + `"` + member + `":` + value + rest[end:]
}

// withOrder gives a report whose envelope has one more member.
func withOrder(member, value string) string {
	return strings.Replace(laptop(""), `"order":{`, `"order":{"`+member+`":`+value+`,`, 1)
}

// Whatever is wrong with a report, the answer is a problem that names the field
// and the rule.
func TestBadReports(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct {
		name, body string
		status     int
		field      string
	}{
		{"not JSON", `{"kind"`, 400, "kind"},
		{"bytes behind", laptop("") + "x", 400, ""},
		{"a list", `[]`, 400, ""},
		{"null", `null`, 400, ""},
		{"a string", `"report"`, 400, ""},
		{"invalid UTF-8", with("title", "\"\xff\""), 400, "title"},
		{"unknown member", with("colour", `"red"`), 400, "colour"},
		{"member twice", laptop(`"title":"One",`), 400, "title"},
		{"member in other case", laptop(`"Kind":"weakness",`), 400, "Kind"},
		{"wrong type", with("title", `7`), 400, "title"},
		{"wrong type of flag", with("ict", `"yes"`), 400, "ict"},
		{"list for text", with("title", `["a"]`), 400, "title"},
		{"deep nesting", with("title", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)), 400, ""},
		{"deep nesting of objects", with("title", strings.Repeat(`{"a":`, 10_000)+"1"+strings.Repeat("}", 10_000)), 400, ""},
		{"missing title", strings.Replace(laptop(""), `"title":"Laptop left on the train",`, "", 1), 422, "title"},
		{"NUL", with("title", `"a\u0000b"`), 422, "title"},
		{"text direction", with("title", `"a\u202eb"`), 422, "title"},
		{"isolate", with("description", `"a\u2066b"`), 422, "description"},
		{"long text", with("description", `"`+strings.Repeat("x", 10_000)+`"`), 422, "description"},
		{"year 0", with("discovered", `"0000-01-01T00:00:00Z"`), 422, "discovered"},
		{"year 9999", with("discovered", `"9999-12-31T23:59:59Z"`), 422, "discovered"},
		{"year 10000", with("discovered", `"10000-01-01T00:00:00Z"`), 400, "discovered"},
		{"no offset", with("discovered", `"2026-11-20T17:40:00"`), 400, "discovered"},
		{"31 June", with("discovered", `"2026-06-31T17:40:00Z"`), 400, "discovered"},
		{"in the future", with("discovered", `"2026-11-22T09:00:00Z"`), 422, "discovered"},
		{"no code of the list", with("category", `"teapot"`), 422, "category"},
		{"occurred in the future", withOrder("occurred", `"2026-11-22T09:00:00Z"`), 422, "occurred"},
		{"occurred in year 0", withOrder("occurred", `"0000-01-01T00:00:00Z"`), 422, "occurred"},
		{"occurred in year 9999", withOrder("occurred", `"9999-01-01T00:00:00Z"`), 422, "occurred"},
		{"occurred no instant", withOrder("occurred", `"yesterday"`), 400, "order.occurred"},
		{"precision alone", withOrder("precision", `"day"`), 400, "order.precision"},
		{"unknown member of the order", withOrder("door", `"web"`), 400, "order.door"},
		{"wrong type in the order", withOrder("ifSeq", `-1`), 400, "order.ifSeq"},
		{"an id that is none", withOrder("id", `"1"`), 400, "order.id"},
		{"digests from a caller", withOrder("by", `{"medium":"phone","sd":["x"]}`), 400, "order.by.sd"},
		{"anonymous with a name", strings.Replace(laptop(`"anonymous":true,`), `"role":`, `"anonymous":true,"role":`, 1), 422, "order"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := h.ask("POST", base+"/incidents", c.body).must(t, c.status)
			if c.field != "" && p.str("field") != c.field {
				t.Errorf("field %q, want %q: %s", p.str("field"), c.field, p.raw)
			}
			if p.str("requirement") == "" || p.str("detail") == "" {
				t.Errorf("the problem names no rule: %s", p.raw)
			}
		})
	}
	if last := h.ledger.Last(); last != 1 {
		t.Errorf("%d entries were written", last-1)
	}
}

// Bodies that are too large or of another kind, paths and methods that are not
// there: each is a problem of its own.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	big := `{"title":"` + strings.Repeat("x", 1<<20) + `"}`
	h.ask("POST", base+"/incidents", big).must(t, 413)
	h.ask("POST", base+"/incidents", laptop(""), "Content-Type", "text/plain").must(t, 415)
	h.ask("POST", base+"/incidents", laptop(""), "Content-Type", "application/x-www-form-urlencoded").must(t, 415)
	h.ask("POST", base+"/incidents", laptop(""), "Content-Type", ";").must(t, 415)
	h.ask("POST", base+"/incidents", laptop(""), "Content-Type", "application/json; charset=utf-8").must(t, 201)
	h.ask("POST", base+"/incidents", "").must(t, 400)
	for _, m := range []string{"PUT", "DELETE", "PATCH", "OPTIONS"} {
		a := h.ask(m, base+"/incidents", "").must(t, 405)
		if a.Header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: Allow is %q", m, a.Header.Get("Allow"))
		}
	}
	h.ask("POST", base+"/deadlines", "").must(t, 405)
	for _, path := range []string{"/nothing", "/api/v1", "/api/v2/organisations", Root + "/organisations/elsewhere/incidents", base + "/incidents/", base + "/teapots", base + "/incidents/%00"} {
		h.get(path).must(t, 404)
	}
	for _, q := range []string{"colour=red", "limit=0", "limit=1001", "limit=-1", "limit=x", "limit=1&limit=2", "state=teapot", "state=closed,", "priority=6",
		"sort=title", "order=up", "since=yesterday", "owner=me", "cursor=%21", "cursor=AAAA", "open=1", "q=%00", "q=%E2%80%AE", "q=" + strings.Repeat("a", 201), "%zz=1", "a;b"} {
		if p := h.get(base+"/incidents?"+q).must(t, 400); p.str("detail") == "" {
			t.Errorf("%s: %s", q, p.raw)
		}
	}
	for _, q := range []string{"within=soon", "within=-1h", "within=P", "within=PT", "at=0"} {
		h.get(base+"/deadlines?"+q).must(t, 400)
	}
	h.get(base+"/incidents", "Ledger-Seq", "soon").must(t, 400)
	h.get(base+"/events", "Last-Event-ID", "x").must(t, 400)
	h.get(base+"/events?after=99").must(t, 400)
}

// A request may come from the house: called within the process it needs no Host
// and may say which door it is.
func TestTheHouseAsksWithinTheProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	give := func(door string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", base+"/incidents", strings.NewReader(laptop("")))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Ledger-Door", door)
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, r)
		return w
	}
	if w := give("cli"); w.Code != 201 {
		t.Fatal(w.Body)
	}
	if w := give("window"); w.Code != 400 {
		t.Fatal(w.Body)
	}
	h.ask("POST", base+"/incidents", laptop(""), "Ledger-Door", "cli").must(t, 201)
	for n, want := range map[int]string{1: "cli", 2: "api"} {
		l := h.get(base+fmt.Sprintf("/incidents/2026-%04d/logbook", n), "Ledger-Seq", "3").must(t, 200)
		if got := l.str("items", 0, "actor", "door"); got != want {
			t.Errorf("report %d came by %q, want %q", n, got, want)
		}
	}
	r := httptest.NewRequest("POST", base+"/incidents", nil)
	r.Body = nil
	w := httptest.NewRecorder()
	if h.api.ServeHTTP(w, r); w.Code != 400 {
		t.Error(w.Code, w.Body)
	}
}

// Whatever bytes are sent, the answer is never a 500.
func TestNoBytesMakeItFail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	paths := []string{"/incidents", "/incidents/2026-0001/commands/correct-fact", "/incidents/2026-0001/commands/notify-authority", "/incidents/2026-0001/what-if"}
	h.report()
	rapid.Check(t, func(rt *rapid.T) {
		body := rapid.OneOf(
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 60), func(b []byte) string { return string(b) }),
			rapid.Custom(func(rt *rapid.T) string {
				member := rapid.SampledFrom([]string{"order", "corrects", "fields", "reason", "channels", "answers", "title", "authority", "submitted"}).Draw(rt, "member")
				value := rapid.SampledFrom([]string{"null", "{}", "[]", "[{}]", "[null]", `""`, "1", "-1", "1e999", "1.5", "true", `{"a":{"b":null}}`, `{"actor":null}`, `"2026-01-01T00:00:00Z"`}).Draw(rt, "value")
				return `{"` + member + `":` + value + `,"kind":"incident"}`
			}),
		).Draw(rt, "body")
		r := httptest.NewRequest("POST", base+rapid.SampledFrom(paths).Draw(rt, "path"), strings.NewReader(body))
		r.Header.Set("Content-Type", rapid.SampledFrom([]string{"application/json", "application/yaml"}).Draw(rt, "media"))
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, r)
		if w.Code >= 500 {
			rt.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}

// A panic is a problem with the request's id, which the log has as well.
func TestAPanicIsAProblem(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) {
		offices := c.Offices
		c.Offices = func() []*Office {
			o := *offices()[0]
			o.Law = nil
			return []*Office{&o}
		}
	})
	p := h.get(base+"/codes").must(t, http.StatusInternalServerError)
	if id := p.str("requestId"); id == "" || !strings.Contains(h.log.String(), id) || p.Header.Get("X-Request-Id") != id {
		t.Errorf("problem %s", p.raw)
	}
}
