package policy

import (
	"errors"
	"fmt"

	"incidentledger/domain"
)

// A Term is how long something may take. Exactly one kind is given:
//
//	elapsed     hours, minutes, seconds of real time, over nights, weekends and
//	            changes of the clock: {elapsed: PT72H}
//	civil       months, years, weeks, days on the local calendar, clamped to the
//	            month's end, due at 23:59:59 local of that day; moved to the next
//	            working day only where a calendar is named:
//	            {civil: P1M, extendIfNonworking: nl-atw}
//	wall        the same time of day so many local days (or months) later: {wall: P7D}
//	business    time inside the windows of a calendar's working days; a calendar
//	            without windows counts whole working days:
//	            {business: PT4H, calendar: be-wettelijk}
//	immediate   due at the anchor itself: {immediate: true}
//	none        no fixed term: {none: true}
//	given       due at an instant among the facts, one that somebody set or
//	            promised; while it is not known there is no fixed term:
//	            {given: request.answerBy}
//	minutesOf   as many minutes of real time as a fact says; while it is not known
//	            there is no fixed term: {minutesOf: downtime.rto}
//	earliestOf  the first of several: {earliestOf: [{elapsed: PT24H}, {wall: P1D}]}
type Term struct {
	Elapsed            string      `json:"elapsed,omitempty"`
	Civil              string      `json:"civil,omitempty"`
	ExtendIfNonworking domain.Code `json:"extendIfNonworking,omitempty"`
	Wall               string      `json:"wall,omitempty"`
	Business           string      `json:"business,omitempty"`
	Calendar           domain.Code `json:"calendar,omitempty"`
	Immediate          bool        `json:"immediate,omitempty"`
	None               bool        `json:"none,omitempty"`
	Given              Path        `json:"given,omitempty"`
	MinutesOf          Path        `json:"minutesOf,omitempty"`
	EarliestOf         []Term      `json:"earliestOf,omitempty"`
}

// IsZero reports whether no term is given at all; {none: true} is one.
func (t Term) IsZero() bool {
	return t.Elapsed == "" && t.Civil == "" && t.ExtendIfNonworking == "" && t.Wall == "" && t.Business == "" &&
		t.Calendar == "" && !t.Immediate && !t.None && t.Given == "" && t.MinutesOf == "" && len(t.EarliestOf) == 0
}

// String writes the term as a policy file does.
func (t Term) String() string {
	switch {
	case t.Elapsed != "":
		return "elapsed " + t.Elapsed
	case t.Civil != "" && t.ExtendIfNonworking != "":
		return "civil " + t.Civil + ", extended over non-working days of " + string(t.ExtendIfNonworking)
	case t.Civil != "":
		return "civil " + t.Civil
	case t.Wall != "":
		return "wall " + t.Wall
	case t.Business != "":
		return "business " + t.Business + " of " + string(t.Calendar)
	case t.Immediate:
		return "immediate"
	case t.Given != "":
		return "as given by " + string(t.Given)
	case t.MinutesOf != "":
		return "as many minutes as " + string(t.MinutesOf) + " says"
	case len(t.EarliestOf) > 0:
		s := "earliest of"
		for i, e := range t.EarliestOf {
			if i > 0 {
				s += ","
			}
			s += " " + e.String()
		}
		return s
	}
	return "no fixed term"
}

// Check reports a term that cannot be reckoned, with what to write instead. It
// does not know which calendars there are.
func (t Term) Check() error {
	_, err := t.compile(nil)
	return err
}

type termKind int

const (
	noTerm termKind = iota
	elapsedTerm
	civilTerm
	wallTerm
	businessTerm
	immediateTerm
	givenTerm
	minutesTerm
	earliestTerm
)

// A term is a Term ready for reckoning.
type term struct {
	kind termKind
	span span
	cal  *calendar
	of   []*term
	src  Term
}

// compile readies a term; cals nil leaves calendars unresolved.
func (t Term) compile(cals map[domain.Code]*calendar) (*term, error) {
	out := &term{src: t}
	kinds := 0
	count := func(given bool, k termKind) {
		if given {
			kinds++
			out.kind = k
		}
	}
	count(t.Elapsed != "", elapsedTerm)
	count(t.Civil != "", civilTerm)
	count(t.Wall != "", wallTerm)
	count(t.Business != "", businessTerm)
	count(t.Immediate, immediateTerm)
	count(t.None, noTerm)
	count(t.Given != "", givenTerm)
	count(t.MinutesOf != "", minutesTerm)
	count(len(t.EarliestOf) > 0, earliestTerm)
	switch {
	case kinds == 0:
		return nil, errors.New("gives no term; write one of elapsed, civil, wall, business, immediate, none, given, minutesOf, earliestOf, such as {elapsed: PT72H}")
	case kinds > 1:
		return nil, errors.New("gives several kinds of term at once; write one, or earliestOf with a list")
	case t.ExtendIfNonworking != "" && out.kind != civilTerm:
		return nil, errors.New("extendIfNonworking goes with civil only: hours never move")
	case t.Calendar != "" && out.kind != businessTerm:
		return nil, errors.New("calendar goes with business only; a civil term takes extendIfNonworking")
	case t.Calendar == "" && out.kind == businessTerm:
		return nil, errors.New("a business term names its calendar, such as {business: PT4H, calendar: be-wettelijk}")
	}
	var err error
	switch out.kind {
	case elapsedTerm:
		out.span.clock, err = elapsedSpan(t.Elapsed)
	case businessTerm:
		out.span.clock, err = elapsedSpan(t.Business)
	case civilTerm:
		out.span, err = dateSpan(t.Civil)
	case wallTerm:
		out.span, err = dateSpan(t.Wall)
	case earliestTerm:
		for _, e := range t.EarliestOf {
			et, err := e.compile(cals)
			if err != nil {
				return nil, fmt.Errorf("earliestOf: %w", err)
			}
			out.of = append(out.of, et)
		}
	}
	if err != nil {
		return nil, err
	}
	switch out.kind {
	case elapsedTerm, businessTerm, civilTerm, wallTerm:
		if out.span == (span{}) {
			return nil, errors.New("is a term of no length; write {immediate: true}")
		}
	}
	if cals != nil {
		if name := t.Calendar + t.ExtendIfNonworking; name != "" {
			if out.cal = cals[name]; out.cal == nil {
				return nil, fmt.Errorf("calendar %q is unknown", name)
			}
		}
	}
	return out, nil
}

// facts yields the paths that the term reads, and which kind of fact it takes there.
func (t *term) facts(yield func(Path, kindOfFact) bool) {
	switch t.kind {
	case givenTerm:
		yield(t.src.Given, atFact)
	case minutesTerm:
		yield(t.src.MinutesOf, numFact)
	case earliestTerm:
		for _, e := range t.of {
			for p, k := range e.facts {
				if !yield(p, k) {
					return
				}
			}
		}
	}
}

// dateSpan reads a duration that has days, weeks, months and years only.
func dateSpan(s string) (span, error) {
	sp, err := parseSpan(s)
	if err == nil && sp.clock != 0 {
		return sp, fmt.Errorf("%q counts hours; civil and wall count days, weeks, months, years, such as P1M; for hours write elapsed", s)
	}
	return sp, err
}
