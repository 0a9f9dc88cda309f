package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// An asked is a request's answer.
type asked struct {
	*http.Response
	raw  []byte
	body map[string]any
}

// ask sends a request over HTTP. Headers come as name, value, name, value …
func (h *house) ask(method, path, body string, headers ...string) asked {
	h.t.Helper()
	a, err := h.tryAsk(method, path, body, headers...)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) tryAsk(method, path, body string, headers ...string) (asked, error) {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, h.server.URL+path, in)
	if err != nil {
		return asked{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := h.server.Client().Do(r)
	if err != nil {
		return asked{}, err
	}
	defer resp.Body.Close()
	a := asked{Response: resp}
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") && len(a.raw) > 0 {
		_ = json.Unmarshal(a.raw, &a.body) // a list of lines stays raw
	}
	return a, nil
}

func (h *house) get(path string, headers ...string) asked {
	h.t.Helper()
	return h.ask("GET", path, "", headers...)
}

// must checks the status.
func (a asked) must(t testing.TB, status int) asked {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.raw)
	}
	if status >= 400 && a.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s: status %d is no problem: %s", a.Request.URL.Path, status, a.raw)
	}
	return a
}

// at walks the answer's JSON: names and positions.
func (a asked) at(path ...any) any {
	var v any = a.body
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a asked) str(path ...any) string { s, _ := a.at(path...).(string); return s }
func (a asked) num(path ...any) int    { n, _ := a.at(path...).(float64); return int(n) }
func (a asked) items() []any           { l, _ := a.at("items").([]any); return l }

// laptop is the body of a report; more members go in front.
func laptop(more string) string {
	return `{` + more + `"kind":"incident","title":"Laptop left on the train","description":"With the files of the youth team.",` +
		`"category":"data-leak","channel":"phone","discovered":"2026-11-20T17:40:00+01:00","ict":true,` +
		`"securityRelevant":true,"suspectedDataLeak":true,` + order() + `}`
}

// order is the envelope every order of these tests has.
func order() string { return `"order":{"actor":{"id":"` + officer + `","role":"security-officer"}}` }

// report reports an incident and gives its key and the receipt.
func (h *house) report(headers ...string) (string, asked) {
	h.t.Helper()
	a := h.ask("POST", base+"/incidents", laptop(""), headers...).must(h.t, 201)
	return a.str("key"), a
}

// give gives an order to an incident.
func (h *house) give(key, command, members string, headers ...string) asked {
	h.t.Helper()
	if members != "" {
		members += ","
	}
	return h.ask("POST", base+"/incidents/"+key+"/commands/"+command, "{"+members+order()+"}", headers...)
}
