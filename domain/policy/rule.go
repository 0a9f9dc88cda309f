package policy

import (
	"slices"

	"incidentledger/domain"
)

// A Rule says who is owed what, from when, until when. Several rules with one
// id are its versions over time; their validity may not overlap.
type Rule struct {
	ID        domain.Code `json:"id"`
	Extends   domain.Code `json:"extends,omitempty"` // a rule that gives every field absent here
	Source    domain.Code `json:"source,omitempty"`
	Article   string      `json:"article,omitempty"` // place within the source
	ValidFrom Date        `json:"validFrom,omitempty"`
	ValidTo   Date        `json:"validTo,omitempty"` // exclusive
	Zone      string      `json:"zone,omitempty"`    // of its dates and days; absent: the organisation's, else the set's

	Each      domain.Code `json:"each,omitempty"`      // judged once for each item of this kind; the clock's number is the item's
	When      *Cond       `json:"when,omitempty"`      // absent: always
	To        Recipients  `json:"to,omitzero"`         // absent: own, a term within the house
	Stage     domain.Code `json:"stage,omitempty"`     // absent: initial
	Anchor    []Anchor    `json:"anchor,omitempty"`    // the first known one holds
	LaterLegs Path        `json:"laterLegs,omitempty"` // what anchors a service term after a reopening
	Due       Term        `json:"due,omitzero"`
	Target    Term        `json:"localTarget,omitzero"` // the organisation's own term beside a law that names none; a clock of its own
	Met       Path        `json:"met,omitempty"`        // the fact that meets it; {recipient} stands for the recipient
	Cancelled *Cond       `json:"cancelled,omitempty"`  // nothing is owed any more
	Warn      []string    `json:"warn,omitempty"`       // durations before due

	Service   bool `json:"service,omitempty"`   // stands still while the incident is on hold
	Statutory bool `json:"statutory,omitempty"` // from law or agreement
	Dormant   bool `json:"dormant,omitempty"`   // known to the reckoning of terms, arms no clock

	Answers     []domain.Code `json:"answers,omitempty"`     // what a notification must tell
	LateAnswers []domain.Code `json:"lateAnswers,omitempty"` // and what besides when it is late
	Exemptions  []domain.Code `json:"exemptions,omitempty"`  // grounds on which it may be left undone
	Note        string        `json:"note,omitempty"`
}

// Own is the recipient of terms within the house.
const Own domain.Code = "own"

// Recipients are those to whom something is owed, each for itself.
type Recipients struct {
	All       []domain.Code                 `json:"all,omitempty"`
	ByCountry map[domain.Code][]domain.Code `json:"byCountry,omitempty"` // by org.country
	Resolve   Path                          `json:"resolve,omitempty"`   // a code among the facts, or of the organisation
	Else      domain.Code                   `json:"else,omitempty"`      // where Resolve is not known
}

// IsZero reports whether nobody is named.
func (r Recipients) IsZero() bool {
	return len(r.All) == 0 && len(r.ByCountry) == 0 && r.Resolve == "" && r.Else == ""
}

// Names reports whether somebody is among those named, where Resolve gives the
// code resolved; empty: it is not known.
func (r Recipients) Names(recipient, resolved domain.Code) bool {
	switch {
	case slices.Contains(r.All, recipient), resolved == recipient && resolved != "", resolved == "" && r.Else == recipient:
		return true
	}
	for _, codes := range r.ByCountry {
		if slices.Contains(codes, recipient) {
			return true
		}
	}
	return false
}

// An Anchor is a fact from which a term runs: an instant among the facts, or
// the due instant of another rule while the fact itself is still to come.
type Anchor struct {
	Path        Path        `json:"path,omitempty"` // {recipient} stands for the recipient
	DueOf       domain.Code `json:"dueOf,omitempty"`
	Provisional bool        `json:"provisional,omitempty"` // not the deciding fact
}

// A ServiceLevel is a table of terms by priority. It stands for one rule each:
// <id>-p<priority>-<stage>, owed to the house itself, a service term, applying
// while incident.priority is that priority.
type ServiceLevel struct {
	ID        domain.Code  `json:"id"`
	Source    domain.Code  `json:"source"`
	ValidFrom Date         `json:"validFrom,omitempty"`
	ValidTo   Date         `json:"validTo,omitempty"`
	Zone      string       `json:"zone,omitempty"`
	When      *Cond        `json:"when,omitempty"` // besides the priority
	Anchor    []Anchor     `json:"anchor"`
	LaterLegs Path         `json:"laterLegs,omitempty"`
	Cancelled *Cond        `json:"cancelled,omitempty"`
	Stages    []LevelStage `json:"stages"`
	Dormant   bool         `json:"dormant,omitempty"`
}

// A LevelStage is one column of a service level.
type LevelStage struct {
	Stage domain.Code `json:"stage"`
	Met   Path        `json:"met"`
	Terms []LevelTerm `json:"terms"`
}

// A LevelTerm is the term of one priority.
type LevelTerm struct {
	Priority int      `json:"priority"`
	Due      Term     `json:"due"`
	Warn     []string `json:"warn,omitempty"`
}
