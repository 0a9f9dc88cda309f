package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A requirement is a line of testdata/requirements.txt.
type requirement struct {
	id, level, kind, source string
	later                   string // the work that answers it later; empty: now
}

func requirements(t *testing.T) []requirement {
	t.Helper()
	b, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []requirement
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		r := requirement{id: f[0], level: f[1], kind: f[2], source: strings.Join(f[3:], " ")}
		if at := strings.LastIndex(r.source, " ["); at >= 0 {
			r.source, r.later = r.source[:at], strings.Trim(r.source[at:], " []")
		}
		out = append(out, r)
	}
	return out
}

// A shown is a story, script or test that says which requirements it shows.
type shown struct{ path, title string }

// saysWhich finds "requirements: INT-01 INT-02" at the head of a story, in the
// comments of a script, and above a test.
var saysWhich = regexp.MustCompile(`(?m)^(?://|#)?\s*requirements: ([A-Z0-9 -]+)$`)

var testNamed = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

func stories(t *testing.T) map[string][]shown {
	t.Helper()
	out := map[string][]shown{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		inTests := strings.Contains(path, "testdata") && (filepath.Ext(path) == ".txt" || filepath.Ext(path) == ".txtar")
		if !inTests && !strings.HasSuffix(path, "_test.go") || d.Name() == "requirements.txt" || d.Name() == "requirements_test.go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(b)
		rel, _ := filepath.Rel(root, path)
		for _, m := range saysWhich.FindAllStringSubmatchIndex(text, -1) {
			s := shown{path: rel, title: firstSentence(text)}
			if strings.HasSuffix(path, ".go") {
				name := testNamed.FindStringSubmatch(text[m[1]:])
				if name == nil {
					t.Errorf("%s: a line names requirements, but no test follows", rel)
					continue
				}
				s.title = name[1]
			}
			for _, id := range strings.Fields(text[m[2]:m[3]]) {
				out[id] = append(out[id], s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// firstSentence is what a story says it is about.
func firstSentence(text string) string {
	lines := strings.SplitN(text, "\n", 4)
	s := strings.Join(lines[:min(len(lines), 3)], " ")
	s, _, _ = strings.Cut(strings.TrimLeft(s, "# "), " requirements:")
	if before, _, ok := strings.Cut(s, ". "); ok {
		return before
	}
	return strings.TrimSuffix(s, ".")
}

// Every requirement that must be met by now has a story that shows it; `make
// coverage-of-requirements` prints the table.
func TestEveryRequirementHasAStory(t *testing.T) {
	t.Parallel()
	told := stories(t)
	known := map[string]bool{}
	for _, r := range requirements(t) {
		known[r.id] = true
		var where []string
		for _, s := range told[r.id] {
			where = append(where, fmt.Sprintf("%s (%s)", s.path, s.title))
		}
		slices.Sort(where)
		where = slices.Compact(where)
		if len(where) == 0 && r.later != "" {
			where = []string{"later: " + r.later}
		}
		t.Logf("%s\t%s\t%s\t%s\t%s", r.id, r.level, r.kind, r.source, strings.Join(where, "; "))
		if r.level == "MUST" && r.later == "" && len(told[r.id]) == 0 {
			t.Errorf("%s (%s) is shown by no story", r.id, r.source)
		}
	}
	for id, where := range told {
		if !known[id] {
			t.Errorf("%s names the requirement %s, which there is not", where[0].path, id)
		}
	}
}
