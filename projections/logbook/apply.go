package logbook

import (
	"encoding/json"
	"fmt"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "logbook"

const shape = 1

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
	return classify(tx, en)
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

func classify(tx *projections.Tx, en *domain.Entry) error {
	for i := range en.Events {
		switch e := en.Events[i].Event.(type) {
		case incident.IncidentReported:
			c := projections.Class{Track: e.Track, Need: projections.NeedOf(e.WithholdFrom)}
			if c != projections.PlainClass() {
				projections.PutClass(tx, 'x', en.Key, c)
			}
		case incident.FactCorrected:
			c, err := projections.GetClass(tx, 'x', en.Key)
			if err != nil {
				return err
			}
			if err := corrected(&c, e); err != nil {
				return err
			}
			projections.PutClass(tx, 'x', en.Key, c)
		}
	}
	return nil
}

// corrected changes a class by a correction of the report.
func corrected(c *projections.Class, e incident.FactCorrected) error {
	if e.Event != "IncidentReported" {
		return nil
	}
	if v, ok := e.Fields["track"]; ok {
		if err := json.Unmarshal([]byte(v.String()), &c.Track); err != nil {
			return fmt.Errorf("correction of track: %w", err)
		}
	}
	if v, ok := e.Fields["withholdFrom"]; ok {
		var persons []domain.PersonID
		if err := json.Unmarshal([]byte(v.String()), &persons); err != nil {
			return fmt.Errorf("correction of withholdFrom: %w", err)
		}
		c.Need = projections.NeedOf(persons)
	}
	return nil
}
