package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/report"
)

// conform gives where a value is not what a schema of the description says.
func conform(doc, schema, v any, at string) []string {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		return conform(doc, doc.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)[name], v, at)
	}
	var out []string
	bad := func(format string, args ...any) { out = append(out, at+" "+fmt.Sprintf(format, args...)) }
	switch s["type"] {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			bad("is %T, not an object", v)
		}
		required, _ := s["required"].([]any)
		for _, r := range required {
			if _, ok := m[r.(string)]; !ok {
				bad("lacks %s", r)
			}
		}
		props, _ := s["properties"].(map[string]any)
		for name, x := range m {
			if p, ok := props[name]; ok {
				out = append(out, conform(doc, p, x, at+"."+name)...)
			} else if len(props) > 0 {
				bad("has %s, which is not described", name)
			}
		}
	case "array":
		l, ok := v.([]any)
		if !ok {
			bad("is %T, not a list", v)
		}
		for i, x := range l {
			out = append(out, conform(doc, s["items"], x, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "string":
		if _, ok := v.(string); !ok {
			bad("is %T, not a string", v)
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			bad("is %v, not a whole number", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			bad("is %T, not a flag", v)
		}
	}
	return out
}

// What the API answers is what it describes.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	doc := h.get(Root+"/openapi.json").must(t, 200).body
	described := func(method, path string, status int) any {
		a := asked{body: doc}
		media := "application/json"
		if status >= 400 {
			media = "application/problem+json"
		}
		schema := a.at("paths", path, method, "responses", fmt.Sprint(status), "content", media, "schema")
		if schema == nil {
			t.Fatalf("%s %s %d is not described", method, path, status)
		}
		return schema
	}
	check := func(a asked, path string) {
		t.Helper()
		method := strings.ToLower(a.Request.Method)
		for _, fault := range conform(doc, described(method, path, a.StatusCode), a.body, path) {
			t.Error(fault)
		}
	}
	const org, one = "/organisations/{org}", "/organisations/{org}/incidents/{key}"
	key, receipt := h.report()
	check(receipt, org+"/incidents")
	h.give(key, "assess-priority", `"urgency":"high","impact":"high"`).must(t, 201)
	check(h.give(key, "escalate", `"to":"secretary","kind":"hierarchical","level":2,"because":"manual","reason":"Now."`).must(t, 201), one+"/commands/escalate")
	check(h.give(key, "notify-authority", `"authority":"ap","regime":"gdpr","stage":"initial","submitted":"2026-11-21T09:00:00Z","channels":[{"kind":"webform","at":"2026-11-21T09:00:00Z","outcome":"delivered"}]`).must(t, 201), one+"/commands/notify-authority")
	check(h.give(key, "reopen-incident", `"reason":"x"`).must(t, 422), one+"/commands/reopen-incident")
	last := h.give(key, "correct-fact", `"corrects":2,"fields":{"title":"Bus"},"reason":"x"`).must(t, 201).Header.Get("Ledger-Seq")
	for path, real := range map[string]string{
		"/organisations": Root + "/organisations", org + "/commands": base + "/commands", org + "/commands/{name}": base + "/commands/escalate",
		org + "/codes": base + "/codes", org + "/codes/{list}": base + "/codes/roles", org + "/incidents": base + "/incidents",
		org + "/deadlines": base + "/deadlines", org + "/audit": base + "/audit", org + "/views": base + "/views",
		org + "/views/{view}/digest": base + "/views/audit/digest",
		one:                          base + "/incidents/" + key, one + "/logbook": base + "/incidents/" + key + "/logbook",
		one + "/timeline": base + "/incidents/" + key + "/timeline", one + "/clocks": base + "/incidents/" + key + "/clocks",
		one + "/explanation": base + "/incidents/" + key + "/explanation?clock=" + gdpr,
	} {
		check(h.get(real, "Ledger-Seq", last).must(t, 200), path)
	}
	h.office.Kit = func(ctx context.Context, now time.Time) (*report.Kit, error) {
		src := &report.Source{Org: testOrg, Zone: h.office.Zone, Log: h.office.Log, Opener: h.office.Opener, Law: h.office.Law,
			Dossiers: func(domain.KindName) ([]domain.Ref, error) { return nil, nil }}
		return src.Kit(ctx, now)
	}
	check(h.get(base+"/kit").must(t, 200), org+"/kit")
	check(h.get(base+"/kit/state").must(t, 200), org+"/kit/state")
	check(h.ask("POST", base+"/incidents/"+key+"/what-if", "gdpr-33: {elapsed: PT1H}", "Content-Type", "text/yaml").must(t, 200), one+"/what-if")
	check(h.get(base+"/incidents/2026-0099").must(t, 404), one)
}

// The check itself sees what does not conform.
func TestConformSees(t *testing.T) {
	t.Parallel()
	doc := map[string]any{"components": map[string]any{"schemas": map[string]any{"Thing": map[string]any{"type": "object",
		"required": []any{"name"}, "properties": map[string]any{"name": map[string]any{"type": "string"}, "list": map[string]any{"type": "array"}, "n": map[string]any{"type": "integer"}}}}}}
	got := conform(doc, map[string]any{"$ref": "#/components/schemas/Thing"}, map[string]any{"list": nil, "n": 1.5, "more": true}, "it")
	slices.Sort(got)
	if len(got) != 4 {
		t.Errorf("%q", got)
	}
}
