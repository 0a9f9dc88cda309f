package domain

import (
	"bytes"
	"encoding/json"
	"time"
)

// An EventRow declares one stored shape of an event. Shapes that CorrectFact can
// correct have Check and Decode.
type EventRow struct {
	EventType
	Check  func(e Event, now time.Time, codes Codes) error
	Decode func(open []byte) (Event, error)
}

// Kept declares an event that no CorrectFact touches: it is derived, or it has
// corrections of its own.
func Kept[E Event](v int) EventRow { return EventRow{EventType: Shape[E](v)} }

// Told declares an event that tells a fact, so that it can be corrected.
func Told[E Event](v int) EventRow {
	return EventRow{
		EventType: Shape[E](v),
		Check:     func(e Event, now time.Time, codes Codes) error { return Check(fact[E]{e.(E)}, now, codes) },
		Decode: func(open []byte) (Event, error) {
			var e E
			d := json.NewDecoder(bytes.NewReader(open))
			d.DisallowUnknownFields()
			err := d.Decode(&e)
			return e, err
		},
	}
}

// fact lets Check judge a corrected event by the rule tags of its type.
type fact[E Event] struct {
	Fields E `json:"fields"`
}

func (f fact[E]) CommandName() string { return f.Fields.EventName() }

// An EventTable is every stored shape of a kind's events.
type EventTable []EventRow

// Correctable finds the row of an event type that can be corrected.
func (t EventTable) Correctable(name string) (EventRow, bool) {
	for _, r := range t {
		if r.Name == name && r.Check != nil {
			return r, true
		}
	}
	return EventRow{}, false
}
