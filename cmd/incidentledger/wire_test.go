package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
	"incidentledger/eventstore"
)

// update writes what is missing. It never writes over a sample: what was stored
// once stays readable for ever.
var update = flag.Bool("update", false, "write golden files that are missing")

const wireDir = "testdata/wire"

// Every event shape ever stored has a golden sample: a whole stored entry. This
// test reads each, and writes those of current shapes again, byte for byte.
func TestEveryShapeEverStoredIsRead(t *testing.T) {
	t.Parallel()
	codec, err := eventstore.NewCodec(storeKinds())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, k := range storeKinds() {
		for _, shape := range k.Events {
			path := filepath.Join(wireDir, string(k.Name), fmt.Sprintf("%s.v%d.json", shape.Name, shape.V))
			known[path] = true
			current := k.EventVersion(shape.Name) == shape.V
			stored, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) && *update && current {
				stored, err = newSample(codec, k.Name, shape, path)
			}
			if err != nil {
				t.Errorf("the shape %s version %d of kind %s has no sample; -update writes one for a new shape: %v", shape.Name, shape.V, k.Name, err)
				continue
			}
			if err := readSample(codec, k.Name, shape, current, stored); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	for _, path := range samples(t) {
		if !known[path] {
			t.Errorf("%s: no kind declares this shape any more; entries that hold it could not be read", path)
		}
	}
}

func readSample(codec *eventstore.Codec, kind domain.KindName, shape domain.EventType, current bool, stored []byte) error {
	en, err := codec.Decode(1, stored)
	if err != nil {
		return err
	}
	if en.Kind != kind || len(en.Events) != 1 || en.Events[0].Type != shape.Name {
		return fmt.Errorf("it holds %s of kind %s", en.Events[0].Type, en.Kind)
	}
	if !current {
		return nil // it reads as today's event; it is never written again
	}
	again, err := codec.Encode(en)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, stored) {
		return fmt.Errorf("the current shape is written otherwise now:\n%s\nwas\n%s\na changed shape needs a new version, and the old one an Up", again, stored)
	}
	return nil
}

// A changed sample is as bad as a changed shape, so the samples are counted,
// too: a clean clone has exactly the declared ones.
func samples(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(wireDir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Members say what they say by their names, so a name that occurs in a sample
// but is spelt another way in the format would be a second format.
func TestSamplesAreReadableWithoutThisProgram(t *testing.T) {
	t.Parallel()
	for _, path := range samples(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var en struct {
			V      string `json:"v"`
			Events []struct {
				Type string         `json:"type"`
				V    int            `json:"v"`
				Open map[string]any `json:"open"`
			} `json:"events"`
		}
		if err := json.Unmarshal(b, &en); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		name := fmt.Sprintf("%s.v%d.json", en.Events[0].Type, en.Events[0].V)
		if en.V != "incidentledger/entry/1" || filepath.Base(path) != name {
			t.Errorf("%s: it holds %s in format %s", path, name, en.V)
		}
		if len(b) > eventstore.MaxEntry || bytes.ContainsAny(b, "\n\r\t") || !strings.HasPrefix(string(b), `{"v":`) {
			t.Errorf("%s: no stored entry looks like this", path)
		}
	}
}

// newSample makes an entry that holds one event with every field filled.
func newSample(codec *eventstore.Codec, kind domain.KindName, shape domain.EventType, path string) ([]byte, error) {
	p := reflect.ValueOf(shape.New())
	texts := fill(p.Elem(), "")
	r := domain.Record{Type: shape.Name, V: shape.V, Event: shape.Up(p.Interface())}
	id := func(n byte) uuid.UUID { return uuid.UUID{0: 1, 1: 0x98, 6: 0x70, 8: 0x80, 15: n} }
	en := &domain.Entry{
		ID: domain.OrderID{UUID: id(1)}, Org: "nuth", Kind: kind, Key: domain.Key{UUID: id(2)},
		Prev: 7, PrevHash: hash(7), Command: "Sample",
		Actor:    domain.Actor{ID: domain.PersonID{UUID: id(3)}, Role: "security-officer", For: "nuth", Door: "cli", Proof: "stated"},
		Occurred: domain.Moment{Time: sampleTime, Precision: domain.PrecisionMinute},
		Recorded: sampleTime.Add(time.Hour), MAC: hash(8),
		Basis: []domain.Basis{{Kind: "policy", Key: domain.Key{UUID: id(4)}, Seq: 2, Hash: hash(9)}},
	}
	if texts > 0 {
		for n := range texts {
			r.SD = append(r.SD, domain.Digest(fmt.Sprintf("%c%042d", 'A'+n%26, n)))
		}
		en.Sealed = []domain.Box{{
			Scopes: []string{"entry/" + en.ID.String(), en.Ref().String()}, Kids: []string{"0000000000000001", "0000000000000002"},
			Alg: "A256GCM", Box: strings.Repeat("b", 96),
		}}
	}
	en.Events = []domain.Record{r}
	b, err := codec.Encode(en)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(b)
	return b, errors.Join(err, f.Close())
}

var sampleTime = time.Date(2026, 11, 21, 9, 14, 0, 0, time.FixedZone("", 3600))

func hash(n byte) (h domain.Hash) {
	h[0], h[31] = n, n
	return h
}

// fill sets every open field of v to a value that is not its zero, and gives
// the number of sealed fields, which stay empty.
func fill(v reflect.Value, name string) (texts int) {
	switch p := v.Addr().Interface().(type) {
	case *domain.Text:
		return 1
	case *time.Time:
		*p = sampleTime
		return 0
	case *domain.Hash:
		*p = hash(5)
		return 0
	case *json.RawMessage:
		*p = json.RawMessage(`1`)
		return 0
	case json.Unmarshaler:
		if p.UnmarshalJSON([]byte(`"`+name+`"`)) == nil {
			return 0
		}
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint64:
		v.SetUint(3)
	case reflect.String:
		v.SetString("sample-" + strings.ToLower(name))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), name)
	case reflect.Array: // ids
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(i + 1))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(k, name)
		texts = fill(e, name)
		if texts == 0 {
			v.SetMapIndex(k, e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				texts += fill(v.Field(i), f.Name)
			}
		}
	default:
		panic("no sample value for " + v.Type().String())
	}
	return texts
}
