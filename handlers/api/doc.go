// Package api is the HTTP door: the JSON API under /api/v1, its OpenAPI
// description, and one plain status page.
//
// It may import the standard library, domain, domain/incident, domain/policy, the
// kinds whose words its lists open (supplier, improvement, contact), handlers,
// the views it shows, huma (for the description) and a JSON library.
//
// Invariant: whatever bytes come in, the answer is a result or a problem that
// says what was wrong and by which rule; nothing is written but by the desk, and
// no log line holds a body, a query, an address or anything that names a person.
package api
