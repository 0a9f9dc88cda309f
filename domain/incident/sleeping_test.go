package incident

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
)

// No rule of the shipped set sleeps unseen: each runs in some story, and every fact
// that it reads is told by an event of one, what the profile tells aside.
func TestEveryFactOfTheShippedSetIsTold(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/procedure/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	told, armed := map[policy.Path]bool{}, map[domain.Code]bool{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		st := newStory(t, set)
		st.facts = func(f policy.Facts) { tellPaths(f, told) }
		st.play(t, string(b))
		for _, c := range st.s.Clocks {
			armed[c.Rule] = true
		}
	}
	for _, id := range set.RuleNames() {
		r, _ := set.Rule(id)
		if r.Dormant {
			continue
		}
		if !armed[id] {
			t.Errorf("no story arms the rule %s", id)
		}
		for _, p := range read(&r) {
			before, _, each := strings.Cut(string(p), "{recipient}")
			heard := told[p]
			for q := range told {
				heard = heard || each && strings.HasPrefix(string(q), before)
			}
			if !heard && !strings.HasPrefix(string(p), "org.") {
				t.Errorf("rule %s reads %s, which no story tells", id, p)
			}
		}
	}
}

// tellPaths notes the facts that are known; a flag counts once it is set.
func tellPaths(f policy.Facts, told map[policy.Path]bool) {
	note := func(it policy.Item) {
		for p := range it.At {
			told[p] = true
		}
		for p := range it.Code {
			told[p] = true
		}
		for p := range it.Num {
			told[p] = true
		}
		for p, on := range it.Flag {
			told[p] = told[p] || on
		}
	}
	note(policy.Item{At: f.At, Code: f.Code, Num: f.Num, Flag: f.Flag})
	for p := range f.Codes {
		told[p] = true
	}
	for _, items := range f.Each {
		for _, it := range items {
			note(it)
		}
	}
}

// read gives the facts that a rule reads.
func read(r *policy.Rule) []policy.Path {
	out := []policy.Path{r.To.Resolve, r.LaterLegs, r.Met}
	for _, a := range r.Anchor {
		out = append(out, a.Path)
	}
	for _, c := range []*policy.Cond{r.When, r.Cancelled} {
		if c != nil {
			out = append(out, compared(*c)...)
		}
	}
	terms := []policy.Term{r.Due, r.Target}
	for _, t := range append(terms, r.Due.EarliestOf...) {
		out = append(out, t.Given, t.MinutesOf)
	}
	return slices.DeleteFunc(out, func(p policy.Path) bool { return p == "" })
}

func compared(c policy.Cond) []policy.Path {
	out := []policy.Path{c.Exists}
	for _, cmp := range []*policy.Compare{c.Eq, c.In, c.Gte, c.Gt, c.Lt} {
		if cmp != nil {
			out = append(out, cmp.Path)
		}
	}
	subs := slices.Concat(c.All, c.Any)
	if c.Not != nil {
		subs = append(subs, *c.Not)
	}
	for _, sub := range subs {
		out = append(out, compared(sub)...)
	}
	return out
}
