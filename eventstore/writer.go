package eventstore

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/google/uuid"

	"incidentledger/domain"
)

// writer writes the envelope of an entry as reader reads it. Its words were
// checked before: none needs an escape.
type writer struct{ b []byte }

// word adds the text before a word and the word.
func (w *writer) word(before, s string) {
	w.b = append(w.b, before...)
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"')
}

func (w *writer) uuid(before string, id uuid.UUID) {
	w.b = append(w.b, before...)
	w.b = append(w.b, '"')
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			w.b = append(w.b, '-')
		}
		w.b = hex.AppendEncode(w.b, part)
	}
	w.b = append(w.b, '"')
}

func (w *writer) hash(before string, h domain.Hash) {
	w.b = append(w.b, before...)
	w.b = append(w.b, '"')
	w.b = hex.AppendEncode(w.b, h[:])
	w.b = append(w.b, '"')
}

func (w *writer) number(before string, n uint64) {
	w.b = append(w.b, before...)
	w.b = strconv.AppendUint(w.b, n, 10)
}

func (w *writer) instant(before string, t time.Time, layout string) {
	w.b = append(w.b, before...)
	w.b = append(w.b, '"')
	w.b = t.AppendFormat(w.b, layout)
	w.b = append(w.b, '"')
}

// wordList adds a list of words, or nothing where it is empty.
func wordList[S ~string](w *writer, before string, list []S) {
	if len(list) == 0 {
		return
	}
	w.b = append(w.b, before...)
	for i, s := range list {
		w.word(sep(i), string(s))
	}
	w.b = append(w.b, ']')
}

// sep stands before the i-th element of a list.
func sep(i int) string {
	if i == 0 {
		return "["
	}
	return ","
}

// head writes the members from v to basis, and the name of events.
func (w *writer) head(en *domain.Entry) {
	w.word(`{"v":`, EntryFormat)
	w.uuid(`,"id":`, en.ID.UUID)
	w.word(`,"org":`, string(en.Org))
	w.word(`,"kind":`, string(en.Kind))
	w.uuid(`,"key":`, en.Key.UUID)
	w.number(`,"prev":`, uint64(en.Prev))
	w.hash(`,"prevHash":`, en.PrevHash)
	w.word(`,"command":`, en.Command)
	w.b = append(w.b, `,"actor":{`...)
	if !en.Actor.ID.IsZero() {
		w.uuid(`"id":`, en.Actor.ID.UUID)
		w.b = append(w.b, ',')
	}
	w.word(`"role":`, string(en.Actor.Role))
	if en.Actor.For != "" {
		w.word(`,"for":`, string(en.Actor.For))
	}
	if en.Actor.Door != "" {
		w.word(`,"door":`, string(en.Actor.Door))
	}
	w.word(`,"proof":`, string(en.Actor.Proof))
	w.b = append(w.b, '}')
	if en.By != nil {
		w.by(en.By)
	}
	w.instant(`,"occurred":`, en.Occurred.Time, occurredLayout)
	w.word(`,"precision":`, string(en.Occurred.Precision))
	w.instant(`,"recorded":`, en.Recorded.UTC(), recordedLayout)
	if !en.Correlation.IsZero() {
		w.uuid(`,"correlation":`, en.Correlation.UUID)
	}
	if !en.Causation.IsZero() {
		w.uuid(`,"causation":`, en.Causation.UUID)
	}
	w.hash(`,"mac":`, en.MAC)
	for i, b := range en.Basis {
		if i == 0 {
			w.b = append(w.b, `,"basis":`...)
		}
		w.word(sep(i)+`{"kind":`, string(b.Kind))
		w.uuid(`,"key":`, b.Key.UUID)
		w.number(`,"seq":`, uint64(b.Seq))
		w.hash(`,"hash":`, b.Hash)
		w.b = append(w.b, '}')
	}
	if len(en.Basis) > 0 {
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, `,"events":`...)
}

func (w *writer) by(by *domain.By) {
	w.word(`,"by":{"medium":`, string(by.Medium))
	if !by.Person.IsZero() {
		w.uuid(`,"person":`, by.Person.UUID)
	}
	if !by.Contact.IsZero() {
		w.uuid(`,"contact":`, by.Contact.UUID)
	}
	wordList(w, `,"sd":`, by.SD)
	w.b = append(w.b, '}')
}

// event writes the i-th event; open is its open part as JSON.
func (w *writer) event(i int, r domain.Record, open []byte) {
	w.word(sep(i)+`{"type":`, r.Type)
	w.number(`,"v":`, uint64(r.V))
	w.b = append(w.b, `,"open":`...)
	w.b = append(w.b, open...)
	wordList(w, `,"sd":`, r.SD)
	w.b = append(w.b, '}')
}

// tail ends the events and writes what is sealed.
func (w *writer) tail(en *domain.Entry) {
	w.b = append(w.b, ']')
	for i, b := range en.Sealed {
		if i == 0 {
			w.b = append(w.b, `,"sealed":`...)
		}
		wordList(w, sep(i)+`{"scopes":`, b.Scopes)
		wordList(w, `,"kids":`, b.Kids)
		w.word(`,"alg":`, b.Alg)
		w.word(`,"box":`, b.Box)
		w.b = append(w.b, '}')
	}
	if len(en.Sealed) > 0 {
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, '}')
}
