package logbook

import (
	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "logbook"

const shape = 2

const kindIncident domain.KindName = "incident"

// View is the logbook view.
type View struct{}

// New gives the logbook view.
func New() View { return View{} }

// Name implements projections.View.
func (View) Name() string { return Name }

// Shape implements projections.View.
func (View) Shape() uint32 { return shape }

// Apply implements projections.View.
func (View) Apply(tx *projections.Tx, en *domain.Entry) error {
	if en.Kind != kindIncident {
		return nil
	}
	var kb [32]byte
	var vb [384]byte
	tx.Add(lineKey(kb[:0], en.Key, en.Seq), encode(vb[:0], en))
	k := projections.KeySeq(projections.KeyTime(append(kb[:0], 'w'), en.Recorded), en.Seq)
	tx.Add(k, en.Key.UUID[:])
	return projections.KeepClass(tx, 'x', en, incident.Classify)
}

func lineKey(b []byte, key domain.Key, seq domain.Seq) []byte {
	return projections.KeySeq(append(append(b, 'i'), key.UUID[:]...), seq)
}

// appendMarks appends what the events say of other lines and of rules.
func appendMarks(b []byte, en *domain.Entry) []byte {
	var corrects [4]domain.Seq
	var deviates [4]domain.Code
	cs, ds := corrects[:0], deviates[:0]
	for i := range en.Events {
		switch e := en.Events[i].Event.(type) {
		case incident.EntryCorrected:
			cs = append(cs, e.Corrects)
		case incident.FactCorrected:
			cs = append(cs, e.Corrects)
		case incident.EntryMisfiled:
			cs = append(cs, e.Seq)
		case domain.RuleDeviated:
			ds = append(ds, e.Code)
		}
	}
	b = projections.Num(b, uint64(len(cs)))
	for _, s := range cs {
		b = projections.Num(b, uint64(s))
	}
	b = projections.Num(b, uint64(len(ds)))
	for _, c := range ds {
		b = projections.Text(b, c)
	}
	return b
}
