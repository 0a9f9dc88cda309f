package policy

import (
	"cmp"
	"slices"

	"incidentledger/domain"
)

// Suppose reckons the clocks of facts from the start, twice and in the same way:
// by the law under which they stand, each clock by the set that armed it, and by
// another set. So both leave out what history alone left behind, such as clocks
// that were armed once and cancelled, and where the other set says the same there
// is no difference.
func Suppose(f Facts, b Basis, other *Set) (is, would []Clock, err error) {
	bound := f.Bound
	f.Bound = nil
	if would, err = Derive(f, Basis{Current: other, Profile: b.Profile, Dated: b.Dated}); err != nil {
		return nil, nil, err
	}
	if is, err = Derive(f, b); err != nil {
		return nil, nil, err
	}
	is = slices.DeleteFunc(is, func(c Clock) bool { h, ok := bound[c.ID]; return ok && h != c.Policy })
	done := map[domain.Hash]bool{}
	for _, c := range is {
		done[c.Policy] = true
	}
	for _, h := range bound {
		if done[h] {
			continue
		}
		done[h] = true
		s, err := b.set(h)
		if err != nil {
			return nil, nil, err
		}
		old, err := Derive(f, Basis{Current: s, Profile: b.Profile, Dated: b.Dated})
		if err != nil {
			return nil, nil, err
		}
		for _, c := range old {
			if bound[c.ID] == h && !slices.ContainsFunc(is, func(o Clock) bool { return o.ID == c.ID }) {
				is = append(is, c)
			}
		}
	}
	slices.SortFunc(is, func(a, b Clock) int { return cmp.Compare(a.ID, b.ID) })
	return is, would, nil
}
