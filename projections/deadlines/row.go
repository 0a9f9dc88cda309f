package deadlines

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/domain/policy"
	"incidentledger/projections"
)

// A Clock is one term of one incident. Its policy set and time zone are left
// out: the entry that armed or moved it has them.
type Clock struct {
	Key      domain.Key
	Number   string // of the incident; empty: it has none
	Exercise bool
	Priority int // of the incident, 1 to 5; 0: none yet
	Class    projections.Class

	policy.Clock

	Warned  int  // how many of its warnings were given for its due instant
	Overdue bool // it was marked overdue for its due instant
}

// State says how the clock stands as the ledger knows it: cancelled, met,
// paused, overdue, due-soon or running. That its due instant has passed unmarked
// is for the reader to see.
func (c *Clock) State() domain.Code {
	switch {
	case c.Cancelled:
		return "cancelled"
	case !c.Met.IsZero():
		return "met"
	case c.Paused:
		return "paused"
	case c.Overdue:
		return "overdue"
	case c.Warned > 0:
		return "due-soon"
	}
	return "running"
}

// counts reports whether the clock runs towards an instant.
func (c *clock) counts() bool { return c.Running() && !c.Paused && !c.Due.IsZero() }

// A file is what the view keeps of one incident.
type file struct {
	number       string
	exercise     bool
	class        projections.Class
	computed     int        // priority by the matrix
	computedBy   domain.Seq // the entry that said so
	overridden   int
	overriddenBy domain.Seq
	critical     bool // it never has a priority below 2
	open         bool
	age          uint64  // of the law by which it was judged last
	clocks       []clock // in order of id
}

func (f *file) priority() int {
	return incident.PriorityThatHolds(f.computed, f.overridden, f.critical)
}

// A clock is a term with what was said of it, and for which due instant.
type clock struct {
	policy.Clock
	marks []mark
}

type mark struct {
	stage domain.Code
	due   time.Time
}

func (c *clock) marked(stage domain.Code) bool {
	for _, m := range c.marks {
		if m.stage == stage {
			return m.due.Equal(c.Due)
		}
	}
	return false
}

func (c *clock) mark(stage domain.Code, due time.Time) {
	for i := range c.marks {
		if c.marks[i].stage == stage {
			c.marks[i].due = due
			return
		}
	}
	c.marks = append(c.marks, mark{stage, due})
}

// next gives what must be said of the clock next, and when: its warnings in
// order, then that it is overdue, after which nothing is left to say.
func (c *clock) next() (at time.Time, stage domain.Code, ok bool) {
	if !c.counts() || c.marked(incident.StageOverdue) {
		return at, "", false
	}
	for i, w := range c.Warn {
		if s := incident.WarnStage(i); !c.marked(s) {
			return w, s, true
		}
	}
	return c.OverdueAt(), incident.StageOverdue, true
}

// show gives a clock as readers see it.
func (f *file) show(key domain.Key, c *clock) Clock {
	out := Clock{Key: key, Number: f.number, Exercise: f.exercise, Priority: f.priority(), Class: f.class,
		Clock: c.Clock, Overdue: c.marked(incident.StageOverdue)}
	for i := range c.Warn {
		if c.marked(incident.WarnStage(i)) {
			out.Warned++
		}
	}
	return out
}

func (f *file) encode(b []byte) []byte {
	b = f.encodeHead(b)
	b = projections.Num(b, uint64(f.computed))
	b = projections.Num(b, uint64(f.computedBy))
	b = projections.Num(b, uint64(f.overridden))
	b = projections.Num(b, uint64(f.overriddenBy))
	b = appendBool(b, f.critical)
	b = projections.Num(appendBool(b, f.open), f.age)
	b = projections.Num(b, uint64(len(f.clocks)))
	for i := range f.clocks {
		b = f.clocks[i].encode(b)
	}
	return b
}

func (f *file) encodeHead(b []byte) []byte {
	b = projections.Text(b, f.number)
	b = appendBool(b, f.exercise)
	return projections.AppendClass(b, f.class)
}

func (f *file) decodeHead(d *projections.Dec) {
	f.number, f.exercise, f.class = d.Text(), readBool(d), d.Class()
}

func (f *file) decode(d projections.Dec) error {
	f.decodeHead(&d)
	f.computed, f.computedBy = int(d.Num()), domain.Seq(d.Num())
	f.overridden, f.overriddenBy = int(d.Num()), domain.Seq(d.Num())
	f.critical, f.open, f.age = readBool(&d), readBool(&d), d.Num()
	n := d.Num()
	f.clocks = make([]clock, 0, min(n, 8))
	for ; n > 0 && d.Err() == nil; n-- {
		f.clocks = append(f.clocks, clock{})
		f.clocks[len(f.clocks)-1].decode(&d)
	}
	return d.Err()
}

const (
	flagProvisional = 1 << iota
	flagStatutory
	flagService
	flagPaused
	flagCancelled
	flagMet
)

func (c *clock) encode(b []byte) []byte {
	var flags byte
	for i, on := range []bool{c.Provisional, c.Statutory, c.Service, c.Paused, c.Cancelled, !c.Met.IsZero()} {
		if on {
			flags |= 1 << i
		}
	}
	b = append(projections.Text(b, c.ID), flags)
	b = projections.Text(projections.Text(projections.Text(b, c.Rule), c.Recipient), c.Stage)
	b = projections.Num(b, uint64(c.N))
	b = projections.Text(b, c.AnchorPath)
	b = projections.Time(projections.Time(b, c.Anchor), c.Due)
	b = projections.Num(b, uint64(c.Tolerance))
	if flags&flagMet != 0 {
		b = projections.Time(b, c.Met)
	}
	b = projections.Num(b, uint64(len(c.Warn)))
	for _, w := range c.Warn {
		b = projections.Time(b, w)
	}
	b = projections.Num(b, uint64(len(c.marks)))
	for _, m := range c.marks {
		b = projections.Time(projections.Text(b, m.stage), m.due)
	}
	return b
}

func (c *clock) decode(d *projections.Dec) {
	c.ID = policy.ClockID(d.Word())
	var flags byte
	if p := d.Take(1); p != nil {
		flags = p[0]
	}
	c.Provisional, c.Statutory, c.Service = flags&flagProvisional != 0, flags&flagStatutory != 0, flags&flagService != 0
	c.Paused, c.Cancelled = flags&flagPaused != 0, flags&flagCancelled != 0
	c.Rule, c.Recipient, c.Stage = domain.Code(d.Word()), domain.Code(d.Word()), domain.Code(d.Word())
	c.N = int(d.Num())
	c.AnchorPath = policy.Path(d.Word())
	c.Anchor, c.Due = d.Time(), d.Time()
	c.Tolerance = time.Duration(d.Num())
	if flags&flagMet != 0 {
		c.Met = d.Time()
	}
	n := d.Num()
	if n > 0 {
		c.Warn = make([]time.Time, 0, min(n, 8))
	}
	for ; n > 0 && d.Err() == nil; n-- {
		c.Warn = append(c.Warn, d.Time())
	}
	for n := d.Num(); n > 0 && d.Err() == nil; n-- {
		c.marks = append(c.marks, mark{domain.Code(d.Word()), d.Time()})
	}
}

func appendBool(b []byte, on bool) []byte {
	if on {
		return append(b, 1)
	}
	return append(b, 0)
}

func readBool(d *projections.Dec) bool {
	p := d.Take(1)
	return p != nil && p[0] == 1
}
