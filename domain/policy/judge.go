package policy

import (
	"slices"
	"strings"
	"time"

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
			v, ok := k.num(c.path)
			return ok && v == c.num
		}
		if v, ok := k.code(c.path, c.org); ok {
			return slices.Contains(c.codes, v)
		}
		for _, v := range k.codes(c.path) {
			if slices.Contains(c.codes, v) {
				return true
			}
		}
		return false
	}
	v, ok := k.num(c.path)
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

// known are the facts of an item, those of the incident behind them, and what is
// known of the organisation behind these.
type known struct {
	f       *Facts
	profile map[Path]domain.Code
	item    *Item
	prefix  string // of the facts that the item alone tells
}

// of makes the item the first to be read; nil: there is none.
func (k *known) of(each domain.Code, item *Item) { k.item, k.prefix = item, prefixes[each] }

// alone reports whether nobody but the item tells a fact.
func (k *known) alone(p Path) bool { return k.item != nil && strings.HasPrefix(string(p), k.prefix) }

func (k *known) at(p Path) (time.Time, bool) {
	if k.item != nil {
		if v, ok := k.item.At[p]; ok || k.alone(p) {
			return v, ok
		}
	}
	v, ok := k.f.At[p]
	return v, ok
}

func (k *known) num(p Path) (int64, bool) {
	if k.item != nil {
		if v, ok := k.item.Num[p]; ok || k.alone(p) {
			return v, ok
		}
	}
	v, ok := k.f.Num[p]
	return v, ok
}

func (k *known) flag(p Path, org bool) (bool, bool) {
	if k.item != nil {
		if v, ok := k.item.Flag[p]; ok || k.alone(p) {
			return v, ok
		}
	}
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
	if k.item != nil {
		if v, ok := k.item.Code[p]; ok || k.alone(p) {
			return v, ok
		}
	}
	if v, ok := k.f.Code[p]; ok || !org {
		return v, ok
	}
	v, ok := k.profile[p]
	return v, ok
}

func (k *known) codes(p Path) []domain.Code {
	if k.alone(p) {
		return nil
	}
	return k.f.Codes[p]
}

func (k *known) exists(p Path) bool {
	if _, ok := k.at(p); ok {
		return true
	}
	if _, ok := k.code(p, true); ok {
		return true
	}
	if len(k.codes(p)) > 0 {
		return true
	}
	if _, ok := k.num(p); ok {
		return true
	}
	_, ok := k.flag(p, false)
	return ok
}
