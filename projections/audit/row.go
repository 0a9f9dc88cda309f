package audit

import (
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
)

// A Row is one line of the audit: who gave which order, for whom, by which door.
type Row struct {
	Seq      domain.Seq      `json:"seq"`
	Order    domain.OrderID  `json:"id"`
	Occurred time.Time       `json:"occurred"`
	Recorded time.Time       `json:"recorded"`
	Kind     domain.KindName `json:"kind"`
	Key      domain.Key      `json:"key"`
	Command  string          `json:"command"`
	Actor    domain.PersonID `json:"actor,omitzero"` // zero: anonymous
	Role     domain.Code     `json:"role"`
	For      domain.OrgID    `json:"for,omitzero"`
	Door     domain.Code     `json:"door,omitzero"`
	Proof    domain.Code     `json:"proof"`
	By       domain.Code     `json:"by,omitzero"` // medium, where it was on somebody else's word
	Size     int             `json:"size"`        // stored bytes
}

func encode(b []byte, en *domain.Entry) []byte {
	b = append(b, en.ID.UUID[:]...)
	b = append(b, en.Key.UUID[:]...)
	b = append(b, en.Actor.ID.UUID[:]...)
	b = projections.Time(projections.Time(b, en.Occurred.Time), en.Recorded)
	b = projections.Num(b, uint64(en.Size))
	b = projections.Text(b, en.Kind)
	b = projections.Text(b, en.Command)
	b = projections.Text(b, en.Actor.Role)
	b = projections.Text(b, en.Actor.For)
	b = projections.Text(b, en.Actor.Door)
	b = projections.Text(b, en.Actor.Proof)
	if en.By != nil {
		return projections.Text(b, en.By.Medium)
	}
	return projections.Text(b, "")
}

func decode(seq domain.Seq, d projections.Dec) (Row, error) {
	r := Row{Seq: seq}
	r.Order.UUID, r.Key.UUID, r.Actor.UUID = d.ID(), d.ID(), d.ID()
	r.Occurred, r.Recorded = d.Time(), d.Time()
	r.Size = int(d.Num())
	r.Kind = domain.KindName(d.Word())
	r.Command = d.Word()
	r.Role = domain.Code(d.Word())
	r.For = domain.OrgID(d.Word())
	r.Door = domain.Code(d.Word())
	r.Proof = domain.Code(d.Word())
	r.By = domain.Code(d.Word())
	return r, d.Err()
}
