package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"incidentledger/handlers"
)

// headerDocs are the request headers that operations can heed.
var headerDocs = map[string]string{
	"Idempotency-Key": "makes the order's id, together with the actor: repeating a request under the same key is harmless",
	"If-Match":        "the ETag of the incident as the caller knows it; the order is refused where the incident has moved on",
	"If-None-Match":   "the ETag of the answer that the caller has; where nothing changed the answer is 304",
	"Ledger-Seq":      "the sequence of an entry that the answer must know of, as a write gave it",
	"Last-Event-ID":   "the sequence of the last event received",
}

// describe derives the OpenAPI description from the operations and serves it, as
// JSON and as YAML, to pages of every origin.
func (s *server) describe() error {
	d := newDescriber()
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Incident ledger", Version: s.Version,
			Description: "Security incidents of an organisation as a ledger: orders go in, entries stand for ever, views show them. " +
				"The server listens on loopback only and takes the actor from the request.",
			Contact: &huma.Contact{Name: "The operator of this server", URL: "https://localhost/", Email: "ledger@localhost"},
			License: &huma.License{Name: "EUPL-1.2", Identifier: "EUPL-1.2"},
		},
		Servers:    []*huma.Server{{URL: Root, Description: "this server"}},
		Components: &huma.Components{Schemas: d.registry},
	}
	d.schema(handlers.Envelope{})
	for _, op := range s.operations {
		doc.AddOperation(d.operation(op))
	}
	d.finish()
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	y, err := doc.YAML()
	if err != nil {
		return err
	}
	s.document("/openapi.json", "application/openapi+json", b)
	s.document("/openapi.yaml", "application/openapi+yaml", y)
	return nil
}

// document serves bytes that never change while the program runs.
func (s *server) document(path, media string, b []byte) {
	sum := sha256.Sum256(b)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	s.mux.HandleFunc("GET "+Root+path, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", media)
		_, _ = w.Write(b) // a failure is the connection's
	})
}

var pathParam = regexp.MustCompile(`\{(\w+)\}`)

var pathDocs = map[string]string{
	"org": "id of the organisation", "key": "key of the incident, or its number such as 2026-0042", "name": "name of the command",
	"list": "name of the list", "clock": "id of the clock, its slashes escaped", "view": "name of the view", "kind": "kind of aggregate", "form": "name of the form",
}

func (d describer) operation(op *operation) *huma.Operation {
	out := &huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{op.tag},
		Summary: op.summary, Description: op.about, Responses: map[string]*huma.Response{},
	}
	for _, m := range pathParam.FindAllStringSubmatch(op.path, -1) {
		out.Parameters = append(out.Parameters, &huma.Param{Name: m[1], In: "path", Required: true,
			Description: pathDocs[m[1]], Schema: &huma.Schema{Type: "string"}})
	}
	for _, p := range op.query {
		out.Parameters = append(out.Parameters, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: p.schema()})
	}
	for _, name := range op.headers {
		out.Parameters = append(out.Parameters, &huma.Param{Name: name, In: "header", Description: headerDocs[name], Schema: &huma.Schema{Type: "string"}})
	}
	if op.body != nil {
		out.RequestBody = &huma.RequestBody{Required: !op.body.optional, Content: map[string]*huma.MediaType{}}
		for _, media := range op.body.media {
			mt := &huma.MediaType{Schema: d.schema(op.body.schema)}
			if op.body.example != "" {
				mt.Example = json.RawMessage(op.body.example)
			}
			out.RequestBody.Content[media] = mt
		}
	}
	d.answers(op, out)
	return out
}

func (d describer) answers(op *operation, out *huma.Operation) {
	media := op.media
	if media == "" {
		media = "application/json"
	}
	for _, status := range append([]int{max(op.status, http.StatusOK)}, op.also...) {
		r := &huma.Response{Description: http.StatusText(status), Headers: map[string]*huma.Param{
			"API-Version": {Description: "version of the program", Schema: &huma.Schema{Type: "string"}},
		}}
		if strings.Contains(op.path, "{org}") {
			r.Headers["Ledger-Seq"] = &huma.Param{Description: "sequence of the entry written, or of the last one that the answer knows of", Schema: &huma.Schema{Type: "string"}}
		}
		if op.method == http.MethodPost && op.status == http.StatusCreated || slices.Contains(op.headers, "If-None-Match") {
			r.Headers["ETag"] = &huma.Param{Description: "the last entry of the incident", Schema: &huma.Schema{Type: "string"}}
		}
		switch {
		case status == http.StatusNotModified:
		case op.gives != nil:
			r.Content = map[string]*huma.MediaType{media: {Schema: d.schema(op.gives)}}
			if _, isList := op.isList(); isList {
				r.Content[mediaCSV] = &huma.MediaType{Schema: &huma.Schema{Type: "string"}}
				r.Content[mediaXLSX] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
			}
		default:
			r.Content = map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: "string"}}}
		}
		out.Responses[strconv.Itoa(status)] = r
	}
	refuses := append([]int{400, 403, 421, 500}, op.refuses...)
	if strings.Contains(op.path, "{") {
		refuses = append(refuses, 404, 503)
	}
	for _, status := range refuses {
		out.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: d.schema(Problem{})}},
		}
	}
}

func (p param) schema() *huma.Schema {
	s := &huma.Schema{Type: "string"}
	for _, w := range p.oneof {
		s.Enum = append(s.Enum, w)
	}
	switch p.kind {
	case number:
		s.Type = "integer"
	case flag:
		s.Type = "boolean"
	case instant:
		s.Format = "date-time"
	case duration:
		s.Format = "duration"
	case id:
		s.Format = "uuid"
	case list:
		s = &huma.Schema{Type: "string", Description: "several with commas between"}
		if len(p.oneof) > 0 {
			s.Description += fmt.Sprintf(": of %s", strings.Join(p.oneof, ", "))
		}
	}
	return s
}
