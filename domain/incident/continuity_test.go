package incident

import (
	"slices"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"

	"pgregory.net/rapid"
)

// How long a service was down is what counting minute by minute gives: whatever
// overlaps, in whatever order the outages came, cut at both ends of the period.
func TestOverlappingOutagesCountOnce(t *testing.T) {
	minute := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) span {
			from := rapid.IntRange(0, 99).Draw(t, "from")
			s := span{from: minute(from)}
			if rapid.IntRange(0, 4).Draw(t, "lasts") > 0 {
				s.to = minute(rapid.IntRange(from+1, 100).Draw(t, "to"))
			}
			return s
		})
		spans := rapid.SliceOfN(draw, 0, 8).Draw(t, "spans")
		first := rapid.IntRange(0, 100).Draw(t, "first")
		last := rapid.IntRange(first, 120).Draw(t, "last")
		want := time.Duration(0)
		for n := first; n < last; n++ {
			if slices.ContainsFunc(spans, func(s span) bool {
				return !minute(n).Before(s.from) && (s.to.IsZero() || minute(n).Before(s.to))
			}) {
				want += time.Minute
			}
		}
		if got := covered(span{minute(first), minute(last)}, spans); got != want {
			t.Fatalf("%v down, counted %v", got, want)
		}
		middle := rapid.IntRange(first, last).Draw(t, "middle")
		parts := covered(span{minute(first), minute(middle)}, spans) + covered(span{minute(middle), minute(last)}, spans)
		if parts != want {
			t.Fatalf("cut at %d the parts are %v, the whole is %v", middle, parts, want)
		}
	})
}

func TestLateMinutes(t *testing.T) {
	for _, c := range []struct {
		took       time.Duration
		term, want int64
	}{
		{0, 60, 0}, {time.Hour, 60, 0}, {time.Hour + time.Nanosecond, 60, 1}, {time.Hour + time.Minute, 60, 1},
		{time.Hour + time.Minute + time.Second, 60, 2}, {49 * time.Hour, 1440, 1500},
	} {
		if got := lateMinutes(c.took, c.term); got != c.want {
			t.Errorf("%v against %d minutes is %d late, want %d", c.took, c.term, got, c.want)
		}
	}
}

// What a policy may read of chain, suppliers and outages.
func TestFactsOfChainAndContinuity(t *testing.T) {
	w := newWorld(t, storyPolicy(t))
	if err := w.register("service", "mail", `{"rtoMinutes":240}`); err != nil {
		t.Fatal(err)
	}
	at := func(hour int) time.Time { return t0.Add(time.Duration(hour) * time.Hour) }
	w.now = at(10)
	for _, o := range []struct{ name, args string }{
		{"ReportIncident", `{"kind":"incident","title":"T","description":"D","category":"outage","channel":"phone","chain":"suwi"}`},
		{"ReportToChain", `{"desk":"suwidesk","ownReference":"A","causeDomain":"other","channels":[{"kind":"phone","at":"2026-11-20T18:00:00Z","outcome":"no-answer"},{"kind":"email","at":"2026-11-20T19:00:00Z","outcome":"delivered"}]}`},
		{"RecordChainReference", `{"chainReference":"B","chainPriority":3,"indicativeDue":"2026-11-21T09:00:00Z"}`},
		{"RouteToResolver", `{"group":"network"}`},
		{"RecordSupplierNotice", `{"supplier":"hoster","service":"mail","receivedAt":"2026-11-20T19:00:00Z","nextUpdateAt":"2026-11-20T20:00:00Z","content":"C"}`},
		{"RecordSupplierNotice", `{"supplier":"centric","service":"mail","receivedAt":"2026-11-20T20:00:00Z","content":"C"}`},
		{"RecordSupplierNotice", `{"supplier":"hoster","service":"mail","receivedAt":"2026-11-20T22:00:00Z","content":"C"}`},
		{"RecordSupplierNotice", `{"supplier":"hoster","service":"mail","receivedAt":"2026-11-20T21:00:00Z","content":"C"}`},
		{"RecordDowntime", `{"service":"mail","from":"2026-11-20T18:00:00Z"}`},
		{"RecordDowntime", `{"service":"web","from":"2026-11-20T18:00:00Z","to":"2026-11-20T19:00:00Z"}`},
		{"RecordDowntime", `{"service":"mail","from":"2026-11-20T18:00:00Z","to":"2026-11-20T20:00:00Z"}`},
	} {
		if _, err := w.give(w.order("security-officer", decode(t, o.name, o.args))); err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
	}
	f := Facts(w.s)
	for p, want := range map[policy.Path]time.Time{
		policy.ChainReported: at(2), policy.ChainRegistered: at(10), policy.ChainRouted: at(10), policy.ChainIndicativeDue: at(16),
	} {
		if !f.At[p].Equal(want) {
			t.Errorf("%s is %v, want %v", p, f.At[p], want)
		}
	}
	if n := f.Num[policy.ChainPriority]; n != 3 {
		t.Errorf("chain priority %d", n)
	}
	notices := f.Each[policy.EachSupplierNotice]
	next := []time.Time{at(4), {}, {}, at(5)} // the third came last, though it was not recorded last
	for i, want := range next {
		if got := notices[i].At[policy.NoticeNext]; notices[i].N != i+1 || !got.Equal(want) {
			t.Errorf("notice %d is followed at %v, want %v", notices[i].N, got, want)
		}
	}
	if got := notices[0].At[policy.NoticeNextAt]; !got.Equal(at(3)) {
		t.Errorf("more is promised for %v", got)
	}
	downtimes := f.Each[policy.EachDowntime]
	if len(downtimes) != 2 {
		t.Fatalf("%d outages", len(downtimes))
	}
	mail, web := downtimes[0], downtimes[1]
	if mail.Num[policy.DowntimeRTO] != 240 || !mail.At[policy.DowntimeTo].Equal(at(3)) || mail.Code[policy.DowntimeService] != domain.Code("mail") {
		t.Errorf("the outage of mail tells %v", mail)
	}
	if _, ok := web.Num[policy.DowntimeRTO]; ok || web.N != 2 {
		t.Errorf("the outage of web tells %v", web)
	}
}
