package incident

import (
	"cmp"
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// A Leak is what is known of the processings of personal data that a breach hits.
type Leak struct {
	Processings []Processing // in order of their first assessment
	Withdrawn   bool         // the suspicion proved false and has not come up again
	Known       int          // of so many of them awareness of all was given, the first ones
}

// A Processing is the standing assessment of one processing of personal data.
type Processing struct {
	Code         domain.Code
	Role         domain.Code
	Controller   domain.Code // the last one named
	PersonalData domain.Code
	Risk         domain.Code
	Suspected    time.Time // when it was first assessed
	HighRisk     time.Time // since when the risk is high; zero: it is not
	Beyond       bool      // more than the availability of the data was broken
}

// find gives a processing and its number, which is the next one where it was
// not assessed yet.
func (l *Leak) find(code domain.Code) (Processing, int) {
	i := slices.IndexFunc(l.Processings, func(p Processing) bool { return p.Code == code })
	if i < 0 {
		return Processing{}, len(l.Processings) + 1
	}
	return l.Processings[i], i + 1
}

// assess folds an assessment. Data that may be hit are suspected again.
func (l *Leak) assess(e BreachAssessed, at time.Time) {
	p, n := l.find(e.Processing)
	if p.Code == "" {
		p.Code, p.Suspected = e.Processing, at
	}
	p.Role, p.Controller, p.PersonalData, p.Risk = e.Role, cmp.Or(e.Controller, p.Controller), e.PersonalData, e.Risk
	p.Beyond = e.PersonalData != "none" && beyondAvailability(e.Nature)
	switch {
	case e.Risk != "high-risk" || e.PersonalData == "none":
		p.HighRisk = time.Time{}
	case p.HighRisk.IsZero():
		p.HighRisk = at
	}
	l.Processings = append(append(slices.Clip(l.Processings[:n-1]), p), l.Processings[min(n, len(l.Processings)):]...)
	if e.PersonalData != "none" {
		l.Withdrawn = false
	}
}

// beyond gives the first processing of which more than the availability was
// broken; empty where there is none or the suspicion was withdrawn.
func (l *Leak) beyond() domain.Code {
	i := slices.IndexFunc(l.Processings, func(p Processing) bool { return p.Beyond })
	if i < 0 || l.Withdrawn {
		return ""
	}
	return l.Processings[i].Code
}

// weigh orders assessments by their gravity.
func weigh(personalData, risk domain.Code) int {
	w := 2 * (1 + slices.Index([]domain.Code{"unlikely", "undetermined", "risk", "high-risk"}, risk))
	switch personalData {
	case "confirmed":
		return w + 1
	case "suspected":
		return w
	}
	return 0
}

func (p Processing) weight() int { return weigh(p.PersonalData, p.Risk) }

// processings tells the facts of each processing, and what is true of all of
// them as facts of the incident. A bare suspicion is one processing, which the
// first assessment takes over.
func (s *Incident) processings(f *policy.Facts) {
	list := s.Leak.Processings
	if len(list) == 0 {
		if !s.SuspectsLeak() && len(s.Notifications) == 0 {
			return
		}
		list = []Processing{{}}
	}
	for i, p := range list {
		addItem(f, policy.EachProcessing, s.processing(i+1, p))
	}
	together(f, f.Each[policy.EachProcessing])
}

// processing tells the facts of one processing.
func (s *Incident) processing(n int, p Processing) policy.Item {
	it := policy.Item{N: n, At: map[policy.Path]time.Time{}, Code: map[policy.Path]domain.Code{}, Flag: map[policy.Path]bool{policy.BreachWithdrawn: s.Leak.Withdrawn}}
	at := func(path policy.Path, t time.Time) {
		if was, ok := it.At[path]; !t.IsZero() && (!ok || t.Before(was)) {
			it.At[path] = t
		}
	}
	switch {
	case p.Code != "":
		it.Code[policy.BreachProcessing] = p.Code
		it.Code[policy.BreachPersonalData], it.Code[policy.BreachRisk], it.Code[policy.BreachRole] = p.PersonalData, p.Risk, p.Role
	case s.SuspectsLeak():
		it.Code[policy.BreachPersonalData] = "suspected"
	}
	if s.SuspectsLeak() {
		at(policy.BreachAware, s.AwareIn(p.Code))
		at(policy.BreachSuspectedAt, p.Suspected)
		if n == 1 {
			at(policy.BreachSuspectedAt, s.suspectedAt())
		} else { // found later, it was not discovered with the incident
			at(policy.IncidentDiscovered, p.Suspected)
		}
	}
	at(policy.BreachHighRiskAt, p.HighRisk)
	for i := range s.Notifications {
		if nt := &s.Notifications[i]; ofBreach(nt.Regime, nt.Stage) && nt.covers(n) {
			at(policy.BreachNotified(nt.Authority), nt.standing())
		}
	}
	for _, t := range s.Informed.Subjects {
		if t.Complete && t.covers(p.Code, n) {
			at(policy.SubjectsInformed, t.At)
		}
	}
	for _, t := range s.Informed.Controllers {
		if t.Processing == p.Code && (p.Controller == "" || p.Controller == t.Controller) {
			at(policy.ControllerInformed, t.At)
		}
	}
	return it
}

// suspectedAt is when a leak was first suspected: with the report, else when the
// organisation came to know.
func (t *Told) suspectedAt() time.Time {
	switch r := &t.Report; {
	case !r.SuspectedDataLeak:
		return t.AwareOf(OfBreach)
	case !r.Discovered.IsZero():
		return r.Discovered
	default:
		return r.Reported
	}
}

// together adds what the processings say of the incident: the gravest of what
// they are, since when the first was known or suspected, and what was done where
// it was done for every one that owes it.
func together(f *policy.Facts, items []policy.Item) {
	owing := slices.DeleteFunc(slices.Clone(items), func(it policy.Item) bool { return it.Code[policy.BreachPersonalData] == "none" })
	if len(owing) == 0 {
		owing = items
	}
	gravest := func(path policy.Path, order ...domain.Code) {
		for _, code := range order {
			if slices.ContainsFunc(owing, func(it policy.Item) bool { return it.Code[path] == code }) {
				f.Code[path] = code
				return
			}
		}
	}
	gravest(policy.BreachPersonalData, "confirmed", "suspected", "none")
	gravest(policy.BreachRisk, "high-risk", "risk", "undetermined", "unlikely")
	gravest(policy.BreachRole, "controller", "joint", "processor")
	f.Flag[policy.BreachWithdrawn] = items[0].Flag[policy.BreachWithdrawn]
	at := map[policy.Path][]time.Time{}
	for _, it := range owing {
		for path, t := range it.At {
			at[path] = append(at[path], t)
		}
	}
	for path, of := range at {
		slices.SortFunc(of, time.Time.Compare)
		switch {
		case path == policy.BreachHighRiskAt:
			f.At[path] = of[0]
		case len(of) < len(owing), path == policy.IncidentDiscovered:
		case path == policy.BreachAware || path == policy.BreachSuspectedAt:
			f.At[path] = of[0]
		default:
			f.At[path] = of[len(of)-1]
		}
	}
}
