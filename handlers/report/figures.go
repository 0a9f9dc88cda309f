package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A Counted is one incident of a period as figures count it.
type Counted struct {
	Key    domain.Key
	Number string
	State  *incident.Incident
}

// Figures tell how a period went (GOV-09, REG-04). Exercises are no part of them,
// and neither are terms that rest on a fact which is not the deciding one.
type Figures struct {
	Period    Period  `json:"period"`
	All       Group   `json:"all"`
	Groups    []Group `json:"groups"`    // by priority, category, supplier, department and severity
	OpenAtEnd int     `json:"openAtEnd"` // reported in the period or before it, and not closed by its end
}

// A Group is the incidents of a period that have something in common. One with
// several suppliers counts for each.
type Group struct {
	By        domain.Code `json:"by"` // all, priority, category, supplier, department, severity
	Of        domain.Code `json:"of"`
	Incidents int         `json:"incidents"`
	Open      int         `json:"open"` // of these, at the end of the period
	Detect    Spread      `json:"detect"`
	React     Spread      `json:"react"`
	Notify    Spread      `json:"notify"`
	Restore   Spread      `json:"restore"` // the legs of an incident added; none while one of them goes on
	Met       int         `json:"met"`     // terms; what has no fixed one is neither met nor missed
	Missed    int         `json:"missed"`
	Last      domain.Seq  `json:"-"` // the last entry that it rests on; 0: none
}

// A Spread tells how long something took in the incidents of which that is known.
type Spread struct {
	N      int    `json:"n"`
	Median *int64 `json:"medianSeconds,omitempty"`
	P90    *int64 `json:"p90Seconds,omitempty"` // nine in ten took no longer
}

// Reckon counts the incidents that were recorded in a period, as they stand at an
// instant.
func Reckon(p Period, list []Counted, openAtEnd int, now time.Time) Figures {
	groups := map[[2]domain.Code]*tally{}
	all := &tally{Group: Group{By: "all", Of: "all"}}
	for i := range list {
		c := &list[i]
		all.count(c, p, now)
		for _, g := range groupsOf(c.State) {
			if groups[g] == nil {
				groups[g] = &tally{Group: Group{By: g[0], Of: g[1]}}
			}
			groups[g].count(c, p, now)
		}
	}
	out := Figures{Period: p, All: all.done(), Groups: []Group{}, OpenAtEnd: openAtEnd}
	order := []domain.Code{"priority", "category", "supplier", "department", "severity"}
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b [2]domain.Code) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a[0]), slices.Index(order, b[0])), cmp.Compare(a[1], b[1]))
	}) {
		out.Groups = append(out.Groups, groups[g].done())
	}
	return out
}

// groupsOf names the groups to which an incident belongs.
func groupsOf(st *incident.Incident) [][2]domain.Code {
	out := [][2]domain.Code{
		{"priority", domain.Code(strconv.Itoa(st.Priority()))},
		{"category", st.Report.Category},
		{"severity", cmp.Or(st.Severity(), "unknown")},
	}
	if st.Report.Department != "" {
		out = append(out, [2]domain.Code{"department", st.Report.Department})
	}
	for _, s := range st.Stands().Suppliers() {
		out = append(out, [2]domain.Code{"supplier", s})
	}
	return out
}

// openBy reports whether an incident was not over by an instant, as far as is
// known: when a report was dropped is taken to be at once.
func openBy(st *incident.Incident, at time.Time) bool {
	return !st.Dropped() && (st.Closed.IsZero() || !st.Closed.Before(at))
}

// A tally is a group in the making.
type tally struct {
	Group
	took map[string][]int64
}

func (t *tally) count(c *Counted, p Period, now time.Time) {
	t.Incidents++
	t.Last = max(t.Last, c.State.Seq)
	if openBy(c.State, p.To) {
		t.Open++
	}
	if t.took == nil {
		t.took = map[string][]int64{}
	}
	times := tookOf(c.State)
	for _, what := range []string{"detect", "react", "notify", "restore"} {
		if n, ok := together(times, what); ok {
			t.took[what] = append(t.took[what], n)
		}
	}
	for _, term := range judged(c.State, now) {
		switch term.Outcome {
		case "met":
			t.Met++
		case "met-late", "missed":
			t.Missed++
		}
	}
}

// together adds the spans of a kind, where all are known.
func together(list []Took, what string) (int64, bool) {
	var sum int64
	for _, t := range list {
		switch {
		case t.What != what:
		case t.Seconds == nil:
			return 0, false
		default:
			sum += *t.Seconds
		}
	}
	return sum, true
}

func (t *tally) done() Group {
	t.Detect, t.React, t.Notify, t.Restore = spread(t.took["detect"]), spread(t.took["react"]), spread(t.took["notify"]), spread(t.took["restore"])
	return t.Group
}

// judged gives the terms of an incident by which a house is judged, by id: what
// is cancelled or provisional is not among them.
func judged(st *incident.Incident, now time.Time) []Term {
	var out []Term
	for _, id := range slices.Sorted(maps.Keys(st.Clocks)) {
		if c := st.Clocks[id]; !c.Cancelled && !c.Provisional {
			out = append(out, termOf(c, now))
		}
	}
	return out
}

// spread gives the median and the ninetieth percentile, each a span that occurred.
func spread(spans []int64) Spread {
	if len(spans) == 0 {
		return Spread{}
	}
	slices.Sort(spans)
	at := func(percent int) *int64 {
		n := (percent*len(spans) + 99) / 100 // the least that so many per cent do not exceed
		return &spans[n-1]
	}
	return Spread{N: len(spans), Median: at(50), P90: at(90)}
}
