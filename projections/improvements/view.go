package improvements

import (
	"iter"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "improvements"

// New gives the view of improvements.
func New() *projections.Things {
	return &projections.Things{
		Called: Name, Number: 1, Shapes: improvement.Kind(nil).Events,
		Of: projections.Whole(improvement.Name, improvement.ImprovementProposed{}, improvement.ImprovementAssigned{}, improvement.ImprovementCompleted{},
			improvement.ImprovementVerified{}, improvement.ImprovementDropped{}),
		Index: func(t *projections.Thing) [][]byte {
			i := Of(t)
			done := byte(0)
			if i.Done {
				done = 1
			}
			return [][]byte{projections.KeyTime([]byte{done}, i.Due)}
		},
	}
}

// An Improvement is a measure as it stands.
type Improvement struct {
	Key       domain.Key      `json:"key"`
	Kind      domain.Code     `json:"kind"`
	Phase     domain.Code     `json:"phase"`
	PDCA      domain.Code     `json:"pdca,omitempty" doc:"plan, do, check or act; absent: dropped"`
	Done      bool            `json:"done" doc:"nothing more is to be done"`
	Incident  domain.Key      `json:"incident,omitzero" doc:"that taught it"`
	Supplier  domain.Code     `json:"supplier,omitempty"`
	Document  domain.Code     `json:"document,omitempty"`
	Owner     domain.PersonID `json:"owner,omitzero"`
	OwnerRole domain.Code     `json:"ownerRole,omitempty"`
	Due       time.Time       `json:"due,omitzero"`
	Proposed  time.Time       `json:"proposed"`
	Completed time.Time       `json:"completed,omitzero"`
	Checked   time.Time       `json:"checked,omitzero"`
	Rounds    int             `json:"rounds" doc:"how often its effect was found lacking"`

	projections.Stamp // who last told of it
}

// Of sums up an improvement.
func Of(t *projections.Thing) Improvement {
	s := projections.Folded[improvement.State](t)
	return Improvement{
		Key: t.Ref.Key, Kind: s.Improvement.Kind, Phase: s.Phase(), PDCA: s.PDCA(), Done: s.Done(),
		Incident: s.Improvement.Incident, Supplier: s.Improvement.Supplier, Document: s.Improvement.Document,
		Owner: s.Assignment.Owner, OwnerRole: s.Assignment.Role, Due: s.Assignment.Due,
		Proposed: s.Proposed, Completed: s.Completed, Checked: s.Checked, Rounds: s.Rounds, Stamp: t.Told[len(t.Told)-1].Stamp(),
	}
}

// Overdue reports whether what is still to be done is past its term at an
// instant. What was carried out is not late, whatever its check finds.
func (i *Improvement) Overdue(at time.Time) bool {
	return !i.Done && i.Phase != improvement.PhaseCompleted && !i.Due.IsZero() && at.After(i.Due)
}

// A Query says which improvements are wanted: open ones first, by due instant.
type Query struct {
	Incident domain.Key      // zero: of any or none
	Owner    domain.PersonID // zero: anybody
	Open     bool            // something is still to be done
	Overdue  time.Time       // overdue at that instant; zero: overdue or not
}

// Find gives the improvements that answer a query.
func Find(r *projections.ThingReader, q Query) iter.Seq[Improvement] {
	return func(yield func(Improvement) bool) {
		for t := range r.Found([]byte{0}, []byte{2}) {
			i := Of(t)
			if (q.Incident.IsZero() || i.Incident == q.Incident) && (q.Owner.IsZero() || i.Owner == q.Owner) && !(q.Open && i.Done) &&
				(q.Overdue.IsZero() || i.Overdue(q.Overdue)) && !yield(i) {
				return
			}
		}
	}
}
