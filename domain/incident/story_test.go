package incident

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
)

var update = flag.Bool("update", false, "write what happened into the stories")

// A story is a text file: a title, then sections.
//
//	-- given --   orders that must be accepted
//	-- when --    orders under test
//	-- then --    what they caused, written by -update and then read by a person
//
// Before an order, lines may say: at T (the desk's clock), as ROLE, and for the
// next order alone occurred T, by MEDIUM WHO (a person's id, or words), happened REASON. $escalation and
// $notification stand for the ids that the last such order made, and so does $
// with the name of anything else that an order made. A line "profile PATH VALUE"
// says what the organisation's profile tells from then on, "profile none" that
// there is none, and lines "service
// CODE JSON" and "supplier CODE JSON" what its register does. A line "todo ROLE"
// tells what waits for a role, or for anybody, and "steps" how far the procedure is.
//
// Those in testdata go by a small policy set, those in testdata/procedure by the
// set that the program ships. A line "requirements: INT-01 INT-02" in the title
// names the requirements that the story shows.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	procedure, err := filepath.Glob("testdata/procedure/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	set := storyPolicy(t)
	shipped, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	commands, corrected, refusals := map[string]bool{}, map[string]bool{}, map[domain.Code]bool{}
	for _, file := range append(files, procedure...) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := set
			if slices.Contains(procedure, file) {
				set = shipped
			}
			st := newStory(t, set)
			st.commands, st.corrected, st.refusals = commands, corrected, refusals
			got := st.play(t, string(b))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(b) {
				t.Errorf("the story goes otherwise; it now reads:\n%s", got)
			}
		})
	}
	if len(corrected) < 20 {
		t.Errorf("the required fields of %d commands alone were held to what they are", len(corrected))
	}
	for _, r := range CommandTypes() {
		if !commands[r.Name()] {
			t.Errorf("no story in which %s is accepted", r.Name())
		}
	}
	for _, code := range []domain.Code{
		RefusedNotBegun, RefusedAlreadyBegun, RefusedWrongState, RefusedNoChange, RefusedAnonymous, RefusedStillOpen,
		RefusedUnknownEntry, RefusedUnknown, RefusedNotDue, RefusedNotRunning, RefusedLate, RefusedAware, RefusedNotAware,
		RefusedNoChain, RefusedSeveralContracts, RefusedNoEstimate, RefusedChainPriority, RefusedChainClass, RefusedNoCalamity, RefusedNotOrdered,
		RefusedMandatory, RefusedCritical, RefusedOverrunLate, RefusedStatutory, RefusedNoForecast, RefusedConfidential, RefusedNotShared,
		RefusedNoDuty, RefusedHold, RefusedWithdrawn, RefusedUndecided, RefusedEvidence, RefusedHolder, RefusedOffered, RefusedReceipt, RefusedReleased,
		RefusedEvaluation, RefusedSamePerson, RefusedNotLight, RefusedMandate, RefusedRisk, RefusedConfirmed, RefusedNoSuspicion, RefusedExemption, RefusedBeforeBegun, RefusedAccess, RefusedAspects,
		domain.CodeDenied, domain.CodeInvalid,
	} {
		if !refusals[code] {
			t.Errorf("no story with the refusal %s", code)
		}
	}
}

type story struct {
	*world
	role      domain.Code
	occurred  domain.Moment
	by        *domain.By
	happened  domain.Text
	commands  map[string]bool
	corrected map[string]bool // commands whose required fields were held to what they are
	refusals  map[domain.Code]bool
}

func newStory(t testing.TB, set *policy.Set) *story {
	return &story{world: newWorld(t, set), role: "security-officer", commands: map[string]bool{}, corrected: map[string]bool{}, refusals: map[domain.Code]bool{}}
}

func (st *story) play(t *testing.T, text string) string {
	title, rest, _ := strings.Cut(text, "-- ")
	var out strings.Builder
	out.WriteString(title)
	for _, section := range strings.Split("-- "+rest, "\n-- ") {
		name, body, _ := strings.Cut(strings.TrimPrefix(section, "-- "), " --\n")
		switch name {
		case "given", "when":
			body = strings.TrimRight(body, "\n") + "\n"
			fmt.Fprintf(&out, "-- %s --\n%s", name, body)
			var then []string
			for _, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
				told, err := st.line(t, line)
				if name == "given" && err != nil {
					t.Fatalf("given %s\nbut %v", line, err)
				}
				then = append(then, told...)
			}
			if name == "when" {
				fmt.Fprintf(&out, "-- then --\n%s\n", strings.Join(then, "\n"))
			}
		case "then":
		default:
			t.Fatalf("unknown section %q", name)
		}
	}
	return out.String()
}

// line plays one line of a story and tells what came of it.
func (st *story) line(t *testing.T, line string) ([]string, error) {
	word, rest, _ := strings.Cut(line, " ")
	instant := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return at
	}
	switch word {
	case "":
		return nil, nil
	case "at":
		st.now = instant(rest).UTC()
		return nil, nil
	case "as":
		st.role = domain.Code(rest)
		return nil, nil
	case "occurred":
		st.world.t.Helper()
		st.occurred = domain.Moment{Time: instant(rest), Precision: domain.PrecisionMinute}
		return nil, nil
	case "happened":
		st.happened = domain.Text(rest)
		return nil, nil
	case "profile":
		if rest == "none" {
			st.basis.Dated = nil
			return nil, nil
		}
		path, value, _ := strings.Cut(rest, " ")
		st.basis.Profile[policy.Path(path)] = domain.Code(value)
		st.basis.Dated = []policy.Profile{{Fields: st.basis.Profile}}
		return nil, nil
	case "service", "supplier":
		code, said, _ := strings.Cut(rest, " ")
		if err := st.register(word, domain.Code(code), said); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return nil, nil
	case "by":
		medium, who, _ := strings.Cut(rest, " ")
		st.by = &domain.By{Medium: domain.Code(medium)}
		if st.by.Person.UnmarshalText([]byte(who)) != nil {
			st.by.Text = domain.Text(who)
		}
		return nil, nil
	case "todo":
		return st.todo(domain.Code(rest)), nil
	case "steps":
		return st.steps(), nil
	}
	for id, name := range st.names {
		rest = strings.ReplaceAll(rest, name, id)
	}
	o := st.order(st.role, decode(t, word, rest))
	o.Occurred, o.By, o.Happened = st.occurred, st.by, st.happened
	st.occurred, st.by, st.happened = domain.Moment{}, nil, ""
	phase := st.s.Phase
	d, err := st.give(o)
	if err != nil {
		var r *domain.Refusal
		errors.As(err, &r)
		st.refusals[r.Code] = true
		said := "refused " + r.Error()
		switch n := len(r.Allowed); {
		case n > 3: // many more come and go with every command
			said += "\n  allowed now: much else"
		case n > 0:
			said += "\n  allowed now: " + strings.Join(r.Allowed, " ")
		}
		return []string{st.named(said)}, err
	}
	st.commands[word] = true
	st.requiredStays(t, o, d.Events)
	for what, id := range d.IDs {
		for old, name := range st.names {
			if name == "$"+what {
				delete(st.names, old)
			}
		}
		st.names[id] = "$" + what
	}
	var out []string
	for _, e := range d.Events {
		if !slices.Contains(append(byName[word].Events, always...), e.EventName()) {
			t.Errorf("%s caused %s, which its table line does not name", word, e.EventName())
		}
		out = append(out, st.named(tell(e)))
	}
	for _, warning := range d.Warnings {
		out = append(out, st.named(fmt.Sprintf("warning %s: %s (%s)", warning.Code, warning.Text, warning.Requirement)))
	}
	if st.s.Phase != phase {
		out = append(out, fmt.Sprintf("entry %d; the incident is now %s", st.s.Seq, st.s.Phase))
	} else {
		out = append(out, fmt.Sprintf("entry %d", st.s.Seq))
	}
	return out, nil
}

// requiredStays holds corrections of the last entry to what its command requires:
// null and spaces take nothing of that back, other words are taken, and what
// stands may be said again.
func (st *story) requiredStays(t *testing.T, o domain.Order, told []domain.Event) {
	correct := func(e domain.Event, field, value string) domain.Code {
		c := decode(t, "CorrectFact", fmt.Sprintf(`{"corrects":%d,"event":%q,"fields":{%q:%s},"reason":"R"}`, st.s.Seq, e.EventName(), field, value))
		by := domain.Order{ID: domain.OrderIDFor(org, domain.PersonID{}, "correct"), Org: org, Kind: Name, Key: o.Key, Actor: actor("security-officer"), Command: c, Recorded: o.Recorded}
		var r *domain.Refusal
		if _, err := Decide(st.s, by, st.basis); errors.As(err, &r) {
			return r.Code
		}
		return ""
	}
	command := reflect.TypeOf(o.Command).Elem()
	for _, e := range told {
		others := slices.DeleteFunc(slices.Clone(told), func(o domain.Event) bool { return o.EventName() != e.EventName() })
		if _, ok := events.Correctable(e.EventName()); !ok || len(others) > 1 { // of several nobody can say which is meant
			continue
		}
		for i := range command.NumField() {
			f := command.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			is, has := fieldOf(e, name)
			if !has || !slices.Contains(strings.Split(f.Tag.Get("rule"), ","), "required") {
				continue
			}
			st.corrected[command.Name()] = true
			inPersons := name == "consulted" // whom ids name stands in another field of the event
			if correct(e, name, "null") == "" && !inPersons {
				t.Errorf("%s: a correction takes %s of %s back", command.Name(), name, e.EventName())
			}
			if is.Type() != reflect.TypeFor[domain.Text]() {
				b, _ := json.Marshal(is.Interface())
				if correct(e, name, string(b)) == domain.CodeInvalid {
					t.Errorf("%s: %s of %s cannot be what it is", command.Name(), name, e.EventName())
				}
				continue
			}
			if correct(e, name, `" "`) == "" {
				t.Errorf("%s: a correction leaves %s of %s empty", command.Name(), name, e.EventName())
			}
			if code := correct(e, name, `"Other words"`); code != "" {
				t.Errorf("%s: %s of %s cannot be corrected: %s", command.Name(), name, e.EventName(), code)
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

func (st *story) named(s string) string {
	for id, name := range st.names {
		s = strings.ReplaceAll(s, id, name)
	}
	return s
}

// tell writes an event for a reader: clocks in words, all else as it stands.
func tell(e domain.Event) string {
	due := func(t time.Time, provisional bool) string {
		s := "no fixed term"
		if !t.IsZero() {
			s = "due " + t.Format(time.RFC3339)
		}
		if provisional {
			s += " (provisional)"
		}
		return s
	}
	switch e := e.(type) {
	case policy.ClockArmed:
		return fmt.Sprintf("  ClockArmed %s from %s, %s", e.Clock, e.Origin.AnchorPath, due(e.Due, e.Provisional))
	case policy.ClockMoved:
		s := fmt.Sprintf("  ClockMoved %s from %s, %s, was %s", e.Clock, e.Origin.AnchorPath, due(e.Due, e.Provisional), due(e.Was, false))
		if e.Reopened {
			s += ", runs again"
		}
		return s
	case policy.ClockMet:
		return fmt.Sprintf("  ClockMet %s at %s, on time %t", e.Clock, e.At.Format(time.RFC3339), e.OnTime)
	case policy.ClockCancelled:
		return fmt.Sprintf("  ClockCancelled %s", e.Clock)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return "  " + e.EventName() + " " + string(b)
}
