package api

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A progress is how far the steps of the procedure have come, as far as it is open:
// words stand in the logbook.
type progress struct {
	Evidence   evidenceShown   `json:"evidence"`
	Measures   []measureShown  `json:"measures"`
	Integrity  domain.Code     `json:"integrity,omitempty" doc:"of the systems: confirmed, or unconfirmed after a measure"`
	Reviewed   bool            `json:"reviewed" doc:"the recovery work was"`
	Team       []somebody      `json:"team"`
	Reviews    []reviewShown   `json:"reviews"`
	Checklist  []doneShown     `json:"checklist"`
	Evaluation evaluationShown `json:"evaluation"`
}

// A somebody is known by a person, a role, or, for whoever is outside, by words in
// the logbook alone.
type somebody struct {
	Person domain.PersonID `json:"person,omitzero"`
	Role   domain.Code     `json:"role,omitempty"`
}

type evidenceShown struct {
	Decided  bool          `json:"decided"`
	Needed   bool          `json:"needed"`
	Purposes []domain.Code `json:"purposes,omitempty"`
	CanWait  *bool         `json:"canWait,omitempty" doc:"whether measures can wait for it; absent: not decided"`
	Items    []itemShown   `json:"items"`
}

type itemShown struct {
	ID       domain.Key  `json:"id"`
	Form     domain.Code `json:"form"`
	SHA256   domain.Hash `json:"sha256,omitzero"`
	Holder   somebody    `json:"holder"`
	Offered  bool        `json:"offered" doc:"its custody is, to somebody who did not accept it yet"`
	Verified bool        `json:"verified" doc:"the last look found it as it was collected"`
	Released domain.Code `json:"released,omitempty"`
}

type measureShown struct {
	ID    domain.Key  `json:"id"`
	Kind  domain.Code `json:"kind"`
	State domain.Code `json:"state" doc:"planned, executed, failed"`
}

type reviewShown struct {
	At   time.Time `json:"at"`
	Held time.Time `json:"held,omitzero"`
}

type doneShown struct {
	Checklist domain.Code `json:"checklist"`
	Item      domain.Code `json:"item"`
	At        time.Time   `json:"at"`
}

type evaluationShown struct {
	State    domain.Code `json:"state" doc:"none, started, submitted, approved"`
	Approved time.Time   `json:"approved,omitzero"`
	Lessons  bool        `json:"lessons"`
	To       []somebody  `json:"to" doc:"whom it was brought to the notice of"`
	Read     []somebody  `json:"read" doc:"who confirmed to have read it"`
}

func somebodies(list []incident.Named) []somebody {
	out := make([]somebody, len(list))
	for i, n := range list {
		out[i] = somebody{n.Person, n.Role}
	}
	return out
}

func progressOf(st *incident.Incident) progress {
	ev, ms := &st.Evidence, &st.Measures
	out := progress{
		Evidence: evidenceShown{Decided: ev.Decided, Needed: ev.Needed, Purposes: ev.Purposes, Items: []itemShown{}},
		Measures: []measureShown{}, Reviewed: ms.Reviewed, Team: somebodies(st.Team.Members), Reviews: []reviewShown{}, Checklist: []doneShown{},
		Evaluation: evaluationOf(&st.Evaluation),
	}
	if ev.Deferral {
		out.Evidence.CanWait = &ev.CanWait
	}
	for _, it := range ev.Items {
		out.Evidence.Items = append(out.Evidence.Items, itemShown{it.ID, it.Form, it.SHA256, somebody{it.Holder.Person, it.Holder.Role}, it.Offered, it.Verified, it.Released})
	}
	for _, m := range ms.List {
		state := domain.Code("planned")
		switch {
		case m.Failed:
			state = "failed"
		case m.Executed:
			state = "executed"
		}
		out.Measures = append(out.Measures, measureShown{m.ID, m.Kind, state})
	}
	switch confirmed := len(st.Unsound()) == 0; {
	case confirmed:
		out.Integrity = "confirmed"
	case ms.Touched || len(ms.Confirmed) > 0:
		out.Integrity = "unconfirmed"
	}
	for _, r := range st.Reviews.Agreed {
		out.Reviews = append(out.Reviews, reviewShown{r.At, r.Held})
	}
	for _, d := range st.Reviews.Done {
		out.Checklist = append(out.Checklist, doneShown{d.Checklist, d.Item, d.At})
	}
	return out
}

func evaluationOf(ev *incident.Evaluation) evaluationShown {
	out := evaluationShown{State: "none", Approved: ev.Approved, Lessons: ev.Lessons, To: somebodies(ev.To), Read: somebodies(ev.Read)}
	switch {
	case !ev.Approved.IsZero():
		out.State = "approved"
	case ev.Submitted:
		out.State = "submitted"
	case ev.Started:
		out.State = "started"
	}
	return out
}
