package incident

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/handlers/policyfile"
)

// phases brings an incident into each phase by the shortest way.
var phases = map[domain.Code][]string{
	"":              {},
	PhaseReported:   {`ReportIncident {"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone"}`},
	PhaseRegistered: {`VerifyReport {"verdict":"confirmed","grounds":"G"}`},
	PhaseOnHold:     {`VerifyReport {"verdict":"confirmed","grounds":"G"}`, `PlaceOnHold {"waitingFor":"user","reason":"R"}`},
	PhaseResolved:   {`VerifyReport {"verdict":"confirmed","grounds":"G"}`, `ResolveIncident {"cause":"C","resolution":"R","restoredAt":"2026-11-20T17:00:00Z"}`},
	PhaseClosed:     {`CloseIncident {"override":{"reason":"R"}}`},
	PhaseRejected:   {`RejectReport {"grounds":"G"}`},
	PhaseWithdrawn:  {`WithdrawReport {"grounds":"G"}`},
	PhaseMerged:     {`MergeReport {"into":"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11","grounds":"G"}`},
}

func inPhase(t *testing.T, phase domain.Code) *world {
	t.Helper()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, set)
	steps := phases[phase]
	if phase != "" && phase != PhaseReported {
		steps = slices.Concat(phases[PhaseReported], steps)
	}
	for _, step := range steps {
		name, args, _ := strings.Cut(step, " ")
		if _, err := w.give(w.order("security-officer", decode(t, name, args))); err != nil {
			t.Fatalf("into %s: %s: %v", phase, step, err)
		}
	}
	w.now = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC) // behind what the examples tell of
	if w.s.Phase != phase {
		t.Fatalf("the way into %s leads to %s", phase, w.s.Phase)
	}
	return w
}

// Every command refuses every phase that its declaration does not name, and every
// role that it does not, and says what would be allowed; nothing changes.
func TestEveryCommandKeepsToItsPhasesAndRoles(t *testing.T) {
	for _, phase := range slices.Sorted(maps.Keys(phases)) {
		w := inPhase(t, phase)
		for _, c := range commands {
			if c.System {
				continue
			}
			cmd := decode(t, c.Name(), c.Example)
			for _, role := range []domain.Code{"security-officer", "auditor"} {
				if role == "security-officer" && len(c.Roles) > 0 && !slices.Contains(c.Roles, role) {
					role = c.Roles[0]
				}
				o := w.order(role, cmd)
				_, err := Decide(w.s, o, w.basis)
				var r *domain.Refusal
				if err != nil && !errors.As(err, &r) {
					t.Fatalf("%s while %q: an error that is no refusal: %v", c.Name(), phase, err)
				}
				may := c.Roles == nil || slices.Contains(c.Roles, role)
				then := c.Begins == (phase == "") && (c.States == nil || slices.Contains(c.States, phase))
				switch {
				case may && then: // its own rules judge it
				case r == nil:
					t.Errorf("%s by %s while %q is accepted", c.Name(), role, phase)
				case !may && r.Code != domain.CodeDenied:
					t.Errorf("%s by %s while %q: %v", c.Name(), role, phase, r)
				case may && !slices.Contains([]domain.Code{RefusedWrongState, RefusedNotBegun, RefusedAlreadyBegun}, r.Code):
					t.Errorf("%s while %q: %v", c.Name(), phase, r)
				case r.Requirement == "" || r.Code == RefusedWrongState && len(r.Allowed) == 0:
					t.Errorf("%s by %s while %q says neither why nor what is allowed: %+v", c.Name(), role, phase, r)
				}
			}
		}
	}
}

// Every field of every command that is required is missed, and every bound holds:
// the refusal names the field.
func TestEveryFieldIsJudged(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	docs, err := Docs()
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name, field string, c domain.Command) {
		t.Helper()
		err := domain.Check(c, t0.Add(365*24*time.Hour), set)
		var r *domain.Refusal
		if !errors.As(err, &r) || !strings.HasPrefix(r.Field, field) {
			t.Errorf("%s: %s beyond its bounds or missing: %v", name, field, err)
		}
	}
	judged := 0
	for _, row := range commands {
		schema := domain.Schema(row.CommandType, set, docs)
		required, _ := schema["required"].([]string)
		for _, f := range required {
			v := reflect.New(reflect.TypeOf(row.New()).Elem())
			if err := json.Unmarshal([]byte(row.Example), v.Interface()); err != nil {
				t.Fatal(err)
			}
			field := fieldNamed(v.Elem(), f)
			if field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[time.Time]() {
				continue // its own fields are judged one by one
			}
			field.SetZero()
			refused(row.Name(), f, v.Interface().(domain.Command))
			judged++
		}
		v := reflect.New(reflect.TypeOf(row.New()).Elem())
		for i := range v.Elem().NumField() {
			if err := json.Unmarshal([]byte(row.Example), v.Interface()); err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(v.Elem().Type().Field(i).Tag.Get("json"), ",")
			field := v.Elem().Field(i)
			was := reflect.ValueOf(field.Interface())
			switch x := field.Addr().Interface().(type) {
			case *domain.Text:
				*x = domain.Text(strings.Repeat("x", 20_000))
			case *domain.Code:
				*x = "no such code"
			case *time.Time:
				*x = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
			case *[]domain.Code:
				*x = []domain.Code{"no such code"}
			default:
				continue
			}
			refused(row.Name(), name, v.Interface().(domain.Command))
			field.Set(was)
			judged++
		}
	}
	if judged < 300 {
		t.Errorf("only %d fields were judged", judged)
	}
}

func fieldNamed(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if n, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); n == name {
			return v.Field(i)
		}
	}
	panic("no field " + name)
}
