package incident

import "incidentledger/domain"

// FactCorrected says that fields of an earlier event were wrong and what they
// must be. The earlier event stays; what follows is folded as if it had said
// this. Fields holds the open values by field name, null where a field is taken
// back; Texts holds the sealed ones by their path within the event.
type FactCorrected struct {
	Corrects domain.Seq                  `json:"corrects"`
	Event    domain.Code                 `json:"event"`
	Nth      int                         `json:"nth"` // which event of that type in the entry, from 0
	Fields   map[domain.Code]Value       `json:"fields,omitempty"`
	Texts    map[domain.Code]domain.Text `json:"texts,omitempty" seal:"aggregate,person:about"`
	About    []domain.PersonID           `json:"about,omitempty"` // whom the corrected event is about
	Reason   domain.Text                 `json:"reason,omitzero" seal:"aggregate"`
}

func (FactCorrected) EventName() string { return "FactCorrected" }
