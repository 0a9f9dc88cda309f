package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"incidentledger/domain"
)

// describer gives the schemas of what operations take and give.
type describer struct{ registry huma.Registry }

func newDescriber() describer {
	d := describer{huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)}
	for _, t := range []reflect.Type{reflect.TypeFor[domain.Key](), reflect.TypeFor[domain.OrderID](), reflect.TypeFor[domain.PersonID]()} {
		d.registry.RegisterTypeAlias(t, reflect.TypeFor[uuidText]())
	}
	return d
}

// uuidText stands for ids in the description.
type uuidText string

// Schema implements huma.SchemaProvider.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// schema gives the schema of a value's type, or the one that the value is.
func (d describer) schema(zero any) *huma.Schema {
	if m, ok := zero.(map[string]any); ok {
		return &huma.Schema{Extensions: m}
	}
	return d.registry.Schema(reflect.TypeOf(zero), true, "")
}

// envelopeDocs say what the members of an order's envelope are for.
var envelopeDocs = map[string]map[string]string{
	"Envelope": {
		"id":          "id of the order, a UUID; repeating an order under it is harmless for ever",
		"key":         "the aggregate, where the address does not name it",
		"actor":       "who gives the order",
		"by":          "on whose word, where that is somebody else; exactly one of person, contact and text",
		"occurred":    "when it happened, RFC 3339 with offset; without it now",
		"precision":   "how exactly occurred is known: second, minute, hour, day or about",
		"happened":    "why a fact that breaks a rule is recorded all the same",
		"correlation": "the conversation it belongs to",
		"causation":   "the order that led to it",
		"dryRun":      "decide and tell, write nothing",
		"ifSeq":       "the aggregate's last entry as the caller knows it",
	},
	"EnvelopeActor": {
		"id":        "the person",
		"role":      "in which role the order is given; required",
		"for":       "organisation acted for; without it the one of the address",
		"anonymous": "a report without any identity",
	},
	"By": {
		"medium":  "how the word came: oral, phone, paper or email",
		"person":  "whose word it is",
		"contact": "a contact whose word it is",
		"text":    "whose word it is, in words; sealed",
	},
}

// finish mends what the types alone do not say: what callers send is closed and
// explained, what they get may have more members tomorrow, and a list is never
// null.
func (d describer) finish() {
	for name, s := range d.registry.Map() {
		docs, sent := envelopeDocs[name]
		if !sent {
			s.AdditionalProperties = nil
		}
		delete(s.Properties, "sd") // digests are the vault's to make
		for prop, p := range s.Properties {
			if doc := docs[prop]; doc != "" {
				p.Description = doc
			}
			p.Nullable = false
		}
	}
}
