package api

import (
	"fmt"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A file is one incident read from its entries: all of them, or those that a
// point in time lets through.
type file struct {
	key     domain.Key
	entries []*domain.Entry    // in order of sequence
	state   *incident.Incident // nil until fold
}

// read gives the incident of the address whole, or domain.ErrNotFound.
func (q *request) read() (*file, error) {
	key, err := q.key()
	if err != nil {
		return nil, err
	}
	return q.readKey(key)
}

// readKey gives an incident whole, or domain.ErrNotFound.
func (q *request) readKey(key domain.Key) (*file, error) {
	f := &file{key: key}
	for en, err := range q.office.Log.Load(q.Context(), domain.Ref{Kind: incident.Name, Key: key}, 0) {
		if err != nil {
			return nil, err
		}
		f.entries = append(f.entries, en)
	}
	if len(f.entries) == 0 {
		return nil, missing("there is no incident %s", key)
	}
	return f, nil
}

func (f *file) last() domain.Seq {
	if len(f.entries) == 0 {
		return 0
	}
	return f.entries[len(f.entries)-1].Seq
}

// fold makes the state of the file's entries. There is none before the report
// is among them: then what the others say hangs in the air.
func (f *file) fold(o *Office) error {
	kind, ok := o.Desk.Kind(incident.Name)
	if !ok || len(f.entries) == 0 || f.entries[0].Prev != 0 {
		return nil
	}
	state := kind.New()
	for _, en := range f.entries {
		var err error
		if state, err = kind.Evolve(state, *en); err != nil {
			return err
		}
	}
	st, ok := state.(*incident.Incident)
	if !ok {
		return fmt.Errorf("api: incident %s: its state is a %T", f.key, state)
	}
	f.state = st
	return nil
}

// corrects gives the entry that an entry corrects, where it does.
func corrects(en *domain.Entry) (domain.Seq, bool) {
	for i := range en.Events {
		switch e := en.Events[i].Event.(type) {
		case incident.FactCorrected:
			return e.Corrects, true
		case incident.EntryCorrected:
			return e.Corrects, true
		}
	}
	return 0, false
}

// A moment says which of a file's entries count: as it was known when an entry was the last, or was
// recorded; or of what had happened by an instant.
type moment struct {
	seq      domain.Seq // 0: by at
	at       time.Time  // zero with seq 0: now
	occurred bool       // at counts when things happened, not when they were recorded
}

// moment reads at, seq and axis.
func (q *request) moment() (moment, error) {
	m := moment{seq: domain.Seq(q.number("seq")), at: q.instant("at"), occurred: q.text("axis") == "occurred"}
	switch {
	case q.has("seq") && q.has("at"):
		return m, malformed("at", "give at or seq, not both")
	case q.has("seq") && m.occurred:
		return m, malformed("axis", "seq is a place on the axis recorded; give at with the axis occurred")
	case q.has("seq") && m.seq == 0:
		return m, malformed("seq", "entries are counted from 1")
	}
	return m, nil
}

// cut leaves only the entries that a moment lets through. On the axis occurred a
// correction is knowledge, not something that happened: it goes with the entry
// that it corrects.
func (f *file) cut(m moment) {
	if m.seq == 0 && m.at.IsZero() {
		return
	}
	in := map[domain.Seq]bool{}
	var kept []*domain.Entry
	for _, en := range f.entries {
		seq, correction := corrects(en)
		switch {
		case m.seq > 0:
			in[en.Seq] = en.Seq <= m.seq
		case m.occurred && correction:
			in[en.Seq] = in[seq]
		case m.occurred:
			in[en.Seq] = !en.Occurred.Time.After(m.at)
		default:
			in[en.Seq] = !en.Recorded.After(m.at)
		}
		if in[en.Seq] {
			kept = append(kept, en)
		}
	}
	f.entries = kept
}

// atParams are the parameters that moment reads.
var atParams = []param{
	{name: "at", kind: instant, doc: "as it was then; without it now"},
	{name: "seq", kind: number, doc: "as it was when this entry was the ledger's last"},
	{name: "axis", kind: word, oneof: []string{"recorded", "occurred"}, doc: "recorded: as it was known then; occurred: what had happened by then, as is known now. Without it recorded"},
}
