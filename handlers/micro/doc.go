// Package micro is the door for programs on NATS: it takes orders as a NATS
// micro service and tells what happened in the ledger as integration events.
//
// # Orders
//
// The service "incidentledger" has two endpoints for each organisation:
//
//	incidentledger.<org>.order     {"kind":"incident","command":"ReportIncident","body":{…},"order":{"actor":{…},…}}
//	incidentledger.<org>.commands  nothing, or {"kind":"incident"}
//
// The answer to an order is its receipt. A refusal has the header
// Nats-Service-Error-Code with the status that HTTP would give, the header
// Nats-Service-Error with the refusal's code, and the refusal itself as body.
//
// # Events
//
// Each event of each entry becomes one CloudEvent 1.0 in structured JSON, by the
// NL GOV profile, on the stream EVENTS_<org> under the subject
// events.<org>.<kind>.<event-type>. It carries codes, ids, instants, numbers and
// flags: by the type of each field, so that nothing a human typed can be in it.
//
//	id            <sequence of the entry>-<index of the event in it>
//	source        urn:incidentledger:<org>
//	type          nl.incidentledger.<kind>.<event-type>
//	subject       key of the aggregate
//	time          when the desk recorded it
//	sequence      place among the organisation's integration events, from 1,
//	              without gaps: also the message's sequence in the stream
//	sequencetype  Integer
//	dataref       where the API shows the aggregate, where configured
//
// It may import domain, handlers, nats.go and the CloudEvents SDK.
//
// Invariant: EVENTS_<org> holds every event of every durable entry exactly once,
// in the order of the ledger, up to the last one it holds.
package micro
