package informed

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "informed"

// New gives the view of who was told.
func New() *projections.Things {
	return &projections.Things{
		Called: Name, Number: 1, Shapes: incident.EventTypes(), Index: index, Classify: incident.Classify,
		Of: projections.Whole(incident.Name, incident.PartyInformed{}, incident.DataSubjectsInformed{}, incident.CustomerInformed{},
			incident.AuthorityNotified{}, incident.NotificationWithdrawn{}, incident.ControllerNotified{}),
	}
}

// A Telling says that somebody was told.
type Telling struct {
	Key       domain.Key      `json:"key"`
	Who       domain.Code     `json:"who" doc:"authority, controller, data-subjects, customer or party"`
	Code      domain.Code     `json:"code,omitempty" doc:"the authority, controller, group, customer or role; absent: a person, a contact, or words in the entry"`
	Person    domain.PersonID `json:"person,omitzero"`
	Contact   domain.Key      `json:"contact,omitzero"`
	What      domain.Code     `json:"what" doc:"the event that tells it"`
	At        time.Time       `json:"at"`
	Media     []domain.Code   `json:"media,omitempty" doc:"the way; for authorities and controllers each attempt with its outcome"`
	Count     int64           `json:"count,omitempty" doc:"of people told"`
	Complete  bool            `json:"complete,omitempty" doc:"with them everybody concerned was told"`
	Stage     domain.Code     `json:"stage,omitempty"`
	TLP       domain.Code     `json:"tlp,omitempty"`
	Withdrawn bool            `json:"withdrawn,omitempty"`

	projections.Stamp
}

// Of gives the tellings of an incident, as they were recorded.
func Of(t *projections.Thing) []Telling {
	var out []Telling
	notified := map[domain.Key]int{}
	for i := range t.Told {
		told := &t.Told[i]
		row := Telling{Key: t.Ref.Key, What: domain.Code(told.Type), Stamp: told.Stamp()}
		switch e := told.Event.(type) {
		case incident.PartyInformed:
			row.Who, row.Code, row.Person, row.Contact = "party", e.Party.Role, e.Party.Person, e.Party.Contact
			row.At, row.Media, row.TLP = e.At, []domain.Code{e.Medium}, e.TLP
		case incident.DataSubjectsInformed:
			row.Who, row.Code, row.At, row.Media = "data-subjects", e.Group, e.At, []domain.Code{e.Medium}
			row.Count, row.Complete = e.Count, e.Complete
		case incident.CustomerInformed:
			row.Who, row.Code, row.At = "customer", e.Customer, e.At
		case incident.AuthorityNotified:
			row.Who, row.Code, row.At, row.Stage, row.Media = "authority", e.Authority, e.Submitted, e.Stage, attempts(e.Channels)
			notified[e.Notification] = len(out)
		case incident.ControllerNotified:
			row.Who, row.Code, row.At, row.Media = "controller", e.Controller, e.Submitted, attempts(e.Channels)
		case incident.NotificationWithdrawn:
			row.Who, row.At, row.Media = "authority", e.Submitted, attempts(e.Channels)
			if was, ok := notified[e.Notification]; ok {
				out[was].Withdrawn = true
				row.Code, row.Stage = out[was].Code, out[was].Stage
			}
		}
		out = append(out, row)
	}
	return out
}

func attempts(channels []incident.Channel) []domain.Code {
	var out []domain.Code
	for _, c := range channels {
		out = append(out, c.Kind+":"+c.Outcome)
	}
	return out
}

func index(t *projections.Thing) [][]byte {
	var out [][]byte
	for _, row := range Of(t) {
		out = append(out, place(&row))
	}
	return out
}

func place(t *Telling) []byte { return projections.KeySeq(projections.KeyTime(nil, t.At), t.Seq) }
