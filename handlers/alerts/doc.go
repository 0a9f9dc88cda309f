// Package alerts is the door through which the ledger calls for attention
// outside the house: it turns escalations, warnings and overdue clocks into
// signed webhooks.
//
// It reads the integration events of EVENTS_<org> through one durable consumer
// for each endpoint, which keeps count of the attempts over restarts. A message
// is the CloudEvent as it stands in the stream, codes and ids only, signed as
// Standard Webhooks lays down: webhook-id, webhook-timestamp, webhook-signature.
// Any 2xx answer counts as delivered; everything else is tried again after a
// pause, a fixed number of times. How each attempt ended is an entry of the
// incident it is about.
//
// A message may arrive more than once, always under the same webhook-id, and out
// of order. Nothing is sent of exercises, nor of what was recorded before the
// endpoint was configured first. Whether a delivery was recorded is never itself
// a cause for a message.
//
// It may import domain, domain/incident, handlers, nats.go, the CloudEvents SDK
// and the Standard Webhooks library.
//
// Invariant: a message that left the house has an entry that says how it ended,
// or is tried again.
package alerts
