package logbook

import (
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
)

// A Row is one line of the logbook. Occurred has the offset it was given with.
type Row struct {
	Key       domain.Key
	Seq       domain.Seq
	Occurred  domain.Moment
	Recorded  time.Time
	Actor     domain.PersonID // zero: anonymous
	Role      domain.Code
	For       domain.OrgID
	By        domain.Code     // medium, where it was on somebody else's word; empty: it was not
	ByPerson  domain.PersonID // whose word, where that is a person
	ByContact domain.Key      // or a contact; both zero: a sealed text
	Command   string
	Events    []string      // types, in order
	Corrects  []domain.Seq  // entries whose words or facts it corrects, or that it marks as misfiled
	Late      bool          // recorded more than LateAfter after it happened
	Deviates  []domain.Code // rules that were deviated from
	Sealed    bool          // there are sealed words to open

	// CorrectedBy names the entries that correct this one. It is filled by
	// OfIncident alone.
	CorrectedBy []domain.Seq
}

// LateAfter is how long after it happened an act can be recorded without being
// marked late; a moment known to the hour or the day has that much more.
const LateAfter = time.Hour

func late(occurred domain.Moment, recorded time.Time) bool {
	allowed := LateAfter
	switch occurred.Precision {
	case domain.PrecisionHour, domain.PrecisionAbout:
		allowed += time.Hour
	case domain.PrecisionDay:
		allowed += 24 * time.Hour
	}
	return recorded.Sub(occurred.Time) > allowed
}

const (
	flagLate = 1 << iota
	flagSealed
	flagBy
)

var precisions = [...]domain.Precision{"", domain.PrecisionSecond, domain.PrecisionMinute,
	domain.PrecisionHour, domain.PrecisionDay, domain.PrecisionAbout}

func precisionCode(p domain.Precision) uint64 {
	for i, q := range precisions {
		if p == q {
			return uint64(i)
		}
	}
	return 0
}

func encode(b []byte, en *domain.Entry) []byte {
	var flags byte
	if late(en.Occurred, en.Recorded) {
		flags |= flagLate
	}
	if len(en.Sealed) > 0 {
		flags |= flagSealed
	}
	if en.By != nil {
		flags |= flagBy
	}
	b = append(b, flags)
	b = projections.Time(b, en.Occurred.Time)
	_, offset := en.Occurred.Time.Zone()
	b = projections.Int(b, int64(offset))
	b = projections.Num(b, precisionCode(en.Occurred.Precision))
	b = projections.Time(b, en.Recorded)
	b = append(b, en.Actor.ID.UUID[:]...)
	b = projections.Text(b, en.Actor.Role)
	b = projections.Text(b, en.Actor.For)
	if en.By != nil {
		b = projections.Text(b, en.By.Medium)
		b = append(b, en.By.Person.UUID[:]...)
		b = append(b, en.By.Contact.UUID[:]...)
	}
	b = projections.Text(b, en.Command)
	b = projections.Num(b, uint64(len(en.Events)))
	for i := range en.Events {
		b = projections.Text(b, en.Events[i].Type)
	}
	return appendMarks(b, en)
}

func decode(key domain.Key, seq domain.Seq, d projections.Dec) (Row, error) {
	r := Row{Key: key, Seq: seq}
	var flags byte
	if p := d.Take(1); p != nil {
		flags = p[0]
	}
	r.Late, r.Sealed = flags&flagLate != 0, flags&flagSealed != 0
	occurred := d.Time()
	if offset := int(d.Int()); offset != 0 && !occurred.IsZero() {
		occurred = occurred.In(time.FixedZone("", offset))
	}
	r.Occurred.Time = occurred
	if p := d.Num(); p < uint64(len(precisions)) {
		r.Occurred.Precision = precisions[p]
	}
	r.Recorded = d.Time()
	r.Actor.UUID = d.ID()
	r.Role = domain.Code(d.Word())
	r.For = domain.OrgID(d.Word())
	if flags&flagBy != 0 {
		r.By = domain.Code(d.Word())
		r.ByPerson.UUID = d.ID()
		r.ByContact.UUID = d.ID()
	}
	r.Command = d.Word()
	n := d.Num()
	r.Events = make([]string, 0, min(n, 8))
	for ; n > 0 && d.Err() == nil; n-- {
		r.Events = append(r.Events, d.Word())
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		r.Corrects = append(r.Corrects, domain.Seq(d.Num()))
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		r.Deviates = append(r.Deviates, domain.Code(d.Word()))
	}
	return r, d.Err()
}
