package incident

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

var reviewCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[CompleteChecklistItem], States: inLive,
		Events:  []string{"ChecklistItemCompleted"},
		Example: `{"checklist":"firstHour","item":"traces-secured","note":"The server stays on; its memory was copied."}`}},
	{CommandType: domain.CommandType{New: blank[AgreeReview], Roles: directing, States: inLive,
		Events:  []string{"ReviewAgreed"},
		Example: `{"every":"PT4H","audience":["response-team"],"subject":"progress"}`}},
}

var reviewEvents = []eventRow{
	told[ChecklistItemCompleted](1),
	told[ReviewAgreed](1),
}

// The checklists that rules know.
const (
	ChecklistFirstHour domain.Code = "firstHour" // the golden hour (EVI-05)
	ChecklistReviews   domain.Code = "reviews"   // the agreed reviews, by number
)

// ChecklistItemCompleted says that a point of a checklist was done. Complete
// says that with it the whole list is; Next, of a review that is held again and
// again, when the next one is.
type ChecklistItemCompleted struct {
	Checklist domain.Code `json:"checklist" rule:"required,codes=checklists"`
	Item      domain.Code `json:"item" rule:"required"`
	Note      domain.Text `json:"note,omitzero" seal:"aggregate"`
	At        time.Time   `json:"at" rule:"required,past"`
	Complete  bool        `json:"complete"`
	Next      time.Time   `json:"next,omitzero"`
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

func (ChecklistItemCompleted) EventName() string { return "ChecklistItemCompleted" }
func (ReviewAgreed) EventName() string           { return "ReviewAgreed" }

// CompleteChecklistItem ticks off a point of a checklist, such as that of the
// first hour (EVI-05). An agreed review is held by its number in the checklist
// reviews (MEA-04).
type CompleteChecklistItem struct {
	// Checklist is firstHour, reviews, or another of the policy set.
	Checklist domain.Code `json:"checklist" rule:"required,codes=checklists"`
	// Item is the point that was done; of the checklist reviews its number.
	Item domain.Code `json:"item" rule:"required"`
	// Note says how.
	Note domain.Text `json:"note,omitzero"`
}

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

func (CompleteChecklistItem) CommandName() string { return "CompleteChecklistItem" }
func (AgreeReview) CommandName() string           { return "AgreeReview" }

func (c CompleteChecklistItem) decide(d *deciding) error {
	e := ChecklistItemCompleted{Checklist: c.Checklist, Item: c.Item, Note: c.Note, At: d.at}
	if err := e.judge(d); err != nil {
		return err
	}
	if c.Checklist != ChecklistReviews {
		if at, ok := d.s.Reviews.done(c.Checklist, c.Item); ok {
			return noChange("EVI-05", "%s of the checklist %s was done at %s", c.Item, c.Checklist, stamp(at))
		}
	}
	d.emit(e)
	return nil
}

// judge fills in what follows from the item and what was done before.
func (e *ChecklistItemCompleted) judge(d *deciding) error {
	if e.Checklist == ChecklistReviews {
		return e.hold(d)
	}
	items := d.set.CodesOf(string(e.Checklist))
	if !slices.Contains(items, e.Item) {
		return malformed("item", "item is %q, which is not on the checklist %s; choose one of %s", e.Item, e.Checklist, andList(items))
	}
	e.Complete = !slices.ContainsFunc(items, func(item domain.Code) bool {
		_, done := d.s.Reviews.done(e.Checklist, item)
		return !done && item != e.Item
	})
	return nil
}

// hold fills in when the next review is.
func (e *ChecklistItemCompleted) hold(d *deciding) error {
	n, err := strconv.Atoi(string(e.Item))
	if err != nil || n < 1 || n > len(d.s.Reviews.Agreed) {
		return unknown("item", "no review %s was agreed; there are %d", e.Item, len(d.s.Reviews.Agreed))
	}
	r := d.s.Reviews.Agreed[n-1]
	if !r.Held.IsZero() {
		return noChange("MEA-04", "review %d was held at %s", n, stamp(r.Held))
	}
	if r.Every != "" && d.s.Resolved.IsZero() {
		e.Next, err = d.later(e.At, r.Every)
	}
	return err
}

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
	return policy.Later(at, string(every), cmp.Or(string(d.basis.Profile[policy.OrgZone]), d.set.Zone))
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

// A Done is one point of a checklist that was done. Complete says that the whole
// list was then.
type Done struct {
	Checklist, Item domain.Code
	At              time.Time
	Complete        bool
}

func (r *Reviews) done(checklist, item domain.Code) (time.Time, bool) {
	for _, d := range r.Done {
		if d.Checklist == checklist && d.Item == item {
			return d.At, true
		}
	}
	return time.Time{}, false
}

// completed gives when the last point of a checklist was done; zero while some
// are not.
func (r *Reviews) completed(checklist domain.Code) time.Time {
	var last time.Time
	complete := false
	for _, d := range r.Done {
		if d.Checklist != checklist {
			continue
		}
		complete = complete || d.Complete
		if d.At.After(last) {
			last = d.At
		}
	}
	if !complete {
		return time.Time{}
	}
	return last
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

func (e ChecklistItemCompleted) evolve(s *Incident, _ *posting) {
	r := &s.Reviews
	if e.Checklist != ChecklistReviews {
		r.Done = append(slices.Clip(r.Done), Done{e.Checklist, e.Item, e.At, e.Complete})
		return
	}
	n, err := strconv.Atoi(string(e.Item))
	if err != nil || n < 1 || n > len(r.Agreed) {
		return // its agreement was corrected away
	}
	r.Agreed = slices.Clone(r.Agreed)
	r.Agreed[n-1].Held = e.At
	if !e.Next.IsZero() {
		r.Agreed = append(r.Agreed, Review{At: e.Next, Every: r.Agreed[n-1].Every})
	}
}

func (e ReviewAgreed) evolve(s *Incident, _ *posting) {
	s.Reviews.Agreed = append(slices.Clip(s.Reviews.Agreed), Review{At: e.At, Every: e.Every})
}

// rederive implements rederiver.
func (e ChecklistItemCompleted) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	old := was.(ChecklistItemCompleted)
	if e.Checklist != old.Checklist || e.Item != old.Item {
		return e, malformed("fields.item", "which point was done cannot be corrected; correct when, and complete the other point")
	}
	e.Complete, e.Next = old.Complete, old.Next
	return e, nil
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
