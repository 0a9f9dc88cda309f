package catalogue_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/organisation"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/handlers/catalogue"
	"incidentledger/handlers/policyfile"
)

// states are what the phases of incidents and of improvements are called in reports.
var states = map[string][]domain.Code{
	"state": {incident.PhaseReported, incident.PhaseRegistered, incident.PhaseOnHold, incident.PhaseResolved, incident.PhaseClosed,
		incident.PhaseRejected, incident.PhaseWithdrawn, incident.PhaseMerged},
	"phase": {improvement.PhaseProposed, improvement.PhaseAssigned, improvement.PhaseCompleted, improvement.PhaseVerified,
		improvement.PhaseIneffective, improvement.PhaseDropped},
}

// derived are codes that no declaration and no policy lists: why an incident grew more
// severe.
var derived = map[string]bool{"because": true}

// A vocabulary is all that there must be words for.
type vocabulary struct {
	events map[string]bool
	fields map[string]bool
	codes  map[string]map[string]bool // by list: of the policy, or of a field whose values are fixed
}

// everything gathers the vocabulary from the kinds and the shipped policy set.
func everything(t *testing.T) *vocabulary {
	t.Helper()
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	v := &vocabulary{map[string]bool{}, map[string]bool{}, map[string]map[string]bool{}}
	law := func() (domain.Codes, []domain.Basis) { return set, nil }
	for _, k := range []domain.Kind{
		ledger.Kind(), policy.Adoptions(nil), incident.Kind(nil), organisation.Kind(law), person.Kind(law), supplier.Kind(law, nil),
		service.Kind(law, nil), contact.Kind(law), document.Kind(law), improvement.Kind(law),
	} {
		for _, e := range k.Events {
			v.events[e.Name] = true
			v.addFields(reflect.TypeOf(e.New()))
		}
		for _, c := range k.Commands {
			v.addFields(reflect.TypeOf(c.New()))
		}
	}
	for _, list := range set.Lists() {
		v.addCodes(list, set.CodesOf(list)...)
	}
	for list, codes := range states {
		v.addCodes(list, codes...)
	}
	v.addCodes("open", incident.OpenCodes()...)
	for _, r := range set.Rules {
		v.addCodes("rules", r.ID)
	}
	for _, l := range set.ServiceLevels {
		for _, s := range l.Stages {
			for _, term := range s.Terms {
				if !l.Dormant {
					v.addCodes("rules", domain.Code(fmt.Sprintf("%s-p%d-%s", l.ID, term.Priority, s.Stage)))
				}
			}
		}
	}
	return v
}

func (v *vocabulary) addCodes(list string, codes ...domain.Code) {
	if v.codes[list] == nil {
		v.codes[list] = map[string]bool{}
	}
	for _, c := range codes {
		v.codes[list][string(c)] = true
	}
}

// addFields adds the fields of a struct, whatever it is in; not the flags that only
// say that a text is there, which nothing shows.
func (v *vocabulary) addFields(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		v.addFields(t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || textFlag.MatchString(name) {
			continue
		}
		v.fields[name] = true
		for part := range strings.SplitSeq(f.Tag.Get("rule"), ",") {
			if fixed, ok := strings.CutPrefix(part, "oneof="); ok {
				for c := range strings.SplitSeq(fixed, "|") {
					v.addCodes(name, domain.Code(c))
				}
			}
		}
		v.addFields(f.Type)
	}
}

var (
	textFlag = regexp.MustCompile(`^has[A-Z]`)
	number   = regexp.MustCompile(`^[0-9]+$`) // says nothing without its list
)

func TestEverythingHasWords(t *testing.T) {
	v, lists := everything(t), listsOf(keys(t))
	for _, lang := range catalogue.Languages() {
		w, err := catalogue.In(lang)
		if err != nil {
			t.Fatal(err)
		}
		for e := range v.events {
			if !w.Has("event." + e) {
				t.Errorf("%s: event.%s", lang, e)
			}
		}
		for f := range v.fields {
			if !w.Has("field." + f) {
				t.Errorf("%s: field.%s", lang, f)
			}
		}
		for list, codes := range v.codes {
			for c := range codes {
				if !w.Has("code."+list+"."+c) && (list == "open" || len(lists[c]) == 0 || w.Code(list, c) == c && number.MatchString(c)) {
					t.Errorf("%s: code.%s.%s", lang, list, c)
				}
			}
		}
	}
}

// A list may leave a code to the others only where all of them say the same of it.
func TestListsThatSayNothingOfACodeAgree(t *testing.T) {
	v, lists := everything(t), listsOf(keys(t))
	for _, lang := range catalogue.Languages() {
		w, err := catalogue.In(lang)
		if err != nil {
			t.Fatal(err)
		}
		for list, codes := range v.codes {
			for c := range codes {
				for _, other := range lists[c] {
					if a, b := w.Code(list, c), w.Code(other, c); !w.Has("code."+list+"."+c) && a != b {
						t.Errorf("%s: %s of %s would be %q, and is %q of %s", lang, c, list, a, b, other)
					}
				}
			}
		}
	}
}

// listsOf gives the lists that have words for a code of their own.
func listsOf(keys []string) map[string][]string {
	out := map[string][]string{}
	for _, key := range keys {
		if part := strings.SplitN(key, ".", 3); part[0] == "code" {
			out[part[2]] = append(out[part[2]], part[1])
		}
	}
	return out
}

// Roles are called what the policy calls them.
func TestWordsOfRolesAreThoseOfThePolicy(t *testing.T) {
	set, err := policyfile.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range catalogue.Languages() {
		w, _ := catalogue.In(lang)
		for role, names := range set.RoleNames {
			if said := w.Code("roles", string(role)); said != names[lang] {
				t.Errorf("%s: role %s is %q, in the policy %q", lang, role, said, names[lang])
			}
		}
	}
}

// No key stands in the catalogue for nothing: an event, field or code has it, or the
// source of a room names it, whole or up to a dot.
func TestEveryKeyIsUsed(t *testing.T) {
	v, said := everything(t), quoted(t)
	for _, key := range keys(t) {
		part := strings.SplitN(key, ".", 3)
		switch {
		case part[0] == "event" && v.events[part[1]], part[0] == "field" && (v.fields[part[1]] || said[part[1]]):
		case part[0] == "code" && (v.codes[part[1]][part[2]] || derived[part[1]] && said[part[2]]):
		case part[0] != "event" && part[0] != "field" && part[0] != "code" &&
			(said[key] || said[part[0]+"."] || len(part) == 3 && said[part[0]+"."+part[1]+"."]):
		default:
			t.Errorf("%s: nothing uses it", key)
		}
	}
}

// keys lists every key of the catalogue.
func keys(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("*.nl.json")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	all := map[string]any{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &all); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// quoted gathers the string literals of the source that is not tests.
func quoted(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, dir := range []string{"..", "../../domain"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			for _, m := range literal.FindAllSubmatch(b, -1) {
				out[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var literal = regexp.MustCompile("\"([A-Za-z0-9.-]+)\"")
