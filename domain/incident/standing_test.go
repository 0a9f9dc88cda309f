package incident

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Whatever the answers are, a complaint gives the same severity whether it comes
// before them or after, at least high; without one availability alone is none; and
// more answers that speak against it never make an incident less grave.
func TestAComplaintCountsWheneverItComes(t *testing.T) {
	rank := []domain.Code{SeverityNone, SeverityLight, SeverityHigh, SeverityVeryHigh}
	all := []domain.Code{"privacy", "availability", "integrity", "confidentiality"}
	judge := func(answers int, complained bool) SeverityAssessed {
		e := SeverityAssessed{Extent: "limited", Correctable: answers&1 == 0, RealRisk: answers&2 != 0,
			AffectsPartyOperations: answers&4 != 0, AffectsMinistry: answers&8 != 0, PublicMatter: answers&16 != 0}
		if answers&32 != 0 {
			e.Extent = "considerable"
		}
		for i, a := range all {
			if answers&(64<<i) != 0 {
				e.Aspects = append(e.Aspects, a)
			}
		}
		e.weigh(complained)
		return e
	}
	for answers := range 1 << 10 {
		plain := judge(answers, false)
		before, after := new(Incident), new(Incident)
		e := judge(answers, true)
		ComplaintRecorded{}.evolve(before, nil)
		e.evolve(before, nil)
		plain.evolve(after, nil)
		ComplaintRecorded{}.evolve(after, nil)
		if before.Severity() != after.Severity() || belowHigh(after.Severity()) || e.Severity != before.Severity() {
			t.Fatalf("%+v: %s with the complaint before, %s with it after", plain, before.Severity(), after.Severity())
		}
		beyond := slices.ContainsFunc(plain.Aspects, func(a domain.Code) bool { return a != "availability" })
		if beyond == (plain.Severity == SeverityNone) {
			t.Fatalf("%+v is %s", plain, plain.Severity)
		}
		for bit := range 6 {
			if worse := judge(answers|1<<bit, false); slices.Index(rank, worse.Severity) < slices.Index(rank, plain.Severity) {
				t.Fatalf("%+v is %s, but %+v is %s", plain, plain.Severity, worse, worse.Severity)
			}
		}
	}
}

func TestACriticalIncidentIsNeverBelowTwo(t *testing.T) {
	for computed := range 6 {
		for overridden := range 6 {
			own := PriorityThatHolds(computed, overridden, false)
			critical := PriorityThatHolds(computed, overridden, true)
			if want := overridden; overridden != 0 && own != want || overridden == 0 && own != computed {
				t.Errorf("computed %d, overridden %d: %d", computed, overridden, own)
			}
			if want := min(own, 2); own != 0 && critical != want || own == 0 && critical != 2 {
				t.Errorf("computed %d, overridden %d and critical: %d", computed, overridden, critical)
			}
		}
	}
}

// A policy reads how the incident stands, and each escalation by itself.
func TestAPolicyReadsTheStanding(t *testing.T) {
	w := newWorld(t, storyPolicy(t))
	give := func(name, args string) {
		t.Helper()
		o := w.order("security-officer", decode(t, name, args))
		if _, err := w.give(o); err != nil {
			t.Fatal(err)
		}
	}
	give("ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone","chain":"suwi"}`)
	give("Escalate", `{"to":"secretary","kind":"functional","level":2,"because":"manual","reason":"R"}`)
	give("ClassifySeverity", `{"aspects":["privacy"],"extent":"limited","publicMatter":true}`)
	give("DeclareMajor", byName["DeclareMajor"].Example)
	give("ClassifyKSZMajor", byName["ClassifyKSZMajor"].Example)
	f := Facts(w.s)
	if f.Code[policy.IncidentSeverity] != SeverityVeryHigh || !f.Flag[policy.IncidentMajor] || f.Flag[policy.IncidentCritical] ||
		!f.Flag[policy.IncidentKSZMajor] || !f.At[policy.IncidentKSZMajorAt].Equal(t0) {
		t.Errorf("severity and standing are told as %v %v", f.Code, f.Flag)
	}
	items := f.Each[policy.EachEscalation]
	if len(items) != 2 || items[1].N != 2 || items[1].Num[policy.EscalationLevel] != 3 || items[0].Code[policy.EscalationKind] != "functional" ||
		!items[1].At[policy.EscalationAt].Equal(t0) {
		t.Errorf("escalations are told as %+v", items)
	}
	give("AcknowledgeEscalation", fmt.Sprintf(`{"escalation":%q}`, w.s.Escalations[1].ID))
	if _, answered := Facts(w.s).Each[policy.EachEscalation][1].At[policy.EscalationAnswered]; !answered {
		t.Error("an acknowledged escalation is told as unanswered")
	}
}

// counters is a register of one vital service.
type counters struct{}

func (counters) Service(code domain.Code) (Service, domain.Basis, bool) {
	return Service{Vital: true}, domain.Basis{Kind: "service", Seq: 7}, code == "counters"
}

func (counters) Supplier(domain.Code) (Supplier, domain.Basis, bool) {
	return Supplier{}, domain.Basis{}, false
}

func (counters) Dependents(domain.Code) []domain.Code { return nil }

func (counters) Holders(domain.Code) []domain.Code { return nil }

func (counters) Improvements(domain.Key) []Improvement { return nil }

// Who reports that a vital service is hit hears that it may be a major incident,
// and the entry says which version of the register that rests on (MAJ-03).
func TestAVitalServiceIsPointedOut(t *testing.T) {
	w := newWorld(t, storyPolicy(t))
	w.basis.Register = counters{}
	d, err := w.give(w.order("employee", decode(t, "ReportIncident",
		`{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone","affected":["counters","fountain"]}`)))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, warning := range d.Warnings {
		codes = append(codes, string(warning.Code))
	}
	if got := strings.Join(codes, " "); got != "critical_service unknown_service" {
		t.Errorf("warnings %q", got)
	}
	if last := d.Basis[len(d.Basis)-1]; last.Seq != 7 {
		t.Errorf("the decision rests on %v", d.Basis)
	}
}
