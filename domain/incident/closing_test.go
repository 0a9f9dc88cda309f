package incident

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// shelf is a register that knows improvements alone.
type shelf []Improvement

func (shelf) Service(domain.Code) (Service, domain.Basis, bool) {
	return Service{}, domain.Basis{}, false
}

func (shelf) Supplier(domain.Code) (Supplier, domain.Basis, bool) {
	return Supplier{}, domain.Basis{}, false
}

func (shelf) Dependents(domain.Code) []domain.Code { return nil }

func (shelf) Holders(domain.Code) []domain.Code { return nil }

func (s shelf) Improvements(domain.Key) []Improvement { return s }

// resolved gives a world with a plain fault that is resolved.
func resolved(t *testing.T, report string) *world {
	t.Helper()
	w := newWorld(t, storyPolicy(t))
	for _, line := range []string{
		report, `VerifyReport {"verdict":"confirmed","grounds":"G"}`, `AssessPriority {"urgency":"high","impact":"high"}`,
		`ResolveIncident {"cause":"C","resolution":"R","restoredAt":"2026-11-20T18:00:00+01:00"}`,
	} {
		name, args, _ := strings.Cut(line, " ")
		if _, err := w.give(w.order("security-officer", decode(t, name, args))); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return w
}

const importedFault = `ReportIncident {"kind":"incident","title":"T","description":"D","category":"outage","channel":"import"}`

// Each improvement has an owner and a date, or is over, before its incident is
// closed; and the entry says on which version of each that rests (EVA-05).
func TestClosingWaitsForImprovements(t *testing.T) {
	key := domain.KeyNamed(org, "improvement", "x")
	ref := domain.Basis{Kind: "improvement", Key: key, Seq: 7}
	for _, c := range []struct {
		i    Improvement
		open bool
	}{
		{Improvement{Key: key, Ref: ref}, true},
		{Improvement{Key: key, Ref: ref, Owner: true}, true},
		{Improvement{Key: key, Ref: ref, Due: true}, true},
		{Improvement{Key: key, Ref: ref, Owner: true, Due: true}, false},
		{Improvement{Key: key, Ref: ref, Done: true}, false},
		{Improvement{Key: key, Ref: ref, Dropped: true}, false},
	} {
		w := resolved(t, importedFault)
		w.basis.Register = shelf{c.i}
		d, err := w.give(w.order("security-officer", decode(t, "CloseIncident", `{}`)))
		var r *domain.Refusal
		if errors.As(err, &r) != c.open {
			t.Errorf("%+v: %v", c.i, err)
		}
		if c.open && (r.Code != RefusedStillOpen || !strings.Contains(r.Text, key.String())) {
			t.Errorf("%+v: the refusal does not name the improvement: %v", c.i, r)
		}
		if !c.open && d.Basis[len(d.Basis)-1] != ref {
			t.Errorf("%+v: the decision rests on %v", c.i, d.Basis)
		}
	}
}

// What another system handled is not evaluated again for its priority alone; the
// same fault reported here is.
func TestImportedFaultsCloseQuickly(t *testing.T) {
	for report, quick := range map[string]bool{importedFault: true, strings.Replace(importedFault, `"import"`, `"phone"`, 1): false} {
		w := resolved(t, report)
		if _, err := w.give(w.order("resolver", decode(t, "CloseIncident", `{}`))); (err == nil) != quick {
			t.Errorf("%s: %v", report, err)
		}
	}
}

// Closing is on the work list when nothing keeps it open, improvements and the laws
// that hold for the organisation included; till then what it waits for is.
func TestTheWorkListAgreesWithClosing(t *testing.T) {
	for _, c := range []struct {
		class domain.Code
		list  shelf
		waits string
	}{
		{"none", shelf{{Owner: true, Due: true}}, "CloseIncident"},
		{"essential", shelf{{Owner: true, Due: true}}, "AssessSignificance"},
		{"none", shelf{{Owner: true}}, "AssignImprovement"},
		{"none", nil, "ProposeImprovement"},
	} {
		w := resolved(t, `ReportIncident {"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone","ict":true,"securityRelevant":true}`)
		w.basis.Profile[policy.OrgCbwClass], w.basis.Register = c.class, c.list
		w.now = w.now.Add(24 * time.Hour)
		for _, line := range []string{
			`ClassifySeverity {"aspects":["confidentiality"],"extent":"limited","correctable":true}`, `RecordAnalysis`,
			`DecideEvidence {"reason":"R"}`, `ConfirmIntegrity`, `StartEvaluation`, `RecordLesson`, `SubmitEvaluation`,
		} {
			name, args, _ := strings.Cut(line, " ")
			if _, err := w.give(w.order("security-officer", decode(t, name, cmp.Or(args, byName[name].Example)))); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		for _, role := range w.s.uninformed() {
			if _, err := w.give(w.order("security-officer", decode(t, "InformParty", strings.Replace(byName["InformParty"].Example, "department-head", string(role), 1)))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.give(w.order("secretary", decode(t, "ApproveEvaluation", `{}`))); err != nil {
			t.Fatal(err)
		}
		checkTodo(t, w)
		var left []string
		for _, td := range w.s.Todo(&w.basis, w.now) {
			left = append(left, td.Command)
		}
		if _, err := w.give(w.order("security-officer", decode(t, "CloseIncident", `{}`))); (err == nil) != (c.waits == "CloseIncident") || !slices.Contains(left, c.waits) {
			t.Errorf("%+v: %v waits, closing says %v", c, left, err)
		}
	}
}
