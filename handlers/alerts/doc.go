// Package alerts is the door through which the ledger calls for attention
// outside the house, and the only one that sends anything: it turns escalations,
// duties, warnings, overdue terms, calamities and its own failures into mail for
// those on call and into signed webhooks.
//
// It reads the integration events of EVENTS_<org> through durable consumers, one
// for each endpoint and one for people. Of an event it knows codes and ids only.
//
// An endpoint gets the CloudEvent as it stands in the stream, signed as Standard
// Webhooks lays down: webhook-id, webhook-timestamp, webhook-signature. Any 2xx
// answer counts as delivered; everything else is tried again after a pause, a
// fixed number of times.
//
// People are found in a Directory that cmd supplies: who has a role and is on
// call, each with channels in order. One channel is tried a few times, then the
// next, then the next person, then those above on the ladder, then the last
// resort, and while nobody is reached all over again after longer pauses. Who is
// on call is asked before each attempt: whoever comes on call before anybody was
// reached is told at once. Nobody on call is an entry and an alarm of its own, and
// whoever is told instead is told so. A message tells codes, the incident's number
// and a link; its title by a channel that is marked safe. An escalation that nobody acknowledges in time is escalated to the next
// step of the ladder, once. In quiet hours what can wait waits.
//
// How each attempt ended is an entry of the incident it is about, and what to do
// next follows from these entries alone; so a restart goes on where it stopped,
// and what was recorded while the program was down is told when it is up. The
// consumer may be lost: it is made anew and what is done stays done. A message may
// arrive more than once, always under the same webhook-id or Message-ID, and out
// of order. Nothing is sent of exercises, of what was recorded before its place in
// the stream came into use (Config.Begin), nor of what was past long before
// its report was written down: that is an old case that was taken in. That a
// message was delivered is never itself a cause for a message, and that one about
// a failure, or about nobody being on call, failed is not either.
//
// It may import domain, domain/incident, domain/policy, handlers,
// handlers/catalogue, nats.go, the CloudEvents SDK, the Standard Webhooks library
// and go-mail.
//
// Invariant: a message that left the house has an entry that says how it ended,
// or is tried again.
package alerts
