package domain_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/organisation"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/handlers/policyfile"
)

var update = flag.Bool("update", false, "write what happened into the stories")

// kindsOf are the kinds whose commands record facts, by the shipped policy set.
func kindsOf(t testing.TB) ([]domain.Kind, *policy.Set) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	lists := func() (domain.Codes, []domain.Basis) {
		return set, []domain.Basis{{Kind: "policy", Seq: 2, Hash: set.Hash()}}
	}
	return []domain.Kind{
		contact.Kind(lists), document.Kind(lists), improvement.Kind(lists), organisation.Kind(lists), person.Kind(lists),
		service.Kind(lists, shelf{}), supplier.Kind(lists, shelf{}),
	}, set
}

// shelf is what a story's orders find in the registers: the network, a gateway
// that needs mail by way of a filter, and one supplier.
type shelf struct{}

func (shelf) Needs(code domain.Code) ([]domain.Code, bool) {
	needs, ok := map[domain.Code][]domain.Code{"mail": nil, "files": nil, "backup": nil, "network": nil, "filter": {"mail", "gateway"}, "gateway": {"network", "filter"}}[code]
	return needs, ok
}

func (shelf) Supplies(code domain.Code) bool { return code == "hosting-bv" }

// Stories of a kind lie in its testdata. A story is a text file: a title with a
// line that names the requirements it shows, then sections.
//
//	-- given --   orders that must be accepted
//	-- when --    orders under test
//	-- then --    what they caused, written by -update and then read by a person
//
// Before an order, lines may say: at T (the desk's clock), as ROLE or as ROLE
// NAME, another (the next order begins another aggregate), and for the next order
// alone occurred T, by MEDIUM TEXT, happened REASON. $NAME is the id of a person.
func TestStories(t *testing.T) {
	kinds, _ := kindsOf(t)
	refused := map[domain.Code]bool{}
	for _, k := range kinds {
		files, err := filepath.Glob(string(k.Name) + "/testdata/*.txt")
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no stories: %v", k.Name, err)
		}
		accepted, corrected := map[string]bool{}, map[string]bool{}
		for _, file := range files {
			t.Run(strings.TrimSuffix(file, ".txt"), func(t *testing.T) {
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				st := &story{t: t, k: k, role: "security-officer", state: k.New(), accepted: accepted, corrected: corrected, refused: refused}
				got := st.play(string(b))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				} else if got != string(b) {
					t.Errorf("the story goes otherwise; it now reads:\n%s", got)
				}
			})
		}
		if len(corrected) == 0 {
			t.Errorf("no story holds a required field of a %s to what it is", k.Name)
		}
		for _, c := range k.Commands {
			if !accepted[c.Name()] {
				t.Errorf("no story in which %s of a %s is accepted", c.Name(), k.Name)
			}
		}
	}
	for _, code := range []domain.Code{
		domain.CodeNotBegun, domain.CodeAlreadyBegun, domain.CodeWrongState, domain.CodeNoChange, domain.CodeUnknownEntry, domain.CodeDenied, domain.CodeInvalid,
		supplier.RefusedKnownContract, supplier.RefusedUnknownContract, supplier.RefusedPublicCloud, service.RefusedUnknownObligation, service.RefusedCircle, contact.RefusedSocialData,
		document.RefusedKnownVersion, document.RefusedUnknownVersion, document.RefusedOwnApproval, improvement.RefusedPassed, improvement.RefusedOwnCheck,
		person.RefusedNoSuchRole, person.RefusedNotOwnWord,
	} {
		if !refused[code] {
			t.Errorf("no story with the refusal %s", code)
		}
	}
}

const org domain.OrgID = "testorg"

// failer is what testing.TB and rapid.T have in common.
type failer interface {
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A story is one aggregate and the desk before it.
type story struct {
	t         failer
	k         domain.Kind
	state     domain.State
	key       domain.Key
	seq       domain.Seq
	n         int // orders given
	now       time.Time
	role      domain.Code
	who       domain.PersonID
	names     map[string]domain.PersonID
	occurred  domain.Moment
	by        *domain.By
	happened  domain.Text
	accepted  map[string]bool
	corrected map[string]bool // commands whose required fields were held to what they are
	refused   map[domain.Code]bool
}

func (st *story) play(text string) string {
	title, rest, _ := strings.Cut(text, "-- ")
	if !strings.Contains(title, "\nrequirements: ") {
		st.t.Error("the story names no requirement")
	}
	var out strings.Builder
	out.WriteString(title)
	for _, section := range strings.Split("-- "+rest, "\n-- ") {
		name, body, _ := strings.Cut(strings.TrimPrefix(section, "-- "), " --\n")
		if name == "then" {
			continue
		}
		if name != "given" && name != "when" {
			st.t.Fatalf("unknown section %q", name)
		}
		body = strings.TrimRight(body, "\n") + "\n"
		fmt.Fprintf(&out, "-- %s --\n%s", name, body)
		var then []string
		for _, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
			told, err := st.line(line)
			if name == "given" && err != nil {
				st.t.Fatalf("given %s\nbut %v", line, err)
			}
			then = append(then, told...)
		}
		if name == "when" {
			fmt.Fprintf(&out, "-- then --\n%s\n", strings.Join(then, "\n"))
		}
	}
	return out.String()
}

func (st *story) person(name string) domain.PersonID {
	id := domain.PersonID{UUID: domain.KeyNamed(org, "somebody", name).UUID}
	if st.names == nil {
		st.names = map[string]domain.PersonID{}
	}
	st.names[name] = id
	return id
}

var named = regexp.MustCompile(`\$[a-z]+`)

// line plays one line of a story and tells what came of it.
func (st *story) line(line string) ([]string, error) {
	word, rest, _ := strings.Cut(line, " ")
	instant := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			st.t.Fatalf("%s: %v", line, err)
		}
		return at
	}
	switch word {
	case "":
	case "at":
		st.now = instant(rest).UTC()
	case "as":
		role, name, _ := strings.Cut(rest, " ")
		st.role, st.who = domain.Code(role), domain.PersonID{}
		if name != "" {
			st.who = st.person(name)
		}
	case "another":
		st.state, st.key = st.k.New(), domain.Key{}
	case "occurred":
		st.occurred = domain.Moment{Time: instant(rest), Precision: domain.PrecisionMinute}
	case "happened":
		st.happened = domain.Text(rest)
	case "by":
		medium, who, _ := strings.Cut(rest, " ")
		st.by = &domain.By{Medium: domain.Code(medium), Text: domain.Text(who)}
	default:
		rest = named.ReplaceAllStringFunc(rest, func(s string) string { return st.person(s[1:]).String() })
		return st.order(word, rest)
	}
	return nil, nil
}

// order gives an order as the desk does, and holds what must always hold.
func (st *story) order(name, args string) ([]string, error) {
	ct, ok := st.k.CommandNamed(name)
	if !ok {
		st.t.Fatalf("a %s has no command %s", st.k.Name, name)
	}
	c := ct.New()
	d := json.NewDecoder(strings.NewReader(args))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		st.t.Fatalf("%s %s: %v", name, args, err)
	}
	st.n++
	o := domain.Order{
		ID: domain.OrderIDFor(org, domain.PersonID{}, fmt.Sprint(st.n)), Org: org, Kind: st.k.Name, Command: c, Recorded: st.now,
		Actor:    domain.Actor{ID: st.who, Role: st.role, For: org, Door: "cli", Proof: "stated"},
		Occurred: st.occurred, By: st.by, Happened: st.happened,
	}
	st.occurred, st.by, st.happened = domain.Moment{}, nil, ""
	if o.Key = st.key; o.Key.IsZero() {
		o.Key = domain.NewKey(org, o.ID)
		if own, ok := c.(domain.Keyed); ok && !own.AggregateKey(org).IsZero() {
			o.Key = own.AggregateKey(org)
		}
	}
	before := dump(st.state)
	dec, err := st.k.Decide(st.state, o)
	if dump(st.state) != before {
		st.t.Fatalf("%s changed the state it was decided against", name)
	}
	if err != nil {
		var r *domain.Refusal
		if !errors.As(err, &r) {
			st.t.Fatalf("%s: an error that is no refusal: %v", name, err)
		}
		st.refused[r.Code] = true
		said := []string{st.withNames("refused " + r.Error())}
		if len(r.Allowed) > 0 {
			said = append(said, "  allowed now: "+strings.Join(r.Allowed, " "))
		}
		return said, err
	}
	st.accepted[name] = true
	said := st.fold(ct, o, dec)
	st.requiredStays(ct, o, dec.Events)
	return said, nil
}

// fold adds an accepted order to the state, once as its events were decided and
// once as the ledger gives them back, without what is sealed.
func (st *story) fold(ct domain.CommandType, o domain.Order, dec domain.Decision) []string {
	if len(dec.Events) == 0 || len(dec.Basis) == 0 {
		st.t.Fatalf("%s yields neither events nor a refusal, or rests on nothing", ct.Name())
	}
	st.seq++
	en := domain.Entry{Seq: st.seq, ID: o.ID, Org: o.Org, Kind: o.Kind, Key: o.Key, Command: ct.Name(), Actor: o.Actor, By: o.By, Occurred: o.Occurred, Recorded: o.Recorded}
	stored := en
	var out []string
	for _, e := range dec.Events {
		if !slices.Contains(ct.Events, e.EventName()) {
			st.t.Errorf("%s caused %s, which its table line does not name", ct.Name(), e.EventName())
		}
		b, err := json.Marshal(e)
		if err != nil {
			st.t.Fatal(err)
		}
		out = append(out, st.withNames("  "+e.EventName()+" "+string(b)))
		en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: e})
		stored.Events = append(stored.Events, domain.Record{Type: e.EventName(), V: 1, Event: reread(st.t, st.k, e, o)})
	}
	for _, w := range dec.Warnings {
		out = append(out, fmt.Sprintf("warning %s: %s (%s)", w.Code, w.Text, w.Requirement))
	}
	was := phaseOf(st.state)
	plain, err := st.k.Evolve(st.state, en)
	if err != nil {
		st.t.Fatal(err)
	}
	if st.state, err = st.k.Evolve(st.state, stored); err != nil {
		st.t.Fatal(err)
	}
	if a, b := dump(plain), dump(st.state); a != b {
		st.t.Fatalf("%s: the state depends on sealed text or on how the events were stored:\n%s\n%s", ct.Name(), a, b)
	}
	st.key = o.Key
	if is := phaseOf(st.state); is != was {
		return append(out, fmt.Sprintf("entry %d; the %s is now %s", st.seq, st.k.Name, is))
	}
	return append(out, fmt.Sprintf("entry %d", st.seq))
}

// requiredStays holds corrections of the last entry to what its command requires:
// null and spaces take nothing of that back, other words are taken, and what
// stands may be said again.
func (st *story) requiredStays(ct domain.CommandType, o domain.Order, told []domain.Event) {
	correct := func(e domain.Event, field, value string) error {
		c := &domain.CorrectFact{Corrects: st.seq, Event: domain.Code(e.EventName()), Reason: "R", Fields: map[domain.Code]domain.Value{}}
		if err := json.Unmarshal([]byte(fmt.Sprintf(`{%q:%s}`, field, value)), &c.Fields); err != nil {
			st.t.Fatal(err)
		}
		row, _ := st.k.CommandNamed("CorrectFact")
		by := domain.Order{ID: domain.OrderIDFor(org, domain.PersonID{}, "correct"), Org: org, Kind: o.Kind, Key: o.Key, Command: c,
			Actor: domain.Actor{Role: "security-officer", For: org, Door: "cli", Proof: "stated"}, Recorded: o.Recorded}
		if row.Roles != nil {
			by.Actor.Role = row.Roles[0]
		}
		_, err := st.k.Decide(st.state, by)
		return err
	}
	code := func(err error) domain.Code {
		var r *domain.Refusal
		errors.As(err, &r)
		if r == nil {
			return ""
		}
		return r.Code
	}
	command := reflect.TypeOf(o.Command).Elem()
	for _, e := range told {
		for i := range command.NumField() {
			f := command.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			is, has := fieldOf(e, name)
			if !has || !slices.Contains(strings.Split(f.Tag.Get("rule"), ","), "required") {
				continue
			}
			err := correct(e, name, "null")
			if code(err) == domain.CodeUnknownEntry || strings.Contains(fmt.Sprint(err), "that can be corrected") {
				break
			}
			st.corrected[ct.Name()] = true
			if err == nil {
				st.t.Errorf("%s: a correction takes %s of %s back", ct.Name(), name, e.EventName())
			}
			if is.Type() != reflect.TypeFor[domain.Text]() {
				b, _ := json.Marshal(is.Interface())
				if err := correct(e, name, string(b)); code(err) == domain.CodeInvalid {
					st.t.Errorf("%s: %s of %s cannot be what it is: %v", ct.Name(), name, e.EventName(), err)
				}
				continue
			}
			if code(correct(e, name, `" "`)) != domain.CodeInvalid {
				st.t.Errorf("%s: a correction leaves %s of %s empty", ct.Name(), name, e.EventName())
			}
			if err := correct(e, name, `"Other words"`); err != nil {
				st.t.Errorf("%s: %s of %s cannot be corrected: %v", ct.Name(), name, e.EventName(), err)
			}
		}
	}
}

// fieldOf gives a field of an event by its JSON name.
func fieldOf(e domain.Event, name string) (reflect.Value, bool) {
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if n, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); n == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func (st *story) withNames(s string) string {
	for name, id := range st.names {
		s = strings.ReplaceAll(s, id.String(), "$"+name)
	}
	return s
}

// phaseOf reads where an aggregate stands, of whatever kind it is.
func phaseOf(st domain.State) domain.Code {
	return reflect.ValueOf(st).FieldByName("Told").Interface().(domain.Standing).Phase()
}

func dump(st domain.State) string {
	b, err := json.Marshal(st)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// reread passes an event through the form in which the ledger keeps it.
func reread(t failer, k domain.Kind, e domain.Event, o domain.Order) domain.Event {
	open, _ := domain.SetApart(e, domain.Ref{Kind: o.Kind, Key: o.Key}, o.ID)
	b, err := json.Marshal(open)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range k.Events {
		if shape.Name == e.EventName() {
			p := shape.New()
			d := json.NewDecoder(bytes.NewReader(b))
			d.DisallowUnknownFields()
			if err := d.Decode(p); err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			return shape.Up(p)
		}
	}
	t.Fatalf("a %s has no event %s", k.Name, e.EventName())
	return nil
}

// Whatever is ordered in whatever order by whomever, the answer is events or a
// refusal, and what story.order holds is held.
func TestAnyOrdersInAnyOrder(t *testing.T) {
	kinds, set := kindsOf(t)
	roles := set.CodesOf("roles")
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		st := &story{t: t, k: k, state: k.New(), accepted: map[string]bool{}, corrected: map[string]bool{}, refused: map[domain.Code]bool{}}
		at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 12).Draw(t, "orders") {
			at = at.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "seconds")) * time.Second)
			st.now, st.role, st.who = at, rapid.SampledFrom(roles).Draw(t, "role"), domain.PersonID{}
			if rapid.Bool().Draw(t, "happened") {
				st.happened = "It had happened."
			}
			c := rapid.SampledFrom(k.Commands).Draw(t, "command")
			args := c.Example
			if c.Name() == "CorrectFact" {
				e := rapid.SampledFrom(k.Commands).Draw(t, "of")
				var members map[domain.Code]json.RawMessage
				if err := json.Unmarshal([]byte(e.Example), &members); err != nil || len(members) == 0 {
					continue
				}
				name := rapid.SampledFrom(slices.Sorted(maps.Keys(members))).Draw(t, "field")
				args = fmt.Sprintf(`{"corrects":%d,"fields":{%q:%s},"reason":"x"}`, rapid.IntRange(1, 4).Draw(t, "entry"), name,
					rapid.SampledFrom([]string{"null", "true", "7", `"x"`, "[]", string(members[name])}).Draw(t, "value"))
			}
			_, _ = st.order(c.Name(), args)
		}
	})
}
