package vault

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

// requirements: LOG-04
func TestNothingTypedStandsOpen(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	en := sealed(t, v, orderID(1), spoken(), story()...)
	entry, err := json.Marshal(en)
	if err != nil {
		t.Fatal(err)
	}
	file := string(readFile(t, c))
	for _, secret := range []string{"Laptop", "Ann and", "Janssens", "Peeters", "theft", "first", "second", "verloren", "perdu", "mayor"} {
		if strings.Contains(string(entry), secret) || strings.Contains(file, secret) {
			t.Errorf("%q can be read", secret)
		}
	}
	// The scopes of by.text are what its declaration says.
	f, _ := reflect.TypeFor[domain.By]().FieldByName("Text")
	if f.Tag.Get("seal") != "aggregate" {
		t.Errorf("the seal tag of by.text is %q; sealing.by does otherwise", f.Tag.Get("seal"))
	}
	if en.Events[0].V != 2 || en.Events[0].Type != "Reported" || len(en.Events[1].SD) != 0 || len(en.Events[0].SD) != 12 {
		t.Errorf("records: %+v", en.Events)
	}
	if !slices.IsSorted(en.Events[0].SD) {
		t.Error("digests are not sorted: their order says which field they are of")
	}
	if len(en.Sealed) != 2 || len(en.Sealed[0].Scopes) != 2 || len(en.Sealed[1].Scopes) != 4 {
		t.Errorf("boxes: %+v", en.Sealed)
	}
}

func TestAnEntryWithoutTextNeedsNoKey(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	before := len(readFile(t, c))
	en := sealed(t, v, orderID(1), &domain.By{Medium: "oral", Person: ann}, closed{OK: true})
	if en.Sealed != nil || en.By.SD != nil || en.By.Person != ann {
		t.Errorf("entry %+v", en)
	}
	if len(readFile(t, c)) != before {
		t.Error("a key was made")
	}
	opens(t, v, en, "", closed{OK: true})
}

func TestWhatCannotBeSealedIsRefused(t *testing.T) {
	v := mustCreate(t, config(t))
	seal := func(by *domain.By, e domain.Event) error {
		_, err := trySeal(v, orderID(1), by, e)
		return err
	}
	e := story()[0].(reported)
	cases := map[string]error{
		"event behind a pointer":    seal(nil, &e),
		"no event":                  seal(nil, nil),
		"event not declared":        seal(nil, undeclared{}),
		"text that is not UTF-8":    seal(nil, domain.RuleDeviated{Reason: "\xff"}),
		"by that was sealed before": seal(&domain.By{SD: []domain.Digest{"x"}}, closed{}),
	}
	_, cases["order without an id"] = trySeal(v, domain.OrderID{}, nil, closed{})
	for what, err := range cases {
		if err == nil {
			t.Errorf("%s was sealed", what)
		}
	}
}

type undeclared struct{}

func (undeclared) EventName() string { return "Undeclared" }

func TestWhateverIsSealedOpens(t *testing.T) {
	v := mustCreate(t, config(t))
	text := rapid.Map(rapid.String(), func(s string) domain.Text { return domain.Text(strings.ToValidUTF8(s, "?")) })
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		e := reported{
			Title:    text.Draw(rt, "title"),
			About:    text.Draw(rt, "about"),
			Members:  rapid.SliceOf(rapid.SampledFrom([]domain.PersonID{ann, bob, {}})).Draw(rt, "members"),
			Notes:    rapid.SliceOf(text).Draw(rt, "notes"),
			Channels: []channel{{"phone", text.Draw(rt, "person")}},
			Words:    rapid.MapOf(rapid.StringMatching(`[a-z]{1,5}`), rapid.SliceOf(text)).Draw(rt, "words"),
		}
		by := &domain.By{Medium: "oral", Text: text.Draw(rt, "by")}
		en, err := trySeal(v, orderID(n), by, e, e)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := v.Open(en)
		if err != nil {
			rt.Fatal(err)
		}
		if want := (Opened{Events: []domain.Event{e, e}, By: string(by.Text)}); !reflect.DeepEqual(got, want) {
			rt.Fatalf("opened %+v, want %+v", got, want)
		}
	})
}

// An entry is believed only as it was sealed: each change, however small, is an
// error and never less content.
func TestEveryChangeToASealedEntryIsSeen(t *testing.T) {
	v := mustCreate(t, config(t))
	fresh := func() *domain.Entry { return sealed(t, v, orderID(1), spoken(), story()...) }
	other := sealed(t, v, orderID(2), spoken(), story()...)
	sameOrder := fresh()

	changes := map[string]func(en *domain.Entry){
		"box of another entry":           func(en *domain.Entry) { en.Sealed[0] = other.Sealed[0] },
		"all boxes of another entry":     func(en *domain.Entry) { en.Sealed = other.Sealed },
		"box of another try":             func(en *domain.Entry) { en.Sealed[0] = sameOrder.Sealed[0] },
		"boxes in another order":         func(en *domain.Entry) { slices.Reverse(en.Sealed) },
		"box twice":                      func(en *domain.Entry) { en.Sealed = append(en.Sealed, en.Sealed[0]) },
		"box left out":                   func(en *domain.Entry) { en.Sealed = en.Sealed[:1] },
		"no boxes":                       func(en *domain.Entry) { en.Sealed = nil },
		"another order's id":             func(en *domain.Entry) { en.ID = orderID(2) },
		"another organisation":           func(en *domain.Entry) { en.Org = "org-other" },
		"scope left out":                 func(en *domain.Entry) { b := &en.Sealed[0]; b.Scopes, b.Kids = b.Scopes[:1], b.Kids[:1] },
		"scopes in another order":        func(en *domain.Entry) { slices.Reverse(en.Sealed[0].Scopes); slices.Reverse(en.Sealed[0].Kids) },
		"kids in another order":          func(en *domain.Entry) { slices.Reverse(en.Sealed[0].Kids) },
		"kid of another key":             func(en *domain.Entry) { en.Sealed[0].Kids[0] = other.Sealed[0].Kids[0] },
		"no scopes":                      func(en *domain.Entry) { en.Sealed[0].Scopes, en.Sealed[0].Kids = nil, nil },
		"scope that is none":             func(en *domain.Entry) { en.Sealed[0].Scopes[0] = "a\nb" },
		"other algorithm":                func(en *domain.Entry) { en.Sealed[0].Alg = "A128GCM" },
		"digests of two events swapped":  func(en *domain.Entry) { a, b := &en.Events[0], &en.Events[2]; a.SD, b.SD = b.SD, a.SD },
		"digest of by given to an event": func(en *domain.Entry) { e := &en.Events[1]; e.SD, en.By.SD = en.By.SD, nil },
		"digest of an event given to by": func(en *domain.Entry) { e := &en.Events[2]; en.By.SD, e.SD = e.SD, nil },
		"by with a second text":          func(en *domain.Entry) { e := &en.Events[2]; en.By.SD, e.SD = append(en.By.SD, e.SD...), nil },
		"digest left out":                func(en *domain.Entry) { e := &en.Events[0]; e.SD = e.SD[1:] },
		"digest twice":                   func(en *domain.Entry) { e := &en.Events[0]; e.SD = append(e.SD, e.SD[0]) },
		"digest too many":                func(en *domain.Entry) { e := &en.Events[1]; e.SD = append(e.SD, digestOf("x")) },
		"by left out":                    func(en *domain.Entry) { en.By = nil },
		"event not decoded":              func(en *domain.Entry) { en.Events[1].Event = nil },
		"box with a line break":          func(en *domain.Entry) { b := &en.Sealed[0]; b.Box = b.Box[:8] + "\n" + b.Box[8:] },
		"box that is no base64url":       func(en *domain.Entry) { en.Sealed[0].Box += "=" },
		"box too short":                  func(en *domain.Entry) { en.Sealed[0].Box = "AAAA" },
	}
	for what, change := range changes {
		en := fresh()
		change(en)
		if got, err := v.Open(en); err == nil {
			t.Errorf("%s: opened as %+v", what, got)
		}
	}
	opens(t, v, sameOrder, "the mayor", story()...)
}

func TestEveryFlippedBitOfABoxIsSeen(t *testing.T) {
	v := mustCreate(t, config(t))
	en := sealed(t, v, orderID(1), nil, domain.RuleDeviated{Reason: "short"})
	box := en.Sealed[0].Box
	for i := range box {
		for bit := range 8 {
			b := []byte(box)
			b[i] ^= 1 << bit
			en.Sealed[0].Box = string(b)
			if _, err := v.Open(en); err == nil {
				t.Fatalf("character %d, bit %d", i, bit)
			}
		}
	}
}

// Whoever holds the keys can make a box that opens. The digests then show that
// its content is not what was sealed.
func TestADisclosureIsBelievedByItsDigestOnly(t *testing.T) {
	v := mustCreate(t, config(t))
	var salt [saltSize]byte
	good, digest, _ := newDisclosure(salt, "reason", "true")
	twin, twinDigest, _ := newDisclosure([saltSize]byte{1}, "reason", "also true")
	elsewhere, elsewhereDigest, _ := newDisclosure(salt, "nowhere", "x")
	forged, _, _ := newDisclosure(salt, "reason", "false")
	pair := b64.EncodeToString([]byte(`["AAAAAAAAAAAAAAAAAAAAAA","reason"]`))
	number := b64.EncodeToString([]byte(`["AAAAAAAAAAAAAAAAAAAAAA","reason",1]`))
	unsalted := b64.EncodeToString([]byte(`["","reason","x"]`))

	cases := []struct {
		what        string
		disclosures []string
		sd          []domain.Digest
		ok          bool
	}{
		{"as sealed", []string{good}, []domain.Digest{digest}, true},
		{"other value", []string{forged}, []domain.Digest{digest}, false},
		{"twice", []string{good, good}, []domain.Digest{digest}, false},
		{"one too many", []string{good, forged}, []domain.Digest{digest}, false},
		{"none", nil, []domain.Digest{digest}, false},
		{"empty box", nil, nil, false},
		{"one field with two values", []string{good, twin}, []domain.Digest{digest, twinDigest}, false},
		{"field that the event lacks", []string{elsewhere}, []domain.Digest{elsewhereDigest}, false},
		{"two elements", []string{pair}, []domain.Digest{digestOf(pair)}, false},
		{"value that is no text", []string{number}, []domain.Digest{digestOf(number)}, false},
		{"no salt", []string{unsalted}, []domain.Digest{digestOf(unsalted)}, false},
		{"not base64url", []string{"%"}, []domain.Digest{digestOf("%")}, false},
	}
	scopes := []string{"entry/" + orderID(1).String()}
	for _, tc := range cases {
		keys, groups, err := v.take(context.Background(), scopes)
		if err := errors.Join(err, v.await(context.Background(), groups)); err != nil {
			t.Fatal(err)
		}
		box, err := v.box(boxName(org, orderID(1), 0), part{scopes, tc.disclosures}, keys)
		if err != nil {
			t.Fatal(err)
		}
		en := &domain.Entry{ID: orderID(1), Org: org, Sealed: []domain.Box{box},
			Events: []domain.Record{{Type: "RuleDeviated", V: 1, Event: domain.RuleDeviated{}, SD: tc.sd}}}
		if got, err := v.Open(en); (err == nil) != tc.ok {
			t.Errorf("%s: %+v, %v", tc.what, got, err)
		}
	}
}

// A key that is gone takes the boxes under it and nothing else.
func TestAMissingKeyGivesErased(t *testing.T) {
	c := config(t)
	v := mustCreate(t, c)
	en := sealed(t, v, orderID(1), spoken(), story()...)
	mustClose(t, v)
	dropKeys(t, c, "person/"+bob.String())

	v = mustOpen(t, c)
	got, err := v.Open(en)
	if err != nil {
		t.Fatal(err)
	}
	want := story()
	e := want[0].(reported)
	e.About = ""
	want[0] = e
	if !reflect.DeepEqual(got, Opened{Events: want, By: "the mayor", Erased: 1}) || got.Err() != domain.ErrErased {
		t.Errorf("opened %+v", got)
	}
	// What opens is held to its digests all the same.
	en.Events[2].SD = nil
	if _, err := v.Open(en); err == nil {
		t.Error("a disclosure without a digest passed beside an erased box")
	}
	mustClose(t, v)
	dropKeys(t, c, "entry/"+orderID(1).String())
	v = mustOpen(t, c)
	if got, err := v.Open(en); err != nil || got.Erased != 2 || got.By != "" {
		t.Errorf("opened %+v, %v", got, err)
	}
	// A new key of the same scope is another key, and that is said.
	sealed(t, v, orderID(1), nil, story()...)
	if got, err := v.Open(en); err == nil || !strings.Contains(err.Error(), "names the key") {
		t.Errorf("opened %+v, %v", got, err)
	}
}

// dropKeys writes a vault's file anew without the keys of a scope, as destroying
// them does.
func dropKeys(t *testing.T, c Config, scope string) {
	t.Helper()
	old := readFile(t, c)
	_, n, err := parseHeader(old)
	if err != nil {
		t.Fatal(err)
	}
	b := slices.Clone(old[:n])
	_, err = scan(strings.NewReader(string(old)), "old", int64(n), int64(len(old)), func(body []byte, _ int64) error {
		var kept []byte
		_, err := eachRecord(body, func(s []byte, at int) error {
			if string(s) != scope {
				kept = append(kept, body[at:at+keyRecordSize(string(s))]...)
			}
			return nil
		})
		b = appendGroup(b, int64(len(b)), kept)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, c, appendGroup(b, int64(len(b)), []byte{recordClosed}))
}
