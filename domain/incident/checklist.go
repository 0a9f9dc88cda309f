package incident

import (
	"slices"
	"strconv"
	"time"

	"incidentledger/domain"
)

var checklistCommands = []commandRow{
	{fact: true, CommandType: domain.CommandType{New: blank[CompleteChecklistItem], States: inLive,
		Events:  []string{"ChecklistItemCompleted"},
		Example: `{"checklist":"firstHour","item":"traces-secured","note":"The server stays on; its memory was copied."}`}},
}

var checklistEvents = []eventRow{
	told[ChecklistItemCompleted](1),
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

// EventName implements domain.Event.
func (ChecklistItemCompleted) EventName() string { return "ChecklistItemCompleted" }

// CompleteChecklistItem ticks off a point of a checklist, such as that of the
// first hour (EVI-05). What is done by an order of its own, such as DecideEvidence,
// IsolateAsset or CollectEvidence, that order ticks off. An agreed review is held by
// its number in the checklist reviews (MEA-04).
type CompleteChecklistItem struct {
	// Checklist is firstHour, reviews, or another of the policy set.
	Checklist domain.Code `json:"checklist" rule:"required,codes=checklists"`
	// Item is the point that was done; of the checklist reviews its number.
	Item domain.Code `json:"item" rule:"required"`
	// Note says how.
	Note domain.Text `json:"note,omitzero"`
}

// CommandName implements domain.Command.
func (CompleteChecklistItem) CommandName() string { return "CompleteChecklistItem" }

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
	e.Complete = d.s.Reviews.completes(items, e)
	return nil
}

// completes reports whether a point is the last of its checklist that was undone.
func (r *Reviews) completes(items []domain.Code, e *ChecklistItemCompleted) bool {
	return !slices.ContainsFunc(items, func(item domain.Code) bool {
		_, done := r.done(e.Checklist, item)
		return !done && item != e.Item
	})
}

// pointOf gives the point of the first hour that is done by what an event tells,
// and when it was; empty where it is none.
func pointOf(e domain.Event, occurred time.Time) (domain.Code, time.Time) {
	switch e := e.(type) {
	case LogEntryAdded:
		return "log-started", occurred
	case EvidenceCollected:
		return "traces-secured", occurred
	case AssetIsolated:
		return "equipment-isolated", occurred
	case PartyInformed:
		if e.Party.code() == "department-head" {
			return "line-informed", e.At
		}
	case EvidenceNeedDecided:
		return "evidence-decided", occurred
	case ExpertDecided:
		return "expert-weighed", occurred
	}
	return "", time.Time{}
}

// ticks are the points of the first hour that were done by other orders, this one
// included, and that nothing says so of yet: each at the instant of the act. From
// then on they are facts of their own, which CorrectFact corrects.
func (s *Incident) ticks(items []domain.Code, now posting) []domain.Event {
	if !s.security() || !slices.Contains(inLive, s.Phase) || !s.Reviews.completed(ChecklistFirstHour).IsZero() {
		return nil
	}
	var out []domain.Event
	done := s.Reviews
	for _, p := range append(slices.Clip(s.log), now) {
		for _, of := range p.events {
			item, at := pointOf(of, p.occurred)
			if _, said := done.done(ChecklistFirstHour, item); said || !slices.Contains(items, item) {
				continue
			}
			e := ChecklistItemCompleted{Checklist: ChecklistFirstHour, Item: item, At: at}
			e.Complete = done.completes(items, &e)
			done.Done = append(slices.Clip(done.Done), Done{e.Checklist, e.Item, e.At, e.Complete})
			out = append(out, e)
		}
	}
	return out
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

// rederive implements rederiver.
func (e ChecklistItemCompleted) rederive(d *deciding, was domain.Event) (domain.Event, error) {
	old := was.(ChecklistItemCompleted)
	if e.Checklist != old.Checklist || e.Item != old.Item {
		return e, malformed("fields.item", "which point was done cannot be corrected; correct when, and complete the other point")
	}
	e.Complete, e.Next = old.Complete, old.Next
	return e, nil
}
