package incident

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// storyPolicy is the small policy set that the tests judge by.
func storyPolicy(t testing.TB) *policy.Set {
	t.Helper()
	b, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// A world is one incident and the desk before it. It gives orders as the desk
// does, and after each holds what must always hold.
type world struct {
	t     failer
	s     *Incident
	basis Basis
	now   time.Time
	n     int                // orders given
	names map[string]string  // ids made → the name a story uses for them
	facts func(policy.Facts) // hears what is known after each order, where it is set
}

// failer is what testing.TB and rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

var (
	org = domain.OrgID("testorg")
	t0  = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
)

func newWorld(t failer, set *policy.Set) *world {
	profile := map[policy.Path]domain.Code{policy.OrgCountry: "NL"}
	return &world{t: t, s: new(Incident), now: t0, names: map[string]string{}, basis: Basis{
		Basis: policy.Basis{Current: set, Profile: profile, Dated: []policy.Profile{{Fields: profile}}},
		Refs:  []domain.Basis{{Kind: "policy", Seq: 1, Hash: set.Hash()}},
	}}
}

func actor(role domain.Code) domain.Actor {
	switch role {
	case "system":
		return domain.Actor{Role: "operator", Door: "system", Proof: "system"}
	case "anonymous":
		return domain.Actor{Role: "reporter", Proof: "anonymous"}
	}
	return domain.Actor{ID: domain.PersonID{UUID: domain.KeyNamed(org, "person", string(role)).UUID}, Role: role, For: org, Door: "cli", Proof: "stated"}
}

func decode(t failer, name, args string) domain.Command {
	t.Helper()
	row, ok := byName[name]
	if !ok {
		t.Fatalf("no command %s", name)
	}
	c := row.New()
	d := json.NewDecoder(strings.NewReader(args))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		t.Fatalf("%s %s: %v", name, args, err)
	}
	return c
}

// order makes an order of the world's next id.
func (w *world) order(role domain.Code, c domain.Command) domain.Order {
	w.n++
	id := domain.OrderIDFor(org, domain.PersonID{}, fmt.Sprint(w.n))
	key := w.s.Key
	if key.IsZero() {
		key = domain.NewKey(org, id)
	}
	return domain.Order{ID: id, Org: org, Kind: Name, Key: key, Actor: actor(role), Command: c, Recorded: w.now}
}

// give has an order decided and, where it is accepted, folded.
func (w *world) give(o domain.Order) (domain.Decision, error) {
	w.t.Helper()
	before := dump(w.s)
	d, err := Decide(w.s, o, w.basis)
	if after := dump(w.s); after != before {
		w.t.Fatalf("%s changed the state it was decided against:\n%s\n%s", o.Command.CommandName(), before, after)
	}
	if err != nil {
		if _, ok := err.(*domain.Refusal); !ok {
			w.t.Fatalf("%s: an error that is no refusal: %v", o.Command.CommandName(), err)
		}
		return d, err
	}
	if len(d.Events) == 0 {
		w.t.Fatalf("%s yields neither events nor a refusal", o.Command.CommandName())
	}
	en := entry(w.t, o, w.s.Seq+1, d.Events, true)
	clone, err := Evolve(w.s.Clone(), entry(w.t, o, w.s.Seq+1, d.Events, false))
	if err != nil {
		w.t.Fatalf("%s: %v", o.Command.CommandName(), err)
	}
	if after := dump(w.s); after != before {
		w.t.Fatalf("folding a clone changed the state it was cloned from:\n%s\n%s", before, after)
	}
	if w.s, err = Evolve(w.s, en); err != nil {
		w.t.Fatalf("%s: %v", o.Command.CommandName(), err)
	}
	if a, b := dump(clone), dump(w.s); a != b {
		w.t.Fatalf("%s: the state depends on sealed text or on how the events were stored:\n%s\n%s", o.Command.CommandName(), a, b)
	}
	w.clocksStand()
	for _, o := range w.inTheWay() {
		what, _, _ := strings.Cut(string(o.code), "/")
		if _, duty := w.s.Clocks[policy.ClockID(o.code)]; !duty && !slices.Contains(OpenCodes(), domain.Code(what)) {
			w.t.Fatalf("%s stands in the way of closing, and is not among its codes", o.code)
		}
	}
	return d, nil
}

// inTheWay lists what closing would ask for now.
func (w *world) inTheWay() []openItem {
	var list []Improvement
	if w.basis.Register != nil {
		list = w.basis.Register.Improvements(w.s.Key)
	}
	return w.s.inTheWay(w.now, obliged(w.basis.ProfileAt(w.s.Recorded)), list)
}

// clocksStand holds the folded clocks against the one computation, and holds
// against the phase.
func (w *world) clocksStand() {
	w.t.Helper()
	if n := len(w.s.Holds); (w.s.Phase == PhaseOnHold) != (n > 0 && w.s.Holds[n-1].To.IsZero()) {
		w.t.Fatalf("the incident is %s with the holds %v", w.s.Phase, w.s.Holds)
	}
	f := Facts(w.s)
	if w.facts != nil {
		w.facts(f)
	}
	want, err := policy.Derive(f, w.basis.Basis)
	if err != nil {
		w.t.Fatalf("derive: %v", err)
	}
	have := slices.SortedFunc(maps.Values(w.s.Clocks), func(a, b policy.Clock) int { return strings.Compare(string(a.ID), string(b.ID)) })
	a, _ := json.Marshal(have)
	b, _ := json.Marshal(want)
	if len(have)+len(want) > 0 && !bytes.Equal(a, b) {
		w.t.Fatalf("clocks folded from events differ from those derived:\nhave %s\nwant %s", a, b)
	}
}

// entry makes the entry of an accepted order; stored passes each event through
// the form in which the ledger keeps it, without its sealed fields.
func entry(t failer, o domain.Order, seq domain.Seq, events []domain.Event, stored bool) domain.Entry {
	t.Helper()
	en := domain.Entry{
		Seq: seq, ID: o.ID, Org: o.Org, Kind: o.Kind, Key: o.Key, Command: o.Command.CommandName(),
		Actor: o.Actor, By: o.By, Occurred: o.Occurred, Recorded: o.Recorded,
	}
	for _, e := range events {
		if stored {
			e = reread(t, e, o)
		}
		en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: e})
	}
	return en
}

func reread(t failer, e domain.Event, o domain.Order) domain.Event {
	t.Helper()
	open, _ := domain.SetApart(e, domain.Ref{Kind: o.Kind, Key: o.Key}, o.ID)
	b, err := json.Marshal(open)
	if err != nil {
		t.Fatalf("%s: %v", e.EventName(), err)
	}
	for _, r := range events {
		if r.Name != e.EventName() {
			continue
		}
		p := r.New()
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(p); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		return r.Up(p)
	}
	t.Fatalf("event %s is not in the table", e.EventName())
	return nil
}

// dump writes a state out, instants in UTC, so that two can be compared.
func dump(s *Incident) string {
	type said struct {
		Clock, Stage string
		Due          time.Time
	}
	var marks []said
	for m, due := range s.marks {
		marks = append(marks, said{string(m.clock), string(m.stage), due})
	}
	slices.SortFunc(marks, func(a, b said) int { return strings.Compare(a.Clock+a.Stage, b.Clock+b.Stage) })
	deliveries := []string{}
	for d := range s.deliveries {
		deliveries = append(deliveries, fmt.Sprint(d))
	}
	slices.Sort(deliveries)
	log := [][]string{}
	for _, p := range s.log {
		line := []string{fmt.Sprint(p.seq), p.occurred.UTC().String(), p.recorded.UTC().String()}
		for _, e := range p.events {
			b, _ := json.Marshal(e)
			line = append(line, e.EventName()+string(b))
		}
		log = append(log, line)
	}
	b, err := json.Marshal(struct {
		S          Incident
		Marks      []said
		Deliveries []string
		Log        [][]string
	}{*s, marks, deliveries, log})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// filled gives a value of a type with every field set.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = t0
		return v
	case *Value:
		if err := x.UnmarshalJSON([]byte(`"phone"`)); err != nil {
			panic(err)
		}
		return v
	case *domain.Key:
		*x = domain.KeyNamed(org, "thing", "x")
		return v
	case *domain.PersonID:
		*x = domain.PersonID{UUID: domain.KeyNamed(org, "person", "x").UUID}
		return v
	case *domain.Hash:
		x[0] = 1
		return v
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(filled(t.Elem()).Addr())
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(t.Elem()), filled(t.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(reflect.ValueOf("a").Convert(t.Key()), filled(t.Elem()))
	case reflect.Struct:
		for i := range t.NumField() {
			v.Field(i).Set(filled(t.Field(i).Type))
		}
	}
	return v
}
