package policy

import (
	"fmt"
	"strings"
	"time"

	"incidentledger/domain"
)

// The law of a set: its rules ready for judging.
type law struct {
	rules map[domain.Code][]*rule // versions in order of validity
	order [][]*rule               // the same, by name
	valid valid                   // of the set

	hearers []*cond // of the set's recipients, in their order; nil: always
}

// A rule is one version of a Rule ready for judging.
type rule struct {
	src       Rule
	path      string // where it stands in the set
	law       *law
	policy    domain.Hash
	source    Source
	loc       *time.Location
	fixedZone bool // the rule names its zone itself
	valid     valid
	when      *cond
	cancelled *cond
	due       *term
	local     *term // the local target, or nil
	warn      []time.Duration
	tolerance time.Duration
	stage     domain.Code
	targets   map[domain.Code]*target // every recipient that the rule names
	all       []*target
	byCountry map[domain.Code][]*target
}

// A target is one recipient of a rule with its paths.
type target struct {
	recipient domain.Code
	id        ClockID // of the first leg
	localID   ClockID // of the first leg of the local target
	met       Path
	anchors   []Anchor
}

func (r *rule) newTarget(recipient domain.Code) *target {
	fill := func(p Path) Path {
		return Path(strings.ReplaceAll(string(p), "{recipient}", string(recipient)))
	}
	t := &target{recipient: recipient, met: fill(r.src.Met)}
	for _, a := range r.src.Anchor {
		a.Path = fill(a.Path)
		t.anchors = append(t.anchors, a)
	}
	t.id = clockID(r.src.ID, recipient, r.stage, 1)
	t.localID = clockID(r.src.ID, recipient, r.stage+targetSuffix, 1)
	return t
}

// targetSuffix ends the stage of a clock that is the organisation's own target.
const targetSuffix = "-target"

func clockID(rule, recipient, stage domain.Code, n int) ClockID {
	return ClockID(fmt.Sprintf("%s/%s/%s/%d", rule, recipient, stage, n))
}

func (r *rule) zoneFor(org string) *time.Location {
	if org != "" && !r.fixedZone {
		if l, err := location(org); err == nil {
			return l
		}
	}
	return r.loc
}
