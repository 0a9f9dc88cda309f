package policy

import (
	"slices"

	"incidentledger/domain"
)

// holds judges the condition by what is known.
func (c *cond) holds(k *known) bool {
	if c == nil {
		return true
	}
	switch c.op {
	case allOp:
		for _, s := range c.sub {
			if !s.holds(k) {
				return false
			}
		}
		return true
	case anyOp:
		for _, s := range c.sub {
			if s.holds(k) {
				return true
			}
		}
		return false
	case notOp:
		return !c.sub[0].holds(k)
	case existsOp:
		return k.exists(c.path)
	case eqOp, inOp:
		switch c.kind {
		case flagFact:
			v, ok := k.flag(c.path, c.org)
			return ok && v == c.flag
		case numFact:
			v, ok := k.f.Num[c.path]
			return ok && v == c.num
		}
		if v, ok := k.code(c.path, c.org); ok {
			return slices.Contains(c.codes, v)
		}
		for _, v := range k.f.Codes[c.path] {
			if slices.Contains(c.codes, v) {
				return true
			}
		}
		return false
	}
	v, ok := k.f.Num[c.path]
	switch {
	case !ok:
		return false
	case c.op == gteOp:
		return v >= c.num
	case c.op == gtOp:
		return v > c.num
	}
	return v < c.num
}

// each calls yield for every path that the condition reads.
func (c *cond) each(yield func(*cond)) {
	if c == nil {
		return
	}
	if c.path != "" {
		yield(c)
	}
	for _, s := range c.sub {
		s.each(yield)
	}
}

// known are facts and, behind them, what is known of the organisation.
type known struct {
	f       *Facts
	profile map[Path]domain.Code
}

func (k *known) flag(p Path, org bool) (bool, bool) {
	if v, ok := k.f.Flag[p]; ok || !org {
		return v, ok
	}
	switch k.profile[p] {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func (k *known) code(p Path, org bool) (domain.Code, bool) {
	if v, ok := k.f.Code[p]; ok || !org {
		return v, ok
	}
	v, ok := k.profile[p]
	return v, ok
}

func (k *known) exists(p Path) bool {
	if _, ok := k.f.At[p]; ok {
		return true
	}
	if _, ok := k.f.Code[p]; ok {
		return true
	}
	if _, ok := k.f.Codes[p]; ok {
		return true
	}
	if _, ok := k.f.Num[p]; ok {
		return true
	}
	if _, ok := k.f.Flag[p]; ok {
		return true
	}
	_, ok := k.profile[p]
	return ok
}
