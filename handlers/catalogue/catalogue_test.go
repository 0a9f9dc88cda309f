package catalogue

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every key has words in every language, and the same values in place.
func TestEveryKeyHasWordsInEveryLanguage(t *testing.T) {
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]map[string]string{} // file without language → key → values in place, of the first language
	for _, n := range names {
		part := strings.Split(n.Name(), ".")
		b, err := files.ReadFile(n.Name())
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]any
		if err := json.Unmarshal(b, &words); err != nil {
			t.Fatalf("%s: %v", n.Name(), err)
		}
		have := map[string]string{}
		for k, v := range words {
			have[k] = places(v)
		}
		want := keys[part[0]]
		if want == nil {
			keys[part[0]] = have
			continue
		}
		for k := range want {
			switch v, ok := have[k]; {
			case !ok:
				t.Errorf("%s: %s has no words in this language", n.Name(), k)
			case v != want[k]:
				t.Errorf("%s: %s has the values %q, elsewhere %q", n.Name(), k, v, want[k])
			}
		}
		for k := range have {
			if _, ok := want[k]; !ok {
				t.Errorf("%s: %s stands in this language alone", n.Name(), k)
			}
		}
	}
	if len(names) != len(keys)*len(Languages()) {
		t.Errorf("%d files of %d kinds in %d languages", len(names), len(keys), len(Languages()))
	}
}

// places lists the values that words have in place.
func places(v any) string {
	var out []string
	add := func(s string) {
		for part := range strings.SplitSeq(s, "{{.") {
			if name, _, ok := strings.Cut(part, "}}"); ok && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	switch v := v.(type) {
	case string:
		add(v)
	case map[string]any:
		for _, s := range v {
			add(s.(string))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestWordsOfTime(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC) // the hour that is missing in Amsterdam
	for lang, want := range map[string][2]string{
		"nl": {"29 maart 2026, 03:30:00 (+02:00)", "1 dag 2 uur 1 minuut"},
		"fr": {"29 mars 2026, 03:30:00 (+02:00)", "1 jour 2 heures 1 minute"},
		"en": {"29 March 2026, 03:30:00 (+02:00)", "1 day 2 hours 1 minute"},
	} {
		w, err := In(lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{w.Instant(at, zone), w.Span(26*time.Hour + time.Minute)}; got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	if _, err := In("de"); err == nil {
		t.Error("words in a language that there are none in")
	}
	w, _ := In("fr")
	if w.Say("no.such.key") != "no.such.key" || w.Event("Unheard") != "Unheard" || w.Has("no.such.key") || !w.Has("report.yes") {
		t.Error("a key without words")
	}
}
