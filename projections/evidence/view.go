package evidence

import (
	"slices"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "evidence"

// New gives the view of evidence.
func New() *projections.Things {
	return &projections.Things{
		Called: Name, Number: 1, Shapes: incident.EventTypes(), Index: index, Classify: incident.Classify,
		Of: projections.Whole(incident.Name, incident.EvidenceCollected{}, incident.CustodyOffered{}, incident.CustodyAccepted{},
			incident.EvidenceVerified{}, incident.EvidenceReleased{}),
	}
}

// An Item is a piece of evidence as it stands.
type Item struct {
	Key         domain.Key      `json:"key"`
	Evidence    domain.Key      `json:"evidence"`
	Form        domain.Code     `json:"form"`
	SHA256      domain.Hash     `json:"sha256,omitzero"`
	Size        int64           `json:"size,omitempty"`
	Stored      domain.Hash     `json:"stored,omitzero" doc:"where its file is kept; absent: it was not taken in"`
	DerivedFrom domain.Key      `json:"derivedFrom,omitzero"`
	Purpose     domain.Code     `json:"purpose"`
	Holder      domain.PersonID `json:"holder,omitzero" doc:"absent: a role, or somebody outside"`
	HolderRole  domain.Code     `json:"holderRole,omitempty"`
	Offered     bool            `json:"offered" doc:"it is on its way to somebody who has not accepted it yet"`
	Verified    domain.Code     `json:"verified,omitempty" doc:"intact or altered, by the last look; absent: nobody looked"`
	Released    domain.Code     `json:"released,omitempty" doc:"returned, handed-over or destroyed; absent: it is kept"`
	Chain       []Custody       `json:"chain"`

	projections.Stamp // who collected it
}

// A Custody is one thing that happened to an item.
type Custody struct {
	What    domain.Code     `json:"what" doc:"collected, offered, accepted, verified or released"`
	Person  domain.PersonID `json:"person,omitzero" doc:"who had it, or whom it is offered to"`
	Named   domain.Code     `json:"named,omitempty" doc:"their role; absent with the person: words in the entry"`
	SHA256  domain.Hash     `json:"sha256,omitzero"`
	Outcome domain.Code     `json:"outcome,omitempty" doc:"intact or altered; or where it went"`

	projections.Stamp
}

// Of sums up the evidence of an incident, as it was collected.
func Of(t *projections.Thing) []Item {
	var out []Item
	for i := range t.Told {
		stamp := t.Told[i].Stamp()
		link := func(id domain.Key, l Custody, change func(*Item)) {
			at := slices.IndexFunc(out, func(it Item) bool { return it.Evidence == id })
			if at < 0 {
				return
			}
			l.Stamp = stamp
			out[at].Chain = append(out[at].Chain, l)
			change(&out[at])
		}
		switch e := t.Told[i].Event.(type) {
		case incident.EvidenceCollected:
			out = append(out, Item{
				Key: t.Ref.Key, Evidence: e.Evidence, Form: e.Form, SHA256: e.File.SHA256, Size: e.File.Size, Stored: e.File.Stored, DerivedFrom: e.DerivedFrom, Purpose: e.Purpose,
				Holder: e.Holder.Person, HolderRole: e.Holder.Role, Stamp: stamp,
				Chain: []Custody{{What: "collected", Person: e.Holder.Person, Named: e.Holder.Role, SHA256: e.File.SHA256, Stamp: stamp}},
			})
		case incident.CustodyOffered:
			link(e.Evidence, Custody{What: "offered", Person: e.To.Person, Named: e.To.Role, SHA256: e.File.SHA256}, func(it *Item) { it.Offered = true })
		case incident.CustodyAccepted:
			link(e.Evidence, Custody{What: "accepted", Person: e.To.Person, Named: e.To.Role, SHA256: e.File.SHA256}, func(it *Item) {
				it.Offered, it.Holder, it.HolderRole = false, e.To.Person, e.To.Role
			})
		case incident.EvidenceVerified:
			found := domain.Code("altered")
			if e.Matches {
				found = "intact"
			}
			link(e.Evidence, Custody{What: "verified", SHA256: e.SHA256, Outcome: found}, func(it *Item) { it.Verified = found })
		case incident.EvidenceReleased:
			link(e.Evidence, Custody{What: "released", Outcome: e.Disposition}, func(it *Item) { it.Offered, it.Released = false, e.Disposition })
		}
	}
	return out
}

func index(t *projections.Thing) [][]byte {
	var out [][]byte
	for _, it := range Of(t) {
		out = append(out, place(&it))
	}
	return out
}

// place is where an item stands in the index: what is kept first.
func place(it *Item) []byte {
	b := []byte{0}
	if it.Released != "" {
		b[0] = 1
	}
	return append(projections.KeyTime(b, it.Occurred), it.Evidence.UUID[:]...)
}
