package policy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
	"incidentledger/handlers/policyfile"
)

// A story of the shipped policy set is a text file: a title, a line
// "requirements:", and lines that each say what the set gives.
//
//	codes LIST has A B …                   the code list holds these
//	priority URGENCY IMPACT is N           the matrix
//	floor EUR is IMPACT                    the least impact of damage; - for none
//	colour N is COLOUR                     how a priority is shown
//	due RULE ANCHOR is T                   when something is due; - for no fixed term
//	authority ID on DATE is NAME           as it was then; - for none
//	mandatory ID is A B …                  channels that all must be used
//	reach ID by KIND is VALUE              contact data
//	note ID says TEXT                      what stands beside an authority
//	role CODE in LANG is NAME              the organisation's own words
//	form AUTHORITY REGIME STAGE asks A B … the questions, in order from the first
//	profile PATH VALUE                     what the organisation is, from here on
//	fact PATH VALUE                        what is known, from here on; - takes it back
//	hears A B …                            who must hear of the report
//	owes ID …                              every clock that runs; - for none
func TestStoriesOfTheShippedSet(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(b), "\nrequirements: ") {
				t.Error("it names no requirement")
			}
			_, lines, _ := strings.Cut(string(b), "\n\n")
			s := newTale(t, set)
			for line := range strings.Lines(lines) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					s.line(line)
				}
			}
		})
	}
}

// A tale is one story on its way.
type tale struct {
	t       *testing.T
	set     *policy.Set
	facts   policy.Facts
	profile map[policy.Path]domain.Code
}

func newTale(t *testing.T, set *policy.Set) *tale {
	reported := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	return &tale{t: t, set: set, profile: map[policy.Path]domain.Code{}, facts: policy.Facts{
		At:   map[policy.Path]time.Time{policy.IncidentReported: reported, policy.IncidentRecorded: reported},
		Code: map[policy.Path]domain.Code{}, Num: map[policy.Path]int64{}, Flag: map[policy.Path]bool{},
	}}
}

func (s *tale) line(line string) {
	s.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	left, want, _ := strings.Cut(rest, " is ")
	args := strings.Fields(left)
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	got := "-"
	switch word {
	case "codes":
		for _, code := range args[2:] {
			if !s.set.HasCode(args[0], domain.Code(code)) {
				s.t.Errorf("%s: %s is not in it", line, code)
			}
		}
		return
	case "priority":
		if p, ok := s.set.PriorityOf(domain.Code(args[0]), domain.Code(args[1])); ok {
			got = strconv.Itoa(p)
		}
	case "floor":
		eur, _ := strconv.ParseInt(args[0], 10, 64)
		if i := s.set.ImpactFloor(eur); i != "" {
			got = string(i)
		}
	case "colour":
		for _, l := range s.set.Priority.Levels {
			if strconv.Itoa(l.Priority) == args[0] {
				got = string(l.Colour)
			}
		}
	case "due":
		due, ok, _, err := policy.DueOf(s.set, domain.Code(args[0]), s.instant(args[1]), "")
		if err != nil {
			got = err.Error()
		} else if ok {
			got = due.Format(time.RFC3339)
		}
	case "authority":
		if a, ok := s.set.AuthorityAt(domain.Code(args[0]), s.instant(args[2]+"T12:00:00Z")); ok {
			got = a.Name
		}
	case "mandatory":
		a, _ := s.set.AuthorityAt(domain.Code(args[0]), now)
		got = join(a.Mandatory())
	case "reach":
		a, _ := s.set.AuthorityAt(domain.Code(args[0]), now)
		for _, ch := range a.Channels {
			if string(ch.Kind) == args[2] {
				got = ch.Value
			}
		}
	case "note":
		a, _ := s.set.AuthorityAt(domain.Code(args[0]), now)
		_, text, _ := strings.Cut(rest, " says ")
		if !strings.Contains(a.Note, text) {
			s.t.Errorf("%s: the note is %q", line, a.Note)
		}
		return
	case "role":
		got = s.set.RoleNames[domain.Code(args[0])][args[2]]
	case "form":
		f, _ := s.set.FormOf(domain.Code(args[0]), domain.Code(args[1]), domain.Code(args[2]), now)
		var asked []string
		for i, field := range f.Fields {
			if i < len(args)-4 {
				asked = append(asked, string(field.Code))
			}
		}
		got, want = strings.Join(asked, " "), strings.Join(args[4:], " ")
	case "profile":
		s.profile[policy.Path(args[0])] = domain.Code(args[1])
		return
	case "fact":
		s.fact(policy.Path(args[0]), args[1])
		return
	case "hears":
		got, want = join(s.set.Hears(&s.facts, s.profile)), rest
	case "owes":
		got, want = s.owes(), rest
	default:
		s.t.Fatalf("%s: unknown word", line)
	}
	if got != want {
		s.t.Errorf("%s\nbut it is %s", line, got)
	}
}

func (s *tale) instant(text string) time.Time {
	s.t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}

func (s *tale) fact(p policy.Path, value string) {
	delete(s.facts.At, p)
	delete(s.facts.Code, p)
	delete(s.facts.Num, p)
	delete(s.facts.Flag, p)
	switch at, err := time.Parse(time.RFC3339, value); {
	case value == "-":
	case err == nil:
		s.facts.At[p] = at
	case value == "true" || value == "false":
		s.facts.Flag[p] = value == "true"
	default:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			s.facts.Num[p] = n
		} else {
			s.facts.Code[p] = domain.Code(value)
		}
	}
}

// owes lists the clocks. A suspected breach is one processing.
func (s *tale) owes() string {
	s.t.Helper()
	if _, ok := s.facts.Code[policy.BreachPersonalData]; ok {
		s.facts.Each = map[domain.Code][]policy.Item{policy.EachProcessing: {{N: 1, At: s.facts.At, Code: s.facts.Code, Flag: s.facts.Flag}}}
	}
	clocks, err := policy.Derive(s.facts, policy.Basis{Current: s.set, Profile: s.profile})
	if err != nil {
		s.t.Fatal(err)
	}
	var out []domain.Code
	for _, c := range clocks {
		out = append(out, domain.Code(c.ID))
	}
	if len(out) == 0 {
		return "-"
	}
	return join(out)
}

func join(codes []domain.Code) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = string(c)
	}
	return strings.Join(slices.Clip(words), " ")
}
