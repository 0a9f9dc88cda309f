package main

import (
	"fmt"
	"sync"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/contact"
	"incidentledger/domain/document"
	"incidentledger/domain/improvement"
	"incidentledger/domain/incident"
	"incidentledger/domain/ledger"
	"incidentledger/domain/organisation"
	"incidentledger/domain/person"
	"incidentledger/domain/policy"
	"incidentledger/domain/service"
	"incidentledger/domain/supplier"
	"incidentledger/projections"
	"incidentledger/projections/audit"
	"incidentledger/projections/breaches"
	"incidentledger/projections/contacts"
	"incidentledger/projections/deadlines"
	"incidentledger/projections/duties"
	"incidentledger/projections/evidence"
	"incidentledger/projections/improvements"
	"incidentledger/projections/informed"
	"incidentledger/projections/logbook"
	"incidentledger/projections/obligations"
	"incidentledger/projections/register"
	"incidentledger/projections/suppliers"
)

// kinds are the kinds whose entries a ledger may hold. Decisions need the law of
// an organisation.
func kinds(w *law) []domain.Kind {
	return append([]domain.Kind{ledger.Kind(), policy.Adoptions(w.find), incident.Kind(w.current)}, dossiers(w.lists, w.registers)...)
}

// storeKinds declares the same kinds where only their event shapes matter.
func storeKinds() []domain.Kind {
	return append([]domain.Kind{ledger.Kind(), policy.Adoptions(nil), incident.Kind(func() incident.Basis { return incident.Basis{} })}, dossiers(nil, nil)...)
}

// dossiers are the kinds that need the adopted code lists, and what the registers
// of services and suppliers say.
func dossiers(lists func() (domain.Codes, []domain.Basis), known domain.Known) []domain.Kind {
	return []domain.Kind{
		organisation.Kind(lists), person.Kind(lists), supplier.Kind(lists, known), service.Kind(lists, known),
		contact.Kind(lists), document.Kind(lists), improvement.Kind(lists),
	}
}

// docsOfKinds gives, for each kind, what its commands and fields are for. It is
// read once, when it is first asked for.
var docsOfKinds = sync.OnceValues(func() (map[domain.KindName]map[string]string, error) {
	docs := map[domain.KindName]map[string]string{ledger.Name: {}}
	for name, of := range map[domain.KindName]func() (map[string]string, error){
		incident.Name: incident.Docs, policy.AdoptionKind: policy.Docs, organisation.Name: organisation.Docs, person.Name: person.Docs, supplier.Name: supplier.Docs,
		service.Name: service.Docs, contact.Name: contact.Docs, document.Name: document.Docs, improvement.Name: improvement.Docs,
	} {
		d, err := of()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		docs[name] = d
	}
	return docs, nil
})

// docsOf gives what the commands of a kind are for. Where that cannot be read the
// API, which needs it, does not start; a desk does without.
func (h *house) docsOf(kind domain.KindName) map[string]string {
	docs, err := h.docs()
	if err != nil {
		return nil
	}
	return docs[kind]
}

// views are the read models of one ledger. To remove one is to remove its line
// and its folder.
func viewsOf(zone *time.Location) []projections.View {
	return append(viewsOfIncidents(zone), duties.New(), breaches.New(), informed.New(), evidence.New(), obligations.New(), suppliers.New(), improvements.New(), contacts.New())
}

// viewsOfIncidents are the views that the list of incidents, an incident's page
// and the terms need.
func viewsOfIncidents(zone *time.Location) []projections.View {
	return []projections.View{register.New(zone), logbook.New(), deadlines.New(zone), audit.New()}
}
