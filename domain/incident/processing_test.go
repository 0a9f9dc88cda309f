package incident

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"

	"pgregory.net/rapid"
)

// items gives the facts of the processings of an incident.
func (w *world) items() []policy.Item {
	f := Facts(w.s)
	return f.Each[policy.EachProcessing]
}

// Processings are numbered in the order in which they were first assessed, for
// ever; each tells its own last assessment; what is told of all of them together
// holds for every one; and no notification meets what was found after it.
func TestEachProcessingTellsItsOwn(t *testing.T) {
	set := storyPolicy(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, set)
		give := func(name, args string) {
			if _, err := w.give(w.order("dpo", decode(t, name, args))); err != nil {
				t.Fatalf("%s %s: %v", name, args, err)
			}
		}
		give("ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone","suspectedDataLeak":true}`)
		var order []string
		last := map[string]string{}
		high := map[string]time.Time{}
		found := 0 // how many processings the last notification can be about
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			w.now = w.now.Add(time.Hour)
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				give("NotifyAuthority", fmt.Sprintf(`{"authority":"ap","regime":"gdpr","stage":"initial","submitted":%q,"channels":[{"kind":"webform","at":%q,"outcome":"delivered"}],"lateReason":"L"}`,
					w.now.Format(time.RFC3339), w.now.Format(time.RFC3339)))
				found = max(1, len(order))
			default:
				p := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "processing")
				risk := rapid.SampledFrom([]string{"unlikely", "undetermined", "risk", "high-risk"}).Draw(t, "risk")
				give("AssessBreach", fmt.Sprintf(`{"processing":%q,"role":"controller","personalData":"confirmed","nature":["integrity"],"risk":%q,"reasons":"R"}`, p, risk))
				if !slices.Contains(order, p) {
					order = append(order, p)
				}
				last[p] = risk
				if risk != "high-risk" {
					delete(high, p)
				} else if high[p].IsZero() {
					high[p] = w.now
				}
			}
			items := w.items()
			if len(items) != max(1, len(order)) {
				t.Fatalf("%d items of %d processings", len(items), len(order))
			}
			for i, p := range order {
				it := items[i]
				if it.N != i+1 || it.Code[policy.BreachRisk] != domain.Code(last[p]) {
					t.Fatalf("processing %s is number %d with risk %s; it was the %d. and %s", p, it.N, it.Code[policy.BreachRisk], i+1, last[p])
				}
				if at := it.At[policy.BreachHighRiskAt]; !at.Equal(high[p]) {
					t.Fatalf("processing %s is at high risk since %s; it is since %s", p, at, high[p])
				}
				if _, ok := it.At[policy.BreachNotified("ap")]; ok && i >= found {
					t.Fatalf("processing %s counts as notified; it was found after the last notification", p)
				}
			}
			if at, ok := Facts(w.s).At[policy.BreachNotified("ap")]; ok {
				for _, it := range items {
					if own, ok := it.At[policy.BreachNotified("ap")]; !ok || own.After(at) {
						t.Fatalf("all count as notified at %s, processing %d at %s", at, it.N, own)
					}
				}
			}
		}
	})
}

func TestWhatANotificationCovers(t *testing.T) {
	delivered := []Channel{{Kind: "webform", At: t0, Outcome: "delivered"}}
	for _, c := range []struct {
		name string
		n    Notification
		want []int // the processings it covers, of three
	}{
		{"no duty was open", Notification{Channels: delivered}, []int{1}},
		{"the second duty", Notification{Channels: delivered, Duties: []domain.Code{"gdpr-33/ap/initial/2"}}, []int{2}},
		{"two duties", Notification{Channels: delivered, Duties: []domain.Code{"gdpr-33/ap/initial/1", "gdpr-33/ap/initial/3"}}, []int{1, 3}},
		{"a supplement beside it", Notification{Channels: delivered, Duties: []domain.Code{"gdpr-33/ap/initial/1", "supplement/ap/supplement/3"}}, []int{1}},
		{"withdrawn", Notification{Channels: delivered, Withdrawn: true}, nil},
		{"another party's", Notification{Channels: delivered, Foreign: true}, nil},
		{"nothing arrived", Notification{Channels: []Channel{{Kind: "webform", At: t0, Outcome: "failed"}}}, nil},
		{"a supplement", Notification{Channels: delivered, Stage: "supplement"}, nil},
		{"under another law", Notification{Channels: delivered, Regime: "suwi"}, nil},
	} {
		c.n.Authority = "ap"
		if c.n.Regime == "" {
			c.n.Regime = RegimeGDPR
		}
		if c.n.Stage == "" {
			c.n.Stage = "initial"
		}
		s := &Incident{Told: Told{Notifications: []Notification{c.n}}}
		for _, code := range []domain.Code{"a", "b", "c"} {
			s.Leak.assess(BreachAssessed{Processing: code, PersonalData: "confirmed", Risk: "risk"}, t0)
		}
		var got []int
		f := Facts(s)
		for _, it := range f.Each[policy.EachProcessing] {
			if _, ok := it.At[policy.BreachNotified("ap")]; ok {
				got = append(got, it.N)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: covers %v, want %v", c.name, got, c.want)
		}
	}
}

// What is promised stays owed until it is given: what a later notification does
// not name stays open as it was, and one that tells the same again opens only
// what was never told.
func TestSupplements(t *testing.T) {
	day := func(n int) time.Time { return t0.AddDate(0, 0, n) }
	sent := func(stage domain.Code, at int, known []domain.Code, unknown ...Pending) Notification {
		return Notification{
			Authority: "suwidesk", Regime: "suwi", Stage: stage, Known: known, Unknown: unknown,
			Channels: []Channel{{Kind: "email", At: day(at), Outcome: "delivered"}},
		}
	}
	type codes = []domain.Code
	first := sent("initial", 0, codes{"under-control"}, Pending{"cause", day(5)}, Pending{"person-count", day(3)})
	withdrawn := sent("supplement", 1, codes{"cause", "person-count"})
	withdrawn.Withdrawn = true
	another := sent("initial", 1, codes{"cause", "person-count"}, Pending{"under-control", day(4)})
	another.Duties = codes{"suwi-datalek-suwidesk/suwidesk/initial/2"}
	silent := sent("initial", 1, nil)
	silent.LeftOut = codes{"cause", "measures-taken", "person-count", "under-control"}
	named := sent("supplement", 1, codes{"cause", "person-count"})
	named.Duties = codes{"supplement/suwidesk/supplement/7"}
	elsewhere := sent("supplement", 1, codes{"cause", "person-count"})
	elsewhere.Authority = "ap"
	for _, c := range []struct {
		name            string
		later           []Notification
		expected, given time.Time
		others          int // threads besides
	}{
		{"nothing came", nil, day(3), time.Time{}, 0},
		{"a part", []Notification{sent("supplement", 1, codes{"person-count"})}, day(5), time.Time{}, 0},
		{"put off", []Notification{sent("supplement", 1, codes{"person-count"}, Pending{"cause", day(9)})}, day(9), time.Time{}, 0},
		{"still unknown, no word of when", []Notification{sent("supplement", 1, codes{"person-count"}, Pending{Field: "cause"})}, day(5), time.Time{}, 0},
		{"in two parts", []Notification{sent("supplement", 1, codes{"person-count"}), sent("supplement", 2, codes{"cause"})}, day(5), day(2), 0},
		{"without answers", []Notification{sent("supplement", 4, nil)}, day(3), time.Time{}, 0},
		{"withdrawn", []Notification{withdrawn}, day(3), time.Time{}, 0},
		{"to another", []Notification{elsewhere}, day(3), time.Time{}, 0},
		{"with the final report", []Notification{sent("final", 2, codes{"cause", "person-count"})}, day(3), day(2), 0},
		{"a final report owes the same no twice", []Notification{sent("final", 2, nil, Pending{Field: "cause"}, Pending{Field: "person-count"})}, day(3), time.Time{}, 0},
		{"a final report owes its own", []Notification{sent("final", 2, nil, Pending{Field: "root-cause"})}, day(3), time.Time{}, 1},
		{"told again", []Notification{sent("initial", 1, codes{"cause", "person-count"})}, day(3), day(1), 0},
		{"told again in part", []Notification{sent("initial", 1, codes{"person-count"}, Pending{Field: "cause"})}, day(5), time.Time{}, 0},
		{"told again, with more promised", []Notification{sent("initial", 1, codes{"cause", "person-count"}, Pending{"notifiable", day(8)})}, day(8), time.Time{}, 0},
		{"told again, saying nothing", []Notification{silent, sent("supplement", 2, codes{"cause", "person-count"})}, time.Time{}, time.Time{}, 0},
		{"told again, saying nothing, and all given", []Notification{silent, sent("supplement", 2, codes{"cause", "person-count", "measures-taken"})}, day(3), day(2), 0},
		{"a supplement to something else", []Notification{named}, day(3), time.Time{}, 0},
		{"of something else", []Notification{another}, day(3), time.Time{}, 1},
	} {
		first := first
		if len(c.later) > 0 && c.later[0].Duties != nil {
			first.Duties = codes{"suwi-datalek-suwidesk/suwidesk/initial/1"}
		}
		s := &Incident{Told: Told{Notifications: append([]Notification{first}, c.later...)}}
		var f policy.Facts
		s.supplements(&f)
		items := f.Each[policy.EachSupplement]
		if len(items) != 1+c.others || items[0].N != 1 {
			t.Errorf("%s: owed are %+v", c.name, items)
			continue
		}
		expected, given := items[0].At[policy.SupplementExpected], items[0].At[policy.SupplementGiven]
		if !expected.Equal(c.expected) || !given.Equal(c.given) {
			t.Errorf("%s: expected %s and given %s, want %s and %s", c.name, expected, given, c.expected, c.given)
		}
	}
}

// Once the first notification is withdrawn, one that said no more than "again"
// owes what the first had told.
func TestWhatAWithdrawnNotificationToldIsOwed(t *testing.T) {
	sent := Notification{Authority: "ap", Regime: RegimeGDPR, Stage: "initial", Known: []domain.Code{"nature"},
		Channels: []Channel{{Kind: "webform", At: t0, Outcome: "delivered"}}}
	again := sent
	again.Known, again.LeftOut = nil, []domain.Code{"nature"}
	s := &Incident{Told: Told{Notifications: []Notification{sent, again}}}
	if items := Facts(s).Each[policy.EachSupplement]; len(items) != 0 {
		t.Errorf("owed are %+v", items)
	}
	s.Notifications[0].Withdrawn = true
	if items := Facts(s).Each[policy.EachSupplement]; len(items) != 1 || items[0].N != 2 || !items[0].At[policy.SupplementGiven].IsZero() {
		t.Errorf("owed are %+v", items)
	}
}
