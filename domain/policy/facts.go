package policy

import (
	"strings"
	"time"

	"incidentledger/domain"
)

// Engine names this version of the arithmetic. It stands in every clock event;
// a change of results needs a new name.
const Engine = "due/1"

// A Path names a fact that a policy may read, such as incident.priority or
// breach.aware.
type Path string

// Facts is what an aggregate tells the policy: nothing else is read. An absent
// path is a fact that is not known.
type Facts struct {
	At    map[Path]time.Time     // instants
	Code  map[Path]domain.Code   // one code
	Codes map[Path][]domain.Code // several codes
	Num   map[Path]int64
	Flag  map[Path]bool // an absent flag is unknown, not false

	// Each holds the things of which each has clocks of its own, by what they
	// are, in order of N.
	Each map[domain.Code][]Item

	Holds []Hold // pauses of service clocks, in order; only the last may be open
	Leg   int    // service leg: 1 from the start, one more with each reopening

	// Excused holds the duties that somebody decided not to be owed, or that an
	// exemption settles: their clocks are cancelled.
	Excused map[ClockID]bool

	// Bound tells under which policy set each clock was armed: a clock keeps
	// its law (bind at trigger).
	Bound map[ClockID]domain.Hash

	// Earlier holds the service clocks of legs before Leg as they stood when
	// their leg ended. Derive gives them back unchanged.
	Earlier map[ClockID]Clock
}

// A Hold is an interval in which service clocks stand still.
type Hold struct {
	From, To time.Time // To is zero while it lasts
}

// A ClockID is rule/recipient/stage/n, for instance gdpr-33/ap/initial/1.
type ClockID string

// Owed reports whether the clock is that of a duty: something that the
// organisation must do for somebody outside, by law or not. What the house sets
// itself is none, nor is a reply or an update, which the other side owes.
func (id ClockID) Owed() bool {
	parts := strings.Split(string(id), "/")
	if len(parts) != 4 {
		return false
	}
	recipient, stage := parts[1], parts[2]
	return recipient != string(Own) && stage != "reply" && stage != "update" && !strings.HasSuffix(stage, targetSuffix)
}

// A Clock is one running term and where it comes from.
type Clock struct {
	ID        ClockID
	Rule      domain.Code
	Recipient domain.Code // to whom something is owed; "own" for service terms
	Stage     domain.Code // such as initial, reaction, resolution
	N         int         // leg or repetition, from 1

	AnchorPath  Path          // which fact started it
	Anchor      time.Time     // that instant
	Due         time.Time     // zero: the rule gives no fixed term
	Provisional bool          // rests on a fact that is not the deciding one
	Statutory   bool          // from law or agreement; false: the organisation's own target
	Service     bool          // pauses while the incident is on hold
	Paused      bool          // on hold now; Due is then what it was at the pause
	Warn        []time.Time   // instants of warnings before due, in order
	Tolerance   time.Duration // how long after due it is not yet overdue; only immediate terms have it
	Met         time.Time     // zero: not met
	Cancelled   bool          // no longer owed

	Policy domain.Hash // of the set whose rule it follows
	TZ     string      // zone of its arithmetic
}

// OnTime reports whether a met clock was met in time: at the due instant itself
// still is, and so is within its tolerance. A clock without a fixed term is never
// late; it is no term kept either: who counts those asks for Due first.
func (c Clock) OnTime() bool { return c.Due.IsZero() || !c.Met.After(c.OverdueAt()) }

// OverdueAt is the last instant at which the clock is not yet overdue: its due
// instant and the tolerance. Zero without a fixed term.
func (c Clock) OverdueAt() time.Time {
	if c.Due.IsZero() {
		return c.Due
	}
	return c.Due.Add(c.Tolerance)
}

// Running reports whether the clock is neither met nor cancelled.
func (c Clock) Running() bool { return c.Met.IsZero() && !c.Cancelled }
