package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"encoding/json"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// An organisation as the list of organisations shows it.
type organisation struct {
	Org     domain.OrgID `json:"org"`
	Name    string       `json:"name"`
	Country domain.Code  `json:"country,omitempty"`
	Zone    string       `json:"zone"`
	Seq     domain.Seq   `json:"seq" doc:"its last entry"`
}

// A command as lists and its own page show it.
type command struct {
	Kind    domain.KindName `json:"kind"`
	Name    string          `json:"name"`
	Path    string          `json:"path" doc:"the name as it stands in an address"`
	About   string          `json:"about,omitempty"`
	Begins  bool            `json:"begins" doc:"it begins an aggregate"`
	System  bool            `json:"system" doc:"only the program itself gives it"`
	Roles   []domain.Code   `json:"roles" doc:"who may give it; empty: everybody"`
	States  []domain.Code   `json:"states" doc:"in which states; empty: in every state once begun"`
	Events  []string        `json:"events" doc:"what it can cause"`
	Example json.RawMessage `json:"example,omitempty"`
	Schema  map[string]any  `json:"schema,omitempty" doc:"JSON Schema of its members, with the adopted codes"`
}

type codeList struct {
	List  string        `json:"list"`
	Codes []domain.Code `json:"codes"`
}

type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"cursor of the next page; absent: this was the last"`
	Total *int   `json:"total,omitempty" doc:"how many there are in all, where that is known"`

	Unsearched uint64 `json:"unsearched,omitempty" doc:"with q: entries whose texts are not searched yet, so that hits may be missing; ask again in a while"`
}

func pageOf[T any](items []T) page[T] {
	if items == nil {
		items = []T{}
	}
	return page[T]{Items: items}
}

func (s *server) metaOperations() []*operation {
	const org = "/organisations/{org}"
	get := func(id, path, summary string, gives any, do func(*request) (*answer, error), query ...param) *operation {
		return &operation{id: id, method: http.MethodGet, path: path, tag: "descriptions", summary: summary, gives: gives, do: do, query: query}
	}
	return []*operation{
		get("list-organisations", "/organisations", "The organisations whose ledgers are here", page[organisation]{}, (*request).organisations),
		get("list-commands", org+"/commands", "The commands, of one kind of aggregate or of all", page[command]{}, (*request).commands,
			param{name: "kind", kind: word, doc: "such as incident"}),
		get("show-command", org+"/commands/{name}", "One command: schema, roles, states, events and an example", command{}, (*request).command,
			param{name: "kind", kind: word, doc: "where several kinds have a command of this name"}),
		get("list-code-lists", org+"/codes", "The code lists of the adopted policy set", page[codeList]{}, (*request).codeLists),
		get("show-code-list", org+"/codes/{list}", "One code list of the adopted policy set", codeList{}, (*request).codeList),
	}
}

func (s *server) kind(name domain.KindName) *domain.Kind {
	i := slices.IndexFunc(s.Kinds, func(k domain.Kind) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Kinds[i]
}

func (q *request) organisations() (*answer, error) {
	list := pageOf[organisation](nil)
	for _, o := range q.s.Offices() {
		list.Items = append(list.Items, organisation{Org: o.Org, Name: o.Name, Country: o.Country, Zone: o.Zone.String(), Seq: o.Log.Last()})
	}
	return &answer{body: list}, nil
}

func (q *request) commands() (*answer, error) {
	list := pageOf[command](nil)
	for i := range q.s.Kinds {
		k := &q.s.Kinds[i]
		if q.has("kind") && q.text("kind") != string(k.Name) {
			continue
		}
		for _, ct := range k.Commands {
			list.Items = append(list.Items, q.s.describeCommand(k.Name, ct))
		}
	}
	if len(list.Items) == 0 {
		return nil, missing("there is no kind of aggregate %q", q.text("kind"))
	}
	return &answer{body: list}, nil
}

func (q *request) command() (*answer, error) {
	name := q.PathValue("name")
	for i := range q.s.Kinds {
		k := &q.s.Kinds[i]
		if q.has("kind") && q.text("kind") != string(k.Name) {
			continue
		}
		if ct, ok := commandNamed(k, name); ok {
			c := q.s.describeCommand(k.Name, ct)
			c.Example = json.RawMessage(ct.Example)
			c.Schema = domain.Schema(ct, q.set(), q.s.Docs[k.Name])
			c.Schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
			return &answer{body: c}, nil
		}
	}
	every := domain.Kind{Name: "the ledger"}
	for _, k := range q.s.Kinds {
		if !q.has("kind") || q.text("kind") == string(k.Name) {
			every.Commands = append(every.Commands, k.Commands...)
		}
	}
	return nil, noCommand(&every, name, nil)
}

func (s *server) describeCommand(kind domain.KindName, ct domain.CommandType) command {
	list := func(codes []domain.Code) []domain.Code { return append([]domain.Code{}, codes...) }
	return command{
		Kind: kind, Name: ct.Name(), Path: domain.Kebab(ct.Name()), About: s.Docs[kind][ct.Name()],
		Begins: ct.Begins, System: ct.System, Roles: list(ct.Roles), States: list(ct.States), Events: append([]string{}, ct.Events...),
	}
}

// set is the policy set by which one judges now. Without one there are no codes.
func (q *request) set() *policy.Set {
	law := q.office.Law()
	if s := law.At(q.now()); s != nil {
		return s
	}
	return new(policy.Set)
}

func (q *request) codeLists() (*answer, error) {
	list, set := pageOf[codeList](nil), q.set()
	for _, name := range set.Lists() {
		list.Items = append(list.Items, codeList{name, set.CodesOf(name)})
	}
	return &answer{body: list}, nil
}

func (q *request) codeList() (*answer, error) {
	name, set := q.PathValue("list"), q.set()
	if !slices.Contains(set.Lists(), name) {
		p := missing("the adopted policy set has no list %q", clip(name, 60))
		p.Allowed = set.Lists()
		return nil, p
	}
	return &answer{body: codeList{name, set.CodesOf(name)}}, nil
}

// commandDoc gives a command's summary and description from its doc comment.
func (s *server) commandDoc(kind domain.KindName, ct domain.CommandType) (summary, about string) {
	about = s.Docs[kind][ct.Name()]
	summary, _, _ = strings.Cut(about, ". ")
	summary = strings.TrimSuffix(summary, ".")
	if _, rest, ok := strings.Cut(summary, " "); ok && strings.HasPrefix(summary, ct.Name()+" ") {
		summary = ct.Name() + ": " + rest
	}
	if summary == "" {
		summary = ct.Name()
	}
	if len(ct.Roles) > 0 {
		about += " For the roles " + join(ct.Roles) + "."
	}
	if len(ct.States) > 0 {
		about += " While the incident is " + join(ct.States) + "."
	}
	return summary, strings.TrimSpace(about)
}

func join(codes []domain.Code) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

// commandSchema is the schema of a body that gives a command: its members, and
// the envelope under order.
func (s *server) commandSchema(kind domain.KindName, ct domain.CommandType, codes domain.Codes) map[string]any {
	schema := domain.Schema(ct, codes, s.Docs[kind])
	props := maps.Clone(schema["properties"].(map[string]any))
	props["order"] = map[string]any{"$ref": "#/components/schemas/Envelope"}
	schema["properties"] = props
	return schema
}

// anyCommand is the schema of a body whose command the address names.
var anyCommand = map[string]any{
	"type": "object", "description": "the members of the command, and the order's own under order",
	"properties": map[string]any{"order": map[string]any{"$ref": "#/components/schemas/Envelope"}},
}
