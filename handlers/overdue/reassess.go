package overdue

import (
	"context"
	"errors"
	"fmt"

	"incidentledger/domain"
	"incidentledger/domain/incident"
	"incidentledger/projections/deadlines"
)

// reassess has the terms of the open incidents derived anew that were judged last
// by a law that has changed since. It reports whether the ledger takes orders.
//
// An order that changes nothing leaves no entry, so a later run of the door asks
// once more of such an incident; this one remembers it.
func (k *keeper) reassess(ctx context.Context, agenda Agenda) bool {
	same := make(map[domain.Key]deadlines.Law, len(agenda.Behind))
	open := true
	for _, key := range agenda.Behind {
		if k.same[key] == agenda.Law {
			same[key] = agenda.Law
		} else if open && ctx.Err() == nil {
			var done bool
			if done, open = k.reassessOne(ctx, key, agenda.Law); done {
				same[key] = agenda.Law
			}
		}
	}
	k.same = same
	return open
}

// reassessOne gives the order for one incident. It reports whether that is done
// with, and whether the ledger takes orders.
func (k *keeper) reassessOne(ctx context.Context, key domain.Key, law deadlines.Law) (done, open bool) {
	_, err := k.c.Desk.Give(ctx, domain.Order{
		ID:  domain.OrderID(key).Follow(fmt.Sprintf("reassess\x00%d\x00%d", law.Policy, law.Profile)),
		Org: k.c.Desk.Org(), Kind: incident.Name, Key: key, Actor: k.actor(),
		Command: &incident.ReassessClocks{Policy: law.Policy, Profile: law.Profile},
	})
	var refusal *domain.Refusal
	switch {
	case err == nil:
		return true, true
	case unavailable(ctx, err):
		k.c.Log.Warn("the ledger does not take what another law makes of an incident", "incident", key, "error", err)
		return false, false
	case errors.As(err, &refusal) && (movedOn(refusal.Code) || refusal.Code == incident.RefusedWrongState):
		k.c.Log.Debug("another law has nothing new to say", "incident", key, "refusal", refusal.Code)
		return true, true
	}
	k.c.Log.Error("what another law makes of an incident was not taken", "incident", key, "error", err)
	return false, true
}
