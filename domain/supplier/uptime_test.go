package supplier

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"incidentledger/domain"
)

var amsterdam = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic(err)
	}
	return loc
}()

func at(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	v, err := time.ParseInLocation("2006-01-02 15:04", s, amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func spans(t testing.TB, pairs ...string) []Interval {
	var out []Interval
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Interval{at(t, pairs[i]), at(t, pairs[i+1])})
	}
	return out
}

// mail gives outages of that service.
func mail(in []Interval) map[domain.Code][]Interval { return map[domain.Code][]Interval{"mail": in} }

// Worked examples. September has 30 days: 43200 minutes. 99.5 % of it leaves 216
// minutes, a margin of 0.1 % 43.2 more.
func TestUptimeIsReckonedFromOutages(t *testing.T) {
	base := ContractRecorded{
		Code: "c", ValidFrom: at(t, "2026-01-01 00:00"), Services: []domain.Code{"mail"}, UptimePercent: 99_500, Period: "month", ErrorMargin: 100,
		Credits: []Credit{{Below: 99_400, CreditPercent: 5_000}, {Below: 99_000, CreditPercent: 25_000}}, FeeEUR: 4_000,
	}
	sunday := []domain.Weekly{{Weekday: "sunday", From: "02:00", To: "04:00"}}
	night := []domain.Weekly{{Weekday: "saturday", From: "23:00", To: "01:00"}}
	for _, c := range []struct {
		name      string
		change    func(*ContractRecorded)
		in        string // an instant of the period
		outages   []Interval
		scheduled int // minutes
		down      int
		uptime    int64
		breach    bool
		credit    int64
		cents     int64
	}{
		{"nothing happened", nil, "2026-09-10 12:00", nil, 43200, 0, 100_000, false, 0, 0},
		{"within the agreed", nil, "2026-09-10 12:00", spans(t, "2026-09-10 10:00", "2026-09-10 13:36"), 43200, 216, 99_500, false, 0, 0},
		{"within the margin", nil, "2026-09-10 12:00", spans(t, "2026-09-10 10:00", "2026-09-10 14:19"), 43200, 259, 99_400, false, 0, 0},
		{"beyond the margin", nil, "2026-09-10 12:00", spans(t, "2026-09-10 10:00", "2026-09-10 14:20"), 43200, 260, 99_398, true, 5_000, 20_000},
		{"far beyond it", nil, "2026-09-10 12:00", spans(t, "2026-09-10 10:00", "2026-09-10 20:00"), 43200, 600, 98_611, true, 25_000, 100_000},
		{"overlapping outages count once", nil, "2026-09-10 12:00",
			spans(t, "2026-09-10 11:00", "2026-09-10 12:00", "2026-09-10 10:00", "2026-09-10 11:30", "2026-09-10 11:15", "2026-09-10 11:20"), 43200, 120, 99_722, false, 0, 0},
		{"only what lies in the month counts", nil, "2026-09-10 12:00",
			spans(t, "2026-08-31 22:00", "2026-09-01 01:00", "2026-09-30 23:00", "2026-10-01 05:00"), 43200, 120, 99_722, false, 0, 0},
		{"an outage that lasts counts until now", nil, "2026-09-10 12:00", spans(t, "2026-09-20 08:00", ""), 43200, 240, 99_444, false, 0, 0},
		{"maintenance counts neither way", func(c *ContractRecorded) { c.MaintenanceWeekly = sunday }, "2026-09-10 12:00",
			spans(t, "2026-09-06 01:00", "2026-09-06 05:00"), 43200 - 4*120, 120, 99_719, false, 0, 0},
		{"maintenance over midnight, at the edge of the month", func(c *ContractRecorded) { c.MaintenanceWeekly = night }, "2026-11-10 12:00",
			spans(t, "2026-11-01 00:30", "2026-11-01 01:30"), 43200 - 60 - 4*120, 30, 99_929, false, 0, 0},
		{"announced maintenance", func(c *ContractRecorded) {
			c.Maintenance = []Window{{at(t, "2026-09-10 22:00"), at(t, "2026-09-11 02:00")}}
		}, "2026-09-10 12:00", spans(t, "2026-09-10 21:00", "2026-09-11 03:00"), 43200 - 240, 120, 99_720, false, 0, 0},
		{"all of it was maintenance", func(c *ContractRecorded) {
			c.Maintenance = []Window{{at(t, "2026-08-01 00:00"), at(t, "2026-11-01 00:00")}}
		}, "2026-09-10 12:00", spans(t, "2026-09-10 21:00", "2026-09-11 03:00"), 0, 0, 100_000, false, 0, 0},
		// On 29 March 2026 the clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.
		{"a month with an hour less", nil, "2026-03-10 12:00", spans(t, "2026-03-29 01:00", "2026-03-29 04:00"), 31*1440 - 60, 120, 99_730, false, 0, 0},
		{"a month with an hour more", nil, "2026-10-10 12:00", spans(t, "2026-10-25 01:00", "2026-10-25 04:00"), 31*1440 + 60, 240, 99_463, false, 0, 0},
		{"a window of which an hour is skipped", func(c *ContractRecorded) { c.MaintenanceWeekly = sunday }, "2026-03-10 12:00",
			spans(t, "2026-03-29 00:00", "2026-03-29 06:00"), 31*1440 - 60 - 4*120 - 60, 300 - 60, 99_455, false, 0, 0},
		{"a window of which an hour comes twice", func(c *ContractRecorded) { c.MaintenanceWeekly = sunday }, "2026-10-10 12:00",
			spans(t, "2026-10-25 00:00", "2026-10-25 06:00"), 31*1440 + 60 - 3*120 - 180, 420 - 180, 99_456, false, 0, 0},
		{"over a quarter", func(c *ContractRecorded) { c.Period = "quarter" }, "2026-09-10 12:00",
			spans(t, "2026-07-01 00:00", "2026-07-01 13:00"), 92 * 1440, 780, 99_411, false, 0, 0},
		{"over a year", func(c *ContractRecorded) { c.Period = "year" }, "2026-09-10 12:00",
			spans(t, "2026-03-01 00:00", "2026-03-03 06:00"), 365 * 1440, 3240, 99_383, true, 5_000, 20_000},
		{"a contract that began in the month: the fee of its part", func(c *ContractRecorded) { c.ValidFrom = at(t, "2026-09-16 00:00") }, "2026-09-10 12:00",
			spans(t, "2026-09-15 20:00", "2026-09-16 04:00"), 15 * 1440, 240, 98_888, true, 25_000, 50_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			contract := base
			if c.change != nil {
				c.change(&contract)
			}
			got := Reckon([]ContractRecorded{contract}, mail(c.outages), at(t, c.in), at(t, "2026-09-20 12:00"), amsterdam)
			if len(got) != 1 {
				t.Fatalf("%d reckonings", len(got))
			}
			r := got[0]
			if r.Scheduled != time.Duration(c.scheduled)*time.Minute || r.Down != time.Duration(c.down)*time.Minute {
				t.Errorf("of %v agreed, %v down; want %d and %d minutes", r.Scheduled, r.Down, c.scheduled, c.down)
			}
			if r.Uptime != c.uptime || r.Breach != c.breach || r.Credit != c.credit || r.CreditCents != c.cents {
				t.Errorf("uptime %d breach %t credit %d, %d cents; want %d %t %d, %d", r.Uptime, r.Breach, r.Credit, r.CreditCents, c.uptime, c.breach, c.credit, c.cents)
			}
		})
	}
}

// A contract that changes within a month is judged by each version for its part.
func TestEachVersionIsReckonedForItsPart(t *testing.T) {
	first := ContractRecorded{Code: "c", ValidFrom: at(t, "2026-01-01 00:00"), Services: []domain.Code{"mail"}, UptimePercent: 99_000, Period: "month"}
	second := first
	second.ValidFrom, second.UptimePercent = at(t, "2026-09-11 00:00"), 99_900
	other := first
	other.Code, other.Services = "d", []domain.Code{"files"}
	s := State{Contracts: []Version{{Contract: first}, {Contract: second}, {Contract: other}}}
	got := Reckon(s.Versions(), mail(spans(t, "2026-09-10 23:00", "2026-09-11 01:00")), at(t, "2026-09-01 00:00"), at(t, "2026-10-01 00:00"), amsterdam)
	if len(got) != 3 || got[2].Contract != "d" || got[2].Service != "files" || got[2].Down != 0 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []struct {
		from, to string
		breach   bool
	}{{"2026-09-01 00:00", "2026-09-11 00:00", false}, {"2026-09-11 00:00", "2026-10-01 00:00", true}} {
		r := got[i]
		if !r.From.Equal(at(t, want.from)) || !r.To.Equal(at(t, want.to)) || r.Down != time.Hour || r.Breach != want.breach {
			t.Errorf("part %d: %+v", i, r)
		}
	}
}

// The fee is the contract's: 1,000 euros a month, of which 60 % is given back below
// 99.5 %. Two services that are down on one day give back 600, not 1,200.
func TestACreditIsOfTheContractNotOfEachService(t *testing.T) {
	c := ContractRecorded{Code: "c", ValidFrom: at(t, "2026-01-01 00:00"), Services: []domain.Code{"mail", "files", "web", "mail"}, UptimePercent: 99_500, Period: "month",
		Credits: []Credit{{99_500, 30_000}, {96_000, 60_000}}, FeeEUR: 1_000}
	day := func(hours string) []Interval { return spans(t, "2026-09-10 00:00", "2026-09-10 "+hours) }
	for _, x := range []struct {
		name     string
		outages  map[domain.Code][]Interval
		decides  domain.Code
		credited int64
	}{
		{"nothing happened", nil, "mail", 0},
		{"two the whole day and more", map[domain.Code][]Interval{"mail": spans(t, "2026-09-10 00:00", "2026-09-11 06:00"), "files": spans(t, "2026-09-10 00:00", "2026-09-11 06:00")}, "mail", 600_00},
		{"the worst counts", map[domain.Code][]Interval{"mail": day("12:00"), "web": spans(t, "2026-09-10 00:00", "2026-09-11 06:00")}, "web", 600_00},
		{"one alone", map[domain.Code][]Interval{"files": day("12:00")}, "files", 300_00},
	} {
		got := Reckon([]ContractRecorded{c}, x.outages, at(t, "2026-09-01 00:00"), at(t, "2026-10-01 00:00"), amsterdam)
		var sum int64
		var decides []domain.Code
		for _, r := range got {
			if sum += r.CreditCents; r.Decides {
				decides = append(decides, r.Service)
			}
		}
		if len(got) != 3 || sum != x.credited || !slices.Equal(decides, []domain.Code{x.decides}) {
			t.Errorf("%s: %d cents, by %v of %d services; want %d by %s", x.name, sum, decides, len(got), x.credited, x.decides)
		}
	}
}

// However a period is cut by amendments, its parts have its fee together, and the
// credits of all never exceed it.
func TestCreditsOfAPeriodNeverExceedItsFee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2026, 9, 1, 0, 0, 0, 0, amsterdam)
		c := ContractRecorded{Code: "c", Services: []domain.Code{"mail", "web"}, UptimePercent: 100_000, Period: "month",
			Credits: []Credit{{100_000, whole}}, FeeEUR: rapid.Int64Range(0, 50_000_000).Draw(t, "fee")}
		s := State{Contracts: []Version{{Contract: c}}}
		for range rapid.IntRange(0, 5).Draw(t, "amendments") {
			c.ValidFrom = first.Add(time.Duration(rapid.IntRange(1, 30*1440).Draw(t, "minute")) * time.Minute)
			s.Contracts = append(s.Contracts, Version{Contract: c})
		}
		down := map[domain.Code][]Interval{"mail": {{From: first}}, "web": {{From: first}}}
		var sum int64
		for _, r := range Reckon(s.Versions(), down, first, first.AddDate(0, 1, 0), amsterdam) {
			sum += r.CreditCents
		}
		if sum != c.FeeEUR*100 {
			t.Fatalf("%d cents of a fee of %d euros", sum, c.FeeEUR)
		}
	})
}

// A claim over a whole month belongs to one part of it, whatever was amended.
func TestAClaimBelongsToOnePart(t *testing.T) {
	v := func(code domain.Code, from, to string) ContractRecorded {
		return ContractRecorded{Code: code, ValidFrom: at(t, from), ValidTo: at(t, to), UptimePercent: 99_000, Period: "month"}
	}
	versions := []ContractRecorded{v("b", "2026-01-01 00:00", "2026-02-01 00:00"), v("c", "2026-03-10 00:00", "2026-09-16 00:00"), v("c", "2026-09-16 00:00", "2026-11-01 00:00")}
	for _, x := range []struct{ from, want string }{
		{"2026-09-01 00:00", "2026-09-01 00:00"}, {"2026-09-16 00:00", "2026-09-16 00:00"},
		{"2026-03-01 00:00", "2026-03-10 00:00"}, // before it held
	} {
		if got, ok := At(versions, "c", at(t, x.from)); !ok || !got.Equal(at(t, x.want)) {
			t.Errorf("a claim from %s belongs to %v, want %s", x.from, got, x.want)
		}
	}
	if got, ok := At(versions, "c", at(t, "2026-12-01 00:00")); !ok || got.Before(at(t, "2026-10-01 00:00")) || !got.Before(at(t, "2026-11-01 00:00")) {
		t.Errorf("a claim after the end belongs to %v", got)
	}
	if _, ok := At(versions, "d", at(t, "2026-09-01 00:00")); ok {
		t.Error("no contract, and yet a part")
	}
}

// drawn gives intervals within a few days, some empty or the wrong way round.
func drawn(t *rapid.T, label string) []Interval {
	day := time.Date(2026, 10, 24, 0, 0, 0, 0, amsterdam)
	minute := rapid.IntRange(0, 3*1440)
	n := rapid.IntRange(0, 8).Draw(t, label)
	var out []Interval
	for range n {
		out = append(out, Interval{day.Add(time.Duration(minute.Draw(t, "from")) * time.Minute), day.Add(time.Duration(minute.Draw(t, "to")) * time.Minute)})
	}
	return out
}

func TestTimeIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t, "a"), drawn(t, "b")
		merged := Merge(a)
		if !slices.Equal(Merge(merged), merged) {
			t.Fatalf("merging again changes %v", merged)
		}
		if shuffled := rapid.Permutation(a).Draw(t, "order"); !slices.Equal(Merge(shuffled), merged) {
			t.Fatalf("the order of %v matters", a)
		}
		for i := 1; i < len(merged); i++ {
			if !merged[i-1].To.Before(merged[i].From) {
				t.Fatalf("%v overlaps or touches", merged)
			}
		}
		if left, both := Total(Subtract(a, b)), Total(Merge(slices.Concat(a, b))); left+Total(Merge(b)) != both {
			t.Fatalf("%v without %v: %v and %v do not make %v", a, b, left, Total(Merge(b)), both)
		}
		c := ContractRecorded{Code: "c", Services: []domain.Code{"mail"}, UptimePercent: 99_500, Period: "month", FeeEUR: 1000,
			Credits: []Credit{{99_500, 10_000}}, MaintenanceWeekly: []domain.Weekly{{Weekday: "sunday", From: "02:00", To: "03:30"}}}
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, amsterdam)
		less := Reckon([]ContractRecorded{c}, mail(a), now.Add(-1), now, amsterdam)[0]
		more := Reckon([]ContractRecorded{c}, mail(slices.Concat(a, b)), now.Add(-1), now, amsterdam)[0]
		if less.Uptime < 0 || less.Uptime > whole || more.Uptime > less.Uptime || less.Breach && !more.Breach || more.CreditCents < less.CreditCents {
			t.Fatalf("more downtime gives more: %+v then %+v", less, more)
		}
	})
}
