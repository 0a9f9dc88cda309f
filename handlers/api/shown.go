package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"incidentledger/domain"
)

// A line is one entry as it is shown, its sealed words opened.
type line struct {
	Seq         domain.Seq       `json:"seq"`
	Order       domain.OrderID   `json:"order"`
	Occurred    time.Time        `json:"occurred"`
	Precision   domain.Precision `json:"precision"`
	Recorded    time.Time        `json:"recorded"`
	Command     string           `json:"command"`
	Actor       domain.Actor     `json:"actor"`
	By          *shownBy         `json:"by,omitempty"`
	Events      []shownEvent     `json:"events"`
	Corrects    []domain.Seq     `json:"corrects,omitempty"`
	CorrectedBy []domain.Seq     `json:"correctedBy,omitempty"`
	Late        bool             `json:"late,omitempty" doc:"recorded long after it happened"`
	Deviates    []domain.Code    `json:"deviates,omitempty" doc:"rules that the fact was accepted against"`
	Correlation domain.OrderID   `json:"correlation,omitzero"`
	Causation   domain.OrderID   `json:"causation,omitzero"`
	Hash        domain.Hash      `json:"hash" doc:"RFC 6962 leaf hash of the stored bytes"`
	Trust       Trust            `json:"trust" doc:"when the entry reached each level of trust"`
	Prev        domain.Seq       `json:"prev" doc:"the incident's entry before; 0: this is the first"`
}

// A shownBy says on whose word the actor acted.
type shownBy struct {
	Medium  domain.Code     `json:"medium"`
	Person  domain.PersonID `json:"person,omitzero"`
	Contact domain.Key      `json:"contact,omitzero"`
	Text    *words          `json:"text,omitempty"`
}

// A shownEvent is one event. Fields are its own, as the command's schema and the
// type name them; a text whose key is gone is {"erased":true}.
type shownEvent struct {
	Type   string         `json:"type"`
	V      int            `json:"v"`
	Fields map[string]any `json:"fields"`
	Erased int            `json:"erased,omitempty" doc:"texts of it that can never be read again"`
}

// words are sealed text as shown: the text, or {"erased":true} where its key is
// gone.
type words struct {
	text   string
	erased bool
}

var erasedWords = map[string]bool{"erased": true}

// MarshalJSON implements json.Marshaler.
func (w words) MarshalJSON() ([]byte, error) {
	if w.erased {
		return json.Marshal(erasedWords)
	}
	return json.Marshal(w.text)
}

// open opens an entry for showing it.
func (o *Office) open(en *domain.Entry) (line, []domain.Event, error) {
	events, by, _, err := o.Opener.Open(en)
	if err != nil {
		return line{}, nil, fmt.Errorf("api: entry %d: %w", en.Seq, err)
	}
	l := line{
		Seq: en.Seq, Order: en.ID, Occurred: en.Occurred.Time, Precision: en.Occurred.Precision, Recorded: en.Recorded,
		Command: en.Command, Actor: en.Actor, Correlation: en.Correlation, Causation: en.Causation,
		Hash: en.Hash, Prev: en.Prev, Trust: o.trust(en.Seq), Events: make([]shownEvent, len(events)),
	}
	if en.By != nil {
		l.By = &shownBy{Medium: en.By.Medium, Person: en.By.Person, Contact: en.By.Contact}
		if len(en.By.SD) > 0 {
			l.By.Text = &words{by, by == ""}
		}
	}
	given := o.requiredTexts(en)
	for i, e := range events {
		if l.Events[i], err = show(&en.Events[i], e, given); err != nil {
			return line{}, nil, fmt.Errorf("api: entry %d: %w", en.Seq, err)
		}
	}
	return l, events, nil
}

// show gives an opened event's fields. Of its digests, those that no text met
// were erased; where it is certain which texts they were, these say so: all that
// are empty where as many were erased, else those that the command must have had.
func show(rec *domain.Record, e domain.Event, given map[string]bool) (shownEvent, error) {
	out := shownEvent{Type: rec.Type, V: rec.V}
	b, err := json.Marshal(e)
	if err == nil {
		err = json.Unmarshal(b, &out.Fields)
	}
	if err != nil {
		return out, fmt.Errorf("event %s: %w", rec.Type, err)
	}
	_, texts := domain.SetApart(e, domain.Ref{}, domain.OrderID{})
	out.Erased = max(0, len(rec.SD)-len(texts))
	if out.Erased == 0 {
		return out, nil
	}
	empty := emptyTexts(e, out.Fields)
	for _, name := range empty {
		if len(empty) == out.Erased || given[name] {
			out.Fields[name] = erasedWords
		}
	}
	return out, nil
}

// requiredTexts names the texts that the command of an entry cannot do without.
func (o *Office) requiredTexts(en *domain.Entry) map[string]bool {
	out := map[string]bool{}
	kind, ok := o.Desk.Kind(en.Kind)
	if !ok {
		return out
	}
	ct, ok := kind.CommandNamed(en.Command)
	if !ok {
		return out
	}
	t := reflect.TypeOf(ct.New()).Elem()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == reflect.TypeFor[domain.Text]() && slices.Contains(strings.Split(f.Tag.Get("rule"), ","), "required") {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			out[name] = true
		}
	}
	return out
}

// emptyTexts names the texts of an event that are not there, without those of
// which a flag says that they never were.
func emptyTexts(e domain.Event, fields map[string]any) []string {
	var out []string
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type != reflect.TypeFor[domain.Text]() || v.Field(i).Len() > 0 {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if has, ok := fields["has"+strings.ToUpper(name[:1])+name[1:]].(bool); ok && !has {
			continue
		}
		out = append(out, name)
	}
	return out
}

// Schema implements huma.SchemaProvider.
func (words) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeString},
		{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"erased": {Type: huma.TypeBoolean}}},
	}}
}
