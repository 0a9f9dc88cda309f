package register

import (
	"fmt"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "register"

const shape = 2

const kindIncident domain.KindName = "incident"

// View is the register view.
type View struct{ zone *time.Location }

// New gives the register view of a ledger whose numbers count years in zone, as
// its first entry fixes it.
func New(zone *time.Location) View { return View{zone} }

// Name implements projections.View.
func (View) Name() string { return Name }

// Shape implements projections.View.
func (View) Shape() uint32 { return shape }

// Apply implements projections.View.
func (v View) Apply(tx *projections.Tx, en *domain.Entry) error {
	if en.Kind != kindIncident {
		return nil
	}
	var r Row
	var kb [64]byte
	if en.Prev != 0 { // before an incident's first entry there is no row, and looking in vain is dear
		if old, found := tx.Get(rowKey(kb[:0], en.Key)); found {
			if err := r.decode(en.Key, tx.Dec(old)); err != nil {
				return fmt.Errorf("incident %s: %w", en.Key, err)
			}
		}
	}
	phase := r.Phase
	for i := range en.Events {
		if err := v.change(tx, &r, en, en.Events[i].Event); err != nil {
			return fmt.Errorf("incident %s: %w", en.Key, err)
		}
	}
	r.Last, r.LastRecorded = en.Seq, en.Recorded
	var vb [640]byte
	tx.Set(rowKey(kb[:0], en.Key), r.encode(vb[:0]))
	if phase != r.Phase {
		if phase != "" {
			tx.Delete(phaseKey(kb[:0], phase, r.Recorded, r.First))
		}
		tx.Set(phaseKey(kb[:0], r.Phase, r.Recorded, r.First), en.Key.UUID[:])
	}
	return nil
}

func rowKey(b []byte, key domain.Key) []byte { return append(append(b, 'r'), key.UUID[:]...) }

func phaseKey(b []byte, phase domain.Code, recorded time.Time, first domain.Seq) []byte {
	b = projections.KeyText(append(b, 's'), string(phase))
	return projections.KeySeq(projections.KeyTime(b, recorded), first)
}

func timeKey(b []byte, recorded time.Time, first domain.Seq) []byte {
	return projections.KeySeq(projections.KeyTime(append(b, 't'), recorded), first)
}

func seriesKey(what byte, s incident.Series) []byte {
	b := projections.KeyUint32([]byte{what}, uint32(s.Year))
	if s.Integrity {
		return append(b, 1)
	}
	return append(b, 0)
}

// begin fills in what the report says and gives the incident its number.
func (v View) begin(tx *projections.Tx, r *Row, en *domain.Entry, e *incident.IncidentReported) error {
	r.Key, r.First, r.Recorded = en.Key, en.Seq, en.Recorded
	r.Phase, r.Leg = incident.PhaseReported, 1
	r.report(e)
	tx.Add(timeKey(nil, r.Recorded, r.First), en.Key.UUID[:])
	if e.HasOwnReference {
		r.refers(en.Seq)
	}
	s, counted := incident.SeriesOf(*e, en.Recorded, v.zone)
	if !counted {
		return nil
	}
	n := 0
	if old, found := tx.Get(seriesKey('c', s)); found {
		d := projections.NewDec(old)
		if n = int(d.Num()); d.Err() != nil {
			return d.Err()
		}
	}
	n++
	r.Number = s.Number(n)
	tx.Set(seriesKey('c', s), projections.Num(nil, uint64(n)))
	tx.Add(projections.KeyUint32(seriesKey('n', s), uint32(n)), en.Key.UUID[:])
	return nil
}

// report takes over what a report says, also where it is corrected later.
func (r *Row) report(e *incident.IncidentReported) {
	r.Kind, r.Category, r.Channel, r.Department, r.Chain = e.Kind, e.Category, e.Channel, e.Department, e.Chain
	r.Started, r.Discovered, r.Reported = e.Started, e.Discovered, e.Reported
	r.ICT, r.SecurityRelevant, r.Suspected, r.SuspectedDataLeak = e.ICT, e.SecurityRelevant, e.Suspected, e.SuspectedDataLeak
	r.Anonymous, r.Exercise, r.HasReporter, r.HasOwnReference = e.Anonymous, e.Exercise, e.HasReporter, e.HasOwnReference
}

func (r *Row) refers(seq domain.Seq) {
	if n := len(r.References); n == 0 || r.References[n-1] != seq {
		r.References = append(r.References, seq)
	}
}
