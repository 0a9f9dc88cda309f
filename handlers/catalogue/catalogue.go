package catalogue

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// Languages are the languages there are words in, the default first.
func Languages() []string { return []string{"nl", "fr", "en"} }

// A book has the words of every language, and for each code the first list by name
// that has a word for it.
type book struct {
	*i18n.Bundle
	lists map[string]string
}

var words = sync.OnceValues(func() (*book, error) {
	b := &book{i18n.NewBundle(language.Dutch), map[string]string{}}
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		file, err := b.LoadMessageFileFS(files, n.Name())
		if err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", n.Name(), err)
		}
		for _, m := range file.Messages {
			key, isCode := strings.CutPrefix(m.ID, "code.")
			list, code, _ := strings.Cut(key, ".")
			if first, ok := b.lists[code]; isCode && !isNumber(code) && (!ok || list < first) {
				b.lists[code] = list
			}
		}
	}
	return b, nil
})

// isNumber tells whether a code is one: what it counts is for its own list to say.
func isNumber(code string) bool { return strings.Trim(code, "0123456789") == "" }

// Words are the words of one language. They may be used by many at once.
type Words struct {
	Lang  string
	loc   *i18n.Localizer
	lists map[string]string
}

// In gives the words of a language: nl, fr or en.
func In(lang string) (*Words, error) {
	b, err := words()
	if err != nil {
		return nil, err
	}
	for _, l := range Languages() {
		if l == lang {
			return &Words{lang, i18n.NewLocalizer(b.Bundle, lang), b.lists}, nil
		}
	}
	return nil, fmt.Errorf("there are no words in %q; choose nl, fr or en", lang)
}

// Has tells whether there are words for a key in this language itself.
func (w *Words) Has(key string) bool {
	_, tag, err := w.loc.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: key, PluralCount: 2})
	return err == nil && tag.String() == w.Lang
}

// Say gives the words of a key, with values by name in place: Say("report.of",
// "number", "2026-0042"). A value called n decides between one and many. A key
// without words is given back as it is.
func (w *Words) Say(key string, pairs ...any) string {
	c := i18n.LocalizeConfig{MessageID: key}
	if len(pairs) > 0 {
		data := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			data[fmt.Sprint(pairs[i])] = pairs[i+1]
		}
		c.TemplateData, c.PluralCount = data, data["n"]
	}
	s, err := w.loc.Localize(&c)
	if err != nil {
		return key
	}
	return s
}

// Event names an event by its type: IncidentReported is "incident reported". One
// that has no words is given as its type.
func (w *Words) Event(name string) string { return w.named("event.", name) }

// Field names a field of an event or command.
func (w *Words) Field(name string) string { return w.named("field.", name) }

// Code names a code of a list: one of the policy, or the field whose values are
// fixed. A list that takes its codes from others need not name them again, and the
// list any has none of its own: the word is then that of the first list by name that
// has one. One without words is its own name.
func (w *Words) Code(list, code string) string {
	if !w.Has("code." + list + "." + code) {
		list = w.lists[code]
	}
	return w.named("code."+list+".", code)
}

func (w *Words) named(prefix, name string) string {
	if s := w.Say(prefix + name); s != prefix+name {
		return s
	}
	return name
}

// Instant writes an instant in a zone, in words and with its offset: 21 november
// 2026, 09:14:00 (+01:00).
func (w *Words) Instant(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(zone)
	return w.Day(t) + ", " + t.Format("15:04:05 (-07:00)")
}

// Day writes the date of an instant in the instant's own zone.
func (w *Words) Day(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), w.Say("month."+strings.ToLower(t.Month().String())), t.Year())
}

// Span writes a duration in days, hours and minutes, exact to the minute, or in
// seconds where it is shorter.
func (w *Words) Span(d time.Duration) string {
	if d < 0 {
		return "-" + w.Span(-d)
	}
	if d < time.Minute {
		return w.Say("span.seconds", "n", int(d/time.Second))
	}
	var parts []string
	for _, u := range []struct {
		key string
		n   time.Duration
	}{{"span.days", d / (24 * time.Hour)}, {"span.hours", d / time.Hour % 24}, {"span.minutes", d / time.Minute % 60}} {
		if u.n > 0 {
			parts = append(parts, w.Say(u.key, "n", int(u.n)))
		}
	}
	return strings.Join(parts, " ")
}
