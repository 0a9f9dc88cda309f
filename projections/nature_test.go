package projections_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
	"incidentledger/projections"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/register"
)

// What is said of an incident's nature, severity, priority and confidentiality,
// corrected in any order, stands in the views as the incident itself folds it.
func TestWhatIsSaidAnewStandsInTheViews(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	basis := incident.Basis{Basis: policy.Basis{Current: set}, Refs: []domain.Basis{{Kind: "policy", Seq: 1}}}
	tb := t
	rapid.Check(t, func(t *rapid.T) {
		st := new(incident.Incident)
		var ledger list
		for range rapid.IntRange(3, 25).Draw(t, "orders") {
			en := said(t, st, basis)
			if en == nil {
				continue
			}
			if st, err = incident.Evolve(st, *en); err != nil {
				t.Fatalf("%v", err)
			}
			ledger = append(ledger, en)
		}
		if len(ledger) == 0 {
			return
		}
		compareNature(tb, t, st, ledger)
	})
}

// said gives the entry of some order about the incident; nil where it was
// refused.
func said(t *rapid.T, st *incident.Incident, basis incident.Basis) *domain.Entry {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	flag := func(label string) bool { return rapid.Bool().Draw(t, label) }
	const person = `"0198c2a4-7c1e-7a30-9b54-3d1f0a6b2c11"`
	orders := map[string]string{
		"Reclassify": fmt.Sprintf(`{"category":%q,"suspectedDataLeak":%t,"chain":%q,"reason":"R"}`, pick("category", "fraud", "outage"), flag("leak"), pick("chain", "", "suwi")),
		"ClassifySeverity": fmt.Sprintf(`{"aspects":["privacy"],"extent":%q,"correctable":%t,"publicMatter":%t}`,
			pick("extent", "limited", "considerable"), flag("correctable"), flag("public")),
		"RecordComplaint":    `{"received":"2026-11-20T17:00:00Z","complainant":"C","text":"T"}`,
		"AssessPriority":     fmt.Sprintf(`{"urgency":%q,"impact":"low"}`, pick("urgency", "high", "medium", "low")),
		"OverridePriority":   fmt.Sprintf(`{"priority":%s,"reason":"R"}`, pick("priority", "1", "3", "5")),
		"DeclareCritical":    `{"criteria":["servers-infected"],"reason":"R"}`,
		"DeclareMajor":       `{"criteria":["vital-function-hit"],"reason":"R"}`,
		"StandDownMajor":     `{"reason":"R"}`,
		"SetConfidentiality": fmt.Sprintf(`{"tlp":%q,"track":%q,"needToKnow":%s}`, pick("tlp", "red", "green"), pick("track", "normal", "integrity"), pick("need", "[]", "["+person+"]")),
		"CorrectFact": fmt.Sprintf(`{"corrects":%d,"fields":{%s},"reason":"R"}`, rapid.IntRange(1, int(st.Seq)+1).Draw(t, "corrects"),
			pick("field", `"category":"phishing"`, `"chain":"ksz"`, `"suspectedDataLeak":true`, `"suspectedDataLeak":false`, `"kind":"weakness"`, `"track":"integrity"`,
				`"withholdFrom":[`+person+`]`, `"needToKnow":null`, `"tlp":"amber"`, `"publicMatter":true`, `"extent":"considerable"`, `"urgency":"high"`, `"priority":4`)),
	}
	name := rapid.SampledFrom(slices.Sorted(func(yield func(string) bool) {
		for name := range orders {
			if !yield(name) {
				return
			}
		}
	})).Draw(t, "command")
	args := orders[name]
	if !st.Begun() {
		name, args = "ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone","withholdFrom":[`+person+`]}`
	}
	kind := incident.Kind(func() incident.Basis { return basis })
	row, ok := kind.CommandNamed(name)
	if !ok {
		t.Fatalf("no command %s", name)
	}
	c := row.New()
	if err := json.Unmarshal([]byte(args), c); err != nil {
		t.Fatalf("%s %s: %v", name, args, err)
	}
	seq := st.Seq + 1
	o := domain.Order{ID: domain.OrderID{UUID: id('o', uint64(seq))}, Org: "org-1", Kind: incident.Name, Key: domain.Key{UUID: id('i', 1)}, Command: c,
		Actor:    domain.Actor{ID: domain.PersonID{UUID: id('p', 1)}, Role: "security-officer", For: "org-1", Door: "cli", Proof: "stated"},
		Recorded: time.Date(2026, 11, 20, 18, int(seq), 0, 0, time.UTC)}
	d, err := incident.Decide(st, o, basis)
	if err != nil {
		return nil
	}
	en := &domain.Entry{Seq: seq, Prev: st.Seq, ID: o.ID, Org: o.Org, Kind: o.Kind, Key: o.Key, Command: name, Actor: o.Actor, Recorded: o.Recorded}
	for _, e := range d.Events {
		open, _ := domain.SetApart(e, domain.Ref{}, o.ID)
		en.Events = append(en.Events, domain.Record{Type: e.EventName(), V: 1, Event: open})
	}
	return en
}

func compareNature(tb *testing.T, t *rapid.T, st *incident.Incident, ledger list) {
	db := open(tb, projections.Config{}, views()...)
	defer db.Close()
	catchUp(tb, db, ledger, len(ledger))
	s, err := db.Snapshot()
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer s.Close()
	g, err := register.In(s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r, err := g.ByKey(st.Key, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	type nature struct {
		Kind, Category, Chain, Severity domain.Code
		Leak, Relevant, Major, Critical bool
		Priority                        int
		Class                           domain.Class
	}
	class := domain.Class{Track: st.Report.Track, Withheld: domain.NeedOf(st.Report.WithholdFrom), Set: r.Class.Set}
	if c := st.Confidentiality; c != nil {
		class.TLP, class.Need = c.TLP, domain.NeedOf(c.NeedToKnow)
	}
	got := nature{r.Kind, r.Category, r.Chain, r.Severity, r.SuspectedDataLeak, r.SecurityRelevant, r.Major, r.Critical, r.Priority, r.Class}
	want := nature{st.Report.Kind, st.Report.Category, st.Report.Chain, st.Severity(), st.Report.SuspectedDataLeak, st.Report.SecurityRelevant,
		st.Major, st.Critical, st.Priority(), class}
	if got != want {
		t.Fatalf("the register has\n%+v, the incident folds to\n%+v", got, want)
	}
	d, err := deadlines.In(s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	clocks, err := d.OfIncident(st.Key, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, c := range clocks {
		if c.Priority != st.Priority() || c.Class != class {
			t.Fatalf("clock %s has priority %d and class %+v, the incident %d and %+v", c.ID, c.Priority, c.Class, st.Priority(), class)
		}
	}
}
