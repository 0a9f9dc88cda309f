package contact

import (
	"time"

	"incidentledger/domain"
)

var commands = []domain.CommandRow{
	{CommandType: domain.CommandType{New: domain.Blank[AddContact], Begins: true, Named: true, Roles: managing,
		Events: []string{"ContactAdded"}, Example: `{"code":"ibd","name":"Helpdesk","organisation":"IBD","lists":["authorities"],"channels":[{"kind":"phone","address":"+31 70 0000000"}],"language":"nl"}`}},
	{CommandType: domain.CommandType{New: domain.Blank[ConfirmContact], Roles: managing, States: inActive,
		Events: []string{"ContactConfirmed"}, Example: `{}`}},
	{CommandType: domain.CommandType{New: domain.Blank[ChangeContact], Roles: managing, States: inActive,
		Events: []string{"ContactChanged"}, Example: `{"name":"Helpdesk","organisation":"IBD","channels":[{"kind":"phone","address":"+31 70 2045511"}]}`}},
	{CommandType: domain.CommandType{New: domain.Blank[RetireContact], Roles: managing, States: inActive,
		Events: []string{"ContactRetired"}, Example: `{"reason":"Works elsewhere now."}`}},
}

var events = domain.EventTable{
	domain.Told[ContactAdded](1),
	domain.Told[ContactConfirmed](1),
	domain.Told[ContactChanged](1),
	domain.Told[ContactRetired](1),
}

// A Channel is one way to reach a contact. Only one that is safe may carry what
// an incident is about; the others get codes and a link.
type Channel struct {
	Kind     domain.Code  `json:"kind" rule:"required,oneof=phone|mobile|email|sms|pager|letter|messenger|radio|in-person"`
	Address  domain.Text  `json:"address,omitzero" seal:"aggregate,person:person" rule:"max=300"`
	Safe     bool         `json:"safe,omitzero"`     // content may go this way
	Fallback bool         `json:"fallback,omitzero"` // works when the vital ICT or the networks do not (COM-05)
	For      domain.OrgID `json:"for,omitzero"`      // reaches them when they act for this organisation (ORG-08)
}

// ContactAdded says that somebody stands in the directory. What names them is
// sealed, and can be opened by nobody once their key is gone.
type ContactAdded struct {
	Code          domain.Code     `json:"code,omitzero"`
	Person        domain.PersonID `json:"person,omitzero"`
	Roles         []domain.Code   `json:"roles,omitempty" rule:"codes=roles"`
	Lists         []domain.Code   `json:"lists,omitempty"`
	Language      domain.Code     `json:"language,omitzero" rule:"oneof=nl|fr|en|de"`
	OnCall        []domain.Weekly `json:"onCall,omitempty"`
	Joint         bool            `json:"joint,omitzero"`
	SocialData    bool            `json:"socialData,omitzero"`
	Name          domain.Text     `json:"name,omitzero" seal:"aggregate,person:person" rule:"max=200"`
	Organisation  domain.Text     `json:"organisation,omitzero" seal:"aggregate,person:person" rule:"max=200"`
	Channels      []Channel       `json:"channels,omitempty" rule:"max=20"`
	Authorisation domain.Text     `json:"authorisation,omitzero" seal:"aggregate" rule:"max=300"`
}

// ContactChanged says how somebody stands in the directory from now on.
type ContactChanged ContactAdded

// ContactConfirmed says that the data were checked and right.
type ContactConfirmed struct {
	At time.Time `json:"at" rule:"required,past"`
}

// ContactRetired says that the contact is no longer to be used (COM-08).
type ContactRetired struct {
	Reason domain.Text `json:"reason,omitzero" seal:"aggregate"`
}

func (ContactAdded) EventName() string     { return "ContactAdded" }
func (ContactChanged) EventName() string   { return "ContactChanged" }
func (ContactConfirmed) EventName() string { return "ContactConfirmed" }
func (ContactRetired) EventName() string   { return "ContactRetired" }

// AddContact puts somebody in the directory of those who may have to be reached:
// members of the team, authorities, service desks, suppliers (COM-04, COM-08).
type AddContact struct {
	// Code is a short code by which orders may name the contact, for ever.
	Code domain.Code `json:"code,omitzero"`
	// Person is the person whom the data are about, where it is somebody known here: then their key seals them, too.
	Person domain.PersonID `json:"person,omitzero"`
	// Roles are the roles in which they are reached, such as acib and vcib (NOT-03).
	Roles []domain.Code `json:"roles,omitempty" rule:"codes=roles"`
	// Lists are the distribution lists they are on, such as service-desks (COM-07).
	Lists []domain.Code `json:"lists,omitempty"`
	// Language is in which they are written to.
	Language domain.Code `json:"language,omitzero" rule:"oneof=nl|fr|en|de"`
	// OnCall is when they are on call.
	OnCall []domain.Weekly `json:"onCall,omitempty"`
	// Joint says that the entry is in the address file shared with other organisations (ORG-14).
	Joint bool `json:"joint,omitzero"`
	// SocialData says that it holds social personal data.
	SocialData bool `json:"socialData,omitzero"`
	// Name is the name of the person or desk.
	Name domain.Text `json:"name" rule:"required,max=200"`
	// Organisation is the name of the organisation they work for.
	Organisation domain.Text `json:"organisation,omitzero" rule:"max=200"`
	// Channels are the ways to reach them, the first one first. Content goes only where safe says so; fallback works when the vital ICT does not (COM-05).
	Channels []Channel `json:"channels" rule:"required,max=20"`
	// Authorisation is the reference of the authorisation to hold social personal data in a joint file (ORG-14).
	Authorisation domain.Text `json:"authorisation,omitzero" rule:"max=300"`
}

// ChangeContact says how the contact stands in the directory from now on, the
// whole of it. What stood there stays in its entry.
type ChangeContact AddContact

// ConfirmContact says that the data were checked and are right. An entry that
// nobody checked for six months is shown until somebody does (COM-08).
type ConfirmContact struct{}

// RetireContact says that the contact is no longer to be used.
type RetireContact struct {
	// Reason says why.
	Reason domain.Text `json:"reason" rule:"required"`
}

func (AddContact) CommandName() string     { return "AddContact" }
func (ChangeContact) CommandName() string  { return "ChangeContact" }
func (ConfirmContact) CommandName() string { return "ConfirmContact" }
func (RetireContact) CommandName() string  { return "RetireContact" }

// AggregateKey implements domain.Keyed.
func (c AddContact) AggregateKey(org domain.OrgID) domain.Key {
	if c.Code == "" {
		return domain.Key{}
	}
	return Key(org, c.Code)
}

// RefusedSocialData refuses social personal data in a joint file.
const RefusedSocialData domain.Code = "social_data_not_authorised"

// Decide implements domain.Decider.
func (c AddContact) Decide(d *domain.Deciding[State]) error {
	if err := c.authorised(d); err != nil {
		return err
	}
	return d.Emit(ContactAdded(c))
}

// Decide implements domain.Decider.
func (c ChangeContact) Decide(d *domain.Deciding[State]) error {
	if c.Code == "" {
		c.Code = d.Told.Contact.Code
	}
	if c.Code != d.Told.Contact.Code {
		return domain.Invalid("code", "the code of a contact never changes: its key follows from it")
	}
	if c.Person.IsZero() {
		c.Person = d.Told.Contact.Person
	}
	if err := AddContact(c).authorised(d); err != nil {
		return err
	}
	return d.Emit(ContactChanged(c))
}

// authorised keeps social personal data out of the file that organisations share.
func (c AddContact) authorised(d *domain.Deciding[State]) error {
	if c.Joint && c.SocialData && c.Authorisation == "" {
		return d.Rule(domain.Refuse(RefusedSocialData, "ORG-14", "a joint address file holds no social personal data without authorisation: name it, or leave the data out"))
	}
	return nil
}

// Decide implements domain.Decider.
func (c ConfirmContact) Decide(d *domain.Deciding[State]) error {
	if !d.At.After(d.Told.ConfirmedAt) {
		return domain.Refuse(domain.CodeNoChange, "COM-04", "the data were last checked at %s", d.Told.ConfirmedAt.Format(time.RFC3339))
	}
	return d.Emit(ContactConfirmed{At: d.At})
}

// Decide implements domain.Decider.
func (c RetireContact) Decide(d *domain.Deciding[State]) error { return d.Emit(ContactRetired(c)) }

// Coherent implements domain.Coherent.
func (e ContactAdded) Coherent(was domain.Event) error {
	w, ok := was.(ContactAdded)
	if ok && (w.Code != e.Code || w.Person != e.Person) {
		return domain.Invalid("code", "the code of a contact and whom it is about never change: keys follow from them; add another contact")
	}
	for i, ch := range e.Channels {
		if len(w.Channels) == 0 && ch.Address == "" { // of what was told before, only the open part is known
			return domain.Invalid("channels", "channels.%d.address is required", i)
		}
	}
	return domain.CheckWeekly("onCall", e.OnCall)
}

// Coherent implements domain.Coherent.
func (e ContactChanged) Coherent(was domain.Event) error {
	if w, ok := was.(ContactChanged); ok {
		was = ContactAdded(w)
	}
	return ContactAdded(e).Coherent(was)
}

// Evolve implements domain.Evolver. Whoever tells the data knows them then.
func (e ContactAdded) Evolve(s *State, p domain.Posting) { s.Contact, s.ConfirmedAt = e, p.Occurred }

// Evolve implements domain.Evolver.
func (e ContactChanged) Evolve(s *State, p domain.Posting) { ContactAdded(e).Evolve(s, p) }

// Evolve implements domain.Evolver.
func (e ContactConfirmed) Evolve(s *State, _ domain.Posting) { s.ConfirmedAt = e.At }

// Evolve implements domain.Evolver.
func (e ContactRetired) Evolve(s *State, _ domain.Posting) { s.Retired = true }
