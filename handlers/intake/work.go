package intake

import (
	"context"
	"errors"
	"fmt"

	"incidentledger/domain"
)

// work judges the rows of its groups and gives their orders, row by row.
func (n *run) work(ctx context.Context, rows <-chan *row) {
	groups := map[string]*group{}
	seen := map[[16]byte]before{}
	for r := range rows {
		if ctx.Err() != nil {
			continue // drain
		}
		out, err := n.row(ctx, r, groups, seen)
		if err == nil {
			err = n.tally.add(r, out, &n.bytes)
		}
		if err != nil {
			n.fail(err)
		}
	}
}

// row judges one row and gives its orders.
func (n *run) row(ctx context.Context, r *row, groups map[string]*group, seen map[[16]byte]before) (outcome, error) {
	if r.fault != nil {
		return refused(r.fault), nil
	}
	id := r.identity(n.Mapping.Identity)
	mark := r.mark(id)
	was := seen[mark]
	if was.times > 0 && n.Mapping.Identical.s != "distinct" {
		if was.refused {
			return refused(faultf("repeats_refused", "the row says exactly what an earlier row says, which was refused")), nil
		}
		n.tally.warn("identical_rows", r.line, "rows that say exactly what an earlier row says were counted as repeated; identical: distinct in the mapping takes them in again")
		return outcome{kind: rowRepeated}, nil
	}
	g := groups[r.group]
	if g == nil {
		g = n.Mapping.newGroup(n.Org, r.group)
		groups[r.group] = g
	}
	out, err := n.decide(ctx, r, g, fmt.Sprintf("%x#%d", id, was.times))
	seen[mark] = before{was.times + 1, out.kind == rowRefused}
	return out, err
}

// before is what is known of earlier rows that say the same.
type before struct {
	times   int32
	refused bool
}

// decide takes a row through the rules and its orders to the desk.
func (n *run) decide(ctx context.Context, r *row, g *group, identity string) (outcome, error) {
	v := n.Mapping.judge(r, g, identity, n.Actor)
	switch {
	case len(v.steps) > 0:
		return n.give(ctx, v.steps)
	case v.skip != "":
		return outcome{kind: rowSkipped, reason: v.skip}, nil
	}
	return refused(faultf("no_rule", "no rule of the mapping gives an order for the row or skips it")), nil
}

// give hands the orders of a row to the desk, in order.
func (n *run) give(ctx context.Context, steps []step) (outcome, error) {
	out := outcome{kind: rowRepeated}
	for _, s := range steps {
		f := s.fault
		if f == nil {
			s.order.Org = n.Org
			out.orders++
			r, err := n.insist(ctx, s.order)
			var no *domain.Refusal
			switch {
			case errors.As(err, &no):
				f = &fault{string(no.Code), no.Text}
			case err != nil:
				return out, fmt.Errorf("order %s: %w", s.order.ID, err)
			case !r.Repeated && out.kind == rowRepeated:
				out.kind = rowAccepted
			}
		}
		if f != nil {
			out.refuse(s.command, f)
			if s.stop {
				break
			}
		}
	}
	return out, nil
}

// insist gives an order again while it is unknown whether it was stored.
func (n *run) insist(ctx context.Context, o domain.Order) (r domain.Receipt, err error) {
	for range 5 {
		if r, err = n.Desk.Give(ctx, o); !errors.Is(err, domain.ErrUnknown) {
			break
		}
	}
	return r, err
}
