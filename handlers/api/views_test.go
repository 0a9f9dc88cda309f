package api

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// Views tell where they stand, give their digest, are checked against a rebuild
// and rebuilt.
func TestViewsAreCheckedAndRebuilt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, a := h.report()
	last := a.Header.Get("Ledger-Seq")
	for _, view := range []string{"register", "logbook", "deadlines", "audit", "duties", "breaches", "informed", "evidence", "obligations", "suppliers", "improvements", "contacts"} {
		d := h.get(base+"/views/"+view+"/digest", "Ledger-Seq", last).must(t, 200)
		if d.num("seq") != 2 || len(d.str("digest")) != 64 {
			t.Errorf("%s", d.raw)
		}
		for _, query := range []string{"?check=true", ""} {
			r := h.ask("POST", base+"/views/"+view+"/rebuild"+query, "").must(t, 200)
			var last struct {
				Done, Equal bool
				Live        struct{ Digest string }
			}
			told := strings.Split(strings.TrimSpace(string(r.raw)), "\n")
			if err := json.Unmarshal([]byte(told[len(told)-1]), &last); err != nil {
				t.Fatal(err)
			}
			if !last.Done || last.Live.Digest != d.str("digest") || query != "" && !last.Equal {
				t.Errorf("%s%s: %s", view, query, r.raw)
			}
		}
	}
	list := h.get(base+"/views").must(t, 200)
	if len(list.items()) != 12 || list.num("items", 0, "behind") != 0 {
		t.Errorf("%s", list.raw)
	}
	h.get(base+"/views/teapot/digest").must(t, 404)
	h.ask("POST", base+"/views/teapot/rebuild", "").must(t, 404)
}

// The descriptions of commands and codes are those of the declarations and of
// the adopted policy set.
func TestCommandsAndCodesDescribeThemselves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	orgs := h.get(Root+"/organisations").must(t, 200)
	if orgs.str("items", 0, "org") != testOrg || orgs.str("items", 0, "zone") != "Europe/Amsterdam" || orgs.num("items", 0, "seq") != 1 {
		t.Errorf("%s", orgs.raw)
	}
	all, some := h.get(base+"/commands").must(t, 200), h.get(base+"/commands?kind=incident").must(t, 200)
	if len(all.items()) <= len(some.items()) {
		t.Errorf("%d of %d commands are an incident's", len(some.items()), len(all.items()))
	}
	for i := range some.items() {
		name, path := some.str("items", i, "name"), some.str("items", i, "path")
		one := h.get(base+"/commands/"+path).must(t, 200)
		if one.str("name") != name || one.str("about") == "" || one.at("example") == nil || one.str("schema", "type") != "object" {
			t.Errorf("%s: %s", path, one.raw)
		}
	}
	report := h.get(base+"/commands/ReportIncident").must(t, 200)
	codes := h.get(base+"/codes/categories").must(t, 200)
	given, _ := report.at("schema", "properties", "category", "enum").([]any)
	adopted, _ := codes.at("codes").([]any)
	if len(adopted) == 0 || len(given) != len(adopted) {
		t.Errorf("the schema has %d categories, the policy set %d", len(given), len(adopted))
	}
	if lists := h.get(base+"/codes").must(t, 200); len(lists.items()) < 5 {
		t.Errorf("%s", lists.raw)
	}
	h.get(base+"/codes/teapots").must(t, 404)
	h.get(base+"/commands/make-coffee").must(t, 404)
	h.get(base+"/commands?kind=teapot").must(t, 404)
}

// The program is ready while its ledger takes entries and its views follow.
func TestReadyTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if a := h.get("/livez").must(t, 200); a.at("live") != true {
		t.Errorf("%s", a.raw)
	}
	if a := h.get("/readyz").must(t, 200); a.at("ready") != true {
		t.Errorf("%s", a.raw)
	}
	h.mu.Lock()
	h.broken = errors.New("the disk is gone")
	h.mu.Unlock()
	a := h.get("/readyz")
	if a.StatusCode != 503 || a.str("organisations", 0, "error") != "the disk is gone" {
		t.Errorf("%d %s", a.StatusCode, a.raw)
	}
}

// The status page shows codes and numbers, no words, runs no script, and says
// that nobody signs in.
func TestTheStatusPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, a := h.report()
	h.get(base+"/deadlines", "Ledger-Seq", a.Header.Get("Ledger-Seq")).must(t, 200)
	p := h.get("/").must(t, 200)
	page := string(p.raw)
	for _, want := range []string{"<html lang=\"en\">", "Gemeente Nuth", "2026-0001", gdpr, "listens on loopback only and takes the actor from the request", Root + "/openapi.json", "<caption>", `scope="col"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"Laptop", "<script", "{{"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if csp := p.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

// Strangers are kept out: another host's name, another origin's page. A Unix
// socket has no host.
func TestStrangersAreKeptOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, port, _ := net.SplitHostPort(h.server.Listener.Addr().String())
	for host, status := range map[string]int{
		"ledger.example": 421, "ledger.example:" + port: 421, "127.0.0.1.nip.io": 421, "192.168.1.7": 421, "localhost.": 421,
		"localhost": 200, "LOCALHOST:" + port: 200, "127.0.0.1": 200, "[::1]:" + port: 200, "127.1.2.3": 200,
	} {
		r, err := http.NewRequest("GET", h.server.URL+"/api/v1/organisations", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("host %s: %d, want %d", host, resp.StatusCode, status)
		}
	}
	h.ask("POST", base+"/incidents", laptop(""), "Origin", "https://evil.example").must(t, 403)
	h.ask("POST", base+"/incidents", laptop(""), "Sec-Fetch-Site", "cross-site").must(t, 403)
	h.ask("POST", base+"/incidents", laptop(""), "Sec-Fetch-Site", "same-origin").must(t, 201)

	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	unix := httptest.NewUnstartedServer(h.api)
	unix.Listener = l
	unix.Start()
	defer unix.Close()
	c := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", l.Addr().String())
	}}}
	resp, err := c.Get("http://ledger/api/v1/organisations")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("over the socket: %d", resp.StatusCode)
	}
}
