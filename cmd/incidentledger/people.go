package main

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/person"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/handlers"
	"incidentledger/handlers/alerts"
)

// people finds contacts, persons and what else is kept by name as the ledger knows
// them now. What names them is opened for each question and kept nowhere.
type people struct {
	o *office

	mu      sync.Mutex
	refs    []domain.Ref // in the order in which they came
	scanned domain.Seq
}

// all gives every aggregate of some kinds that there is, in the order in which
// they came.
func (p *people) all(kinds ...domain.KindName) ([]domain.Ref, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for en, err := range p.o.ledger.ReadAll(context.Background(), p.scanned) {
		if err != nil {
			return nil, err
		}
		p.scanned = en.Seq
		if en.Prev == 0 && slices.Contains(kept, en.Kind) {
			p.refs = append(p.refs, en.Ref())
		}
	}
	return slices.DeleteFunc(slices.Clone(p.refs), func(r domain.Ref) bool { return !slices.Contains(kinds, r.Kind) }), nil
}

// kept are the kinds of which the ledger is asked for all there are.
var kept = []domain.KindName{contact.Name, person.Name, supplier.Name, service.Name, document.Name}

// A reachable is somebody in the directory, without what names them.
type reachable struct {
	ref      domain.Ref
	id       domain.Code
	person   domain.PersonID
	language domain.Code
	roles    []domain.Code
	onCall   []domain.Weekly
	channels []contact.Channel // addresses sealed
}

func (p *people) find(ref domain.Ref, at time.Time) (reachable, bool) {
	st, ok := p.o.law.registers.find(ref)
	if !ok {
		return reachable{}, false
	}
	r := reachable{ref: ref, id: domain.Code(ref.Key.String())}
	switch d := st.state.(type) {
	case domain.Dossier[contact.State]:
		c := d.Told.Contact
		if c.Code != "" {
			r.id = c.Code
		}
		r.person, r.language, r.roles, r.onCall, r.channels = c.Person, c.Language, c.Roles, c.OnCall, c.Channels
		return r, d.Told.Phase() == contact.PhaseActive
	case domain.Dossier[person.State]:
		r.person, r.language, r.onCall = domain.PersonID{UUID: ref.Key.UUID}, d.Told.Person.Language, d.Told.Person.OnCall
		for _, c := range d.Told.Person.Channels {
			r.channels = append(r.channels, contact.Channel{Kind: c.Kind, Safe: c.Safe, For: c.For})
		}
		for _, g := range d.Told.Grants {
			if d.Told.Has(g.Role, at) {
				r.roles = append(r.roles, g.Role)
			}
		}
		return r, d.Told.At == person.PhaseActive
	}
	return r, false
}

// receiver opens the addresses to which mail can go.
func (p *people) receiver(r reachable) (alerts.Receiver, bool, error) {
	out := alerts.Receiver{ID: r.id, Language: string(r.language), Roles: r.roles}
	words, err := p.o.words(r.ref, "ContactAdded", "ContactChanged", "PersonAdded")
	if err != nil {
		return out, false, err
	}
	for i, c := range r.channels {
		address := words["channels."+strconv.Itoa(i)+".address"]
		if c.Kind != "email" || address == "" || c.For != "" && c.For != p.o.org {
			continue
		}
		out.Channels = append(out.Channels, alerts.Channel{Kind: alerts.ByMail, Address: address, Safe: c.Safe})
	}
	return out, len(out.Channels) > 0, nil
}

// choose gives the receivers that fit, each of whom mail can reach.
func (p *people) choose(at time.Time, fits func(reachable) bool) ([]alerts.Receiver, error) {
	refs, err := p.all(contact.Name, person.Name)
	if err != nil {
		return nil, err
	}
	var out []alerts.Receiver
	for _, ref := range refs {
		r, ok := p.find(ref, at)
		if !ok || !fits(r) {
			continue
		}
		got, ok, err := p.receiver(r)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, got)
		}
	}
	return out, nil
}

// OnCall implements alerts.Directory.
func (p *people) OnCall(role domain.Code, at time.Time) ([]alerts.Receiver, error) {
	return p.choose(at, func(r reachable) bool {
		return slices.Contains(r.roles, role) && domain.OnCallAt(r.onCall, at.In(p.o.zone))
	})
}

// Person implements alerts.Directory.
func (p *people) Person(id domain.PersonID) (alerts.Receiver, bool, error) {
	got, err := p.choose(time.Now(), func(r reachable) bool { return r.person == id })
	if err != nil || len(got) == 0 {
		return alerts.Receiver{}, false, err
	}
	return got[0], true, nil
}

// Receivers implements alerts.Directory.
func (p *people) Receivers() ([]alerts.Receiver, error) {
	return p.choose(time.Now(), func(r reachable) bool { return len(r.roles) > 0 })
}

// directories asks one after the other.
type directories []alerts.Directory

// OnCall implements alerts.Directory.
func (d directories) OnCall(role domain.Code, at time.Time) ([]alerts.Receiver, error) {
	return d.join(func(one alerts.Directory) ([]alerts.Receiver, error) { return one.OnCall(role, at) })
}

// Receivers implements alerts.Directory.
func (d directories) Receivers() ([]alerts.Receiver, error) {
	return d.join(func(one alerts.Directory) ([]alerts.Receiver, error) { return one.Receivers() })
}

func (d directories) join(of func(alerts.Directory) ([]alerts.Receiver, error)) ([]alerts.Receiver, error) {
	var out []alerts.Receiver
	for _, one := range d {
		got, err := of(one)
		if err != nil {
			return nil, err
		}
		for _, r := range got {
			if !slices.ContainsFunc(out, func(o alerts.Receiver) bool { return o.ID == r.ID }) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// Person implements alerts.Directory.
func (d directories) Person(id domain.PersonID) (alerts.Receiver, bool, error) {
	for _, one := range d {
		if r, ok, err := one.Person(id); err != nil || ok {
			return r, ok, err
		}
	}
	return alerts.Receiver{}, false, nil
}

// words opens the texts of an aggregate's last event of some types, by their
// path, with corrections worked in. One whose key is gone is not among them.
func (o *office) words(ref domain.Ref, types ...string) (map[string]string, error) {
	words, err := handlers.ReadWords(context.Background(), o.ledger, opener{o.vault}, o.law.kinds[ref.Kind], ref.Key, 0)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for path, w := range words.Last(types...) {
		if w.Text != "" {
			out[path] = w.Text
		}
	}
	return out, nil
}

// who gives a person's name; empty where nobody knows it any more.
func (o *office) who(id domain.PersonID) string {
	words, err := o.words(domain.Ref{Kind: person.Name, Key: domain.Key(id)}, "PersonAdded")
	if err != nil {
		return ""
	}
	return words["name"]
}
