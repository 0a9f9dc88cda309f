package deadlines

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "deadlines"

const shape = 3

const kindIncident domain.KindName = "incident"

// View is the deadlines view.
type View struct{ zone *time.Location }

// New gives the deadlines view of a ledger whose numbers count years in zone,
// as its first entry fixes it.
func New(zone *time.Location) View { return View{zone} }

// Name implements projections.View.
func (View) Name() string { return Name }

// Shape implements projections.View.
func (View) Shape() uint32 { return shape }

// Apply implements projections.View.
func (v View) Apply(tx *projections.Tx, en *domain.Entry) error {
	if changesLaw(en) {
		tx.Set(lawKey(en.Kind), projections.Num(nil, uint64(en.Seq)))
	}
	if en.Kind != kindIncident || !concerns(en) {
		return nil
	}
	f := file{class: domain.PlainClass()}
	k := append([]byte{'i'}, en.Key.UUID[:]...)
	var old []byte
	found := false
	if en.Prev != 0 { // before an incident's first entry there is no row, and looking in vain is dear
		old, found = tx.Get(k)
	}
	if found {
		if err := f.decode(tx.Dec(old)); err != nil {
			return fmt.Errorf("incident %s: %w", en.Key, err)
		}
	}
	before := f.index(en.Key)
	for i := range en.Events {
		if err := v.change(tx, &f, en, en.Events[i].Event); err != nil {
			return fmt.Errorf("incident %s: %w", en.Key, err)
		}
	}
	f.age = ageOf(en)
	if row := f.encode(nil); !bytes.Equal(row, old) || !found {
		tx.Set(k, row)
	}
	return exchange(tx, before, f.index(en.Key))
}

// concerns reports whether anything in the entry can change a row.
func concerns(en *domain.Entry) bool {
	for i := range en.Events {
		switch en.Events[i].Event.(type) {
		case incident.IncidentReported, incident.PriorityAssessed, incident.PriorityOverridden, incident.CriticalIncidentDeclared,
			incident.ConfidentialitySet, incident.FactCorrected, domain.ClockNoter,
			incident.IncidentClosed, incident.IncidentReopened, incident.ReportRejected, incident.ReportWithdrawn, incident.ReportMerged:
			return true
		}
	}
	return false
}

func (v View) change(tx *projections.Tx, f *file, en *domain.Entry, e domain.Event) error {
	if change := incident.Classify(en.Seq, e); change != nil {
		if err := change(&f.class); err != nil {
			return err
		}
	}
	switch e := e.(type) {
	case incident.IncidentReported:
		f.exercise, f.open = e.Exercise, true
		if s, counted := incident.SeriesOf(e, en.Recorded, v.zone); counted {
			n, err := count(tx, s)
			if err != nil {
				return err
			}
			f.number = s.Number(n)
		}
	case incident.PriorityAssessed:
		f.computed, f.computedBy = e.Computed, en.Seq
		f.overridden, f.overriddenBy = 0, 0
	case incident.PriorityOverridden:
		f.overridden, f.overriddenBy = e.Priority, en.Seq
	case incident.CriticalIncidentDeclared:
		f.critical = true
	case incident.IncidentClosed, incident.ReportRejected, incident.ReportWithdrawn, incident.ReportMerged:
		f.open = false
	case incident.IncidentReopened:
		f.open = true
	case incident.FactCorrected:
		return f.correct(e)
	default:
		f.tick(e)
	}
	return nil
}

// count takes the next number of a series.
func count(tx *projections.Tx, s incident.Series) (int, error) {
	k := projections.KeyUint32([]byte{'n'}, uint32(s.Year))
	k = appendBool(k, s.Integrity)
	n := 0
	if v, found := tx.Get(k); found {
		d := projections.NewDec(v)
		if n = int(d.Num()); d.Err() != nil {
			return 0, d.Err()
		}
	}
	n++
	tx.Set(k, projections.Num(nil, uint64(n)))
	return n, nil
}

// tick folds a clock event.
func (f *file) tick(e domain.Event) {
	switch e := e.(type) {
	case policy.ClockArmed:
		f.clock(e.Clock, true)
		f.fold(e.Clock, e)
	case policy.ClockMoved:
		f.fold(e.Clock, e)
	case policy.ClockMet:
		f.fold(e.Clock, e)
	case policy.ClockCancelled:
		f.fold(e.Clock, e)
	case policy.ClockPaused:
		for _, id := range e.Clocks {
			f.fold(id, e)
		}
	case policy.ClockResumed:
		for _, id := range e.Clocks {
			f.fold(id, e)
		}
	case policy.ClockDueSoon:
		if c := f.clock(e.Clock, false); c != nil {
			c.mark(e.Stage, e.Due.UTC())
		}
	case policy.ClockOverdue:
		if c := f.clock(e.Clock, false); c != nil {
			c.mark(incident.StageOverdue, e.Due.UTC())
		}
	}
}

// fold lets the policy fold an event into one clock.
func (f *file) fold(id domain.Code, e domain.Event) {
	c := f.clock(id, false)
	if c == nil {
		return
	}
	one := map[policy.ClockID]policy.Clock{c.ID: c.Clock}
	policy.Apply(one, e)
	c.Clock = one[c.ID]
	c.Policy, c.TZ = domain.Hash{}, ""
}

// clock finds a clock of the incident, and makes it where that is asked.
func (f *file) clock(id domain.Code, make bool) *clock {
	at, found := slices.BinarySearchFunc(f.clocks, policy.ClockID(id), func(c clock, id policy.ClockID) int { return cmp.Compare(c.ID, id) })
	if !found {
		if !make {
			return nil
		}
		f.clocks = slices.Insert(f.clocks, at, clock{Clock: policy.Clock{ID: policy.ClockID(id)}})
	}
	return &f.clocks[at]
}

// correct works a correction into what was told. The number stays; clocks move
// by events of their own.
func (f *file) correct(e incident.FactCorrected) error {
	take := func(field domain.Code, into any) error {
		v, ok := e.Fields[field]
		if !ok {
			return nil
		}
		if err := json.Unmarshal([]byte(v.String()), into); err != nil {
			return fmt.Errorf("correction of %s.%s: %w", e.Event, field, err)
		}
		return nil
	}
	switch e.Event {
	case "IncidentReported":
		return take("exercise", &f.exercise)
	case "PriorityAssessed":
		if e.Corrects == f.computedBy {
			return take("computed", &f.computed)
		}
	case "PriorityOverridden":
		if e.Corrects == f.overriddenBy {
			return take("priority", &f.overridden)
		}
	}
	return nil
}
