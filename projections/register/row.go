package register

import (
	"time"

	"incidentledger/domain"
	"incidentledger/projections"
)

// A Row is one incident as far as it stands open in the ledger.
type Row struct {
	Key    domain.Key
	Number string     // such as 2026-0042; empty for an exercise
	First  domain.Seq // the entry that reported it
	Last   domain.Seq // its last entry

	Kind       domain.Code
	Category   domain.Code
	Channel    domain.Code
	Phase      domain.Code // reported, registered, on-hold, resolved, closed, rejected, withdrawn, merged
	Department domain.Code
	Chain      domain.Code
	RoutedTo   domain.Code
	WaitingFor domain.Code // while on hold
	Severity   domain.Code // none, light, high, very-high; empty: not classified
	Verdict    domain.Code // of verification
	Priority   int         // that holds, 1 to 5; 0: none yet
	Computed   int         // by the matrix
	Overridden int         // 0: the computed one holds
	Leg        int         // service leg, from 1

	Owner        domain.PersonID
	ContactPoint domain.PersonID
	Into         domain.Key // the incident it was merged into

	Started, Discovered, Reported, Recorded    time.Time
	Registered, Acknowledged, Resolved, Closed time.Time
	Aware                                      time.Time // of a breach, the earliest
	LastRecorded                               time.Time // of the last entry

	ICT, SecurityRelevant, Suspected, SuspectedDataLeak bool
	Anonymous, Exercise, HasReporter, HasOwnReference   bool
	Deviated                                            bool // a fact was accepted against a rule
	Major, Critical                                     bool // set apart from the ordinary ones

	Class Class

	// References names the entries that hold a reference number: the own one of
	// the report, and those that authorities gave.
	References []domain.Seq

	Escalations int // that were made
	Unanswered  int // of these, not acknowledged
	Clocks      []Clock
	from        origins
	awareness   []awareness
	waiting     []domain.Key // escalations not acknowledged
	holding     bool
}

// Class is what access to the incident depends on.
type Class = projections.Class

// A Clock is how one term stands, in short; the view deadlines has the rest.
type Clock struct {
	ID        domain.Code
	Due       time.Time     // zero: no fixed term
	Tolerance time.Duration // how long after Due it is not yet overdue
	Running   bool          // neither met nor cancelled
	Paused    bool
	Statutory bool
	Late      bool // met too late
}

// NextDue gives the instant of the incident's next running term; zero where
// there is none.
func (r *Row) NextDue() time.Time {
	var next time.Time
	for _, c := range r.Clocks {
		if c.Running && !c.Paused && !c.Due.IsZero() && (next.IsZero() || c.Due.Before(next)) {
			next = c.Due
		}
	}
	return next
}

// Overdue counts the running terms that have passed at an instant, whether or
// not the program has said so yet.
func (r *Row) Overdue(now time.Time) int {
	n := 0
	for _, c := range r.Clocks {
		if c.Running && !c.Paused && !c.Due.IsZero() && now.After(c.Due.Add(c.Tolerance)) {
			n++
		}
	}
	return n
}

// origins names the entries that last set a column: a correction changes a
// column only where it corrects that entry.
type origins struct {
	registered, acknowledged, resolved, closed, routed, owner, contact, computed, overridden, into, verdict, leg domain.Seq
	kind, category, chain, leak, relevant, severity                                                              domain.Seq
}

type awareness struct {
	of, processing domain.Code
	at             time.Time
	by             domain.Seq
}

func (o *origins) all() [18]*domain.Seq {
	return [...]*domain.Seq{&o.registered, &o.acknowledged, &o.resolved, &o.closed, &o.routed, &o.owner,
		&o.contact, &o.computed, &o.overridden, &o.into, &o.verdict, &o.leg,
		&o.kind, &o.category, &o.chain, &o.leak, &o.relevant, &o.severity}
}

func (r *Row) codes() [10]*domain.Code {
	return [...]*domain.Code{&r.Kind, &r.Category, &r.Channel, &r.Phase, &r.Department, &r.Chain, &r.RoutedTo,
		&r.WaitingFor, &r.Severity, &r.Verdict}
}

func (r *Row) times() [10]*time.Time {
	return [...]*time.Time{&r.Started, &r.Discovered, &r.Reported, &r.Recorded, &r.Registered, &r.Acknowledged,
		&r.Resolved, &r.Closed, &r.Aware, &r.LastRecorded}
}

func (r *Row) flags() [12]*bool {
	return [...]*bool{&r.ICT, &r.SecurityRelevant, &r.Suspected, &r.SuspectedDataLeak, &r.Anonymous, &r.Exercise,
		&r.HasReporter, &r.HasOwnReference, &r.Deviated, &r.holding, &r.Major, &r.Critical}
}
