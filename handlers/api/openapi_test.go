package api

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

var (
	camel = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// lint gives every fault of a description by the API design rules of the Dutch
// government, as far as a program can see them.
func lint(doc map[string]any) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	obj := func(v any, path ...string) map[string]any {
		for _, p := range path {
			m, _ := v.(map[string]any)
			v = m[p]
		}
		m, _ := v.(map[string]any)
		return m
	}
	if v, _ := doc["openapi"].(string); !strings.HasPrefix(v, "3.1.") {
		fault("openapi is %v", doc["openapi"])
	}
	for _, name := range []string{"name", "email", "url"} {
		if obj(doc, "info", "contact")[name] == nil {
			fault("info.contact has no %s", name)
		}
	}
	if v, _ := obj(doc, "info")["version"].(string); !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(v) {
		fault("info.version is %q", v)
	}
	if servers, _ := doc["servers"].([]any); len(servers) != 1 || !strings.HasSuffix(obj(servers[0])["url"].(string), "/v1") {
		fault("servers: %v", doc["servers"])
	}
	ids := map[string]bool{}
	for path, item := range obj(doc, "paths") {
		for _, part := range strings.Split(strings.Trim(path, "/"), "/") {
			if !strings.HasPrefix(part, "{") && !kebab.MatchString(part) {
				fault("%s: %s is not in kebab case", path, part)
			}
		}
		if strings.HasSuffix(path, "/") {
			fault("%s ends with a slash", path)
		}
		for method, v := range obj(item) {
			op, at := obj(v), method+" "+path
			id, _ := op["operationId"].(string)
			if id == "" || ids[id] {
				fault("%s: operationId %q is empty or not unique", at, id)
			}
			ids[id] = true
			if op["summary"] == nil {
				fault("%s has no summary", at)
			}
			declared := map[string]bool{}
			params, _ := op["parameters"].([]any)
			for _, p := range params {
				in, name := obj(p)["in"], fmt.Sprint(obj(p)["name"])
				if in == "query" && !camel.MatchString(name) {
					fault("%s: query key %s is not in camel case", at, name)
				}
				if in == "path" {
					declared[name] = true
					if obj(p)["required"] != true {
						fault("%s: path parameter %s is not required", at, name)
					}
				}
			}
			for _, m := range pathParam.FindAllStringSubmatch(path, -1) {
				if !declared[m[1]] {
					fault("%s: path parameter %s is not declared", at, m[1])
				}
			}
			responses := obj(op, "responses")
			if obj(responses, "400") == nil {
				fault("%s does not document 400", at)
			}
			if op["requestBody"] != nil && obj(responses, "422") == nil {
				fault("%s does not document 422", at)
			}
			for status, r := range responses {
				switch status[0] {
				case '2', '3':
					if obj(r, "headers", "API-Version") == nil {
						fault("%s %s does not declare API-Version", at, status)
					}
				default:
					if obj(r, "content", "application/problem+json") == nil {
						fault("%s %s is no problem", at, status)
					}
				}
			}
		}
	}
	schemas := obj(doc, "components", "schemas")
	for _, name := range []string{"status", "title", "detail"} {
		if obj(schemas, "Problem", "properties")[name] == nil {
			fault("a problem has no %s", name)
		}
	}
	for name, schema := range schemas {
		for prop := range obj(schema, "properties") {
			if !camel.MatchString(prop) {
				fault("property %s.%s is not in camel case", name, prop)
			}
		}
	}
	for _, name := range []string{"Envelope", "EnvelopeActor", "By"} {
		if obj(schemas, name)["additionalProperties"] != false {
			fault("%s takes unknown members", name)
		}
		for prop, p := range obj(schemas, name, "properties") {
			if obj(p)["description"] == nil && obj(p)["$ref"] == nil {
				fault("%s.%s is not explained", name, prop)
			}
		}
	}
	var refs func(v any)
	refs = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && schemas[strings.TrimPrefix(ref, "#/components/schemas/")] == nil {
				fault("%s leads nowhere", ref)
			}
			for _, x := range v {
				refs(x)
			}
		case []any:
			for _, x := range v {
				refs(x)
			}
		}
	}
	refs(doc)
	return faults
}

// The API describes itself by the rules, and every command has an operation of
// its own.
func TestTheDescriptionFollowsTheRules(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.get(Root+"/openapi.json", "Origin", "https://docs.example").must(t, 200)
	if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Content-Type") != "application/openapi+json" || strings.Contains(string(a.raw), `"$schema"`) {
		t.Errorf("%v", a.Header)
	}
	for _, f := range lint(a.body) {
		t.Error(f)
	}
	commands := h.get(base+"/commands?kind=incident").must(t, 200)
	for i := range commands.items() {
		name := commands.str("items", i, "name")
		path := "/organisations/{org}/incidents/{key}/commands/" + commands.str("items", i, "path")
		if commands.at("items", i, "begins") == true {
			path = "/organisations/{org}/incidents"
		}
		schema := a.at("paths", path, "post", "requestBody", "content", "application/json", "schema")
		if commands.at("items", i, "system") == true {
			if schema != nil {
				t.Errorf("%s is the program's own, but has an operation", name)
			}
			continue
		}
		if m, _ := schema.(map[string]any); m["title"] != name {
			t.Errorf("%s has no operation at %s", name, path)
		}
	}
	tag := a.Header.Get("ETag")
	h.get(Root+"/openapi.json", "If-None-Match", tag).must(t, 304)
	if y := h.get(Root+"/openapi.yaml").must(t, 200); !strings.Contains(string(y.raw), "operationId: report-incident") {
		t.Errorf("the YAML form lacks the operations: %.200s", y.raw)
	}
}

// The linter itself sees faults.
func TestTheLinterSees(t *testing.T) {
	t.Parallel()
	doc := map[string]any{"openapi": "3.0.0", "servers": []any{map[string]any{"url": "/api"}}, "paths": map[string]any{
		"/Things/{id}/": map[string]any{"get": map[string]any{
			"parameters": []any{map[string]any{"in": "query", "name": "page_size"}},
			"responses":  map[string]any{"200": map[string]any{}, "404": map[string]any{}},
		}},
	}}
	faults := strings.Join(lint(doc), "\n")
	for _, want := range []string{"openapi is", "info.contact", "info.version", "servers", "Things is not in kebab", "ends with a slash", "operationId", "summary", "page_size", "parameter id is not declared", "400", "API-Version", "404 is no problem"} {
		if !strings.Contains(faults, want) {
			t.Errorf("not seen: %s", want)
		}
	}
}
