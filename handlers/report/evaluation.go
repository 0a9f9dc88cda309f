package report

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/improvement"
)

// An Evaluation is what an incident looks like afterwards: what happened, what
// was known when, which terms were met, who decided what, and what is to be
// learned (EVA-01, EVA-02, LOG-06). Codes are codes and words are as they were
// typed; a language comes in when it is shown.
type Evaluation struct {
	Org     domain.OrgID `json:"org"`
	Name    string       `json:"name"`
	Number  string       `json:"number,omitempty"`
	Key     domain.Key   `json:"key"`
	Seq     domain.Seq   `json:"seq"`  // the last entry it rests on
	Made    time.Time    `json:"made"` // when, in the zone of the ledger
	Zone    string       `json:"zone"`
	Title   string       `json:"title"`
	Kind    domain.Code  `json:"kind"`
	State   domain.Code  `json:"state"`
	Facts   []Fact       `json:"facts"` // the report, corrections worked in
	Drill   bool         `json:"exercise"`
	Erased  int          `json:"erased"` // texts that can never be read again
	Entries int          `json:"entries"`

	Times      []Took      `json:"times"`
	Terms      []Term      `json:"terms"`
	Timeline   []Happening `json:"timeline"` // by what happened when
	Recorded   []Happening `json:"recorded"` // the same by what was recorded when
	Learned    []Gap       `json:"learned"`  // what was known only later
	Decisions  []Happening `json:"decisions"`
	Notified   []Happening `json:"notified"` // authorities and people told
	Evidence   []Happening `json:"evidence"`
	Measures   []Happening `json:"measures"`
	Findings   []Happening `json:"findings"`
	Lessons    []Happening `json:"lessons"`
	Against    []Happening `json:"against"`    // facts recorded against a rule
	Overridden []Happening `json:"overridden"` // closed with something still open, priorities overridden
	Followed   []Follow    `json:"improvements"`
}

// A Fact is one field of an event and what it says.
type Fact struct {
	Field  string `json:"field"` // its path: channels.0.kind
	Value  string `json:"value"`
	Erased bool   `json:"erased,omitempty"`
	At     bool   `json:"-"` // an instant
	Code   bool   `json:"-"` // a code or a flag
	List   string `json:"-"` // the list that has words for the code; none: it is shown as it is

	person domain.PersonID // whom the value names
}

// A Took is one of the times that an incident is judged by (GOV-09). Seconds is
// absent where one of its ends is not known, and never below zero: what was done
// before the report counts from when the incident started or was discovered. An
// incident that was reopened has a time to restore for each leg, the later ones
// from their reopening. Where a correction moved an end, WasFrom
// and WasTo are what was told first.
type Took struct {
	What      string    `json:"what"` // detect, report, register, react, notify, restore, close
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	Leg       int       `json:"leg,omitempty"` // of an incident with several
	Seconds   *int64    `json:"seconds,omitempty"`
	Corrected bool      `json:"corrected,omitempty"`
	WasFrom   time.Time `json:"wasFrom,omitzero"`
	WasTo     time.Time `json:"wasTo,omitzero"`
}

// A Term is one clock, how it ended, and how its due instant came about.
type Term struct {
	ID          string      `json:"id"`
	Rule        domain.Code `json:"rule"`
	Recipient   domain.Code `json:"recipient"`
	Stage       domain.Code `json:"stage"`
	Due         time.Time   `json:"due,omitzero"` // zero: no fixed term
	Met         time.Time   `json:"met,omitzero"`
	Outcome     string      `json:"outcome"` // met, met-late, done (no fixed term to keep), missed, running, cancelled
	LateSeconds int64       `json:"lateSeconds,omitempty"`
	Statutory   bool        `json:"statutory"`
	Provisional bool        `json:"provisional,omitempty"`
	Derivation  []string    `json:"derivation"`
}

// A Happening is one event of the incident: who told of what, and when.
type Happening struct {
	Seq       domain.Seq       `json:"seq"`
	Occurred  time.Time        `json:"occurred"`
	Precision domain.Precision `json:"precision"`
	Recorded  time.Time        `json:"recorded"`
	Who       string           `json:"who"`
	Role      domain.Code      `json:"role"`
	By        string           `json:"by,omitempty"`     // on whose word
	Medium    domain.Code      `json:"medium,omitempty"` // and how it came
	Event     string           `json:"event"`
	Facts     []Fact           `json:"facts"`
	Corrected []domain.Seq     `json:"correctedBy,omitempty"`
}

// A Gap is something that was recorded long after it happened.
type Gap struct {
	Happening
	Seconds int64 `json:"seconds"`
}

// A Follow is an improvement, as it is followed until it is done (EVA-05).
type Follow struct {
	Key       domain.Key      `json:"key"`
	Incident  domain.Key      `json:"incident,omitzero"` // that taught it
	Title     string          `json:"title"`
	Owner     string          `json:"owner,omitempty"`
	Person    domain.PersonID `json:"person,omitzero"` // the owner
	Role      domain.Code     `json:"role,omitempty"`  // in which the owner does it
	Due       time.Time       `json:"due,omitzero"`
	Phase     domain.Code     `json:"phase"`
	PDCA      domain.Code     `json:"pdca,omitempty"` // plan, do, check, act
	Proposed  time.Time       `json:"proposed,omitzero"`
	Completed time.Time       `json:"completed,omitzero"`
	Seq       domain.Seq      `json:"seq,omitempty"` // its last entry
}

// Next names the command that an improvement waits for; empty: none.
func (f *Follow) Next() string {
	switch f.Phase {
	case improvement.PhaseProposed, improvement.PhaseIneffective:
		return "AssignImprovement"
	case improvement.PhaseAssigned:
		return "CompleteImprovement"
	case improvement.PhaseCompleted:
		return "VerifyImprovement"
	}
	return ""
}

// Late reports whether it is not carried out although its date has passed.
func (f *Follow) Late(now time.Time) bool {
	return f.Phase == improvement.PhaseAssigned && now.After(f.Due)
}
