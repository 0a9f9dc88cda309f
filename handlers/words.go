package handlers

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"incidentledger/domain"
)

// A Word is a sealed text as it is read: opened, or known to be erased. Like all
// that an Opener gives it is for rendering only.
type Word struct {
	Text   string `json:"text,omitempty"`
	Erased bool   `json:"erased,omitempty"`
	Unsure bool   `json:"unsure,omitempty"` // erased, or never given: others beside it were erased
}

// Words are the texts of an aggregate whose commands record facts, corrections
// worked in.
type Words struct {
	said map[saidIn]map[string]Word // by path within the event
	last []saidIn                   // in order of the ledger
}

type saidIn struct {
	seq   domain.Seq
	event string
}

// ReadWords opens the texts of an aggregate up to an entry; 0: all there are.
func ReadWords(ctx context.Context, log Reader, opener Opener, kind domain.Kind, key domain.Key, upTo domain.Seq) (*Words, error) {
	w := &Words{said: map[saidIn]map[string]Word{}}
	for en, err := range log.Load(ctx, domain.Ref{Kind: kind.Name, Key: key}, 0) {
		if err != nil {
			return nil, err
		}
		if upTo > 0 && en.Seq > upTo {
			break
		}
		events, _, _, err := opener.Open(en)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", en.Seq, err)
		}
		for i, e := range events {
			w.add(saidIn{en.Seq, e.EventName()}, e, len(en.Events[i].SD), commandOf(kind, en))
			if c, ok := e.(domain.FactCorrected); ok {
				w.correct(c)
			}
		}
	}
	return w, nil
}

// In gives the texts of one event by their path.
func (w *Words) In(seq domain.Seq, event string) map[string]Word {
	return w.said[saidIn{seq, event}]
}

// Last gives the texts of the last event of some types by their path.
func (w *Words) Last(events ...string) map[string]Word {
	for _, at := range slices.Backward(w.last) {
		if slices.Contains(events, at.event) {
			return w.said[at]
		}
	}
	return nil
}

// add notes what an event says. Of as many texts as were sealed in it, those that
// are not there were erased. Which ones these were is certain where all that are
// empty must have been; else of those that its command asks for, and of those in
// lists.
func (w *Words) add(at saidIn, e domain.Event, sealed int, command reflect.Type) {
	said := map[string]Word{}
	_, texts := domain.SetApart(e, domain.Ref{}, domain.OrderID{})
	for _, t := range texts {
		said[t.Path] = Word{Text: t.Value}
	}
	if gone := sealed - len(texts); gone > 0 {
		empty := emptyTexts(reflect.ValueOf(e), "")
		for _, path := range empty {
			certain := len(empty) == gone || strings.ContainsAny(path, "0123456789") || asks(command, path)
			said[path] = Word{Erased: certain, Unsure: !certain}
		}
	}
	w.said[at] = said
	w.last = append(w.last, at)
}

// correct puts the texts of a correction in the place of those it corrects.
func (w *Words) correct(c domain.FactCorrected) {
	said := w.said[saidIn{c.Corrects, string(c.Event)}]
	maps.DeleteFunc(said, func(path string, _ Word) bool { return c.Replaces(path) })
	for path, text := range c.Texts {
		if said != nil {
			said[string(path)] = Word{Text: string(text)}
		}
	}
}

// commandOf gives the struct of the command that an entry accepted; nil where the
// kind has it no more.
func commandOf(kind domain.Kind, en *domain.Entry) reflect.Type {
	if c, ok := kind.CommandNamed(en.Command); ok {
		return reflect.TypeOf(c.New()).Elem()
	}
	return nil
}

// asks reports whether a command cannot be given without a text.
func asks(command reflect.Type, name string) bool {
	if command == nil {
		return false
	}
	for i := range command.NumField() {
		f := command.Field(i)
		if n, _, _ := strings.Cut(f.Tag.Get("json"), ","); n == name {
			return slices.Contains(strings.Split(f.Tag.Get("rule"), ","), "required")
		}
	}
	return false
}

// emptyTexts gives the paths of the texts that are not there.
func emptyTexts(v reflect.Value, path string) []string {
	at := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	var out []string
	switch {
	case v.Type() == reflect.TypeFor[domain.Text]():
		if v.Len() == 0 {
			out = append(out, path)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != "" {
				out = append(out, emptyTexts(v.Field(i), at(name))...)
			}
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			out = append(out, emptyTexts(v.Index(i), at(strconv.Itoa(i)))...)
		}
	}
	return out
}
