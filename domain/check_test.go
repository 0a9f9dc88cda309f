package domain

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// gathering is a command with every kind of rule.
type gathering struct {
	Guests  []Code        `json:"guests,omitzero"`
	Title   Text          `json:"title" rule:"required,max=20"`
	Kind    Code          `json:"kind" rule:"oneof=fire|water"`
	Role    Code          `json:"role" rule:"codes=roles"`
	Level   int           `json:"level" rule:"min=1,max=9"`
	Count   *int          `json:"count,omitzero" rule:"min=2"`
	Seen    time.Time     `json:"seen,omitzero" rule:"past"`
	Until   time.Time     `json:"until,omitzero" rule:"future"`
	Calls   []call        `json:"calls,omitempty" rule:"min=2"`
	Answers map[Code]Text `json:"answers,omitempty"`
}

type call struct {
	To Text `json:"to" rule:"required"`
}

func (gathering) CommandName() string { return "Gather" }

type roles struct{}

func (roles) HasCode(list string, c Code) bool { return list == "roles" && c == "mayor" }
func (roles) CodesOf(string) []Code            { return []Code{"mayor"} }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestCheckNamesTheFieldAndTheRule(t *testing.T) {
	zero, two := 0, 2
	for _, c := range []struct {
		name   string
		change func(*gathering)
		field  string // at fault; empty: accepted
		says   string
	}{
		{"as it should be", func(*gathering) {}, "", ""},
		{"no title", func(g *gathering) { g.Title = "" }, "title", "required"},
		{"a title of spaces", func(g *gathering) { g.Title = " \n " }, "title", "only spaces"},
		{"nobody in a list", func(g *gathering) { g.Guests = []Code{"a", ""} }, "guests.1", "empty"},
		{"a long title", func(g *gathering) { g.Title = Text(strings.Repeat("é", 21)) }, "title", "21 characters"},
		{"twenty characters of two bytes", func(g *gathering) { g.Title = Text(strings.Repeat("é", 20)) }, "", ""},
		{"NUL in a text", func(g *gathering) { g.Title = "a\x00b" }, "title", "U+0000"},
		{"direction control in a text", func(g *gathering) { g.Title = "a\u202eb" }, "title", "U+202E"},
		{"broken UTF-8", func(g *gathering) { g.Title = "a\xff" }, "title", "UTF-8"},
		{"a line break is text", func(g *gathering) { g.Title = "a\nb" }, "", ""},
		{"another kind", func(g *gathering) { g.Kind = "storm" }, "kind", "fire, water"},
		{"a role that is not in the list", func(g *gathering) { g.Role = "king" }, "role", "roles"},
		{"a space in a code", func(g *gathering) { g.Role = "the mayor" }, "role", "not a code"},
		{"a level too high", func(g *gathering) { g.Level = 10 }, "level", "at most 9"},
		{"a count of zero is given, and too low", func(g *gathering) { g.Count = &zero }, "count", "at least 2"},
		{"a count that fits", func(g *gathering) { g.Count = &two }, "", ""},
		{"seen in the future", func(g *gathering) { g.Seen = noon.Add(ClockTolerance + 1) }, "seen", "future"},
		{"seen within the tolerance", func(g *gathering) { g.Seen = noon.Add(ClockTolerance) }, "", ""},
		{"seen in the year 0", func(g *gathering) { g.Seen = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }, "seen", "year 0"},
		{"until the year 9999", func(g *gathering) { g.Until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }, "until", "9999"},
		{"until yesterday", func(g *gathering) { g.Until = noon.Add(-time.Hour) }, "until", "passed"},
		{"one call", func(g *gathering) { g.Calls = g.Calls[:1] }, "calls", "at least 2"},
		{"a call to nobody", func(g *gathering) { g.Calls[1].To = "" }, "calls.1.to", "required"},
		{"an answer with NUL", func(g *gathering) { g.Answers["cause"] = "\x00" }, "answers.cause", "U+0000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &gathering{Title: "Fire", Kind: "fire", Role: "mayor", Level: 1, Seen: noon, Until: noon.Add(1),
				Calls: []call{{"a"}, {"b"}}, Answers: map[Code]Text{"cause": "a candle"}}
			c.change(g)
			err := Check(g, noon, roles{})
			var r *Refusal
			switch {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field == "":
			case !errors.As(err, &r):
				t.Errorf("accepted, or not a refusal: %v", err)
			case r.Field != c.field || !strings.Contains(r.Text, c.says) || r.Code != CodeInvalid:
				t.Errorf("field %q, code %s, text %q; want field %q and %q", r.Field, r.Code, r.Text, c.field, c.says)
			}
		})
	}
}

func TestASchemaSaysWhatCheckChecks(t *testing.T) {
	s := Schema(CommandType{New: func() Command { return &gathering{} }}, roles{}, map[string]string{"gathering.Kind": "what it is"})
	props := s["properties"].(map[string]any)
	title, kind, role, calls := props["title"].(map[string]any), props["kind"].(map[string]any), props["role"].(map[string]any), props["calls"].(map[string]any)
	if title["maxLength"] != 20 || title["x-sealed"] != true {
		t.Errorf("title: %v", title)
	}
	if kind["description"] != "what it is" || len(kind["enum"].([]string)) != 2 {
		t.Errorf("kind: %v", kind)
	}
	if got := role["enum"].([]Code); len(got) != 1 || got[0] != "mayor" {
		t.Errorf("role: %v", role)
	}
	if calls["minItems"] != 2 || s["additionalProperties"] != false || s["title"] != "Gather" {
		t.Errorf("calls: %v of %v", calls, s)
	}
	if got := s["required"].([]string); len(got) != 1 || got[0] != "title" {
		t.Errorf("required: %v", got)
	}
}

type openString struct {
	Name string `json:"name"`
}
type bareText struct {
	Name Text `json:"name,omitzero"`
}
type shownText struct {
	Name Text `json:"name" seal:"aggregate"`
}
type fraction struct {
	N float64 `json:"n"`
}

func (openString) EventName() string { return "E" }
func (bareText) EventName() string   { return "E" }
func (shownText) EventName() string  { return "E" }
func (fraction) EventName() string   { return "E" }

// TestAnEventSaysWhatIsOpenAndWhatIsSealed: a declaration that could let text
// stand open in the ledger is an error before the first entry.
func TestAnEventSaysWhatIsOpenAndWhatIsSealed(t *testing.T) {
	for name, k := range map[string]Kind{
		"a string that is neither open nor sealed": {Events: []EventType{Shape[openString](1)}},
		"a text without scopes":                    {Events: []EventType{Shape[bareText](1)}},
		"a text that is written when it is empty":  {Events: []EventType{Shape[shownText](1)}},
		"a number with a fraction":                 {Events: []EventType{Shape[fraction](1)}},
		"a version declared twice":                 {Events: []EventType{Shape[told](1), Shape[told](1)}},
		"version 0":                                {Events: []EventType{Shape[told](0)}},
		"a command that names an unknown event":    {Commands: []CommandType{{New: func() Command { return &gathering{} }, Events: []string{"Gone"}}}},
	} {
		if err := k.Validate(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	good := Kind{Events: []EventType{Shape[told](1)}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
}
