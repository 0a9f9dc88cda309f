package incident

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/policy"
)

// A thread is what an authority was told of one matter: by a notification, by
// those that tell it again, and by what gives answers that it left open.
type thread struct {
	n     int           // which notification began it, from 0
	about *Notification // that one
	since time.Time
	known []domain.Code // answers that were given
	open  []Pending
	owed  bool      // an answer was ever open
	by    time.Time // when the open ones were last promised
	given time.Time // when the last of those was given; zero while one is open
}

// threads sorts out what an authority was told under a regime by the first upto
// notifications. Only what stands complete was told.
func (t *Told) threads(authority, regime domain.Code, upto int) []thread {
	var out []thread
	for i := range t.Notifications[:upto] {
		n := &t.Notifications[i]
		at := n.standing()
		if at.IsZero() || n.Authority != authority || n.Regime != regime {
			continue
		}
		again := n.Stage == "supplement"
		elsewhere := []Pending{}
		for j := range out {
			th := &out[j]
			same := n.repeats(th.about)
			again = again || same
			if n.concerns(th) {
				th.hear(n, at, same)
			}
			if n.Stage != th.about.Stage {
				elsewhere = append(elsewhere, th.open...)
			}
		}
		if again {
			continue
		}
		th := thread{n: i, about: n, since: at, known: n.Known}
		for _, p := range n.unanswered() {
			if !pending(elsewhere, p.Field) { // it is owed once
				th.open, th.owed = append(th.open, p), true
			}
		}
		th.by = promised(th.open)
		out = append(out, th)
	}
	return out
}

// unanswered gives what a notification leaves open, said or not.
func (n *Notification) unanswered() []Pending {
	out := slices.Clip(n.Unknown)
	for _, field := range n.LeftOut {
		out = append(out, Pending{Field: field})
	}
	return out
}

// repeats reports whether the notification tells again what an earlier one told:
// it is of the same stage and about the same.
func (n *Notification) repeats(m *Notification) bool {
	mine, its := subjects(n.Duties), subjects(m.Duties)
	return n.Stage == m.Stage && (len(mine) == 0 || len(its) == 0 && n.covers(1) ||
		slices.ContainsFunc(mine, func(id domain.Code) bool { return slices.Contains(its, id) }))
}

// concerns reports whether the notification can give answers of a thread. One of
// the same stage must be about the same; another that names the supplements
// which it gives must name this one.
func (n *Notification) concerns(th *thread) bool {
	if n.Stage == th.about.Stage {
		return n.repeats(th.about)
	}
	named := slices.DeleteFunc(slices.Clone(n.Duties), func(id domain.Code) bool { return !strings.Contains(string(id), "/supplement/") })
	return len(named) == 0 || slices.ContainsFunc(named, func(id domain.Code) bool {
		return strings.HasSuffix(string(id), "/"+strconv.Itoa(th.n+1))
	})
}

// hear works in what a later notification tells: an answer that it gives is open
// no more, one that it promises anew waits for that, and what it leaves out
// stays as it was. Only one that tells the same again opens others: what it says
// is not known, and what it does not mention and nobody told.
func (th *thread) hear(n *Notification, at time.Time, same bool) {
	was := len(th.open)
	open := make([]Pending, 0, was)
	for _, p := range th.open {
		if !slices.Contains(n.Known, p.Field) {
			open = append(open, p)
		}
	}
	if same || n.Stage == "supplement" {
		th.known = append(slices.Clip(th.known), n.Known...)
	}
	for _, p := range n.unanswered() {
		i := slices.IndexFunc(open, func(q Pending) bool { return q.Field == p.Field })
		switch {
		case i >= 0 && !p.ExpectedBy.IsZero():
			open[i] = p
		case i < 0 && same && (pending(n.Unknown, p.Field) || !slices.Contains(th.known, p.Field)):
			open = append(open, p)
		}
	}
	th.open, th.owed = open, th.owed || len(open) > 0
	switch {
	case len(open) > 0:
		th.given, th.by = time.Time{}, promised(open)
	case was > 0:
		th.given = at
	}
}

func pending(open []Pending, field domain.Code) bool {
	return slices.ContainsFunc(open, func(p Pending) bool { return p.Field == field })
}

// supplements tells the answers that authorities are still owed: a notification
// counts as made with answers that are not known yet, and a supplement stays owed
// for them (requirements 22.14). Each is numbered by its notification.
func (s *Incident) supplements(f *policy.Facts) {
	type desk struct{ authority, regime domain.Code }
	var seen []desk
	for i := range s.Notifications {
		n := &s.Notifications[i]
		d := desk{n.Authority, n.Regime}
		if slices.Contains(seen, d) {
			continue
		}
		seen = append(seen, d)
		for _, th := range s.threads(d.authority, d.regime, len(s.Notifications)) {
			if th.owed {
				addItem(f, policy.EachSupplement, th.item())
			}
		}
	}
	slices.SortFunc(f.Each[policy.EachSupplement], func(a, b policy.Item) int { return a.N - b.N })
}

func (th *thread) item() policy.Item {
	it := policy.Item{
		N:    th.n + 1,
		At:   map[policy.Path]time.Time{policy.SupplementSince: th.since},
		Code: map[policy.Path]domain.Code{policy.SupplementTo: th.about.Authority, policy.SupplementRegime: th.about.Regime},
	}
	if !th.by.IsZero() {
		it.At[policy.SupplementExpected] = th.by
	}
	if !th.given.IsZero() {
		it.At[policy.SupplementGiven] = th.given
	}
	return it
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
