package incident

import (
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// Facts gives what a policy may read of an incident. What is not known is
// absent. Derive(Facts(s), basis) gives the clocks that s must hold after each
// accepted entry.
func Facts(s *Incident) policy.Facts {
	r := &s.Report
	f := policy.Facts{
		At:    make(map[policy.Path]time.Time, 12),
		Code:  make(map[policy.Path]domain.Code, 6),
		Codes: map[policy.Path][]domain.Code{},
		Num:   make(map[policy.Path]int64, 1),
		Flag: map[policy.Path]bool{
			policy.IncidentExercise:         r.Exercise,
			policy.IncidentICT:              r.ICT,
			policy.IncidentSecurityRelevant: r.SecurityRelevant,
			policy.IncidentSuspected:        r.Suspected,
			policy.IncidentSuspectedLeak:    r.SuspectedDataLeak,
			policy.IncidentDropped:          s.Dropped(),
		},
		Each:  map[domain.Code][]policy.Item{},
		Holds: s.Holds,
		Leg:   s.Leg,
		Bound: make(map[policy.ClockID]domain.Hash, len(s.Clocks)),
	}
	for id, c := range s.Clocks {
		f.Bound[id] = c.Policy
		if c.Service && c.N < s.Leg {
			if f.Earlier == nil {
				f.Earlier = map[policy.ClockID]policy.Clock{}
			}
			f.Earlier[id] = c
		}
	}
	at := func(p policy.Path, t time.Time) {
		if !t.IsZero() {
			f.At[p] = t
		}
	}
	code := func(p policy.Path, c domain.Code) {
		if c != "" {
			f.Code[p] = c
		}
	}
	code(policy.IncidentKind, r.Kind)
	code(policy.IncidentCategory, r.Category)
	code(policy.IncidentChannel, r.Channel)
	code(policy.IncidentTrack, r.Track)
	code(policy.IncidentChain, r.Chain)
	at(policy.IncidentStarted, r.Started)
	at(policy.IncidentDiscovered, r.Discovered)
	at(policy.IncidentReported, r.Reported)
	at(policy.IncidentRecorded, s.Recorded)
	at(policy.IncidentRegistered, s.Registered)
	resolved := s.Resolved
	if !resolved.IsZero() && resolved.Before(s.Reopened) {
		resolved = s.Reopened // accepted as a fact against the rule: the leg was over when it began
	}
	// Who restored it had taken it up: no reaction is owed after a resolution.
	if at(policy.IncidentAcknowledged, s.Acknowledged); s.Acknowledged.IsZero() {
		at(policy.IncidentAcknowledged, resolved)
	}
	at(policy.IncidentResolved, resolved)
	at(policy.IncidentReopened, s.Reopened)
	at(policy.IncidentHandled, s.Handled)
	at(policy.IncidentClosed, s.Closed)
	at(policy.IncidentOffenceAt, s.Evidence.Offence)
	at(policy.IncidentDamageAt, s.Damaged)
	if n := s.Priority(); n != 0 {
		f.Num[policy.IncidentPriority] = int64(n)
	}
	s.tellChain(&f)
	s.tellNotices(&f)
	s.tellDowntimes(&f)
	s.tellStanding(&f)
	s.tellEscalations(&f)
	s.Reviews.tell(s, &f)
	s.notifications(&f)
	s.processings(&f)
	s.significance(&f)
	s.supplements(&f)
	s.messages(&f)
	s.informed(&f)
	s.excuses(&f)
	return f
}

// addItem adds one of several things of a kind.
func addItem(f *policy.Facts, kind domain.Code, it policy.Item) {
	if f.Each == nil {
		f.Each = map[domain.Code][]policy.Item{}
	}
	f.Each[kind] = append(f.Each[kind], it)
}

// notifications tells when a notification of each stage stood complete with each
// authority. Of several the earliest counts.
func (s *Incident) notifications(f *policy.Facts) {
	for i := range s.Notifications {
		n := &s.Notifications[i]
		at := n.standing()
		if at.IsZero() {
			continue
		}
		p := policy.Submitted(n.Regime, s.stageOf(n.Authority, n.Regime, n.Stage), n.Authority)
		if was, ok := f.At[p]; !ok || at.Before(was) {
			f.At[p] = at
		}
	}
}
