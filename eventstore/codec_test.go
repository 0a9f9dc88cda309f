package eventstore

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
)

var update = flag.Bool("update", false, "write golden files that are missing")

func testCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec(testKinds())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func id(n byte) uuid.UUID { return uuid.UUID{0: 1, 1: 0x98, 6: 0x70, 8: 0x80, 15: n} }

// sparse is an entry in which everything that may be absent is absent.
func sparse() *domain.Entry {
	return &domain.Entry{
		ID: domain.OrderID{UUID: id(1)}, Org: "nuth", Kind: "note", Key: domain.Key{UUID: id(2)}, Command: "Note",
		Actor:    domain.Actor{Role: "reporter", Proof: "anonymous"},
		Occurred: domain.Moment{Time: epoch, Precision: domain.PrecisionAbout}, Recorded: epoch,
		Events: []domain.Record{{Type: "NoteClosed", V: 1, Event: closed{}}},
	}
}

// whole is an entry in which every member stands.
func whole() *domain.Entry {
	en := sparse()
	en.Prev, en.PrevHash, en.MAC = 7, domain.Hash{31: 7}, domain.Hash{0: 0xab}
	en.Actor = domain.Actor{ID: domain.PersonID{UUID: id(3)}, Role: "security-officer", For: "nuth", Door: "cli", Proof: "stated"}
	en.By = &domain.By{Medium: "phone", Person: domain.PersonID{UUID: id(4)}, Contact: domain.Key{UUID: id(5)}, SD: []domain.Digest{"digest-of-by"}}
	en.Occurred = domain.Moment{Time: time.Date(2026, 10, 25, 2, 30, 0, 0, time.FixedZone("", 7200)), Precision: domain.PrecisionMinute}
	en.Recorded = time.Date(2026, 10, 25, 0, 31, 2, 345678000, time.UTC)
	en.Correlation, en.Causation = domain.OrderID{UUID: id(6)}, domain.OrderID{UUID: id(7)}
	en.Basis = []domain.Basis{{Kind: "policy", Key: domain.Key{UUID: id(8)}, Seq: 2, Hash: domain.Hash{0: 9}}}
	en.Events = []domain.Record{
		{Type: "Noted", V: 2, Event: noted{Word: "disk", N: 3}, SD: []domain.Digest{"digest-1", "digest-2"}},
		{Type: "NoteClosed", V: 1, Event: closed{}},
	}
	en.Sealed = []domain.Box{{Scopes: []string{"entry/1", "note/2"}, Kids: []string{"01", "02"}, Alg: "A256GCM", Box: "Ym94"}}
	return en
}

// The stored form is pinned: these files are what a court reads in ten years.
func TestStoredFormIsPinned(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	lost, err := encodeLost(7, domain.Hash{0: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, en := range map[string]*domain.Entry{"sparse": sparse(), "whole": whole(), "lost": nil} {
		b := lost
		if en != nil {
			if b, err = c.Encode(en); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join("testdata", "entry", name+".json")
		want, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) && *update {
			want = b
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%s is written as\n%s\nand was\n%s", path, b, want)
		}
		if en == nil {
			continue
		}
		back, err := c.Decode(9, want)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if back.Seq != 9 || back.Size != len(want) || back.Hash != domain.LeafHash(want) {
			t.Errorf("%s: place %d, size %d, hash %s", path, back.Seq, back.Size, back.Hash)
		}
		back.Seq, back.Size, back.Hash = 0, 0, domain.Hash{}
		if !sameEntry(back, en) {
			t.Errorf("%s reads as\n%+v\nand was\n%+v", path, back, en)
		}
	}
}

// sameEntry compares entries, instants by the instant and its offset.
func sameEntry(a, b *domain.Entry) bool {
	x, y := *a, *b
	ta, tb := x.Occurred.Time, y.Occurred.Time
	_, oa := ta.Zone()
	_, ob := tb.Zone()
	if !ta.Equal(tb) || oa != ob || !x.Recorded.Equal(y.Recorded) {
		return false
	}
	x.Occurred.Time, y.Occurred.Time, x.Recorded, y.Recorded = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return reflect.DeepEqual(x, y)
}

// What a reader refuses. Each row is the whole entry with one thing changed.
func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	good, err := c.Encode(whole())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, was, is string }{
		{"a byte-order mark", `{"v"`, "\ufeff" + `{"v"`},
		{"white space before", `{"v"`, ` {"v"`},
		{"white space within", `"org":`, `"org": `},
		{"another format", `entry/1`, `entry/2`},
		{"no format", `"v":"incidentledger/entry/1",`, ``},
		{"format in another place", `{"v":"incidentledger/entry/1","id":`, `{"id":`},
		{"a member twice", `"org":"nuth",`, `"org":"nuth","org":"nuth",`},
		{"a member that is unknown", `"org":"nuth",`, `"org":"nuth","mood":"good",`},
		{"a member in capitals", `"org":`, `"Org":`},
		{"members in another order", `"org":"nuth","kind":"note",`, `"kind":"note","org":"nuth",`},
		{"no order id", `"id":"01980000-0000-7000-8000-000000000001",`, ``},
		{"an order id of zeros", `"id":"01980000-0000-7000-8000-000000000001"`, `"id":"00000000-0000-0000-0000-000000000000"`},
		{"an id in braces", `"id":"01980000-0000-7000-8000-000000000001"`, `"id":"{01980000-0000-7000-8000-000000000001}"`},
		{"an id in capitals", `"key":"01980000-0000-7000-8000-000000000002"`, `"key":"01980000-0000-7000-8000-00000000000A"`},
		{"no organisation", `"org":"nuth"`, `"org":""`},
		{"no command", `"command":"Note"`, `"command":""`},
		{"null", `"org":"nuth"`, `"org":null`},
		{"an escape in a word", `"org":"nuth"`, `"org":"n\u0075th"`},
		{"a control character", `"org":"nuth"`, "\"org\":\"nu\x00th\""},
		{"invalid UTF-8", `"org":"nuth"`, "\"org\":\"nu\xffth\""},
		{"an unpaired surrogate", `"word":"disk"`, `"word":"\ud800"`},
		{"invalid UTF-8 in an event", `"word":"disk"`, "\"word\":\"\xff\""},
		{"a number with a fraction", `"prev":7,`, `"prev":7.0,`},
		{"a number with an exponent", `"prev":7,`, `"prev":7e0,`},
		{"a number with a sign", `"prev":7,`, `"prev":-7,`},
		{"a number with a zero before", `"prev":7,`, `"prev":07,`},
		{"a number as a word", `"prev":7,`, `"prev":"7",`},
		{"a number out of range", `"prev":7,`, `"prev":99999999999999999999,`},
		{"prev without prevHash", `"prevHash":"00`, `"prevHash":"`},
		{"prevHash without prev", `"prev":7,`, `"prev":0,`},
		{"a hash in capitals", `"mac":"ab`, `"mac":"AB`},
		{"no keyed hash", `"mac":`, `"mak":`},
		{"an instant without offset", `02:30:00+02:00`, `02:30:00`},
		{"an impossible date", `"occurred":"2026-10-25`, `"occurred":"2026-02-30`},
		{"recorded with an offset", `00:31:02.345678Z`, `00:31:02.345678+00:00`},
		{"recorded with three decimals", `00:31:02.345678Z`, `00:31:02.345Z`},
		{"an unknown precision", `"precision":"minute"`, `"precision":"week"`},
		{"no events", `"events":[{`, `"events":[],"x":[{`},
		{"an empty list", `"basis":[{"kind":"policy","key":"01980000-0000-7000-8000-000000000008","seq":2,"hash":"0900000000000000000000000000000000000000000000000000000000000000"}]`, `"basis":[]`},
		{"an unknown kind", `"kind":"note","key"`, `"kind":"poem","key"`},
		{"an unknown event", `"type":"Noted"`, `"type":"Sung"`},
		{"a version yet to come", `"type":"Noted","v":2`, `"type":"Noted","v":3`},
		{"version nought", `"type":"Noted","v":2`, `"type":"Noted","v":0`},
		{"open before type and version", `"type":"Noted","v":2,"open":{"word":"disk","n":3}`, `"open":{"word":"disk","n":3},"type":"Noted","v":2`},
		{"version before type", `"type":"Noted","v":2`, `"v":2,"type":"Noted"`},
		{"no version", `"type":"Noted","v":2`, `"type":"Noted"`},
		{"no open part", `"open":{"word":"disk","n":3},`, ``},
		{"an open part that is null", `"open":{"word":"disk","n":3}`, `"open":null`},
		{"an open part that is a list", `"open":{"word":"disk","n":3}`, `"open":[]`},
		{"a field that is unknown", `"open":{"word":"disk"`, `"open":{"words":"disk"`},
		{"a field of a retired shape", `"open":{"word":"disk","n":3}`, `"open":{"text":"disk"}`},
		{"a field twice", `"open":{"word":"disk"`, `"open":{"word":"disc","word":"disk"`},
		{"a field in capitals", `"open":{"word"`, `"open":{"Word"`},
		{"a field with a fraction", `"n":3`, `"n":3.0`},
		{"a field of another type", `"n":3`, `"n":"3"`},
		{"a member of an event that is unknown", `"sd":["digest-1"`, `"ds":["digest-1"`},
		{"two entries", `"box":"Ym94"}]}`, `"box":"Ym94"}]}{}`},
		{"a line end behind", `"box":"Ym94"}]}`, `"box":"Ym94"}]}` + "\n"},
		{"a null byte behind", `"box":"Ym94"}]}`, `"box":"Ym94"}]}` + "\x00"},
		{"an entry cut off", `"alg":"A256GCM","box":"Ym94"}]}`, `"alg":"A25`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if n := strings.Count(string(good), tc.was); n == 0 {
				t.Fatalf("%q does not occur in %s", tc.was, good)
			}
			bad := strings.Replace(string(good), tc.was, tc.is, 1)
			if en, err := c.Decode(1, []byte(bad)); err == nil {
				t.Errorf("%s was read, as %+v", bad, en)
			}
		})
	}
	if _, err := c.Decode(1, good); err != nil {
		t.Errorf("the unchanged entry is refused: %v", err)
	}
	if _, err := c.Decode(1, nil); err == nil {
		t.Error("no bytes at all were read as an entry")
	}
}

// Data of a newer program is told apart from damage: it names what is missing.
func TestDecodeNamesTheShapeItDoesNotKnow(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	good, err := c.Encode(whole())
	if err != nil {
		t.Fatal(err)
	}
	for change, want := range map[[2]string]string{
		{"entry/1", "entry/2"}:                             "entry format incidentledger/entry/2",
		{`"kind":"note"`, `"kind":"poem"`}:                 "kind poem",
		{`"type":"Noted","v":2`, `"type":"Noted","v":3`}:   "note/Noted/3",
		{`"type":"NoteClosed"`, `"type":"NoteFrozen"`}:     "note/NoteFrozen/1",
		{`"type":"Noted","v":2`, `"type":"Noted","v":400`}: "note/Noted/400",
	} {
		_, err := c.Decode(1, []byte(strings.Replace(string(good), change[0], change[1], 1)))
		var unknown *UnknownShapeError
		if !errors.As(err, &unknown) || unknown.Shape != want {
			t.Errorf("%s: %v; want it to name %s", change[1], err, want)
		}
	}
}

// An old shape reads as today's event, and keeps its own name and version, so
// that the stored bytes can still be accounted for.
func TestRetiredShapeReadsAsToday(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	now, err := c.Encode(whole())
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(string(now), `"type":"Noted","v":2,"open":{"word":"disk","n":3}`, `"type":"Noted","v":1,"open":{"text":"disk"}`, 1)
	en, err := c.Decode(1, []byte(old))
	if err != nil {
		t.Fatal(err)
	}
	if r := en.Events[0]; r.V != 1 || r.Event != (noted{Word: "disk"}) || len(r.SD) != 2 {
		t.Errorf("the retired shape reads as %+v", r)
	}
	if _, err := c.Encode(en); err == nil {
		t.Error("a retired shape was written again")
	}
	if v := c.Version("Noted"); v != 2 {
		t.Errorf("today's version is %d", v)
	}
}

func TestEncodeRefusesWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	for name, spoil := range map[string]func(*domain.Entry){
		"no event":                func(en *domain.Entry) { en.Events = nil },
		"an unknown event":        func(en *domain.Entry) { en.Events[0].Type = "Sung" },
		"a retired version":       func(en *domain.Entry) { en.Events[0].V = 1 },
		"an event of no kind":     func(en *domain.Entry) { en.Kind = "poem" },
		"an unsealed by":          func(en *domain.Entry) { en.By.Text = "the mayor" },
		"more than 65,535 bytes":  func(en *domain.Entry) { en.Sealed[0].Box = strings.Repeat("b", MaxEntry) },
		"a word of invalid UTF-8": func(en *domain.Entry) { en.Actor.Role = "\xff" },
	} {
		en := whole()
		spoil(en)
		if b, err := c.Encode(en); err == nil {
			t.Errorf("%s was written as %.80s", name, b)
		}
	}
	en := whole()
	b, err := c.Encode(en)
	if err != nil {
		t.Fatal(err)
	}
	en.Sealed[0].Box += strings.Repeat("b", MaxEntry-len(b))
	if b, err = c.Encode(en); err != nil || len(b) != MaxEntry {
		t.Fatalf("an entry of exactly %d bytes: %d bytes, %v", MaxEntry, len(b), err)
	}
	if _, err := c.Decode(1, b); err != nil {
		t.Errorf("the largest entry is not read: %v", err)
	}
	en.Sealed[0].Box += "b"
	if _, err := c.Encode(en); !errors.Is(err, domain.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
}

// A marker stands where an entry was lost. It speaks of its own place only.
func TestLostMarker(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	leaf := domain.Hash{0: 1, 31: 2}
	b, err := encodeLost(7, leaf)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Decode(7, b)
	var lost *LostError
	if !errors.As(err, &lost) || lost.Seq != 7 || lost.Leaf != leaf {
		t.Fatalf("the marker reads as %v", err)
	}
	for name, stored := range map[string][]byte{
		"another place":      b,
		"an unknown member":  bytes.Replace(b, []byte(`"seq":`), []byte(`"why":"fire","seq":`), 1),
		"a member twice":     bytes.Replace(b, []byte(`"seq":7`), []byte(`"seq":7,"seq":7`), 1),
		"bytes behind":       append(bytes.Clone(b), '{'),
		"no marker's format": bytes.Replace(b, []byte("lost/1"), []byte("lost/2"), 1),
	} {
		seq := domain.Seq(7)
		if name == "another place" {
			seq = 8
		}
		if _, err := c.Decode(seq, stored); err == nil || errors.As(err, &lost) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCodecRefusesDeclarationsThatContradict(t *testing.T) {
	t.Parallel()
	twice := append(testKinds(), testKinds()...)
	if _, err := NewCodec(twice); err == nil {
		t.Error("a kind was declared twice")
	}
	again := testKinds()
	again[0].Events = append(again[0].Events, domain.Shape[closed](1))
	if _, err := NewCodec(again); err == nil {
		t.Error("a shape was declared twice")
	}
}
