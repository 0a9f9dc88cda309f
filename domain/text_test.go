package domain

import (
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// told is an event with text in every place where text can stand.
type told struct {
	About   []PersonID    `json:"about,omitempty"`
	Title   Text          `json:"title,omitzero" seal:"aggregate"`
	Where   Text          `json:"where,omitzero" seal:"aggregate,person:about"`
	Lines   []Text        `json:"lines,omitempty" seal:"aggregate"`
	Calls   []toldCall    `json:"calls,omitempty"`
	Answers map[Code]Text `json:"answers,omitempty" seal:"aggregate"`
	Level   int           `json:"level"`
}

type toldCall struct {
	Kind Code `json:"kind"`
	Who  Text `json:"who,omitzero" seal:"aggregate"`
}

func (told) EventName() string { return "Told" }

var (
	aRef   = Ref{"incident", Key{uuid.MustParse("01980000-0000-7000-8000-000000000001")}}
	anID   = OrderID{uuid.MustParse("01980000-0000-7000-8000-000000000002")}
	person = PersonID{uuid.MustParse("01980000-0000-7000-8000-000000000003")}
)

func TestSetApartTakesEveryTextAndItsScopes(t *testing.T) {
	e := told{About: []PersonID{person}, Title: "Fire", Where: "at Jan's", Lines: []Text{"one", "two"},
		Calls: []toldCall{{"phone", "Piet"}}, Answers: map[Code]Text{"cause": "a candle"}, Level: 3}
	before := told{About: e.About, Title: e.Title, Where: e.Where, Lines: []Text{"one", "two"},
		Calls: []toldCall{{"phone", "Piet"}}, Answers: map[Code]Text{"cause": "a candle"}, Level: 3}
	open, texts := SetApart(e, aRef, anID)
	if !reflect.DeepEqual(e, before) {
		t.Errorf("the event was changed to %+v", e)
	}
	want := told{About: []PersonID{person}, Lines: []Text{"", ""}, Calls: []toldCall{{"phone", ""}}, Answers: map[Code]Text{"cause": ""}, Level: 3}
	if !reflect.DeepEqual(open, want) {
		t.Errorf("open part %+v", open)
	}
	entry, incident, of := "entry/"+anID.String(), aRef.String(), "person/"+person.String()
	for i, w := range []Disclosed{
		{"answers.cause", "a candle", []string{entry, incident}},
		{"calls.0.who", "Piet", []string{entry, incident}},
		{"lines.0", "one", []string{entry, incident}},
		{"lines.1", "two", []string{entry, incident}},
		{"title", "Fire", []string{entry, incident}},
		{"where", "at Jan's", []string{entry, incident, of}},
	} {
		if i >= len(texts) || !reflect.DeepEqual(texts[i], w) {
			t.Fatalf("texts %+v; want %+v at %d", texts, w, i)
		}
	}
}

func TestWhatWasSetApartCanBePutBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.String(), func(s string) Text { return Text(s) })
		e := told{
			Title: text.Draw(t, "title"), Where: text.Draw(t, "where"), Level: rapid.Int().Draw(t, "level"),
			Lines:   rapid.SliceOfN(text, 0, 4).Draw(t, "lines"),
			Answers: rapid.MapOfN(rapid.SampledFrom([]Code{"a", "b", "c"}), text, 0, 3).Draw(t, "answers"),
			Calls:   []toldCall{{"phone", text.Draw(t, "who")}},
		}
		open, texts := SetApart(e, aRef, anID)
		fields := map[string]string{}
		for _, d := range texts {
			fields[d.Path] = d.Value
		}
		back, err := PutBack(open, fields)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, e) {
			t.Fatalf("%+v came back as %+v", e, back)
		}
	})
}

func TestAFieldOfAnotherEventIsNotPutBack(t *testing.T) {
	if e, err := PutBack(told{}, map[string]string{"lines.0": "x"}); err == nil {
		t.Errorf("accepted: %+v", e)
	}
}

func TestDocsAreReadFromTheSource(t *testing.T) {
	src := fstest.MapFS{"a.go": {Data: []byte("package a\n\n// Fire says that\n// it burns.\ntype Fire struct {\n\t// Where it burns.\n\tWhere string\n\tWhen int // since when\n}\n")}}
	docs, err := Docs(src)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"Fire": "Fire says that it burns.", "Fire.Where": "Where it burns.", "Fire.When": "since when"}
	for name, text := range want {
		if docs[name] != text {
			t.Errorf("%s: %q", name, docs[name])
		}
	}
	if docs["CorrectFact"] == "" || docs["CorrectFact.Reason"] == "" {
		t.Error("CorrectFact, which every kind has, is not explained")
	}
	src["b.go"] = &fstest.MapFile{Data: []byte("package")}
	if _, err := Docs(src); err == nil {
		t.Error("a source that does not parse gives docs")
	}
}

func TestKeysFollowFromOrders(t *testing.T) {
	a, b := NewKey("nuth", anID), NewKey("beek", anID)
	if a == b || a != NewKey("nuth", anID) || a.IsZero() {
		t.Errorf("%s and %s", a, b)
	}
	if x, y := OrderIDFor("nuth", person, "k"), OrderIDFor("nuth", PersonID{}, "k"); x == y {
		t.Error("two people's idempotency keys give one order")
	}
	if anID.Made("escalation") == anID.Made("notification") || anID.Follow("a") == anID.Follow("b") {
		t.Error("two things have one id")
	}
}
