package incident

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// supplementing reports whether the notification gives answers that an earlier
// one left open.
func (n *Notification) supplementing() bool { return n.Stage == "supplement" || n.Stage == "final" }

// supplements tells the answers that authorities are still owed: a notification
// counts as made with answers that are not known yet, and a supplement stays owed
// for them (requirements 22.14). Each is numbered by its notification.
func (s *Incident) supplements(f *policy.Facts) {
	for i := range s.Notifications {
		n := &s.Notifications[i]
		since := n.standing()
		if len(n.Unknown) == 0 || since.IsZero() || n.supplementing() {
			continue
		}
		it := policy.Item{
			N:    i + 1,
			At:   map[policy.Path]time.Time{policy.SupplementSince: since},
			Code: map[policy.Path]domain.Code{policy.SupplementTo: n.Authority, policy.SupplementRegime: n.Regime},
		}
		expected, given := s.supplemented(i)
		if !expected.IsZero() {
			it.At[policy.SupplementExpected] = expected
		}
		if !given.IsZero() {
			it.At[policy.SupplementGiven] = given
		}
		addItem(f, policy.EachSupplement, it)
	}
}

// supplemented gives by when the open answers of the i-th notification were last
// promised, and when the last of them was given. A supplement without answers
// gives all; one that leaves an answer open promises it anew.
func (s *Incident) supplemented(i int) (expected, given time.Time) {
	n := &s.Notifications[i]
	open := slices.Clone(n.Unknown)
	expected = promised(open)
	for j := i + 1; j < len(s.Notifications) && len(open) > 0; j++ {
		m := &s.Notifications[j]
		at := m.standing()
		if at.IsZero() || m.Authority != n.Authority || m.Regime != n.Regime || !m.supplementing() {
			continue
		}
		left := open[:0]
		for _, p := range open {
			again := slices.IndexFunc(m.Unknown, func(q Pending) bool { return q.Field == p.Field })
			switch {
			case again >= 0:
				left = append(left, m.Unknown[again])
			case !slices.Contains(m.Known, p.Field) && len(m.Known)+len(m.Unknown) > 0:
				left = append(left, p)
			}
		}
		if open = left; len(open) == 0 {
			return expected, at
		}
		expected = promised(open)
	}
	return expected, time.Time{}
}

// promised gives the first instant by which one of the answers is expected.
func promised(open []Pending) time.Time {
	var first time.Time
	for _, p := range open {
		if t := p.ExpectedBy; !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
