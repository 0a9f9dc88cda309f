package contacts

import (
	"iter"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/projections"
)

// Name is the view's name.
const Name = "contacts"

// New gives the view of contacts.
func New() *projections.Things {
	return &projections.Things{
		Called: Name, Number: 1, Shapes: contact.Kind(nil).Events,
		Of: projections.Whole(contact.Name, contact.ContactAdded{}, contact.ContactChanged{}, contact.ContactConfirmed{}, contact.ContactRetired{}),
	}
}

// A Contact is an entry of the directory.
type Contact struct {
	Key       domain.Key      `json:"key"`
	Code      domain.Code     `json:"code,omitempty"`
	Person    domain.PersonID `json:"person,omitzero"`
	Roles     []domain.Code   `json:"roles,omitempty"`
	Lists     []domain.Code   `json:"lists,omitempty"`
	Language  domain.Code     `json:"language,omitempty"`
	OnCall    []domain.Weekly `json:"onCall,omitempty"`
	Joint     bool            `json:"joint" doc:"in the address file shared with other organisations"`
	Confirmed time.Time       `json:"confirmed" doc:"when it was last known to be right"`
	Retired   bool            `json:"retired"`

	projections.Stamp // who last told of it

	state contact.State
}

// Of sums up a contact.
func Of(t *projections.Thing) Contact {
	s := projections.Folded[contact.State](t)
	c := s.Contact
	return Contact{Key: t.Ref.Key, Code: c.Code, Person: c.Person, Roles: c.Roles, Lists: c.Lists, Language: c.Language, OnCall: c.OnCall, Joint: c.Joint,
		Confirmed: s.ConfirmedAt, Retired: s.Retired, Stamp: t.Told[len(t.Told)-1].Stamp(), state: s}
}

// Stale reports whether it must be checked again at an instant.
func (c *Contact) Stale(at time.Time) bool { return c.state.Stale(at) }

// Channels are the ways to reach them, without their addresses.
func (c *Contact) Channels() []contact.Channel { return c.state.Contact.Channels }

// A Query says which contacts are wanted.
type Query struct {
	Role, List domain.Code // empty: any
	Retired    bool        // those no longer in use, too
	Stale      time.Time   // to be checked again at that instant; zero: all
}

// Find gives the contacts that answer a query.
func Find(r *projections.ThingReader, q Query) iter.Seq[Contact] {
	return func(yield func(Contact) bool) {
		for t := range r.All(contact.Name) {
			c := Of(t)
			if (q.Role == "" || slices.Contains(c.Roles, q.Role)) && (q.List == "" || slices.Contains(c.Lists, q.List)) && (q.Retired || !c.Retired) &&
				(q.Stale.IsZero() || c.Stale(q.Stale)) && !yield(c) {
				return
			}
		}
	}
}
