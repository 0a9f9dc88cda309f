// Package overdue is the door at which time itself knocks: it tells the desk
// when a warning instant of a running clock has come, when a clock has passed,
// when the law by which an open incident was judged has changed, and when the
// machine's own clock jumped.
//
// What there is to say, and when, it takes from the deadlines view; it keeps
// nothing on disk. The id of each order follows from the incident, the clock,
// the due instant and the stage, so a restart, a second process or a replay gives
// the same order again and never a second one, and a clock that was moved to
// another instant can be overdue again. The id of an order to derive terms anew
// follows from the incident and the law likewise.
//
// It may import domain, domain/incident, domain/ledger, handlers, projections
// and projections/deadlines.
//
// Invariant: nothing is said of a clock before its instant has passed by the
// wall clock, and whatever is due is asked again until the ledger holds it or
// refuses it.
package overdue
