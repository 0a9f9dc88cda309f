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
	// Who restored it had taken it up: no reaction is owed after a resolution.
	if at(policy.IncidentAcknowledged, s.Acknowledged); s.Acknowledged.IsZero() {
		at(policy.IncidentAcknowledged, s.Resolved)
	}
	at(policy.IncidentResolved, s.Resolved)
	at(policy.IncidentReopened, s.Reopened)
	at(policy.IncidentHandled, s.Handled)
	at(policy.IncidentClosed, s.Closed)
	if n := s.Priority(); n != 0 {
		f.Num[policy.IncidentPriority] = int64(n)
	}
	if s.SuspectsLeak() {
		f.Code[policy.BreachPersonalData] = "suspected"
		at(policy.BreachAware, s.AwareOf(OfBreach))
		if at(policy.BreachSuspectedAt, r.Discovered); r.Discovered.IsZero() {
			at(policy.BreachSuspectedAt, r.Reported)
		}
	}
	at(policy.SignificantAware, s.AwareOf(OfSignificant))
	for i := range s.Notifications {
		s.Notifications[i].tell(&f)
	}
	s.tellChain(&f)
	s.tellNotices(&f)
	s.tellDowntimes(&f)
	s.tellStanding(&f)
	s.tellEscalations(&f)
	s.Reviews.tell(s, &f)
	return f
}

// tell adds the instant at which a notification stood complete. Of several to
// one authority the earliest counts.
func (n *Notification) tell(f *policy.Facts) {
	at, missing := n.Complete()
	if n.Withdrawn || len(missing) > 0 {
		return
	}
	paths := []policy.Path{policy.Submitted(n.Regime, n.Stage, n.Authority)}
	if n.Regime == RegimeGDPR {
		paths = append(paths, policy.BreachNotified(n.Authority))
	}
	for _, p := range paths {
		if was, ok := f.At[p]; !ok || at.Before(was) {
			f.At[p] = at
		}
	}
}
