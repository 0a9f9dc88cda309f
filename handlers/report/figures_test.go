package report

import (
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/handlers/catalogue"
)

func TestPeriods(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026":                  "2026-01-01T00:00:00+01:00 2027-01-01T00:00:00+01:00",
		"2026-Q3":               "2026-07-01T00:00:00+02:00 2026-10-01T00:00:00+02:00",
		"2026-Q4":               "2026-10-01T00:00:00+02:00 2027-01-01T00:00:00+01:00",
		"2026-03":               "2026-03-01T00:00:00+01:00 2026-04-01T00:00:00+02:00",
		"2026-03-29/2026-03-29": "2026-03-29T00:00:00+01:00 2026-03-30T00:00:00+02:00",
	} {
		p, err := ParsePeriod(text, zone)
		if got := p.From.Format(time.RFC3339) + " " + p.To.Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", text, got, want, err)
		}
	}
	for _, bad := range []string{"", "26", "2026-Q5", "2026-Q", "2026-13", "2026-Q1-", "2026-1", "2026-11-02/2026-11-01", "2026-11-01/", "x"} {
		if p, err := ParsePeriod(bad, zone); err == nil {
			t.Errorf("%q is a period: %+v", bad, p)
		}
	}
	for audience, want := range map[string]string{"council": "2025", "college": "2025-Q4", "controller": "2025-Q4", "management": "2026-02"} {
		if p := PeriodFor(audience, time.Date(2026, 2, 1, 0, 30, 0, 0, zone), zone); p.Name != want {
			t.Errorf("%s is told of %s, want %s", audience, p.Name, want)
		}
	}
}

// seconds shows a spread.
func seconds(s Spread) [3]int64 {
	if s.N == 0 {
		return [3]int64{}
	}
	return [3]int64{int64(s.N), *s.Median, *s.P90}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		spans []int64
		want  [3]int64
	}{
		{nil, [3]int64{}},
		{[]int64{7}, [3]int64{1, 7, 7}},
		{[]int64{3, 1, 2}, [3]int64{3, 2, 3}},
		{[]int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, [3]int64{10, 5, 9}},
		{[]int64{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, [3]int64{11, 6, 10}},
	} {
		if got := seconds(spread(slices.Clone(c.spans))); got != c.want {
			t.Errorf("%v: %v, want %v", c.spans, got, c.want)
		}
	}
}

// An incident as figures see it, beside which the tests count.
func counted(key string, change func(*incident.Incident)) Counted {
	st := new(incident.Incident)
	r := &st.Report
	st.Phase, st.Leg, r.Category, r.Department = incident.PhaseResolved, 1, "outage", "residents"
	r.Started, r.Discovered, r.Reported = now.Add(-10*time.Hour), now.Add(-9*time.Hour), now.Add(-8*time.Hour)
	st.TakenUp, st.Resolved = now.Add(-7*time.Hour), now.Add(-4*time.Hour)
	st.Clocks = map[policy.ClockID]policy.Clock{}
	change(st)
	return Counted{Key: domain.KeyNamed("demo", "incident", key), Number: key, State: st}
}

func clock(st *incident.Incident, id policy.ClockID, due, met time.Time, statutory bool) {
	rule, _, _ := strings.Cut(string(id), "/")
	st.Clocks[id] = policy.Clock{ID: id, Rule: domain.Code(rule), Recipient: "ap", Stage: "initial", N: 1, Due: due, Met: met, Statutory: statutory}
}

// Where incidents occur, how grave they are and how long they take; terms that
// rest on a guess, or that nobody fixed, are no one's merit and no one's fault.
//
// requirements: GOV-09 REG-04 EVA-09
func TestFigures(t *testing.T) {
	late := int64(12)
	list := []Counted{
		counted("1", func(st *incident.Incident) {
			st.Closed, st.Phase = now.Add(-time.Hour), incident.PhaseClosed
			clock(st, "gdpr-33/ap/initial/1", now, now.Add(-time.Hour), true)
			clock(st, "gdpr-34/data-subjects/initial/1", time.Time{}, now, true)
		}),
		counted("2", func(st *incident.Incident) {
			st.Report.Department, st.Report.Category = "youth-care", "data-leak"
			st.Continuity.Notices = []incident.SupplierNoticeRecorded{{Supplier: "host", LateMinutes: &late}, {Supplier: "host"}}
			st.Continuity.Routed = []domain.Code{"host"}
			clock(st, "gdpr-33/ap/initial/1", now.Add(-time.Hour), now, true)
			clock(st, "local/own/x/1", now.Add(-time.Hour), time.Time{}, false)
			c := st.Clocks["local/own/x/1"]
			c.ID, c.Provisional = "guess/ap/x/1", true
			st.Clocks[c.ID] = c
		}),
		counted("3", func(st *incident.Incident) {
			st.Phase, st.TakenUp = incident.PhaseMerged, time.Time{}
			st.Continuity.Notices = []incident.SupplierNoticeRecorded{{Supplier: "host"}}
			st.Continuity.Downtimes = []incident.DowntimeRecorded{{Service: "counter", From: now.Add(-3 * time.Hour)}}
		}),
	}
	p := Period{Name: "today", From: now.Add(-24 * time.Hour), To: now}
	f := Reckon(p, list, 5, now)
	if a := f.All; a.Incidents != 3 || a.Open != 1 || a.Met != 1 || a.Missed != 2 || f.OpenAtEnd != 5 ||
		seconds(a.Detect) != [3]int64{3, 3600, 3600} || seconds(a.React) != [3]int64{2, 3600, 3600} || seconds(a.Restore) != [3]int64{3, 4 * 3600, 4 * 3600} || a.Notify.N != 0 {
		t.Errorf("%+v", f)
	}
	sums := map[domain.Code]int{}
	of := map[domain.Code]Group{}
	for _, g := range f.Groups {
		sums[g.By] += g.Incidents
		of[g.By+"/"+g.Of] = g
	}
	if sums["priority"] != 3 || sums["category"] != 3 || sums["severity"] != 3 || sums["supplier"] != 1 || of["department/youth-care"].Missed != 2 || of["supplier/host"].Incidents != 1 {
		t.Errorf("%+v", f.Groups)
	}

	src := &Source{Org: "demo", Name: "Gemeente Voorbeeld", Zone: time.UTC}
	r := src.Account(p, "controller", list, nil, 5, now)
	if len(r.Outages) != 0 {
		t.Errorf("an outage of a report that was merged: %+v", r.Outages)
	}
	if r.Levels == nil || len(r.Levels) != 0 {
		t.Errorf("levels: %+v", r.Levels)
	}
	if len(r.Suppliers) != 1 || r.Suppliers[0] != (Served{Supplier: "host", Incidents: 1, Notices: 2, Late: 1, Unjudged: 1}) {
		t.Errorf("suppliers: %+v", r.Suppliers)
	}
	if i := slices.IndexFunc(r.Terms, func(n TermCount) bool { return n.Rule == "gdpr-34" }); i < 0 || r.Terms[i] != (TermCount{Rule: "gdpr-34", Statutory: true, Done: 1}) {
		t.Errorf("what has no fixed term: %+v", r.Terms)
	}
	if len(r.Late) != 1 || r.Late[0].Number != "2" || r.Late[0].LateSeconds != 3600 {
		t.Errorf("late: %+v", r.Late)
	}
}

// What was done before the report counts from when the incident began, a leg from
// its reopening; nothing takes less than no time, and the time between two legs is
// nobody's.
//
// requirements: GOV-09
func TestTimesToRestore(t *testing.T) {
	h := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	for name, c := range map[string]struct {
		change func(*incident.Incident)
		legs   []int64 // of the evaluation, in hours; below zero: not known
		sum    int64   // of the figures
	}{
		"after the report":            {func(*incident.Incident) {}, []int64{4}, 4},
		"before it":                   {func(st *incident.Incident) { st.Resolved = h(-9) }, []int64{1}, 1},
		"before it, discovered first": {func(st *incident.Incident) { st.Resolved, st.Report.Started = h(-9), time.Time{} }, []int64{0}, 0},
		"before it began":             {func(st *incident.Incident) { st.Resolved = h(-11) }, []int64{0}, 0},
		"before it, and nobody said since when": {func(st *incident.Incident) {
			st.Resolved, st.Report.Started, st.Report.Discovered = h(-9), time.Time{}, time.Time{}
		}, []int64{-1}, -1},
		"again, after a month": {func(st *incident.Incident) {
			st.Legs, st.Reopened, st.Resolved = []incident.Leg{{Restored: h(-5)}}, h(720), h(722)
		}, []int64{3, 2}, 5},
		"again, before it was reopened": {func(st *incident.Incident) { st.Legs, st.Reopened = []incident.Leg{{Restored: h(-5)}}, h(-3) }, []int64{3, 0}, 3},
		"not again yet": {func(st *incident.Incident) {
			st.Legs, st.Reopened, st.Resolved = []incident.Leg{{Restored: h(-5)}}, h(-3), time.Time{}
		}, []int64{3, -1}, -1},
		"three times, of which the first before": {func(st *incident.Incident) {
			st.Legs, st.Reopened = []incident.Leg{{Restored: h(-9)}, {Began: h(-8), Restored: h(-7)}}, h(-6)
		}, []int64{1, 1, 2}, 4},
	} {
		one := counted(name, c.change)
		var legs []int64
		for _, took := range tookOf(one.State) {
			if took.What != "restore" {
				continue
			}
			hours := int64(-1)
			if took.Seconds != nil {
				hours = *took.Seconds / 3600
			}
			legs = append(legs, hours)
			if several := len(c.legs) > 1; several && took.Leg != len(legs) || !several && took.Leg != 0 {
				t.Errorf("%s: leg %d is number %d", name, len(legs), took.Leg)
			}
		}
		if !slices.Equal(legs, c.legs) {
			t.Errorf("%s: %v, want %v", name, legs, c.legs)
		}
		want := [3]int64{1, c.sum * 3600, c.sum * 3600}
		if c.sum < 0 {
			want = [3]int64{}
		}
		if got := seconds(Reckon(Period{}, []Counted{one}, 0, now).All.Restore); got != want {
			t.Errorf("%s: the figures have %v, want %v", name, got, want)
		}
	}
}

// Every audience reads its own parts, in its own language, and every deviation and
// override is told to each of them.
//
// requirements: GOV-05 GOV-10 GOV-11 GOV-12 GOV-14 GOV-16 GOV-17 EVA-06 EVA-05 EVA-09 SUP-05 SUP-09 MEA-09 NOT-13
func TestAccountingToEachAudience(t *testing.T) {
	src, _ := played(t, now)
	src.Improvements = func(domain.Key) []Follow {
		return []Follow{
			{Title: "Encrypt laptops", Phase: improvement.PhaseAssigned, PDCA: "do", Due: now.Add(-time.Hour), Proposed: now.Add(-2 * time.Hour)},
			{Title: "Long done", Phase: improvement.PhaseVerified, PDCA: "act", Completed: now.AddDate(-1, 0, 0)},
			{Title: "To come", Phase: improvement.PhaseProposed, PDCA: "plan", Proposed: now.AddDate(1, 0, 0)},
		}
	}
	list := []Counted{counted("2026-0007", func(st *incident.Incident) {
		st.Deviations, st.ClosedOpen, st.Overridden = 2, []domain.Code{"evaluation"}, 3
		st.Assessed = &incident.PriorityAssessed{Computed: 1}
		st.Report.SuspectedDataLeak = true
		st.Measures.List = []incident.Measure{{Kind: "recover", Executed: true}}
		st.Continuity.Downtimes = []incident.DowntimeRecorded{{Service: "counter", From: now.Add(-3 * time.Hour), To: now.Add(-time.Hour), RTOMinutes: 60}}
		clock(st, "gdpr-33/ap/initial/1", now.Add(-time.Hour), time.Time{}, true)
	})}
	p := Period{Name: "today", From: now.Add(-24 * time.Hour), To: now}
	month := time.Date(2026, 11, 1, 0, 0, 0, 0, src.Zone)
	levels := []ServiceLevel{{Supplier: "host", Contract: "host-2026", Service: "mail", From: month, To: month.AddDate(0, 1, 0), Agreed: 99_900, Margin: 50, Uptime: 99_537,
		Breach: true, CreditCents: 250_05, ClaimedEUR: 200, Notices: 3, LateNotices: 2}}
	figures := map[string][]string{
		"nl": {"99,537%", "99,900%", "marge 0,050%", "niet gehaald", "€ 250,05", "€ 200,00", "3, te laat 2", "1 november 2026 – 30 november 2026"},
		"fr": {"99,537\u00a0%", "marge 0,050\u00a0%", "non respecté", "250,05\u00a0€", "200,00\u00a0€", "3, en retard 2"},
		"en": {"99.537%", "margin 0.050%", "€250.05", "€200.00", "3, late 2"},
	}
	for _, audience := range Audiences() {
		r := src.Account(p, audience, list, levels, 1, now)
		if len(r.Against) != 3 || len(r.Unreviewed) != 1 || len(r.Breaches) != 1 || len(r.Outages) != 1 || !r.Outages[0].Exceeded ||
			len(r.Improvements) != 1 || len(r.Late) != 1 || r.Late[0].Outcome != "missed" {
			t.Fatalf("%+v", r)
		}
		for _, lang := range catalogue.Languages() {
			w, err := catalogue.In(lang)
			if err != nil {
				t.Fatal(err)
			}
			d := r.Document(w)
			page, err := d.HTML()
			if err != nil {
				t.Fatal(err)
			}
			text := string(page)
			for _, must := range []string{w.Say("mention.closed-open", "open", w.Code("open", "evaluation")), w.Say("audience." + audience)} {
				if !strings.Contains(text, html.EscapeString(must)) {
					t.Errorf("%s, %s: without %q", audience, lang, must)
				}
			}
			for _, must := range figures[lang] {
				if told := strings.Contains(text, must); told != (audience != "council") {
					t.Errorf("%s, %s: %q told: %v", audience, lang, must, told)
				}
			}
			if told := strings.Contains(text, "Encrypt laptops"); told != (audience != "council") {
				t.Errorf("%s: single improvements told: %v", audience, told)
			}
			for _, wordless := range []string{"periodic.", "mention.", "head.", "pdca.", "count.", "audience."} {
				for _, s := range d.Sections {
					if strings.HasPrefix(s.Heading, wordless) || s.Table != nil && slices.ContainsFunc(slices.Concat(append(s.Table.Rows, s.Table.Head)...), func(cell string) bool { return strings.HasPrefix(cell, wordless) }) {
						t.Errorf("%s in %s has no words: %+v", s.Heading, lang, s.Table)
					}
					if s.Table != nil && slices.ContainsFunc(s.Table.Rows, func(row []string) bool { return len(row) != len(s.Table.Head) }) {
						t.Errorf("%s: %+v", s.Heading, s.Table)
					}
				}
			}
			if _, err := d.PDF(now); err != nil {
				t.Error(err)
			}
		}
	}
}
