package alerts

import (
	"slices"
	"time"

	"incidentledger/domain"
	"incidentledger/domain/incident"
)

// A move is what to do next to reach one target.
type move struct {
	hop     *hop // the attempt to make now; nil: none
	attempt int
	last    bool      // the last before the next channel
	wait    time.Time // when to look again
	reached bool      // nothing is left to do
	lost    bool      // no way is left, unless somebody else comes on call
}

// next goes along a route: one way after the other, each as often as there are
// pauses and once more. When all have failed, those that do not refuse for good
// are tried again in turn, after the pauses of later: mail may be down for hours.
// Whoever has the role and was reached before counts, on call or not. It depends
// on what the ledger knows of the attempts alone, so that it goes on after a
// restart where it was.
func next(route []hop, tried func(channel domain.Code) incident.Trial, pauses, later []time.Duration, now time.Time) move {
	var last time.Time
	again := move{lost: true}
	for i := range route {
		switch t := tried(route[i].code); {
		case t.Delivered:
			return move{reached: true}
		case route[i].before:
			continue
		case t.Attempts > len(pauses):
			if again.hop == nil || t.Attempts < again.attempt-1 {
				again = move{hop: &route[i], attempt: t.Attempts + 1}
			}
			if t.Last.After(last) {
				last = t.Last
			}
		case t.GivenUp:
			continue
		case t.Attempts > 0 && now.Before(t.Last.Add(pauses[t.Attempts-1])):
			return move{wait: t.Last.Add(pauses[t.Attempts-1])}
		default:
			return move{hop: &route[i], attempt: t.Attempts + 1, last: t.Attempts == len(pauses)}
		}
	}
	if again.hop == nil {
		return again
	}
	round := again.attempt - len(pauses) - 2
	switch {
	case round >= len(later):
		return move{lost: true}
	case now.Before(last.Add(later[round])):
		return move{wait: last.Add(later[round])}
	}
	return again
}

// highest is the last level that an escalation can have.
const highest = 9

// route lists the ways to a target, best first: who has the role at an instant,
// then those on the steps of the ladder above, then the last resort. Before those
// of each step stand all who have its role, whom an earlier shift may have reached.
// What was tried in one place was in every other. found tells whether there is
// anybody for the target itself.
func (p *People) route(t target, level int, at time.Time) (route []hop, found bool, err error) {
	if t.role == "" {
		r, ok, err := p.Directory.Person(t.person)
		if ok {
			route = hops([]Receiver{r})
		}
		if found = len(route) > 0; err != nil || t.extra {
			return route, found, err
		}
	}
	all, err := p.Directory.Receivers()
	if err != nil {
		return nil, false, err
	}
	step := func(role domain.Code) ([]hop, error) {
		on, err := p.Directory.OnCall(role, at)
		has := slices.Clone(on)
		for _, r := range all {
			if slices.Contains(r.Roles, role) {
				has = append(has, r)
			}
		}
		before := hops(has)
		for i := range before {
			before[i].before = true
		}
		return append(before, hops(on)...), err
	}
	if t.role != "" {
		if route, err = step(t.role); err != nil {
			return nil, false, err
		}
		found = slices.ContainsFunc(route, func(h hop) bool { return !h.before })
	}
	for level = max(level, 1); level < highest; level++ {
		role, _, ok := p.Ladder(level)
		if !ok {
			break
		}
		above, err := step(role)
		if err != nil {
			return nil, false, err
		}
		route = append(route, above...)
	}
	for _, r := range all {
		if r.ID == p.LastResort {
			route = append(route, hops([]Receiver{r})...)
		}
	}
	return route, found, nil
}
