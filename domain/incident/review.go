package incident

import (
	"cmp"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var reviewCommands = []commandRow{
	{CommandType: domain.CommandType{New: blank[AgreeReview], Roles: directing, States: inLive,
		Events:  []string{"ReviewAgreed"},
		Example: `{"every":"PT4H","audience":["response-team"],"subject":"progress"}`}},
}

var reviewEvents = []eventRow{
	told[ReviewAgreed](1),
}

// ReviewAgreed says when those involved come together or are told, once or
// again and again until it is resolved. N counts the reviews of the incident.
type ReviewAgreed struct {
	N        int           `json:"n"`
	At       time.Time     `json:"at" rule:"required"`
	Every    domain.Code   `json:"every,omitzero"`
	Audience []domain.Code `json:"audience" rule:"required,codes=roles"`
	Subject  domain.Code   `json:"subject" rule:"required,codes=reviewSubjects"`
}

// EventName implements domain.Event.
func (ReviewAgreed) EventName() string { return "ReviewAgreed" }

// AgreeReview agrees when the handling is evaluated or told of while it goes on
// (MEA-04, MEA-05): at one moment, or every so often until it is resolved. Each
// moment is a term that is met by holding it.
type AgreeReview struct {
	// At is the moment, or the first one.
	At time.Time `json:"at,omitzero" rule:"future"`
	// Every is the time between two, such as PT4H or P1D.
	Every domain.Code `json:"every,omitzero"`
	// Audience are the roles that take part or are told.
	Audience []domain.Code `json:"audience" rule:"required,codes=roles"`
	// Subject is what it is about.
	Subject domain.Code `json:"subject" rule:"required,codes=reviewSubjects"`
}

// CommandName implements domain.Command.
func (AgreeReview) CommandName() string { return "AgreeReview" }

func (c AgreeReview) decide(d *deciding) error {
	e := ReviewAgreed{N: len(d.s.Reviews.Agreed) + 1, At: c.At, Every: c.Every, Audience: c.Audience, Subject: c.Subject}
	if c.Every != "" {
		next, err := d.later(d.at, c.Every)
		if err != nil {
			return malformed("every", "every: %v", err)
		}
		if e.At.IsZero() {
			e.At = next
		}
	}
	if e.At.IsZero() {
		return malformed("at", "at is required where every is not given: say when the review is")
	}
	d.emit(e)
	return nil
}

// later gives the moment one duration after another, on the calendar of the
// organisation.
func (d *deciding) later(at time.Time, every domain.Code) (time.Time, error) {
	return policy.Later(at, string(every), cmp.Or(string(d.profile()[policy.OrgZone]), d.set.Zone))
}

// Reviews are what was agreed and ticked off while the handling went on.
type Reviews struct {
	Agreed []Review // by number, from 1; never changed in place
	Done   []Done   // of the other checklists; never changed in place
}

// A Review is one agreed moment.
type Review struct {
	At, Held time.Time
	Every    domain.Code
}

// tell adds the golden hour and the agreed reviews. What was agreed for the time
// of handling is owed no more once that is over.
func (r *Reviews) tell(s *Incident, f *policy.Facts) {
	f.Flag[policy.IncidentGoldenHour] = s.security() && !s.Dropped()
	if at := r.completed(ChecklistFirstHour); !at.IsZero() {
		f.At[policy.IncidentGoldenHourKept] = at
	}
	over := s.Dropped() || !s.Resolved.IsZero() || !s.Closed.IsZero()
	for i, a := range r.Agreed {
		if over && a.Held.IsZero() {
			continue
		}
		it := policy.Item{N: i + 1, At: map[policy.Path]time.Time{policy.ReviewAt: a.At}}
		if !a.Held.IsZero() {
			it.At[policy.ReviewHeld] = a.Held
		}
		if f.Each == nil {
			f.Each = map[domain.Code][]policy.Item{}
		}
		f.Each[policy.EachReview] = append(f.Each[policy.EachReview], it)
	}
}

func (e ReviewAgreed) evolve(s *Incident, _ *posting) {
	s.Reviews.Agreed = append(slices.Clip(s.Reviews.Agreed), Review{At: e.At, Every: e.Every})
}

// rederive implements rederiver.
func (e ReviewAgreed) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	e.N = was.(ReviewAgreed).N
	if e.Every != "" {
		if _, err := d.later(e.At, e.Every); err != nil {
			return e, malformed("fields.every", "every: %v", err)
		}
	}
	return e, nil
}
