package policy

import (
	"testing"
	"time"

	"incidentledger/domain"
)

// at reads an instant.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func list(codes ...domain.Code) []domain.Code { return codes }

func flag(p Path, v bool) Cond                     { return Cond{Eq: &Compare{Path: p, Flag: new(v)}} }
func code(p Path, v domain.Code) Cond              { return Cond{Eq: &Compare{Path: p, Code: v}} }
func among(p Path, v ...domain.Code) Cond          { return Cond{In: &Compare{Path: p, Codes: v}} }
func onDate(name domain.Code, date string) Holiday { return Holiday{Name: name, Date: date} }
func moon(name domain.Code, n int) Holiday         { return Holiday{Name: name, Easter: new(n)} }
func weekend() []domain.Code                       { return list("sat", "sun") }
func office(from, to string) []Window {
	return []Window{{Days: list("mon", "tue", "wed", "thu", "fri"), From: from, To: to}}
}

// calendars are the Dutch, the BKWI and the Belgian one.
func calendars() map[domain.Code]Calendar {
	kings := Holiday{Name: "kings-day", Date: "04-27", IfSunday: -1, From: 2014}
	return map[domain.Code]Calendar{
		"nl-atw": {Zone: "Europe/Amsterdam", Weekend: weekend(), Source: "local", Holidays: []Holiday{
			onDate("new-year", "01-01"), moon("good-friday", -2), moon("easter-monday", 1), kings, onDate("liberation-day", "05-05"),
			moon("ascension", 39), moon("whit-monday", 50), onDate("christmas", "12-25"), onDate("boxing-day", "12-26")}},
		"nl-bkwi": {Zone: "Europe/Amsterdam", Weekend: weekend(), Source: "local", Windows: office("08:30", "18:00"), Holidays: []Holiday{
			onDate("new-year", "01-01"), moon("easter-monday", 1), kings, {Name: "liberation-day", Date: "05-05", EveryYears: 5, From: 2000},
			moon("ascension", 39), moon("whit-monday", 50), onDate("christmas", "12-25"), onDate("boxing-day", "12-26")}},
		"be-wettelijk": {Zone: "Europe/Brussels", Weekend: weekend(), Source: "local", Windows: office("08:00", "17:00"), Holidays: []Holiday{
			onDate("new-year", "01-01"), moon("easter-monday", 1), onDate("labour-day", "05-01"), moon("ascension", 39), moon("whit-monday", 50),
			onDate("national-day", "07-21"), onDate("assumption", "08-15"), onDate("all-saints", "11-01"), onDate("armistice", "11-11"),
			onDate("christmas", "12-25")}},
	}
}

// draft is a small policy of its own: service terms for priorities 2 and 3, the
// 72 hours, a chain duty due at once, a month after a notification, and a duty
// without a number beside which the organisation has set itself two days.
func draft() Set {
	stage := func(name domain.Code, met Path, p2, p3 string) LevelStage {
		return LevelStage{Stage: name, Met: met, Terms: []LevelTerm{
			{Priority: 2, Due: Term{Elapsed: p2}, Warn: []string{"PT5M"}}, {Priority: 3, Due: Term{Elapsed: p3}}}}
	}
	leak := Cond{All: []Cond{among(BreachPersonalData, "suspected", "confirmed"), {Not: new(flag(BreachWithdrawn, true))}}}
	return Set{
		Format: Format, ID: "test", Version: "1", Zone: "Europe/Amsterdam", Tolerance: "PT15M",
		Sources: map[domain.Code]Source{
			"law":   {Ref: "the law", ValidFrom: "2018-05-25"},
			"local": {Ref: "our own", Dated: "2026-11-21"},
		},
		Calendars: calendars(),
		Codes: map[string][]domain.Code{"stages": list("initial", "reaction", "resolution", "final"), "categories": list("fire", "outage"),
			"recipients": list("data-subjects"), "channelKinds": list("webform")},
		Priority: Priority{Source: "local", Matrix: map[domain.Code]map[domain.Code]int{
			"high": {"high": 1, "medium": 2, "low": 2}, "medium": {"high": 2, "medium": 3, "low": 4}, "low": {"high": 2, "medium": 4, "low": 5}},
			Floors: []ImpactFloor{{10000, "high"}, {1000, "medium"}}},
		ServiceLevels: []ServiceLevel{{ID: "local", Source: "local", Anchor: []Anchor{{Path: IncidentReported}}, LaterLegs: IncidentReopened,
			When:   new(Cond{Not: new(flag(IncidentDropped, true))}),
			Stages: []LevelStage{stage("reaction", IncidentAcknowledged, "PT10M", "PT1H"), stage("resolution", IncidentResolved, "PT4H", "PT8H")}}},
		Authorities: []Authority{
			{ID: "cbp", Name: "CBP", ValidTo: "2016-01-01", Source: "law"},
			{ID: "ap", Name: "AP", Country: "NL", Source: "law", Channels: []Channel{{Kind: "webform", Mandatory: true}}},
			{ID: "gba", Name: "GBA", Country: "BE", Source: "law"}, {ID: "desk", Name: "the chain's desk", Source: "local"}},
		Rules: []Rule{
			{ID: "gdpr-33", Source: "law", Statutory: true, When: &leak, Due: Term{Elapsed: "PT72H"}, Met: "breach.notified.{recipient}",
				To:     Recipients{ByCountry: map[domain.Code][]domain.Code{"NL": list("ap"), "BE": list("gba")}},
				Anchor: []Anchor{{Path: BreachAware}, {Path: IncidentDiscovered, Provisional: true}, {Path: IncidentRecorded, Provisional: true}},
				Warn:   []string{"PT6H", "PT24H"}},
			{ID: "subjects", Source: "law", Statutory: true, When: new(code(BreachRisk, "high-risk")), Due: Term{None: true}, Met: SubjectsInformed,
				To: Recipients{All: list("data-subjects")}, Anchor: []Anchor{{Path: BreachHighRiskAt}}, Target: Term{Elapsed: "PT48H"}},
			{ID: "chain", Source: "local", Statutory: true, When: new(code(IncidentChain, "suwi")), To: Recipients{All: list("desk")},
				Anchor: []Anchor{{Path: IncidentReported}}, Due: Term{Immediate: true}, Met: "notification.suwi.initial.{recipient}"},
			{ID: "final", Source: "law", Statutory: true, When: new(flag(IncidentSignificant, true)), To: Recipients{All: list("ap")}, Stage: "final",
				Anchor: []Anchor{{Path: "notification.gdpr.initial.{recipient}"}, {DueOf: "gdpr-33", Provisional: true}},
				Due:    Term{Civil: "P1M", ExtendIfNonworking: "nl-atw"}, Met: "notification.gdpr.final.{recipient}"},
		},
	}
}

func mustSet(t testing.TB, s Set) *Set {
	t.Helper()
	set, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// story is an incident reported at 09:00 on Saturday 21 November 2026.
func story(t testing.TB) Facts {
	reported := at(t, "2026-11-21T09:00:00+01:00")
	return Facts{
		At: map[Path]time.Time{
			IncidentReported: reported, IncidentDiscovered: reported.Add(-time.Hour), IncidentRecorded: reported.Add(time.Minute),
		},
		Code:  map[Path]domain.Code{IncidentKind: "incident"},
		Num:   map[Path]int64{},
		Flag:  map[Path]bool{},
		Bound: map[ClockID]domain.Hash{},
		Leg:   1,
	}
}

func dutch(s *Set) Basis { return Basis{Current: s, Profile: map[Path]domain.Code{OrgCountry: "NL"}} }

func derive(t testing.TB, f Facts, b Basis) map[ClockID]Clock {
	t.Helper()
	clocks, err := Derive(f, b)
	if err != nil {
		t.Fatal(err)
	}
	out := map[ClockID]Clock{}
	for _, c := range clocks {
		out[c.ID] = c
	}
	return out
}

// several is the draft with terms for each of several things.
func several() Set {
	s := draft()
	s.Codes["recipients"] = append(s.Codes["recipients"], "auditor")
	s.Rules[0].Each, s.Rules[3].Each = EachProcessing, EachProcessing
	s.Rules = append(s.Rules,
		Rule{ID: "answer", Source: "local", Each: EachRequest, To: Recipients{Resolve: RequestFrom, Else: "desk"}, Anchor: []Anchor{{Path: RequestReceived}},
			Due: Term{Given: RequestAnswerBy}, Met: RequestAnswered, Warn: []string{"PT24H"}, Cancelled: new(flag(IncidentDropped, true))},
		Rule{ID: "rto", Source: "local", Each: EachDowntime, Anchor: []Anchor{{Path: DowntimeFrom}},
			Due: Term{EarliestOf: []Term{{MinutesOf: DowntimeRTO}, {Elapsed: "PT48H"}}}, Met: DowntimeTo},
		Rule{ID: "look", Source: "local", Each: EachDowntime, Anchor: []Anchor{{DueOf: "rto", Provisional: true}}, Due: Term{Elapsed: "PT1H"}})
	return s
}
